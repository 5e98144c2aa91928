"""Writes down what sandbox partners ask and what they are answered; of other partners nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.domain.events.partner import Partner, PartnerExchange
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.bodies import MOST_BYTES
from services.ocpi.outbound import exchanges
from services.ocpi.wire.envelope import encoded
from services.runtime.bus import NotDurable

_MOST_WAITING: Final = 1_000
_ID_DIGITS: Final = 10

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Heard:
    """What has gone by so far."""

    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class Recorder:
    """ASGI middleware behind the gate: `scope["partner"]` is who asks. Answers do not wait for it."""

    def __init__(
        self,
        app: ASGIApp,
        publish: Callable[..., Awaitable[None]],
        now_ms: Callable[[], Millis],
        new_id: Callable[[], str],
    ) -> None:
        self._app = app
        self._publish = publish
        self._now_ms = now_ms
        self._new_id = new_id
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        partner: Partner | None = scope.get("partner")
        if partner is None or not partner.sandbox:
            await self._app(scope, receive, send)
            return
        heard, received_at, began = _Heard(), self._now_ms(), time.monotonic()
        try:
            await self._app(scope, _listening(receive, heard), _speaking(send, heard))
        finally:
            duration_ms = int((time.monotonic() - began) * 1000)
            self._keep(_exchange(partner, scope, heard, self._new_id(), received_at, duration_ms))

    def _keep(self, exchange: PartnerExchange) -> None:
        if len(self._tasks) >= _MOST_WAITING:
            log.warning("an exchange is not logged: too many wait for Kafka", partner=exchange.partner_id)
            return
        task = asyncio.create_task(self._published(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _published(self, exchange: PartnerExchange) -> None:
        try:
            await self._publish(exchange)
        except NotDurable as error:
            log.warning("an exchange is not logged: Kafka is away", error=str(error))


def _listening(receive: Receive, heard: _Heard) -> Receive:
    async def listen() -> Message:
        message = await receive()
        if message["type"] == "http.request" and len(heard.asked) <= MOST_BYTES:
            heard.asked += message.get("body", b"")
        return message

    return listen


def _speaking(send: Send, heard: _Heard) -> Send:
    async def speak(message: Message) -> None:
        if message["type"] == "http.response.start":
            heard.status, heard.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body" and len(heard.answered) <= MOST_BYTES:
            heard.answered += message.get("body", b"")
        await send(message)

    return speak


def _exchange(
    partner: Partner, scope: Scope, heard: _Heard, new_id: str, received_at: Millis, duration_ms: int
) -> PartnerExchange:
    event_id = derived_id("PartnerExchange", partner.tenant, partner.partner_id, new_id)
    query: Any = scope.get("query_string", b"").decode("latin-1")
    asked, asked_cut = exchanges.body(bytes(heard.asked))
    answered, answered_cut = exchanges.body(bytes(heard.answered))
    return PartnerExchange(
        event_id=event_id,
        tenant=partner.tenant,
        exchange_id=event_id.replace("-", "")[:_ID_DIGITS],
        partner_id=partner.partner_id,
        method=scope["method"],
        target=scope["path"] + (f"?{query}" if query else ""),
        request_headers_json=encoded(exchanges.headers(scope["headers"])).decode(),
        request_body=asked,
        http_status=heard.status,
        response_headers_json=encoded(exchanges.headers(heard.headers)).decode(),
        response_body=answered,
        cut=asked_cut or answered_cut,
        duration_ms=duration_ms,
        received_at=received_at,
    )
