"""Who is asked when, and when an operation stops or ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import CommandOutcome, FleetStatus
from services.domain.events.fleet import FleetFinished, FleetStationAnswered, FleetStopped
from services.fleet.operation import Operation, answered_by
from services.fleet.pace import Pace, Step, advance, command
from tests.unit.fleet.orders import DEADLINE, NOW, names, operation, result, stopped, terms

GRACE = 120_000


def everybody(_: str) -> bool:
    return True


def nobody(_: str) -> bool:
    return False


def step(begun: Operation, pace: Pace | None = None, now_ms: int = NOW, connected: object = everybody) -> Step:
    fast = pace or Pace(60_000_000, now_ms - 1000)
    fast.allowance(now_ms)
    return advance(begun, fast, connected, now_ms, GRACE)  # type: ignore[arg-type]


def asked(done: Step) -> list[str]:
    return [one.station_id for one in done.commands]


class TestPace:
    @given(
        per_minute=st.integers(1, 60_000),
        pauses=st.lists(st.integers(0, 5_000), min_size=1, max_size=100),
    )
    def test_is_kept_in_the_long_run_whatever_the_rhythm(self, per_minute: int, pauses: list[int]) -> None:
        pace, now_ms, taken = Pace(per_minute, NOW), NOW, 0
        for pause in pauses:
            now_ms += pause
            count = pace.allowance(now_ms)
            pace.took(count)
            taken += count
        assert taken <= (now_ms - NOW) * per_minute / 60_000 + 1 + per_minute / 60

    def test_lets_the_first_go_at_once_and_the_others_follow(self) -> None:
        pace = Pace(60, NOW)
        assert pace.allowance(NOW) == 1
        pace.took(1)
        assert pace.allowance(NOW + 999) == 0
        assert pace.allowance(NOW + 1000) == 1

    def test_does_not_make_up_for_a_long_wait(self) -> None:
        pace = Pace(600, NOW)
        assert pace.allowance(NOW + 3_600_000) == 10

    def test_does_not_mind_a_clock_that_goes_back(self) -> None:
        pace = Pace(60, NOW)
        pace.took(1)
        assert pace.allowance(NOW - 5000) == 0


class TestAsking:
    def test_goes_in_order_and_keeps_to_who_may_be_in_flight(self) -> None:
        begun = operation(5, max_in_flight=2)
        assert asked(step(begun)) == ["CP000", "CP001"]
        assert asked(step(begun)) == []
        begun.apply(answered_by(begun.terms, result("CP000")))
        assert asked(step(begun)) == ["CP002"]

    def test_keeps_to_the_pace(self) -> None:
        begun = operation(5, pace_per_minute=60)
        pace = Pace(60, NOW)
        assert asked(step(begun, pace)) == ["CP000"]
        assert asked(step(begun, pace, NOW + 500)) == []
        assert asked(step(begun, pace, NOW + 1000)) == ["CP001"]

    def test_waits_for_who_is_away(self) -> None:
        begun = operation(3)
        assert asked(step(begun, connected=lambda key: key == "t/CP002")) == ["CP002"]
        assert list(begun.waiting) == ["CP000", "CP001"]
        assert asked(step(begun)) == ["CP000", "CP001"]

    def test_passes_over_who_is_away_when_told_so(self) -> None:
        begun = operation(3, if_offline="skip", max_in_flight=1)
        done = step(begun, connected=lambda key: key != "t/CP000")
        (away,) = done.events
        assert isinstance(away, FleetStationAnswered)
        assert (away.station_id, away.outcome) == ("CP000", CommandOutcome.UNREACHABLE)
        assert asked(done) == ["CP001"]

    def test_ends_with_the_stop_button_until_resumed(self) -> None:
        begun = operation(3)
        begun.apply(stopped())
        assert step(begun) == Step()

    def test_does_not_begin_before_all_stations_are_named(self) -> None:
        assert step(Operation(terms(3))) == Step()

    def test_makes_the_same_command_each_time(self) -> None:
        first, again = command(operation(), "CP000", NOW), command(operation(), "CP000", NOW + 1)
        assert (first.command_id, first.event_id) == (again.command_id, again.event_id)
        assert first.deadline_at == NOW + 60_000
        assert first.requested_by == "fleet:f"


class TestEnding:
    def test_comes_when_everybody_has_answered(self) -> None:
        begun = operation(2)
        step(begun)
        for name in names(2):
            begun.apply(answered_by(begun.terms, result(name)))
        (finished,) = step(begun).events
        assert isinstance(finished, FleetFinished)
        assert begun.status is FleetStatus.FINISHED
        assert step(begun) == Step()

    def test_comes_at_the_deadline_for_who_was_not_asked(self) -> None:
        begun = operation(2)
        step(begun, connected=lambda key: key == "t/CP000", now_ms=DEADLINE - 10)
        late = step(begun, now_ms=DEADLINE)
        (expired,) = late.events
        assert isinstance(expired, FleetStationAnswered)
        assert (expired.station_id, expired.outcome) == ("CP001", CommandOutcome.EXPIRED)
        assert late.commands == []
        silent = step(begun, now_ms=DEADLINE - 10 + 60_000 + GRACE)
        assert [getattr(event, "outcome", None) for event in silent.events] == [CommandOutcome.TIMED_OUT, None]
        assert begun.finished

    def test_comes_at_the_deadline_for_what_was_stopped(self) -> None:
        begun = operation(2)
        begun.apply(stopped())
        assert len(step(begun, now_ms=DEADLINE).events) == 3
        assert begun.finished


class TestStoppingItself:
    @pytest.mark.parametrize(
        ("accepted", "refused", "percent", "stops"),
        [
            (9, 1, 10, False),
            (8, 2, 10, True),
            (0, 9, 10, False),
            (0, 10, 10, True),
            (10, 0, 0, False),
            (9, 1, 0, True),
        ],
    )
    def test_follows_the_share_of_failures_of_enough_answers(
        self, accepted: int, refused: int, percent: int, stops: bool
    ) -> None:
        begun = operation(20, max_failures_percent=percent)
        step(begun, connected=nobody)
        for number, name in enumerate(names(accepted + refused)):
            outcome = CommandOutcome.ACCEPTED if number < accepted else CommandOutcome.REJECTED
            begun.apply(answered_by(begun.terms, result(name, outcome)))
        done = step(begun)
        assert any(isinstance(event, FleetStopped) for event in done.events) is stops
        assert bool(done.commands) is not stops

    def test_needs_the_answers_of_half_of_a_few_stations(self) -> None:
        begun = operation(4, max_failures_percent=10)
        begun.apply(answered_by(begun.terms, result("CP000", CommandOutcome.FAILED)))
        assert step(begun, connected=nobody) == Step()
        begun.apply(answered_by(begun.terms, result("CP001", CommandOutcome.FAILED)))
        assert isinstance(step(begun).events[0], FleetStopped)

    def test_is_pointless_when_everybody_has_been_asked(self) -> None:
        begun = operation(1, max_failures_percent=10)
        begun.apply(answered_by(begun.terms, result("CP000", CommandOutcome.FAILED)))
        assert isinstance(step(begun).events[0], FleetFinished)

    def test_does_not_follow_from_stations_that_are_away(self) -> None:
        begun = operation(20, max_failures_percent=0)
        for name in names(15):
            begun.apply(answered_by(begun.terms, result(name, CommandOutcome.EXPIRED)))
        assert step(begun, connected=nobody) == Step()
