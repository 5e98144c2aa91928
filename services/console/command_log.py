"""The commands of late, each with its result, folded from `station.commands` and `station.results`."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from services.domain.events.station import CommandAnswered, CommandRequested, CommandSent
from services.domain.units import Millis


@dataclass(slots=True)
class Entry:
    """A command as far as it is known; its end may be read before its beginning."""

    asked: CommandRequested | None = None
    sent: CommandSent | None = None
    result: CommandAnswered | None = None


class CommandLog:
    """The newest `most` commands; pure, and the same whatever the order in which the two topics are read."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._by_station: dict[str, OrderedDict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, events: Iterable[Any]) -> None:
        """Records of both topics, as they come. The first command of an id counts, and the first result."""
        for event in events:
            if isinstance(event, CommandRequested):
                entry = self._entry(event)
                entry.asked = entry.asked or event
            elif isinstance(event, CommandSent):
                entry = self._entry(event)
                entry.sent = entry.sent or event
            elif isinstance(event, CommandAnswered):
                entry = self._entry(event)
                entry.result = entry.result or event

    def get(self, tenant: str, command_id: str) -> Entry | None:
        """A tenant's command."""
        entry = self._entries.get(command_id)
        return entry if entry is not None and _tenant(entry) == tenant else None

    def of(self, station: str, most: int) -> list[Entry]:
        """A station's commands by its key, newest first."""
        ids = reversed(self._by_station.get(station, OrderedDict()))
        entries = (self._entries[command_id] for command_id in ids)
        return sorted(entries, key=_at, reverse=True)[:most]

    def _entry(self, event: CommandRequested | CommandSent | CommandAnswered) -> Entry:
        known = self._entries.get(event.command_id)
        if known is not None:
            return known
        if len(self._entries) >= self._most:
            self._forget()
        self._by_station.setdefault(event.key, OrderedDict())[event.command_id] = None
        self._entries[event.command_id] = entry = Entry()
        return entry

    def _forget(self) -> None:
        command_id, entry = self._entries.popitem(last=False)
        event = entry.asked or entry.sent or entry.result
        assert event is not None
        ids = self._by_station[event.key]
        del ids[command_id]
        if not ids:
            del self._by_station[event.key]


def _tenant(entry: Entry) -> str | None:
    event = entry.asked or entry.sent or entry.result
    return event.tenant if event else None


def _at(entry: Entry) -> Millis:
    if entry.asked:
        return entry.asked.requested_at
    later = entry.sent or entry.result
    return later.recorded_at if later else 0
