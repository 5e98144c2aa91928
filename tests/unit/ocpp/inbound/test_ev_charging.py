"""Block K, ISO 15118: an EV's own plan is held against what the station has accepted for it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.inbound.ev_charging import is_within, needs_answer, schedule_answer
from services.ocpp.inbound.reply import Context
from tests.unit.ocpp.circumstances import NOW, context

AT = "2026-09-21T14:13:20Z"
LATER = "2026-09-21T14:23:20Z"  # 600 s later


def schedule(*periods: tuple[int, float], unit: str = "A", **more: Any) -> dict[str, Any]:
    made = [{"startPeriod": start, "limit": limit} for start, limit in periods]
    return {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": made} | more


def told(*offered: dict[str, Any]) -> Context:
    circumstances = context()
    circumstances.offered = {1: {"chargingSchedule": list(offered)}}
    return circumstances


def planned(plan: dict[str, Any], evse_id: int = 1, at: str = AT) -> dict[str, Any]:
    return {"timeBase": at, "evseId": evse_id, "chargingSchedule": plan}


class TestNeedsAnswer:
    @pytest.mark.parametrize(
        "parameters",
        ["acChargingParameters", "dcChargingParameters", "v2xChargingParameters", "derChargingParameters"],
    )
    def test_accepts_needs_that_say_how_much(self, parameters: str) -> None:
        circumstances = context()
        assert needs_answer({"evseId": 1, "chargingNeeds": {parameters: {}}}, circumstances) == {
            "status": "Accepted"
        }
        assert circumstances.warnings == []

    def test_rejects_needs_that_do_not(self) -> None:
        circumstances = context()
        payload = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
        assert needs_answer(payload, circumstances) == {"status": "Rejected"}
        assert len(circumstances.warnings) == 1


class TestScheduleAnswer:
    @pytest.mark.parametrize(("limit", "status"), [(16, "Accepted"), (15.9, "Accepted"), (16.1, "Rejected")])
    def test_follows_the_offer(self, limit: float, status: str) -> None:
        answer = schedule_answer(planned(schedule((0, limit))), told(schedule((0, 16))))
        assert answer == {"status": status}

    def test_accepts_where_no_offer_is_known(self) -> None:
        assert schedule_answer(planned(schedule((0, 999))), context()) == {"status": "Accepted"}
        assert schedule_answer(planned(schedule((0, 999)), 2), told(schedule((0, 16)))) == {"status": "Accepted"}

    def test_compares_with_the_schedule_that_the_ev_chose(self) -> None:
        offered = [schedule((0, 10)), schedule((0, 32), id=2)]
        assert schedule_answer(planned(schedule((0, 20))), told(*offered)) == {"status": "Rejected"}
        assert schedule_answer(planned(schedule((0, 20), id=2)), told(*offered)) == {"status": "Accepted"}

    def test_compares_with_all_when_it_chose_none_of_them(self) -> None:
        offered = [schedule((0, 10)), schedule((0, 32), id=2)]
        assert schedule_answer(planned(schedule((0, 20), id=7)), told(*offered)) == {"status": "Accepted"}
        assert schedule_answer(planned(schedule((0, 33), id=7)), told(*offered)) == {"status": "Rejected"}

    @pytest.mark.parametrize("at", ["", "x", "222222017-10-27T19:10:11Z"])
    def test_takes_a_time_that_is_none_for_the_start(self, at: str) -> None:
        offered = told(schedule((0, 16), startSchedule=AT))
        assert schedule_answer(planned(schedule((0, 17)), at=at), offered) == {"status": "Rejected"}


class TestIsWithin:
    @pytest.mark.parametrize(
        ("plan", "offer", "within"),
        [
            (schedule((0, 16), (60, 10)), schedule((0, 16), (60, 10)), True),
            (schedule((0, 16), (61, 10)), schedule((0, 16), (60, 10)), False),
            (schedule((0, 16), (59, 10)), schedule((0, 16), (60, 10)), True),
            (schedule((60, 10), (0, 16)), schedule((60, 10), (0, 16)), True),
            (schedule((0, 10), (300, 16)), schedule((0, 10)), False),
            (schedule((0, 10), (300, 16)), schedule((0, 10), duration=300), True),
            (schedule((0, 10), (300, 16)), schedule((0, 10), duration=301), False),
            (schedule((0, 16), duration=60), schedule((60, 10)), True),
            (schedule((0, 11_000), unit="W"), schedule((0, 16)), True),
        ],
    )
    def test_holds_at_every_moment(self, plan: dict[str, Any], offer: dict[str, Any], within: bool) -> None:
        assert is_within(plan, NOW, offer) is within

    @pytest.mark.parametrize(("starts", "within"), [(AT, True), (LATER, False)])
    def test_knows_when_the_offer_begins(self, starts: str, within: bool) -> None:
        offer = schedule((0, 10), (600, 16), startSchedule=starts)
        assert is_within(schedule((0, 16), duration=60), NOW + 600_000, offer) is within

    def test_has_nothing_to_compare_where_no_limit_is_set(self) -> None:
        setpoint = {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "setpoint": 5}],
        }
        assert is_within(setpoint, NOW, schedule((0, 1)))
        assert is_within(schedule((0, 99)), NOW, setpoint)

    @given(
        st.lists(
            st.tuples(st.integers(0, 9999), st.floats(0, 1e6)), min_size=1, max_size=20, unique_by=lambda p: p[0]
        ),
        st.integers(0, 2**41),
    )
    def test_is_true_of_what_was_offered(self, periods: list[tuple[int, float]], begins_ms: int) -> None:
        assert is_within(schedule(*periods), begins_ms, schedule(*periods))

    @given(
        st.lists(
            st.tuples(st.integers(0, 9999), st.floats(0, 1e6)), min_size=1, max_size=20, unique_by=lambda p: p[0]
        )
    )
    def test_is_false_of_more_than_was_offered(self, periods: list[tuple[int, float]]) -> None:
        more = [(start, limit + 1) for start, limit in periods]
        assert not is_within(schedule(*more), NOW, schedule((0, max(limit for _, limit in periods))))
