"""The tables say of every object of every version what its fields are."""

import pytest

from services.ocpi.wire.model import MODEL, PRIMITIVES, V211, V221, V230, VERSIONS, Field, parse_tables


class TestTables:
    def test_name_no_type_that_there_is_not(self) -> None:
        unknown = [
            (version, name, field)
            for (version, name), fields in MODEL.objects.items()
            for field in fields.values()
            if field.type not in PRIMITIVES
            and (version, field.type) not in MODEL.objects
            and (version, field.type) not in MODEL.enums
        ]
        assert not unknown

    @pytest.mark.parametrize(
        "name",
        [
            "Version", "VersionDetails", "Credentials", "Location", "Session", "CDR", "Tariff", "Token",
            "StartSession", "CommandResult", "SetChargingProfile", "ActiveChargingProfile", "ClientInfo",
            "Terminal", "FinancialAdviceConfirmation", "InvoiceReconciliationRecord", "Booking", "BookingLocation",
            "Calendar",
        ],
    )  # fmt: skip
    def test_know_the_objects_of_all_modules(self, name: str) -> None:
        assert (V230, name) in MODEL.objects

    def test_know_what_changed_between_versions(self) -> None:
        ids = [MODEL.objects[version, "Location"]["id"] for version in VERSIONS]
        assert ids == [
            Field("id", "CiString", 36, "1"),
            Field("id", "CiString", 36, "1"),
            Field("id", "string", 39, "1"),
        ]
        assert "parking_places" not in MODEL.objects[V221, "Location"]
        assert (V211, "CancelReservation") not in MODEL.objects

    def test_know_which_enums_are_open_and_since_when(self) -> None:
        assert MODEL.enums[V230, "TokenType"].open
        assert not MODEL.enums[V221, "TokenType"].open
        assert not MODEL.enums[V230, "Status"].open
        assert MODEL.enums[V211, "VersionNumber"].open
        assert MODEL.enums[V211, "TokenType"].known == {"OTHER", "RFID"}

    def test_say_how_many_a_field_holds(self) -> None:
        evse = MODEL.objects[V230, "EVSE"]
        told = [(evse[name].required, evse[name].many) for name in ("uid", "evse_id", "images", "connectors")]
        assert told == [(True, False), (False, False), (False, True), (True, True)]


class TestParseTables:
    def test_reads_values_over_several_lines_and_as_before(self) -> None:
        model = parse_tables("enum Colour  open\n    2.3.0  RED\n           BLUE\n    2.2.1  =\n    2.1.1  RED\n")
        assert model.enums[V230, "Colour"].known == model.enums[V221, "Colour"].known == {"RED", "BLUE"}
        assert model.enums[V211, "Colour"].known == {"RED"}

    @pytest.mark.parametrize(
        "text",
        ["thing X", "object X  2.3.0  2.2.1  2.1.1\n  id  int 1", "object X  2.3.0\n  id  int  =  ="],
    )
    def test_names_the_line_that_it_cannot_read(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"(neither|cell|cardinality)"):
            parse_tables(text)
