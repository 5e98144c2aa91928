"""What has become of each station of an operation."""

from services.domain.events.common import CommandOutcome, FleetFailure, FleetStatus
from services.domain.events.fleet import FleetFinished
from services.fleet.operation import MAX_FAILURES_SHOWN, Operation, answered, answered_by, command_id
from tests.unit.fleet.orders import NOW, named, names, operation, result, resumed, stopped, terms


class TestOperation:
    def test_runs_once_all_stations_are_named(self) -> None:
        begun = Operation(terms(3))
        assert begun.status is FleetStatus.REQUESTED
        begun.apply(named("A", "B"))
        begun.apply(named("A", "B"))
        assert begun.status is FleetStatus.REQUESTED
        begun.apply(named("C", part=1))
        assert begun.status is FleetStatus.RUNNING
        assert list(begun.waiting) == ["A", "B", "C"]

    def test_counts_stations_by_what_they_answered(self) -> None:
        begun = operation(8)
        outcomes = [
            CommandOutcome.ACCEPTED, CommandOutcome.REJECTED, CommandOutcome.FAILED, CommandOutcome.UNKNOWN,
            CommandOutcome.TIMED_OUT, CommandOutcome.EXPIRED,
        ]  # fmt: skip
        for station_id, outcome in zip(names(8), outcomes, strict=False):
            begun.ask(station_id, NOW)
            begun.apply(answered_by(begun.terms, result(station_id, outcome)))
        begun.ask("CP006", NOW)
        state = begun.shown()
        assert (state.waiting, state.asked, state.accepted, state.rejected) == (1, 1, 1, 1)
        assert (state.failed, state.timed_out, state.expired, state.unreachable) == (2, 1, 1, 0)
        assert (begun.for_it, begun.against_it) == (1, 4)

    def test_takes_an_answer_once_and_asks_nobody_who_has_answered(self) -> None:
        begun = operation(2)
        begun.apply(answered_by(begun.terms, result("CP000")))
        begun.apply(answered(begun.terms, "CP000", CommandOutcome.TIMED_OUT, "late", NOW))
        begun.ask("CP000", NOW)
        assert begun.done == {"CP000": CommandOutcome.ACCEPTED}
        assert list(begun.waiting) == ["CP001"]
        assert not begun.asked

    def test_shows_why_stations_did_not_do_it_up_to_a_limit(self) -> None:
        begun = operation(MAX_FAILURES_SHOWN + 1)
        begun.apply(answered_by(begun.terms, result("CP000", CommandOutcome.REJECTED, status="Rejected")))
        begun.apply(answered_by(begun.terms, result("CP001", CommandOutcome.FAILED, status="x", detail="why")))
        for name in names(MAX_FAILURES_SHOWN + 1):
            begun.apply(answered(begun.terms, name, CommandOutcome.EXPIRED, "late", NOW))
        assert begun.failures[:2] == [
            FleetFailure(station_id="CP000", outcome=CommandOutcome.REJECTED, detail="Rejected"),
            FleetFailure(station_id="CP001", outcome=CommandOutcome.FAILED, detail="why"),
        ]
        assert len(begun.failures) == MAX_FAILURES_SHOWN

    def test_stops_and_goes_on(self) -> None:
        begun = operation()
        begun.against_it = 2
        begun.apply(resumed())
        assert begun.against_it == 2
        begun.apply(stopped())
        begun.apply(stopped())
        assert (begun.status, begun.shown().reason, begun.stops) == (FleetStatus.STOPPED, "enough", 1)
        begun.apply(resumed())
        assert (begun.status, begun.shown().reason, begun.against_it) == (FleetStatus.RUNNING, None, 0)

    def test_is_over_when_it_is_finished(self) -> None:
        begun = operation()
        begun.apply(FleetFinished(event_id="x", tenant="t", fleet_id="f", recorded_at=NOW + 9))
        begun.apply(stopped())
        begun.apply(resumed())
        assert (begun.status, begun.updated_at) == (FleetStatus.FINISHED, NOW + 9)

    def test_has_one_command_for_each_station(self) -> None:
        assert command_id("t", "f", "A") == command_id("t", "f", "A")
        assert len({command_id("t", "f", "A"), command_id("t", "f", "B"), command_id("t", "g", "A")}) == 3
