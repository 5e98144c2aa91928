"""Our role as a provider, put together."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from services.domain.units import Millis
from services.ocpi.answering import Answering
from services.ocpi.directory import Directory
from services.ocpi.outbound.configuration import EMSP
from services.ocpi.roaming.desk import Desk
from services.ocpi.roaming.holdings import Holdings
from services.ocpi.roaming.receiver_routes import ReceiverRoutes
from services.ocpi.roaming.sender_routes import SenderRoutes
from services.ocpi.settings import OcpiSettings
from services.runtime.codec import Codec


class Provider:
    """What it keeps, and its routes; nothing of it when we are no provider. `new_id` makes ids nobody guesses."""

    def __init__(
        self, chosen: OcpiSettings, codec: Codec, now_ms: Callable[[], Millis], new_id: Callable[[], str]
    ) -> None:
        self._chosen = chosen
        self._now_ms = now_ms
        self._new_id = new_id
        self._is_one = EMSP in chosen.roles
        self._holdings = Holdings(chosen.kafka, codec, chosen.clickhouse, now_ms())

    def start(self) -> None:
        """To be called on the event loop."""
        if self._is_one:
            self._holdings.start()

    def stop(self) -> None:
        if self._is_one:
            self._holdings.stop()

    async def wait_caught_up(self) -> None:
        """Return when it knows everything that was there; TimeoutError otherwise."""
        if self._is_one:
            await self._holdings.wait_caught_up()

    def mount(
        self, app: FastAPI, directory: Directory, publish: Callable[..., Awaitable[None]], answering: Answering
    ) -> None:
        if self._is_one:
            desk = Desk(self._chosen, self._holdings, publish, self._now_ms, self._new_id, answering)
            ReceiverRoutes(desk).mount(app, self._chosen.own.versions)
            SenderRoutes(desk, directory).mount(app, self._chosen.own.versions)
