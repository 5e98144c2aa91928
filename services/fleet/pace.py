"""Who is asked next, and when an operation stops or ends: by its pace, its limits and who is connected. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from services.domain.events.common import CommandOutcome
from services.domain.events.fleet import FleetFinished, FleetStopped
from services.domain.events.station import CommandRequested
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.fleet.operation import FleetEvent, Operation, answered, command_id

_MINUTE_MS: Final = 60_000
_BURST_MS: Final = 1_000
"""What was not used of the pace is kept for so long: an operation that waited for answers does not rush after."""
_ENOUGH_ANSWERS: Final = 10
"""A share of fewer answers than this, or than half of all, says nothing."""


@dataclass(slots=True)
class Step:
    """What is to be published now: events first, commands after them."""

    events: list[FleetEvent] = field(default_factory=list)
    commands: list[CommandRequested] = field(default_factory=list)


class Pace:
    """How many stations may be asked by now, `per_minute` of them in a minute."""

    def __init__(self, per_minute: int, now_ms: Millis) -> None:
        self._per_minute = per_minute
        # In stations * minutes, so that whole numbers do.
        self._level = _MINUTE_MS
        self._seen_ms = now_ms

    def allowance(self, now_ms: Millis) -> int:
        """How many may be asked now."""
        most = max(_MINUTE_MS, _BURST_MS * self._per_minute)
        self._level = min(most, self._level + max(0, now_ms - self._seen_ms) * self._per_minute)
        self._seen_ms = now_ms
        return self._level // _MINUTE_MS

    def took(self, count: int) -> None:
        self._level -= count * _MINUTE_MS


def advance(
    operation: Operation, pace: Pace, connected: Callable[[str], bool], now_ms: Millis, grace_ms: Millis
) -> Step:
    """What happens next to an operation; it is changed accordingly."""
    step = Step()
    if operation.finished:
        return step
    _give_up(operation, step, now_ms, grace_ms)
    if operation.running and _fails_too_often(operation):
        _tell(operation, step, _stopped(operation, now_ms))
    if operation.running and now_ms < operation.terms.deadline_at:
        _ask(operation, step, pace, connected, now_ms)
    if operation.complete and not operation.waiting and not operation.asked:
        terms = operation.terms
        event_id = derived_id("FleetFinished", terms.tenant, terms.fleet_id)
        finished = FleetFinished(
            event_id=event_id, tenant=terms.tenant, fleet_id=terms.fleet_id, recorded_at=now_ms
        )
        _tell(operation, step, finished)
    return step


def command(operation: Operation, station_id: str, now_ms: Millis) -> CommandRequested:
    """What a station is asked: the same command however often it is made."""
    terms = operation.terms
    its_id = command_id(terms.tenant, terms.fleet_id, station_id)
    return CommandRequested(
        event_id=derived_id("CommandRequested", terms.tenant, its_id),
        command_id=its_id,
        tenant=terms.tenant,
        station_id=station_id,
        operation=terms.operation,
        payload_json=terms.payload_json,
        requested_by=f"fleet:{terms.fleet_id}",
        requested_at=now_ms,
        deadline_at=now_ms + terms.timeout_s * 1000,
    )


def _give_up(operation: Operation, step: Step, now_ms: Millis, grace_ms: Millis) -> None:
    """End what no edge has told about in time, and what was not asked before the deadline."""
    late = [name for name, deadline_at in operation.asked.items() if deadline_at + grace_ms <= now_ms]
    for station_id in late:
        said = "no edge told a result"
        _tell(operation, step, answered(operation.terms, station_id, CommandOutcome.TIMED_OUT, said, now_ms))
    if now_ms >= operation.terms.deadline_at:
        for station_id in list(operation.waiting):
            said = "not asked before the deadline"
            _tell(operation, step, answered(operation.terms, station_id, CommandOutcome.EXPIRED, said, now_ms))


def _fails_too_often(operation: Operation) -> bool:
    most = operation.terms.max_failures_percent
    count = operation.for_it + operation.against_it
    if most is None or not operation.against_it or not operation.waiting:
        return False
    enough = count >= min(_ENOUGH_ANSWERS, (operation.terms.stations_total + 1) // 2)
    return enough and operation.against_it * 100 > most * count


def _stopped(operation: Operation, now_ms: Millis) -> FleetStopped:
    terms = operation.terms
    count = operation.for_it + operation.against_it
    return FleetStopped(
        event_id=derived_id("FleetStopped", terms.tenant, terms.fleet_id, operation.stops),
        tenant=terms.tenant,
        fleet_id=terms.fleet_id,
        reason=f"{operation.against_it} of {count} failed: more than {terms.max_failures_percent} %",
        stopped_by="fleet",
        recorded_at=now_ms,
    )


def _ask(operation: Operation, step: Step, pace: Pace, connected: Callable[[str], bool], now_ms: Millis) -> None:
    """Ask as many as pace and limit allow; who is not connected is waited for, or passed over for good."""
    terms = operation.terms
    free = min(pace.allowance(now_ms), terms.max_in_flight - len(operation.asked))
    for station_id in list(_next(operation, step, free, connected, now_ms)):
        asked = command(operation, station_id, now_ms)
        operation.ask(station_id, asked.deadline_at)
        step.commands.append(asked)
    pace.took(len(step.commands))


def _next(
    operation: Operation, step: Step, free: int, connected: Callable[[str], bool], now_ms: Millis
) -> Iterator[str]:
    terms = operation.terms
    for station_id in list(operation.waiting):
        if free <= 0:
            return
        if connected(f"{terms.tenant}/{station_id}"):
            free -= 1
            yield station_id
        elif terms.if_offline == "skip":
            said = "not connected"
            _tell(operation, step, answered(terms, station_id, CommandOutcome.UNREACHABLE, said, now_ms))


def _tell(operation: Operation, step: Step, event: FleetEvent) -> None:
    operation.apply(event)
    step.events.append(event)
