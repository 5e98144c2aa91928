"""What drivers want is kept with their transaction, and the plan ends when they leave."""

from decimal import Decimal
from typing import Any

import msgspec
import orjson

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.units import rfc3339
from services.smartcharging.fold import Station, Wish
from services.smartcharging.plan import Demand, until
from tests.unit.smartcharging.test_fold import KEY, NEEDS, NOW, after, ended, needs, offers, started

LEAVES = NOW + 7_200_000


def wish(at: int = 20, **changes: Any) -> ChargingPreferencesSet:
    said: dict[str, Any] = {
        "event_id": f"w{at}", "tenant": "t", "station_id": "CS1", "evse_id": 1, "session_id": "s1",
        "transaction_id": "t1", "partner_id": "NL-TNM", "profile_type": "GREEN", "departure_at": LEAVES,
        "energy_need_wh": Decimal("20500"), "discharge_allowed": True, "recorded_at": NOW + at,
    }  # fmt: skip
    return ChargingPreferencesSet(**(said | changes))


def durations(*events: Any) -> list[int | None]:
    """The length of each offer, in s."""
    found = [orjson.loads(offer.payload_json)["chargingProfile"] for offer in offers(after(*events))]
    return [profile["chargingSchedule"][0].get("duration") for profile in found]


class TestWishes:
    def test_end_the_plan_when_the_driver_leaves(self) -> None:
        assert durations(started(), needs(10), wish(20)) == [None, 7_199]

    def test_that_come_first_are_in_the_first_offer(self) -> None:
        assert durations(started(), wish(5), needs(10)) == [7_199]
        assert durations(wish(5), started(), needs(10)) == [7_199]
        assert durations(wish(5), needs(10), started()) == [7_200]

    def test_leave_the_earlier_departure_of_the_ev(self) -> None:
        leaves = NEEDS | {"departureTime": rfc3339(NOW + 3_600_000)}
        assert durations(started(), needs(0, leaves), wish(1000)) == [3_600, 3_599]

    def test_without_another_departure_ask_nobody(self) -> None:
        assert len(durations(started(), needs(10), wish(20), wish(30, profile_type="CHEAP"))) == 2
        assert len(durations(started(), needs(10), wish(20, departure_at=None))) == 1

    def test_are_taken_once(self) -> None:
        assert len(durations(started(), needs(10), wish(20), wish(20))) == 2

    def test_are_kept_as_they_were_said(self) -> None:
        run = after(started(), wish(20), wish(30, profile_type="CHEAP", energy_need_wh=None))
        kept = msgspec.msgpack.decode(run.states[KEY], type=Station)
        assert kept.evses[1].wish == Wish("t1", "CHEAP", LEAVES, None, True, "w30")

    def test_are_of_their_transaction_alone(self) -> None:
        assert durations(wish(5), started(0, "t2"), needs(10)) == [None]
        assert durations(started(0, "t2"), needs(10), wish(20)) == [None]
        assert KEY not in {key for key, state in after(started(), wish(5), ended(20)).states.items() if state}


def test_a_plan_without_any_departure_has_no_end() -> None:
    assert until(Demand("A", 16), None).until is None
    assert until(Demand("A", 16, until=5), None).until == 5
    assert until(Demand("A", 16, until=5), 3).until == 3
