"""What CPOs tell is kept as OCPI 2.3.0 has it, changed in part or whole, and never against what is known."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.roaming import RoamingObject, RoamingReceived
from services.domain.events.roamingsession import RoamingSession
from services.domain.units import parse_rfc3339
from services.ocpi.inbound import received, received_members
from services.ocpi.inbound.received import LOCATIONS, MOST_BYTES, OLDER, SESSIONS, TARIFFS, Kept, Outcome, Received
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import decoded
from services.ocpi.wire.parties import Party

OWNER = Party("DE", "ALP")
AT = "2026-11-21T10:00:00Z"
LATER = "2026-11-21T11:00:00Z"
PLUG: dict[str, Any] = {
    "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE", "max_voltage": 230,
    "max_amperage": 16, "last_updated": AT,
}  # fmt: skip
EVSE: dict[str, Any] = {"uid": "E1", "status": "AVAILABLE", "connectors": [PLUG], "last_updated": AT}
PLACE: dict[str, Any] = {
    "country_code": "DE", "party_id": "ALP", "id": "L1", "publish": True, "name": "Depot", "address": "A",
    "city": "B", "country": "DEU", "coordinates": {"latitude": "53.5", "longitude": "9.9"},
    "time_zone": "Europe/Berlin", "evses": [EVSE], "last_updated": AT,
}  # fmt: skip
RUNNING: dict[str, Any] = {
    "country_code": "DE", "party_id": "ALP", "id": "S1", "start_date_time": AT, "kwh": 1.5,
    "cdr_token": {
        "country_code": "NL", "party_id": "TNM", "uid": "04A1", "type": "RFID", "contract_id": "NLTNMC1",
    },
    "auth_method": "COMMAND", "authorization_reference": "r1", "location_id": "L1", "evse_uid": "E1",
    "connector_id": "1", "currency": "EUR", "status": "ACTIVE", "last_updated": AT,
    "charging_periods": [{"start_date_time": AT, "dimensions": [{"type": "ENERGY", "volume": 1.5}]}],
}  # fmt: skip
PRICE: dict[str, Any] = {
    "country_code": "DE", "party_id": "ALP", "id": "T1", "currency": "EUR", "tax_included": "NO",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.45, "step_size": 1}]}], "last_updated": AT,
}  # fmt: skip


def came(body: Any, method: str = "PUT", version: str = "2.3.0") -> Received:
    raw = json.dumps(body).encode()
    return Received("t", "DE-ALP", OWNER, version, method, raw, decoded(raw), 1_800_000_000_000)


def kept(made: Outcome) -> Kept:
    """What is known after an outcome."""
    state: Any = made.events[1]
    return Kept(state.object_json, state.last_updated)


def put(body: dict[str, Any] = PLACE, module: str = LOCATIONS) -> Kept:
    return kept(received.whole(module, body["id"], came(body), None))


class TestWhole:
    def test_is_kept_with_the_bytes_as_they_came(self) -> None:
        sent = came(PLACE)
        made = received.whole(LOCATIONS, "L1", sent, None)
        told, state = made.events
        assert isinstance(told, RoamingReceived)
        assert isinstance(state, RoamingObject)
        assert (made.created, made.findings) == (True, ())
        assert (state.key, state.country_code) == ("t/DE-ALP/locations/l1", "DE")
        assert state.received_json == told.received_json == sent.raw.decode()
        assert json.loads(state.object_json) == PLACE

    def test_of_a_session_says_what_a_table_shows(self) -> None:
        price = {"before_taxes": 4, "taxes": [{"name": "VAT", "amount": 0.76}]}
        state = received.whole(SESSIONS, "s1", came(RUNNING | {"total_cost": price}), None).events[1]
        assert isinstance(state, RoamingSession)
        assert (state.energy_wh, state.contract_id, state.status) == (1500, "NLTNMC1", "ACTIVE")
        assert (str(state.total_cost_excl_vat), str(state.total_cost_incl_vat)) == ("4.000000", "4.760000")
        assert (state.started_at, state.ended_at) == (parse_rfc3339(AT), None)

    def test_again_changes_nothing(self) -> None:
        assert received.whole(LOCATIONS, "L1", came(PLACE), put()) == Outcome()

    def test_that_is_older_changes_nothing_and_says_so(self) -> None:
        known = put(PLACE | {"last_updated": LATER})
        assert received.whole(LOCATIONS, "L1", came(PLACE), known) == Outcome(findings=(OLDER,))

    def test_that_is_newer_takes_its_place(self) -> None:
        made = received.whole(LOCATIONS, "L1", came(PLACE | {"name": "New", "last_updated": LATER}), put())
        assert (made.created, kept(made).value["name"]) == (False, "New")

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"id": "L2"}, "id is not the one of the path"),
            ({"party_id": "XYZ"}, "are not yours"),
            ({"last_updated": "yesterday"}, "cannot be without last_updated"),
        ],
    )
    def test_is_refused_when_it_is_another_one_or_cannot_be_used(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(Refusal, match=said):
            received.whole(LOCATIONS, "L1", came(PLACE | changes), None)

    def test_is_refused_when_it_is_too_much_to_keep(self) -> None:
        with pytest.raises(Refusal) as refused:
            received.whole(LOCATIONS, "L1", came(PLACE | {"name": "x" * MOST_BYTES}), None)
        assert refused.value.http_status == 413

    def test_of_amounts_beyond_all_measure_is_refused(self) -> None:
        for kwh in ("1e400000000", "-1e13"):
            raw = json.dumps(RUNNING).replace('"kwh": 1.5', f'"kwh": {kwh}').encode()
            sent = Received("t", "DE-ALP", OWNER, "2.3.0", "PUT", raw, decoded(raw), 1)
            with pytest.raises(Refusal, match="more than anybody charges"):
                received.whole(SESSIONS, "S1", sent, None)

    def test_of_211_is_the_partners(self) -> None:
        old = {name: item for name, item in PLACE.items() if name not in ("country_code", "party_id", "publish")}
        made = received.whole(LOCATIONS, "L1", came(old | {"type": "ON_STREET"}, version="2.1.1"), None)
        assert kept(made).value["party_id"] == "ALP"
        assert kept(made).value["parking_type"] == "ON_STREET"

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*RUNNING, *PLACE]), inner)
            ),
            max_leaves=20,
        )
    )
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        for module, base in ((LOCATIONS, PLACE), (SESSIONS, RUNNING), (TARIFFS, PRICE)):
            for sent in (body, base | body if isinstance(body, dict) else body):
                try:
                    received.whole(module, base["id"], came(sent), None)
                except Refusal:
                    continue


class TestPart:
    def test_changes_what_it_names(self) -> None:
        made = received.part(LOCATIONS, "L1", came({"name": "New", "last_updated": LATER}, "PATCH"), put())
        assert kept(made).value == PLACE | {"name": "New", "last_updated": LATER}

    def test_takes_away_what_is_null_if_it_can(self) -> None:
        made = received.part(LOCATIONS, "L1", came({"name": None, "last_updated": LATER}, "PATCH"), put())
        assert "name" not in kept(made).value
        with pytest.raises(Refusal, match="cannot be without city"):
            received.part(LOCATIONS, "L1", came({"city": None, "last_updated": LATER}, "PATCH"), put())

    def test_adds_charging_periods(self) -> None:
        more = [{"start_date_time": LATER, "dimensions": [{"type": "ENERGY", "volume": 2}]}]
        body = {"kwh": 3.5, "charging_periods": more, "last_updated": LATER}
        made = received.part(SESSIONS, "S1", came(body, "PATCH"), put(RUNNING, SESSIONS))
        assert len(kept(made).value["charging_periods"]) == 2

    def test_has_to_say_when(self) -> None:
        with pytest.raises(Refusal, match="last_updated"):
            received.part(LOCATIONS, "L1", came({"name": "New"}, "PATCH"), put())
        made = received.part(LOCATIONS, "L1", came({"name": "New"}, "PATCH", "2.1.1"), put())
        assert kept(made).last_updated == 1_800_000_000_000

    @pytest.mark.parametrize(("module", "status"), [(LOCATIONS, 2003), (SESSIONS, 2000), (TARIFFS, 2000)])
    def test_of_what_is_not_here_is_not_found(self, module: str, status: int) -> None:
        with pytest.raises(Refusal) as refused:
            received.part(module, "L1", came({}, "PATCH"), None)
        assert (refused.value.status, refused.value.http_status) == (status, 404)


class TestTakenBack:
    def test_is_remembered_as_deleted(self) -> None:
        known = put(PRICE, TARIFFS)
        state = received.taken_back(TARIFFS, "T1", came(None, "DELETE"), known).events[1]
        assert isinstance(state, RoamingObject)
        assert state.deleted

    def test_needs_to_be_here(self) -> None:
        with pytest.raises(Refusal):
            received.taken_back(TARIFFS, "T1", came(None, "DELETE"), None)


class TestMembers:
    def test_change_their_place_and_how_new_it_is(self) -> None:
        made = received_members.part("L1", ("e1",), came({"status": "CHARGING", "last_updated": LATER}), put())
        value = kept(made).value
        assert (value["evses"][0]["status"], value["last_updated"]) == ("CHARGING", LATER)

    def test_are_added(self) -> None:
        made = received_members.whole("L1", ("E2",), came(EVSE | {"uid": "E2", "last_updated": LATER}), put())
        assert (made.created, [one["uid"] for one in kept(made).value["evses"]]) == (True, ["E1", "E2"])

    def test_of_an_evse_are_as_new_as_they_make_it(self) -> None:
        plug = PLUG | {"id": "2", "last_updated": LATER}
        value = kept(received_members.whole("L1", ("E1", "2"), came(plug), put())).value
        assert (value["last_updated"], value["evses"][0]["last_updated"]) == (LATER, LATER)
        assert received_members.member(value, ("e1", "2")) == plug

    def test_that_are_older_change_nothing(self) -> None:
        known = put(PLACE | {"evses": [EVSE | {"last_updated": LATER}], "last_updated": LATER})
        assert received_members.whole("L1", ("E1",), came(EVSE), known) == Outcome(findings=(OLDER,))
        assert received_members.whole("L1", ("E1",), came(EVSE), put()) == Outcome()

    @pytest.mark.parametrize("path", [("E2",), ("E1", "9"), ("E2", "1")])
    def test_that_are_not_here_are_not_changed(self, path: tuple[str, ...]) -> None:
        with pytest.raises(Refusal) as refused:
            received_members.part("L1", path, came({"last_updated": LATER}), put())
        assert refused.value.http_status == 404
        assert received_members.member(PLACE, path) is None

    def test_need_their_place_and_their_own_id(self) -> None:
        with pytest.raises(Refusal, match="no such object"):
            received_members.whole("L1", ("E1",), came(EVSE), None)
        with pytest.raises(Refusal, match="no such object"):
            received_members.whole("L1", ("E9", "1"), came(PLUG), put())
        with pytest.raises(Refusal, match="uid is not the one"):
            received_members.whole("L1", ("E2",), came(EVSE), put())
