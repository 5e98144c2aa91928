"""Keeps objects of modules in Kafka: one change at a time, durable and seen here before it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from services.domain.events.partnerobject import PartnerObject
from services.ocpi.directory import Directory

_TURNS: Final = 256
_SEEN_S: Final = 5.0

log = structlog.get_logger(__name__)


class ObjectKeeper:
    """Lives on the event loop."""

    def __init__(self, directory: Directory, publish: Callable[..., Awaitable[None]]) -> None:
        self._directory = directory
        self._publish = publish
        self._turns = [asyncio.Lock() for _ in range(_TURNS)]

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[PartnerObject | None]:
        """Whoever changes the same thing waits; the object of that key as it is known now."""
        async with self._turns[hash(key) % _TURNS]:
            yield self._directory.object(key)

    async def keep(self, state: PartnerObject) -> None:
        """NotDurable when it is not; the next who looks finds it."""
        await self._publish(state)
        for _ in range(int(_SEEN_S / 0.01)):
            seen = self._directory.object(state.key)
            if seen is not None and seen.updated_at >= state.updated_at:
                return
            await asyncio.sleep(0.01)
        log.warning("an object's new state was not seen in time", key=state.key)
