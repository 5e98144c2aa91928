"""What the API knows without asking: stations, sockets, boots, operators, fleets and late commands."""

import asyncio
from collections.abc import Sequence
from typing import Any

from services.console.command_log import CommandLog, Entry
from services.console.settings import ConsoleSettings
from services.domain.events.fleet import FleetOperation
from services.domain.events.operator import Operator
from services.domain.events.station import Boot, CommandAnswered, CommandRequested, Connection, Station
from services.domain.units import Millis
from services.runtime.codec import Codec
from services.runtime.tail import Tail
from services.runtime.view import View

TOPICS = (
    Station.TOPIC, Connection.TOPIC, Boot.TOPIC, Operator.TOPIC, FleetOperation.TOPIC, CommandRequested.TOPIC,
    CommandAnswered.TOPIC,
)  # fmt: skip
_LOOK_S = 0.05


class Copies:
    """Local copies of state topics, and the command log of the last hours."""

    def __init__(self, settings: ConsoleSettings, codec: Codec, now_ms: Millis) -> None:
        kafka = settings.kafka
        self.stations: View[Station] = View(kafka, codec, Station.TOPIC)
        self.connections: View[Connection] = View(kafka, codec, Connection.TOPIC)
        self.boots: View[Boot] = View(kafka, codec, Boot.TOPIC)
        self.operators: View[Operator] = View(kafka, codec, Operator.TOPIC)
        self.fleets: View[FleetOperation] = View(kafka, codec, FleetOperation.TOPIC)
        self.commands = CommandLog(settings.console_commands)
        since_ms = now_ms - settings.console_history_s * 1000
        topics = [CommandRequested.TOPIC, CommandAnswered.TOPIC]
        self._tail = Tail(kafka, codec, topics, self._take, since_ms)
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    @property
    def _readers(self) -> tuple[Any, ...]:
        return self.stations, self.connections, self.boots, self.operators, self.fleets, self._tail

    def start(self) -> None:
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        for reader in self._readers:
            reader.stop()

    async def wait_caught_up(self) -> None:
        """Return when everything that was there has been read, however long it takes."""
        while not all(reader.caught_up for reader in self._readers):
            await asyncio.sleep(_LOOK_S)

    def operator_list(self) -> list[Operator]:
        return [operator for _, operator in self.operators.items()]

    def connection(self, station: Station) -> Connection | None:
        return self.connections.get(station.key)

    def connected(self, key: str) -> bool:
        """Whether some edge holds the station's socket, as far as we know."""
        connection = self.connections.get(key)
        return connection is not None and connection.connected

    async def result(self, tenant: str, command_id: str, within_s: float) -> Entry | None:
        """The command once it has a result, or as it stands after that time."""
        entry = self.commands.get(tenant, command_id)
        if entry is not None and entry.result is not None:
            return entry
        arrived = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(command_id, []).append(arrived)
        try:
            await asyncio.wait([arrived], timeout=within_s)
        finally:
            left = [other for other in self._waiting.pop(command_id, []) if other is not arrived]
            if left:
                self._waiting[command_id] = left
        return self.commands.get(tenant, command_id)

    def _take(self, events: Sequence[Any]) -> None:
        self.commands.take(events)
        for event in events:
            if isinstance(event, CommandAnswered):
                for arrived in self._waiting.get(event.command_id, ()):
                    if not arrived.done():
                        arrived.set_result(None)
