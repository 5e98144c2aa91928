"""Places as operators write them down: everything that AFIR asks for, and nothing that no place can be."""

import copy
from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.equipment import Equipment
from services.domain.events.common import Evse
from services.ocpi.inbound.place import NotAPlace, Place, merged, place
from services.ocpi.outbound.locations import location
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import decoded, encoded
from services.ocpi.wire.parties import Party
from services.runtime.codec import Codec
from tests.unit.ocpi.facts import START, station

OWNER = Party("DE", "WAT")
PLACE: dict[str, Any] = decoded(
    b"""{
  "id": "LOC-7", "name": "Rastplatz Nord", "address": "An der A1 3", "city": "Hamburg", "postal_code": "20457",
  "state": "Hamburg", "country": "DEU", "coordinates": {"latitude": "53.543000", "longitude": "9.999000"},
  "time_zone": "Europe/Berlin", "parking_type": "ALONG_MOTORWAY", "facilities": ["WIFI", "RESTAURANT"],
  "directions": [{"language": "de", "text": "Hinter der Tankstelle"}],
  "operator": {"name": "Nord Laden GmbH", "website": "https://laden.example.com"},
  "suboperator": {"name": "Sub GmbH"}, "owner": {"name": "Rast AG"}, "help_phone": "+4940123456",
  "charging_when_closed": false,
  "opening_times": {"twentyfourseven": false,
    "regular_hours": [{"weekday": 1, "period_begin": "08:00", "period_end": "20:00"}],
    "exceptional_openings": [{"period_begin": "2026-12-24T08:00:00Z", "period_end": "2026-12-24T12:00:00Z"}],
    "exceptional_closings": [{"period_begin": "2026-12-25T00:00:00Z", "period_end": "2026-12-26T00:00:00Z"}]},
  "energy_mix": {"is_green_energy": true, "supplier_name": "Windwerke", "energy_product_name": "Nordwind",
    "energy_sources": [{"source": "WIND", "percentage": 70.5}, {"source": "SOLAR", "percentage": 29.5}],
    "environ_impact": [{"category": "CARBON_DIOXIDE", "amount": 12.5}]},
  "parking_places": [{"id": "P1", "vehicle_types": ["PERSONAL_VEHICLE", "DISABLED"], "restricted_to_type": true,
    "reservation_required": false, "max_vehicle_height": 210, "parking_space_width": 350, "time_limit": 90,
    "lighting": true, "roofed": false, "drive_through": false, "direction": "PARALLEL",
    "physical_reference": "7"}],
  "evses": [{"uid": "de*wat*e0001*1", "floor_level": "-1", "physical_reference": "A",
    "coordinates": {"latitude": "53.543100", "longitude": "9.999100"},
    "directions": [{"language": "en", "text": "Left"}],
    "capabilities": ["CONTACTLESS_CARD_SUPPORT"], "parking_restrictions": ["EV_ONLY", "DISABLED"],
    "parking": [{"parking_id": "P1", "evse_position": "LEFT"}],
    "connectors": [
      {"id": "1", "standard": "IEC_62196_T2_COMBO", "format": "CABLE", "power_type": "DC", "max_voltage": 1000,
       "max_amperage": 500, "max_electric_power": 300000, "tariff_ids": ["ADHOC"],
       "capabilities": ["ISO_15118_2_PLUG_AND_CHARGE"]},
      {"id": "2", "standard": "CHADEMO", "format": "CABLE", "power_type": "DC", "max_voltage": 500,
       "max_amperage": 125}]}]
}"""
)
BARE = {name: PLACE[name] for name in ("id", "address", "city", "country", "coordinates", "time_zone")}


def understood(told_of: Any) -> Place:
    return place(told_of, "wattlog", OWNER, START)


def varied(pointer: str, value: Any) -> dict[str, Any]:
    """PLACE with another value at a JSON Pointer."""
    changed = copy.deepcopy(PLACE)
    part: Any = changed
    *way, last = pointer.strip("/").split("/")
    for step in way:
        part = part[int(step)] if isinstance(part, list) else part[step]
    part[int(last) if isinstance(part, list) else last] = value
    return changed


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_times(part) for name, part in value.items() if name != "last_updated"}
    return [without_times(part) for part in value] if isinstance(value, list) else value


class TestRoundTrip:
    def test_partners_are_told_what_the_operator_wrote(self) -> None:
        found = understood(PLACE)
        (evse,) = (one.upon(station().evses[0]) for one in found.evses)
        there = [Equipment(station(evses=(evse,), location_id="LOC-7"))]
        assert found.warnings == ()
        shown = without_times(location(found.location, there, "not this", []))
        wanted = copy.deepcopy(PLACE) | {"country_code": "DE", "party_id": "WAT", "publish": True}
        own = wanted["evses"][0] | {"uid": "DE*WAT*E0001*1", "evse_id": "DE*WAT*E0001*1", "status": "UNKNOWN"}
        own["capabilities"] = sorted(
            ["CONTACTLESS_CARD_SUPPORT", "REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE"]
        )
        own["connectors"][1]["tariff_ids"] = ["AC-2026"]
        wanted["evses"] = [own]
        times = wanted["opening_times"]
        for period in times["exceptional_openings"] + times["exceptional_closings"]:
            period.update({name: text.replace("Z", ".000Z") for name, text in period.items()})
        assert msgspec.json.decode(encoded(shown)) == msgspec.json.decode(encoded(wanted))

    @pytest.mark.parametrize(
        ("version", "lost"),
        [
            ("2.3.0", set()),
            (
                "2.2.1",
                {"parking_places", "help_phone", "evses.parking", "evses.connectors.capabilities"},
            ),
        ],
    )
    def test_is_told_in_every_version_with_what_is_lost(self, version: str, lost: set[str]) -> None:
        found = understood(PLACE)
        there = [Equipment(station(evses=(found.evses[0].upon(station().evses[0]),)))]
        warnings: list[str] = []
        assert told(location(found.location, there, "x", warnings), "Location", version, warnings) is not None
        assert {one.partition(":")[0] for one in warnings} == lost

    def test_is_told_to_the_oldest_version_too(self) -> None:
        found = understood(PLACE)
        there = [Equipment(station(evses=(found.evses[0].upon(station().evses[0]),)))]
        warnings: list[str] = []
        old = told(location(found.location, there, "x", warnings), "Location", "2.1.1", warnings)
        assert old is not None
        assert old["opening_times"]["regular_hours"] == PLACE["opening_times"]["regular_hours"]
        assert old["energy_mix"]["is_green_energy"] is True

    def test_outlives_avro_bytes(self) -> None:
        found = understood(PLACE)
        codec = Codec()
        assert codec.decode(codec.encode(found.location)) == found.location
        own = station(evses=(found.evses[0].upon(station().evses[0]),))
        assert codec.decode(codec.encode(own)) == own


class TestBare:
    def test_place_needs_an_address_and_a_position(self) -> None:
        found = understood(BARE)
        assert (found.location.country_code, found.location.party_id, found.location.publish) == (
            "DE",
            "WAT",
            True,
        )
        assert (found.location.opening_times, found.location.energy_mix, found.evses) == (None, None, ())

    def test_evse_keeps_its_connectors(self) -> None:
        (one,) = understood(BARE | {"evses": [{"evse_id": "DE*WAT*E0001*1", "floor_level": "2"}]}).evses
        own = Evse(
            evse_id=3, evse_uid="DE*WAT*E0001*1", connector_standard="CHADEMO", power_type="DC", max_power_w=5
        )
        now = one.upon(own)
        assert (now.evse_id, now.connector_standard, now.max_power_w, now.connectors) == (3, "CHADEMO", 5, ())
        assert now.floor_level == "2"

    def test_evse_is_not_told_twice_what_every_station_can(self) -> None:
        told_of = varied("/evses/0/capabilities", ["RFID_READER", "CHIP_CARD_SUPPORT"])
        assert understood(told_of).evses[0].evse.capabilities == ("CHIP_CARD_SUPPORT",)

    def test_evse_may_be_one_instead_of_a_list_and_connectors_no_list_at_all(self) -> None:
        for evses in ({"uid": "E1"}, [{"uid": "E1", "connectors": "many"}], [7]):
            with pytest.raises(NotAPlace, match="/evses"):
                understood(BARE | {"evses": evses})

    def test_evse_with_connectors_has_the_power_of_the_strongest(self) -> None:
        one = understood(PLACE).evses[0].upon(Evse(evse_id=1, evse_uid="x"))
        assert (one.max_power_w, one.power_type, len(one.connectors)) == (300_000, "DC", 2)


class TestRefusal:
    @pytest.mark.parametrize(
        ("pointer", "value", "reason"),
        [
            ("/country", "Germany", "/country: malformed"),
            ("/country", "deu", "/country: 'deu' is no ISO 3166-1"),
            ("/time_zone", "Berlin", "/time_zone: 'Berlin' is no time zone"),
            ("/time_zone", "../../etc/passwd", "/time_zone"),
            ("/coordinates/latitude", "53.5", "/coordinates/latitude: '53.5' is no latitude"),
            ("/coordinates/longitude", "181.00000", "/coordinates/longitude: '181.00000' is no longitude"),
            ("/evses/0/coordinates/latitude", "91.00000", "/evses/0/coordinates/latitude"),
            ("/opening_times", {"twentyfourseven": False}, "neither"),
            ("/opening_times/regular_hours/0/weekday", 8, "/opening_times/regular_hours/0/weekday: 8 is none"),
            ("/opening_times/regular_hours/0/period_begin", "25:00", "'25:00' is no time of the day"),
            ("/opening_times/exceptional_closings/0/period_end", "2026-12-24T00:00:00Z", "ends before it begins"),
            ("/energy_mix/energy_sources/0/source", "MAGIC", "/energy_mix/energy_sources/0/source: not a value"),
            ("/energy_mix/energy_sources/0/percentage", Decimal("0.00001"), "is no such number"),
            ("/energy_mix/environ_impact/0/amount", -1, "is no such number"),
            ("/parking_places/0/time_limit", 10**9, "/parking_places/0/time_limit: 1000000000 is no such number"),
            ("/parking_places/0/id", "P2", "/evses/0/parking: 'P1' is not among parking_places"),
            ("/evses/0/connectors/0/id", "left", "/evses/0/connectors/0/id: 'left' is not its number"),
            ("/evses/0/connectors/0/id", "2", "/evses/0/connectors/1/id: '2' is there twice"),
            ("/evses/0/connectors/0/max_voltage", 0, "/evses/0/connectors/0/max_voltage: 0 is no such number"),
            ("/evses/0/connectors/0/power_type", "STEAM", "/evses/0/connectors/0/power_type: not a value"),
            ("/address", "", "/address: it is empty"),
            ("/city", " ", "/city: it is empty"),
            ("/coordinates", "here", "/coordinates: unusable"),
        ],
    )  # fmt: skip
    def test_names_the_field_and_the_reason(self, pointer: str, value: Any, reason: str) -> None:
        with pytest.raises(NotAPlace) as caught:
            understood(varied(pointer, value))
        assert any(reason in one for one in caught.value.reasons), str(caught.value)

    def test_tells_all_reasons_at_once(self) -> None:
        with pytest.raises(NotAPlace) as caught:
            understood(BARE | {"country": "de", "time_zone": "Nowhere"})
        assert len(caught.value.reasons) == 2

    def test_is_for_evses_that_are_there_twice(self) -> None:
        with pytest.raises(NotAPlace, match="is there twice"):
            understood(BARE | {"evses": [{"uid": "E1"}, {"uid": "e1"}]})

    @pytest.mark.parametrize("told_of", [None, [], "x", 7, {}, {"evses": 3}, {"evses": [{"uid": {}}]}])
    def test_is_for_what_is_no_location_at_all(self, told_of: Any) -> None:
        with pytest.raises(NotAPlace):
            understood(told_of)

    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(sorted(PLACE)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals(allow_nan=False),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["id", "uid", "connectors", "twentyfourseven", "latitude", "weekday", "x"]),
                    inner,
                    max_size=3,
                )
            ),
            max_leaves=8,
        ),
    )
    def test_is_the_only_thing_that_happens_to_hostile_files(self, name: str, value: Any) -> None:
        with suppress(NotAPlace):
            Codec().encode(understood(PLACE | {name: value}).location)


class TestWarnings:
    @pytest.mark.parametrize(
        ("pointer", "value", "warning"),
        [
            ("/images", [], "/images: not kept"),
            ("/evses/0/status_schedule", [], "/evses/status_schedule: not kept"),
            ("/evses/0/connectors/0/terms_and_conditions", "https://a.example", "/evses/connectors/terms_and"),
            ("/parking_places/0/standards", ["PAS"], "/parking_places/standards: not kept"),
            ("/colour", "red", "/colour: not kept"),
            ("/facilities", ["HAMMAM"], "/facilities/0: not a value"),
            ("/energy_mix/energy_sources/0/percentage", 10, "do not add up to 100"),
            ("/opening_times/twentyfourseven", True, "it is open all the time"),
            ("/parking_type", "along_motorway", "/parking_type: corrected"),
        ],
    )
    def test_say_what_was_tolerated(self, pointer: str, value: Any, warning: str) -> None:
        assert any(warning in one for one in understood(varied(pointer, value)).warnings)


class TestMerge:
    def test_keeps_what_is_not_mentioned_and_removes_nulls(self) -> None:
        known = {"a": 1, "b": {"c": 2, "d": 3}, "e": [1, 2]}
        assert merged(known, {"b": {"c": None, "x": 4}, "e": [3]}) == {"a": 1, "b": {"d": 3, "x": 4}, "e": [3]}
        assert merged(known, 7) == 7
        assert merged(1, {"a": {"b": 2}}) == {"a": {"b": 2}}
