"""One operation on many stations: what has become of each of them, folded from events. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from services.domain.events.common import CommandOutcome, FleetFailure, FleetStatus
from services.domain.events.fleet import (
    FleetFinished,
    FleetOperation,
    FleetRequested,
    FleetResumed,
    FleetStationAnswered,
    FleetStationsNamed,
    FleetStopped,
)
from services.domain.events.station import CommandAnswered
from services.domain.ids import derived_id
from services.domain.units import Millis

MAX_FAILURES_SHOWN: Final = 500

_COUNTING: Final = frozenset(
    {CommandOutcome.REJECTED, CommandOutcome.FAILED, CommandOutcome.TIMED_OUT, CommandOutcome.UNKNOWN}
)
"""Outcomes that speak against the operation; a station that is not there says nothing about it."""

_TERMS: Final = (
    "tenant", "fleet_id", "operation", "payload_json", "stations_total", "pace_per_minute", "max_in_flight",
    "max_failures_percent", "if_offline", "timeout_s", "deadline_at", "requested_by", "requested_at",
)  # fmt: skip

FleetEvent = (
    FleetRequested | FleetStationsNamed | FleetStationAnswered | FleetStopped | FleetResumed | FleetFinished
)


def command_id(tenant: str, fleet_id: str, station_id: str) -> str:
    """The one command that an operation has for a station."""
    return derived_id("fleet command", tenant, fleet_id, station_id)


@dataclass(slots=True)
class Operation:
    """An operation as it stands; `waiting` keeps the order in which stations were named."""

    terms: FleetRequested
    waiting: dict[str, None] = field(default_factory=dict)
    asked: dict[str, Millis] = field(default_factory=dict)
    """Station to its command's deadline."""
    done: dict[str, CommandOutcome] = field(default_factory=dict)
    failures: list[FleetFailure] = field(default_factory=list)
    stopped: str | None = None
    finished: bool = False
    for_it: int = 0
    """Stations that have accepted since it was last resumed."""
    against_it: int = 0
    stops: int = 0
    parts: set[int] = field(default_factory=set)
    updated_at: Millis = 0

    @property
    def complete(self) -> bool:
        """True once all stations are named."""
        return len(self.waiting) + len(self.asked) + len(self.done) >= self.terms.stations_total

    @property
    def status(self) -> FleetStatus:
        if self.finished:
            return FleetStatus.FINISHED
        if self.stopped is not None:
            return FleetStatus.STOPPED
        return FleetStatus.RUNNING if self.complete else FleetStatus.REQUESTED

    @property
    def running(self) -> bool:
        return self.status is FleetStatus.RUNNING

    def apply(self, event: FleetEvent) -> None:
        """Take an event; one that was taken before changes nothing."""
        match event:
            case FleetStationsNamed() if event.part not in self.parts:
                self.parts.add(event.part)
                self.waiting.update(dict.fromkeys(event.station_ids))
                self.updated_at = max(self.updated_at, self.terms.requested_at)
            case FleetStationAnswered() if event.station_id not in self.done:
                self._answered(event)
            case FleetStopped() if not self.finished and self.stopped is None:
                self.stopped = event.reason
                self.stops += 1
                self.updated_at = event.recorded_at
            case FleetResumed() if not self.finished and self.stopped is not None:
                self.stopped = None
                self.for_it = self.against_it = 0
                self.updated_at = event.recorded_at
            case FleetFinished():
                self.finished = True
                self.updated_at = event.recorded_at

    def ask(self, station_id: str, deadline_at: Millis) -> None:
        """The station's command is in the log, or on its way there."""
        if station_id in self.waiting:
            del self.waiting[station_id]
            self.asked[station_id] = deadline_at

    def _answered(self, event: FleetStationAnswered) -> None:
        self.waiting.pop(event.station_id, None)
        self.asked.pop(event.station_id, None)
        self.done[event.station_id] = event.outcome
        self.for_it += event.outcome is CommandOutcome.ACCEPTED
        self.against_it += event.outcome in _COUNTING
        self.updated_at = max(self.updated_at, event.recorded_at)
        if event.outcome is not CommandOutcome.ACCEPTED and len(self.failures) < MAX_FAILURES_SHOWN:
            detail = event.detail or event.status
            self.failures.append(FleetFailure(station_id=event.station_id, outcome=event.outcome, detail=detail))

    def shown(self) -> FleetOperation:
        """The operation for whoever wants to see it."""
        counts = Counter(outcome.value.lower() for outcome in self.done.values())
        counts["failed"] += counts.pop("unknown", 0)
        known: dict[str, Any] = {name: getattr(self.terms, name) for name in _TERMS}
        return FleetOperation(
            **(known | counts),
            status=self.status,
            reason=self.stopped,
            waiting=len(self.waiting),
            asked=len(self.asked),
            failures=tuple(self.failures),
            updated_at=self.updated_at,
        )


def answered(
    terms: FleetRequested, station_id: str, outcome: CommandOutcome, detail: str | None, now_ms: Millis
) -> FleetStationAnswered:
    """The end of a station's part that no edge has told."""
    return FleetStationAnswered(
        event_id=derived_id("FleetStationAnswered", terms.tenant, terms.fleet_id, station_id),
        tenant=terms.tenant,
        fleet_id=terms.fleet_id,
        station_id=station_id,
        command_id=command_id(terms.tenant, terms.fleet_id, station_id),
        outcome=outcome,
        detail=detail,
        recorded_at=now_ms,
    )


def answered_by(terms: FleetRequested, result: CommandAnswered) -> FleetStationAnswered:
    """The end of a station's part as the edge told it."""
    return FleetStationAnswered(
        event_id=derived_id("FleetStationAnswered", terms.tenant, terms.fleet_id, result.station_id),
        tenant=terms.tenant,
        fleet_id=terms.fleet_id,
        station_id=result.station_id,
        command_id=result.command_id,
        outcome=result.outcome,
        status=result.status,
        detail=result.detail,
        recorded_at=result.recorded_at,
    )
