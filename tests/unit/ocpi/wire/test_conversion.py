"""Objects go from version to version by the tables; what is lost on the way is told."""

from typing import Any

import pytest

from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.findings import Finding, Kind
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import validate
from services.ocpi.wire.versions import from_version, to_version, understand

AT = "2026-11-21T10:00:00Z"
CONNECTOR: dict[str, Any] = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "max_voltage": 230,
    "max_amperage": 32,
    "tariff_ids": ["A", "B"],
    "last_updated": AT,
}
EVSE: dict[str, Any] = {
    "uid": "E1",
    "evse_id": "DE*WAT*E1",
    "status": "AVAILABLE",
    "connectors": [CONNECTOR],
    "last_updated": AT,
}
LOCATION: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "WAT",
    "id": "L1",
    "publish": True,
    "address": "Hafenstraße 12",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "DEU",
    "coordinates": {"latitude": "53.54300", "longitude": "9.99900"},
    "time_zone": "Europe/Berlin",
    "evses": [EVSE],
    "last_updated": AT,
}


def lost(findings: tuple[Finding, ...]) -> dict[str, Kind]:
    return {finding.pointer: finding.kind for finding in findings}


def with_connector(**changes: Any) -> dict[str, Any]:
    return LOCATION | {"evses": [EVSE | {"connectors": [CONNECTOR | changes]}]}


class TestSameVersion:
    def test_changes_nothing(self) -> None:
        assert to_version(LOCATION, "Location", "2.3.0") == (LOCATION, ())
        assert from_version(LOCATION, "Location", "2.3.0") == (LOCATION, ())


class TestDown:
    def test_leaves_out_what_the_version_does_not_have_and_tells(self) -> None:
        new = LOCATION | {"help_phone": "+49 40 1234"}
        old, losses = to_version(new, "Location", "2.2.1")
        assert old == LOCATION
        assert lost(losses) == {"/help_phone": Kind.NOT_REPRESENTABLE}

    def test_keeps_extensions_that_no_version_knows(self) -> None:
        old, losses = to_version(LOCATION | {"wat_colour": "red"}, "Location", "2.2.1")
        assert old == LOCATION | {"wat_colour": "red"}
        assert not losses

    def test_leaves_out_items_whose_value_has_no_word(self) -> None:
        evse = EVSE | {"parking_restrictions": ["TAXIS", "PLUGGED"]}
        old, losses = to_version(evse, "EVSE", "2.2.1")
        assert old == EVSE | {"parking_restrictions": ["PLUGGED"]}
        assert lost(losses) == {"/parking_restrictions/0": Kind.NOT_REPRESENTABLE}

    def test_leaves_out_the_least_whole_thing_that_cannot_be_told(self) -> None:
        evse = EVSE | {"connectors": [CONNECTOR, CONNECTOR | {"id": "2", "standard": "MCS"}]}
        old, losses = to_version(LOCATION | {"evses": [evse]}, "Location", "2.2.1")
        assert old == LOCATION
        assert lost(losses)["/evses/0/connectors/1"] == Kind.NOT_REPRESENTABLE

    def test_leaves_out_an_evse_without_a_connector_that_can_be_told(self) -> None:
        old, losses = to_version(with_connector(standard="MCS"), "Location", "2.2.1")
        assert old == LOCATION | {"evses": []}
        assert lost(losses)["/evses/0"] == Kind.NOT_REPRESENTABLE

    def test_cuts_texts_and_never_ids(self) -> None:
        new = LOCATION | {"address": "x" * 46}
        old, losses = to_version(new, "Location", "2.1.1")
        assert old is not None
        assert old["address"] == "x" * 45
        assert lost(losses)["/address"] == Kind.CORRECTED
        cdr_id = to_version({"id": "x" * 39}, "CDR", "2.1.1")
        assert cdr_id.value is None
        assert lost(cdr_id.losses)["/id"] == Kind.NOT_REPRESENTABLE

    def test_cannot_tell_objects_that_the_version_has_not(self) -> None:
        old, losses = to_version({"id": "1"}, "Booking", "2.2.1")
        assert old is None
        assert lost(losses) == {"": Kind.NOT_REPRESENTABLE}

    def test_leaves_out_null(self) -> None:
        assert to_version(LOCATION | {"name": None}, "Location", "2.2.1").value == LOCATION

    @pytest.mark.parametrize("version", ["2.2.1", "2.1.1"])
    def test_gives_what_is_valid(self, version: str) -> None:
        old, _ = to_version(LOCATION, "Location", version)
        assert validate(old, "Location", version) == ()


class TestUp:
    def test_keeps_what_is_not_known(self) -> None:
        new, losses = from_version(with_connector(standard="HOLOGRAM"), "Location", "2.2.1")
        assert new == with_connector(standard="HOLOGRAM")
        assert lost(losses) == {"/evses/0/connectors/0/standard": Kind.UNKNOWN_VALUE}

    def test_tells_what_is_missing_and_goes_on(self) -> None:
        new, losses = from_version({"id": "1"}, "Version", "2.1.1")
        assert new == {"id": "1"}
        assert lost(losses) == {"/version": Kind.MISSING, "/url": Kind.MISSING}

    def test_of_a_patch_misses_nothing_and_keeps_null(self) -> None:
        patch = {"name": None, "last_updated": AT}
        assert from_version(patch, "Location", "2.1.1", Scene(partial=True)) == (patch, ())


class TestUnderstand:
    def test_reads_and_converts_with_one_report(self) -> None:
        owner = Scene(owner=Party("DE", "WAT"))
        sent = {"id": "1", "valid": "true", "auth_id": "DEWATC1", "last_updated": AT}
        reading = understand(sent, "Token", "2.1.1", owner)
        assert reading.value["contract_id"] == "DEWATC1"
        assert reading.value["country_code"] == "DE"
        assert lost(reading.findings)["/valid"] == Kind.CORRECTED

    def test_makes_nothing_of_nothing(self) -> None:
        assert understand([], "Token", "2.2.1").value == {}
