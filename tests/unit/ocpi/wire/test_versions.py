"""What OCPI 2.2.1 and 2.1.1 say otherwise than 2.3.0, in both directions."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.findings import Kind
from services.ocpi.wire.model import MODEL, V211, V221
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import validate
from services.ocpi.wire.versions import from_version, to_version, understand
from tests.unit.ocpi.wire.test_conversion import AT, CONNECTOR, EVSE, LOCATION, lost
from tests.unit.ocpi.wire.test_reading import JSON

US = Party("DE", "WAT")
THEM = Party("NL", "TNM")
ELEMENT: dict[str, Any] = {"price_components": [{"type": "ENERGY", "price": Decimal("0.45"), "step_size": 1}]}
TARIFF: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "WAT",
    "id": "T1",
    "currency": "EUR",
    "elements": [ELEMENT],
    "tax_included": "NO",
    "last_updated": AT,
}
CDR_TOKEN = {"country_code": "NL", "party_id": "TNM", "uid": "04A1", "type": "RFID", "contract_id": "NLTNMC1"}
SESSION: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "WAT",
    "id": "S1",
    "start_date_time": AT,
    "end_date_time": AT,
    "kwh": Decimal("1.5"),
    "cdr_token": CDR_TOKEN,
    "auth_method": "COMMAND",
    "location_id": "L1",
    "evse_uid": "E1",
    "connector_id": "1",
    "currency": "EUR",
    "total_cost": {"before_taxes": Decimal("8.50"), "taxes": [{"name": "VAT", "amount": Decimal("0.85")}]},
    "status": "COMPLETED",
    "last_updated": AT,
}
CDR: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "WAT",
    "id": "C1",
    "start_date_time": AT,
    "end_date_time": AT,
    "cdr_token": CDR_TOKEN,
    "auth_method": "WHITELIST",
    "cdr_location": {
        "id": "L1",
        "address": "Hafenstraße 12",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DEU",
        "coordinates": {"latitude": "53.54300", "longitude": "9.99900"},
        "evse_uid": "E1",
        "evse_id": "DE*WAT*E1",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    },
    "currency": "EUR",
    "charging_periods": [{"start_date_time": AT, "dimensions": [{"type": "TIME", "volume": Decimal(1)}]}],
    "total_cost": {"before_taxes": Decimal("8.50")},
    "total_energy": Decimal("1.5"),
    "total_time": Decimal(1),
    "last_updated": AT,
}


def down(value: dict[str, Any], name: str, version: str = V211, **scene: Any) -> dict[str, Any]:
    old, _ = to_version(value, name, version, Scene(**scene))
    assert old is not None
    return old


def up(value: dict[str, Any], name: str, version: str = V211, **scene: Any) -> dict[str, Any]:
    new, _ = from_version(value, name, version, Scene(**scene))
    assert new is not None
    return new


class TestPricesOf221:
    @pytest.mark.parametrize(
        ("new", "old"),
        [
            ({"before_taxes": Decimal(5)}, {"excl_vat": Decimal(5)}),
            (
                {"before_taxes": Decimal(5), "taxes": [{"name": "VAT", "amount": Decimal("0.95")}]},
                {"excl_vat": Decimal(5), "incl_vat": Decimal("5.95")},
            ),
        ],
    )
    def test_go_down_and_up(self, new: dict[str, Any], old: dict[str, Any]) -> None:
        assert down(new, "Price", V221) == old
        assert up(old, "Price", V221) == new

    def test_add_all_taxes(self) -> None:
        taxes = [{"name": "GST", "amount": Decimal("0.25")}, {"name": "QST", "amount": Decimal("0.50")}]
        assert down({"before_taxes": 5, "taxes": taxes}, "Price", V221)["incl_vat"] == Decimal("5.75")

    def test_may_be_limits(self) -> None:
        limit = {"before_taxes": Decimal(5), "after_taxes": Decimal(6)}
        old = down(TARIFF | {"min_price": limit}, "Tariff", V221)
        assert old["min_price"] == {"excl_vat": Decimal(5), "incl_vat": Decimal(6)}
        assert up(old, "Tariff", V221)["min_price"] == limit

    def test_survive_nonsense(self) -> None:
        assert up({"excl_vat": "a", "incl_vat": None, "x": 1}, "Price", V221)["taxes"][0]["amount"] == 0


class TestTariffs:
    @pytest.mark.parametrize("version", [V221, V211])
    def test_with_taxes_in_their_prices_cannot_be_told(self, version: str) -> None:
        old, losses = to_version(TARIFF | {"tax_included": "YES"}, "Tariff", version)
        assert old is None
        assert lost(losses) == {"/tax_included": Kind.NOT_REPRESENTABLE}

    @pytest.mark.parametrize("version", [V221, V211])
    def test_go_down_and_up(self, version: str) -> None:
        old = down(TARIFF, "Tariff", version)
        assert validate(old, "Tariff", version) == ()
        assert up(old, "Tariff", version, owner=US) == TARIFF

    @pytest.mark.parametrize(
        ("version", "condition"),
        [(V221, "booking"), (V211, "booking"), (V211, "reservation"), (V211, "max_current")],
    )
    def test_lose_elements_that_hold_under_conditions_that_cannot_be_told(
        self, version: str, condition: str
    ) -> None:
        under = ELEMENT | {"restrictions": {condition: "x"}}
        old, losses = to_version(TARIFF | {"elements": [under, ELEMENT]}, "Tariff", version)
        assert old is not None
        assert len(old["elements"]) == 1
        assert lost(losses) == {f"/elements/0/restrictions/{condition}": Kind.NOT_REPRESENTABLE}

    def test_of_nothing_but_such_elements_are_none(self) -> None:
        under = ELEMENT | {"restrictions": {"booking": "BOOKING"}}
        assert to_version(TARIFF | {"elements": [under]}, "Tariff", V221).value is None


class TestLocationsOf211:
    def test_go_down_and_up_but_for_the_second_tariff(self) -> None:
        old, losses = to_version(LOCATION, "Location", V211)
        assert old is not None
        assert old["evses"][0]["connectors"][0]["tariff_id"] == "A"
        assert lost(losses) == {"/evses/0/connectors/0/tariff_ids": Kind.NOT_REPRESENTABLE}
        again = up(old, "Location", owner=US)
        assert again == LOCATION | {"evses": [EVSE | {"connectors": [CONNECTOR | {"tariff_ids": ["A"]}]}]}

    def test_are_all_published(self) -> None:
        assert to_version(LOCATION | {"publish": False}, "Location", V211).value is None

    @pytest.mark.parametrize(
        ("parking", "kind", "again"),
        [
            ("PARKING_GARAGE", "PARKING_GARAGE", "PARKING_GARAGE"),
            ("ALONG_MOTORWAY", "OTHER", None),
            (None, "UNKNOWN", None),
        ],
    )
    def test_have_a_type(self, parking: str | None, kind: str, again: str | None) -> None:
        new = LOCATION | ({"parking_type": parking} if parking else {})
        old = down(new, "Location")
        assert old["type"] == kind
        assert up(old, "Location").get("parking_type") == again

    def test_always_have_a_postal_code(self) -> None:
        bare = {name: item for name, item in LOCATION.items() if name != "postal_code"}
        assert down(bare, "Location")["postal_code"] == "#NA"

    @pytest.mark.parametrize(
        "hours", [{"twentyfourseven": True}, {"twentyfourseven": False, "regular_hours": [
            {"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}]}]
    )  # fmt: skip
    def test_have_hours_of_one_kind(self, hours: dict[str, Any]) -> None:
        old = down(hours, "Hours")
        assert len(old) == 1
        assert up(old, "Hours") == hours

    def test_call_the_category_of_an_impact_its_source(self) -> None:
        new = {"category": "CARBON_DIOXIDE", "amount": 3}
        assert down(new, "EnvironmentalImpact") == {"source": "CARBON_DIOXIDE", "amount": 3}
        assert up({"source": "CARBON_DIOXIDE", "amount": 3}, "EnvironmentalImpact") == new

    def test_of_a_patch_assume_nothing(self) -> None:
        assert down({"name": "x"}, "Location", partial=True) == {"name": "x"}
        assert down({"parking_type": "ON_DRIVEWAY"}, "Location", partial=True) == {"type": "OTHER"}
        assert up({"tariff_id": None}, "Connector", partial=True) == {"tariff_ids": []}


class TestSessionsOf211:
    def test_carry_the_location_with_what_was_used(self) -> None:
        other = EVSE | {"uid": "E2"}
        two = EVSE | {"connectors": [CONNECTOR, CONNECTOR | {"id": "2"}]}
        old = down(SESSION, "Session", location=LOCATION | {"evses": [other, two]})
        (evse,) = old["location"]["evses"]
        assert evse["uid"] == "E1"
        assert [plug["id"] for plug in evse["connectors"]] == ["1"]
        assert (old["auth_id"], old["auth_method"]) == ("NLTNMC1", "AUTH_REQUEST")
        assert old["total_cost"] == Decimal("8.50")
        assert validate(old, "Session", V211) == ()

    def test_carry_the_whole_location_when_the_evse_is_not_known(self) -> None:
        old = down(SESSION | {"evse_uid": "E9"}, "Session", location=LOCATION)
        assert [evse["uid"] for evse in old["location"]["evses"]] == ["E1"]

    def test_are_not_told_without_one(self) -> None:
        assert to_version(SESSION, "Session", V211).value is None

    def test_go_up_with_what_can_be_known(self) -> None:
        old = down(SESSION, "Session", location=LOCATION)
        new = up(old, "Session", owner=US)
        token = CDR_TOKEN | {"uid": "#NA", "type": "OTHER"}
        changed = {
            "cdr_token": token,
            "auth_method": "AUTH_REQUEST",
            "total_cost": {"before_taxes": Decimal("8.50")},
        }
        assert new == SESSION | changed

    def test_go_up_with_our_token_when_it_is_ours(self) -> None:
        old = down(SESSION, "Session", location=LOCATION)
        token = up(old, "Session", owner=US, token_owner=THEM)["cdr_token"]
        assert (token["country_code"], token["party_id"]) == THEM
        strange = up(old | {"auth_id": "1"}, "Session", owner=US)["cdr_token"]
        assert (strange["country_code"], strange["party_id"]) == ("#N", "#NA")

    def test_may_be_patched(self) -> None:
        assert up({"total_cost": Decimal("0.60")}, "Session", partial=True, owner=US) == {
            "total_cost": {"before_taxes": Decimal("0.60")}
        }
        assert down({"kwh": 2}, "Session", partial=True) == {"kwh": 2}


class TestCdrsOf211:
    def test_carry_a_location_made_of_what_they_say(self) -> None:
        old, losses = to_version(CDR, "CDR", V211)
        assert old is not None
        assert validate(old, "CDR", V211) == ()
        assert old["stop_date_time"] == AT
        assert old["location"]["evses"][0]["connectors"][0]["standard"] == "IEC_62196_T2"
        assert lost(losses)["/location"] == Kind.ASSUMED

    def test_carry_the_location_that_is_known(self) -> None:
        old = down(CDR, "CDR", location=LOCATION)
        assert old["location"]["evses"][0]["connectors"][0]["voltage"] == 230

    def test_go_up_again(self) -> None:
        new = up(down(CDR, "CDR"), "CDR", owner=US)
        assert new == CDR | {"cdr_token": CDR_TOKEN | {"uid": "#NA", "type": "OTHER"}}

    def test_tell_that_signed_values_are_lost(self) -> None:
        signed = {"encoding_method": "OCMF", "signed_values": []}
        losses = to_version(CDR | {"signed_data": signed}, "CDR", V211).losses
        assert lost(losses)["/signed_data"] == Kind.NOT_REPRESENTABLE

    @pytest.mark.parametrize("place", [{}, {"evses": []}, {"evses": "x"}, {"evses": [{"connectors": [5]}]}])
    def test_go_up_from_whatever_location(self, place: dict[str, Any]) -> None:
        assert "cdr_location" in up({"location": place}, "CDR")


class TestTokensOf211:
    def test_are_known_by_their_auth_id(self) -> None:
        token = {"uid": "1", "type": "APP_USER", "contract_id": "NLTNMC1", "issuer": "x", "valid": True}
        whole = token | {"whitelist": "NEVER", "last_updated": AT, "country_code": "NL", "party_id": "TNM"}
        old = down(whole, "Token")
        assert (old["auth_id"], old["type"]) == ("NLTNMC1", "OTHER")
        assert up(old, "Token", owner=THEM) == whole | {"type": "OTHER"}


class TestCredentialsOf211:
    def test_have_one_party_without_a_role(self) -> None:
        role = {"role": "CPO", "party_id": "WAT", "country_code": "DE", "business_details": {"name": "Wattlog"}}
        whole = {"token": "t", "url": "https://x/ocpi/versions", "roles": [role, role | {"role": "EMSP"}]}
        old, losses = to_version(whole, "Credentials", V211)
        assert old == {"token": "t", "url": "https://x/ocpi/versions"} | {
            name: item for name, item in role.items() if name != "role"
        }
        assert lost(losses) == {"/roles": Kind.NOT_REPRESENTABLE}
        assert up(old or {}, "Credentials", role="CPO") == whole | {"roles": [role]}

    def test_of_nobody_are_none(self) -> None:
        assert to_version({"token": "t", "url": "https://x", "roles": []}, "Credentials", V211).value is None


class TestCommandsOf211:
    def test_number_their_reservations(self) -> None:
        token = {"uid": "1", "type": "RFID", "auth_id": "NLTNMC1", "issuer": "x", "valid": True}
        old = {
            "response_url": "https://x",
            "token": token | {"whitelist": "ALWAYS", "last_updated": AT},
            "expiry_date": AT,
            "reservation_id": 17,
            "location_id": "L1",
        }
        new = up(old, "ReserveNow", owner=THEM)
        assert new["reservation_id"] == "17"
        assert down(new, "ReserveNow") == old
        assert to_version(new | {"reservation_id": "R-17"}, "ReserveNow", V211).value is None
        assert up({}, "ReserveNow") == {}

    def test_have_one_kind_of_answer(self) -> None:
        assert down({"result": "EVSE_OCCUPIED"}, "CommandResult") == {"result": "REJECTED"}
        assert down({"result": "ACCEPTED", "timeout": 30}, "CommandResponse") == {"result": "ACCEPTED"}
        assert up({"result": "TIMEOUT"}, "CommandResponse") == {"result": "REJECTED", "timeout": 30}

    def test_know_no_cancelling(self) -> None:
        assert (
            to_version({"response_url": "https://x", "reservation_id": "1"}, "CancelReservation", V211).value
            is None
        )


@st.composite
def near_objects(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    version = draw(st.sampled_from([V221, V211]))
    name = draw(st.sampled_from(sorted(name for its, name in MODEL.objects if its == version)))
    old, new = MODEL.objects[version, name], MODEL.objects.get(("2.3.0", name), {})
    return version, name, draw(st.dictionaries(st.sampled_from([*old, *new]), JSON, max_size=10))


class TestHostileInput:
    @given(near_objects(), st.booleans())
    def test_never_breaks_a_conversion_once_it_was_read(self, sent: tuple[str, str, Any], partial: bool) -> None:
        version, name, value = sent
        scene = Scene(owner=THEM, partial=partial, location=LOCATION)
        new = understand(value, name, version, scene).value
        to_version(new, name, version, scene)
