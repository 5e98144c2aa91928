from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulator.acn import RecordedSession
from services.simulator.plan import DAY_MS, GAP_MS, plan, span

HOUR_MS = 3_600_000
NOW = 1_795_219_200_000

recorded = st.builds(
    lambda number, arrived, length: RecordedSession(
        f"s{number}", "CA-1", arrived, arrived + length, Decimal(number)
    ),
    st.integers(0, 99_999),
    st.integers(1_500_000_000_000, 1_600_000_000_000),
    st.integers(1, 5 * DAY_MS),
)


def session(number: int = 0, hour: int = 8, hours: int = 6) -> RecordedSession:
    arrived = 1_560_000_000_000 // DAY_MS * DAY_MS + number * DAY_MS + hour * HOUR_MS
    return RecordedSession(f"s{number}", "CA-1", arrived, arrived + hours * HOUR_MS, Decimal(1000 + number))


class TestPlan:
    @given(st.lists(recorded, min_size=1, max_size=30), st.integers(1, 7), st.integers(0, 60))
    def test_keeps_time_of_day_length_and_energy_of_every_session(
        self, sessions: list[RecordedSession], stations: int, visits: int
    ) -> None:
        originals = {
            (s.source_id, s.energy_wh, s.departed_at - s.arrived_at, s.arrived_at % DAY_MS) for s in sessions
        }
        for chain in plan(sessions, stations, visits, ["T"], NOW):
            for visit in chain:
                length = visit.departed_at - visit.arrived_at
                assert (visit.source_id, visit.energy_wh, length, visit.arrived_at % DAY_MS) in originals

    @given(st.lists(recorded, min_size=1, max_size=30), st.integers(1, 7), st.integers(1, 60))
    def test_puts_no_two_cars_in_one_place_and_ends_within_a_day_before_the_limit(
        self, sessions: list[RecordedSession], stations: int, visits: int
    ) -> None:
        plans = plan(sessions, stations, visits, ["T"], NOW)
        for chain in plans:
            for one, other in pairwise(chain):
                assert other.arrived_at >= one.departed_at + GAP_MS
        last = max(visit.departed_at for chain in plans for visit in chain)
        assert NOW - DAY_MS < last <= NOW

    @given(st.integers(1, 7), st.integers(0, 60))
    def test_shares_visits_out_evenly(self, stations: int, visits: int) -> None:
        sizes = [len(chain) for chain in plan([session()], stations, visits, ["T"], NOW)]
        assert sum(sizes) == visits
        assert max(sizes) - min(sizes) <= 1

    def test_wastes_no_day(self) -> None:
        [chain] = plan([session(hour=8, hours=6), session(hour=15, hours=6)], 1, 4, ["T"], NOW)
        assert [visit.arrived_at // DAY_MS - chain[0].arrived_at // DAY_MS for visit in chain] == [0, 0, 1, 1]

    def test_takes_sessions_from_the_whole_recording(self) -> None:
        [chain] = plan([session(number) for number in range(100)], 1, 4, ["T"], NOW)
        assert [visit.source_id for visit in chain] == ["s0", "s25", "s50", "s75"]

    def test_begins_again_when_sessions_run_out(self) -> None:
        [chain] = plan([session(0), session(1)], 1, 4, ["T"], NOW)
        assert [visit.source_id for visit in chain] == ["s0", "s1", "s0", "s1"]

    def test_hands_cards_out_in_turn(self) -> None:
        [chain] = plan([session()], 1, 3, ["A", "B"], NOW)
        assert [visit.token_uid for visit in chain] == ["A", "B", "A"]

    def test_is_the_same_again(self) -> None:
        sessions = [session(number) for number in range(10)]
        assert plan(sessions, 3, 9, ["A"], NOW) == plan(sessions, 3, 9, ["A"], NOW)

    @pytest.mark.parametrize(
        ("sessions", "stations", "visits", "tokens"),
        [
            ([], 1, 1, ["A"]),
            ([session()], 0, 1, ["A"]),
            ([session()], 1, -1, ["A"]),
            ([session()], 1, 1, []),
        ],
    )
    def test_refuses_what_cannot_be_planned(
        self, sessions: list[RecordedSession], stations: int, visits: int, tokens: list[str]
    ) -> None:
        with pytest.raises(ValueError, match="a plan needs"):
            plan(sessions, stations, visits, tokens, NOW)


class TestSpan:
    def test_goes_from_the_first_arrival_to_the_last_departure(self) -> None:
        plans = plan([session(hour=8), session(hour=10)], 2, 2, ["T"], NOW)
        first_at, last_at = span(plans)
        assert last_at - first_at == 8 * HOUR_MS

    def test_is_nothing_without_visits(self) -> None:
        assert span(plan([session()], 2, 0, ["T"], NOW)) == (0, 0)
