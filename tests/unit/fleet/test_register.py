"""All operations, told by events in whatever order they are read after a crash."""

from typing import Any

from services.domain.events.common import CommandOutcome, FleetStatus
from services.domain.events.fleet import FleetFinished, FleetOperation, FleetStationAnswered
from services.domain.events.station import CommandRequested
from services.fleet.register import Register
from tests.unit.fleet.orders import NOW, named, names, result, stopped, terms

GRACE = 120_000


def register(*events: Any) -> Register:
    kept = Register(lambda key: True, GRACE)
    kept.take(events, NOW)
    return kept


def of(kind: type[Any], events: list[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


class TestRegister:
    def test_asks_and_shows_and_ends(self) -> None:
        kept = register(terms(2), named(*names(2)))
        told = kept.tick(NOW + 1000)
        assert [one.station_id for one in of(CommandRequested, told)] == names(2)
        assert [(state.status, state.asked) for state in of(FleetOperation, told)] == [(FleetStatus.RUNNING, 2)]
        assert (len(kept), kept.in_flight) == (1, 2)
        kept.take_log([result("CP000"), result("CP001", CommandOutcome.REJECTED)])
        told = kept.tick(NOW + 1100)
        assert [type(event) for event in told] == [
            FleetStationAnswered, FleetStationAnswered, FleetFinished, FleetOperation,
        ]  # fmt: skip
        assert told[-1].status is FleetStatus.FINISHED
        assert (told[-1].accepted, told[-1].rejected) == (1, 1)
        assert len(kept) == 0
        assert kept.tick(NOW + 9000) == []

    def test_shows_progress_once_a_second_and_only_changes(self) -> None:
        kept = register(terms(3, max_in_flight=1), named(*names(3)))
        assert len(of(FleetOperation, kept.tick(NOW + 1000))) == 1
        kept.take_log([result("CP000")])
        assert of(FleetOperation, kept.tick(NOW + 1500)) == []
        assert len(of(FleetOperation, kept.tick(NOW + 2000))) == 1
        assert of(FleetOperation, kept.tick(NOW + 9000)) == []
        kept.take([stopped()], NOW)
        assert [state.status for state in of(FleetOperation, kept.tick(NOW + 9001))] == [FleetStatus.STOPPED]

    def test_goes_on_after_a_crash_where_the_log_ends(self) -> None:
        before = register(terms(3, max_in_flight=2), named(*names(3)))
        commands = of(CommandRequested, before.tick(NOW + 1000))
        after = register(terms(3, max_in_flight=2), named(*names(3)))
        after.take_log([result("CP001"), *commands, result("CP001")])
        told = after.tick(NOW + 2000)
        assert [one.station_id for one in of(CommandRequested, told)] == ["CP002"]
        assert [one.station_id for one in of(FleetStationAnswered, told)] == ["CP001"]
        assert set(after.operations["t/f"].asked) == {"CP000", "CP002"}

    def test_does_not_tell_again_what_it_told_before_the_crash(self) -> None:
        before = register(terms(2), named(*names(2)))
        before.tick(NOW + 1000)
        before.take_log([result("CP000")])
        told = of(FleetStationAnswered, before.tick(NOW + 1001))
        after = register(terms(2), named(*names(2)), *told)
        after.take_log([result("CP000")])
        assert of(FleetStationAnswered, after.tick(NOW + 2000)) == []

    def test_forgets_what_is_finished(self) -> None:
        finished = FleetFinished(event_id="x", tenant="t", fleet_id="f", recorded_at=NOW)
        kept = register(terms(1), named("CP000"), finished, terms(1), named("CP000"), stopped())
        assert len(kept) == 0
        kept.take_log([result("CP000")])
        assert kept.tick(NOW + 1000) == []

    def test_passes_over_what_is_not_its_own(self) -> None:
        kept = register(stopped())
        kept.take_log([result("CP000")])
        assert kept.tick(NOW) == []

    def test_takes_no_operation_twice(self) -> None:
        kept = register(terms(1), named("CP000"), terms(1))
        assert len(of(CommandRequested, kept.tick(NOW + 1000))) == 1
