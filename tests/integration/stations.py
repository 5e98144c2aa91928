"""Stations that answer whatever they are asked, and the log of what they were asked."""

import asyncio
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection

from services.domain.events.station import CommandRequested
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from tests.integration.ocpp_case import until


class Answering:
    """A station that notes every call and answers it."""

    def __init__(self, socket: ClientConnection, says: dict[str, Any] | None = None) -> None:
        self.calls: list[Any] = []
        self._socket = socket
        self._says = says or {"status": "Accepted"}
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for data in self._socket:
            frame = orjson.loads(data)
            if frame[0] == 2:
                self.calls.append(frame)
                await self._socket.send(orjson.dumps([3, frame[1], self._says]).decode())


async def requested(kafka: KafkaSettings) -> list[CommandRequested]:
    """All commands of the log."""
    found: list[CommandRequested] = []
    tail = Tail(kafka, Codec(), [CommandRequested.TOPIC], found.extend, now_ms() - 600_000)
    tail.start()
    await until(lambda: tail.caught_up)
    tail.stop()
    return found
