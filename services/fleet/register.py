"""All operations that are not over, and what is to be published about them. Pure: told events and the time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.domain.events.fleet import (
    FleetFinished,
    FleetOperation,
    FleetRequested,
    FleetStationAnswered,
    FleetStationsNamed,
)
from services.domain.events.station import CommandAnswered, CommandRequested
from services.domain.folding import Event
from services.domain.units import Millis
from services.fleet.operation import Operation, answered_by, command_id
from services.fleet.pace import Pace, advance

_SHOWN_EVERY_MS: Final = 1_000


@dataclass(slots=True)
class _Entry:
    operation: Operation
    pace: Pace
    shown: FleetOperation | None = None
    shown_at: Millis = 0


class Register:
    """Folds `fleet.events`, `station.commands` and `station.results`; `tick` says what follows from them.

    Whatever was published before is known from those topics, so that a process that starts again goes on where the
    one before it was killed.
    """

    def __init__(self, connected: Callable[[str], bool], grace_ms: Millis) -> None:
        self._connected = connected
        self._grace_ms = grace_ms
        self._entries: dict[str, _Entry] = {}
        self._over: set[str] = set()
        self._commands: dict[str, tuple[str, str]] = {}
        self._told: list[Event] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def operations(self) -> dict[str, Operation]:
        """Those that are not over, by their key."""
        return {key: entry.operation for key, entry in self._entries.items()}

    @property
    def in_flight(self) -> int:
        """Stations that were asked and have not answered."""
        return sum(len(entry.operation.asked) for entry in self._entries.values())

    def take(self, events: Iterable[Any], now_ms: Millis) -> None:
        """Records of `fleet.events`, in the order of their operation."""
        for event in events:
            if isinstance(event, FleetRequested):
                if event.key not in self._entries and event.key not in self._over:
                    pace = Pace(event.pace_per_minute, now_ms)
                    self._entries[event.key] = _Entry(Operation(event, updated_at=event.requested_at), pace)
                continue
            entry = self._entries.get(event.key)
            if entry is None:
                continue
            entry.operation.apply(event)
            if isinstance(event, FleetStationsNamed):
                for station_id in event.station_ids:
                    its_id = command_id(event.tenant, event.fleet_id, station_id)
                    self._commands[its_id] = (event.key, station_id)
            elif isinstance(event, FleetStationAnswered):
                self._commands.pop(event.command_id, None)
            elif isinstance(event, FleetFinished):
                self._forget(event.key)

    def take_log(self, events: Iterable[Any]) -> None:
        """Records of `station.commands` and `station.results`, in whatever order."""
        for event in events:
            key, station_id = self._commands.get(event.command_id, ("", ""))
            entry = self._entries.get(key)
            if entry is None:
                continue
            if isinstance(event, CommandRequested):
                entry.operation.ask(station_id, event.deadline_at)
            elif isinstance(event, CommandAnswered):
                told = answered_by(entry.operation.terms, event)
                entry.operation.apply(told)
                self._told.append(told)
                del self._commands[event.command_id]

    def tick(self, now_ms: Millis) -> list[Event]:
        """What is to be published now, in this order."""
        found, self._told = self._told, []
        for key, entry in list(self._entries.items()):
            step = advance(entry.operation, entry.pace, self._connected, now_ms, self._grace_ms)
            found += [*step.events, *step.commands]
            found += self._shown(entry, now_ms)
            if entry.operation.finished:
                self._forget(key)
        return found

    @staticmethod
    def _shown(entry: _Entry, now_ms: Millis) -> list[Event]:
        """The state, when it has changed: at once with its status, else once a second."""
        before = entry.shown
        same_status = before is not None and before.status is entry.operation.status
        if same_status and now_ms - entry.shown_at < _SHOWN_EVERY_MS:
            return []
        entry.shown, entry.shown_at = entry.operation.shown(), now_ms
        return [] if entry.shown == before else [entry.shown]

    def _forget(self, key: str) -> None:
        operation = self._entries.pop(key).operation
        self._over.add(key)
        for station_id in operation.done:
            terms = operation.terms
            self._commands.pop(command_id(terms.tenant, terms.fleet_id, station_id), None)
