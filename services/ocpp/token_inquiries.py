"""Asking the providers of tokens, by way of Kafka: the OCPI edge puts the question to them."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from prometheus_client import Counter

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.domain.units import Millis
from services.ocpp.delivery import Send

_MOST_OPEN: Final = 5_000

log = structlog.get_logger(__name__)
_asked = Counter("ocpp_token_inquiries_total", "Tokens whose provider was asked", ["outcome"])


class TokenInquiries:
    """The questions that are open, on one event loop. An answer that comes too late is an answer to nothing."""

    def __init__(self, send: Send, now_ms: Callable[[], Millis]) -> None:
        self._send = send
        self._now_ms = now_ms
        self._open: dict[str, asyncio.Future[AuthorizationAnswered | None]] = {}

    async def answer(self, request: AuthorizationRequested) -> AuthorizationAnswered | None:
        """What was answered by the deadline; None: nothing, or there was nobody to ask."""
        if len(self._open) >= _MOST_OPEN:
            _asked.labels("too_many").inc()
            return None
        waiting = self._open[request.event_id] = asyncio.get_running_loop().create_future()
        answer: AuthorizationAnswered | None = None
        try:
            self._send(request, lambda error: self._handed_over(request.event_id, error))
            async with asyncio.timeout(max(0, request.deadline_at - self._now_ms()) / 1000):
                answer = await waiting
        except TimeoutError:
            pass
        finally:
            self._open.pop(request.event_id, None)
        _asked.labels(answer.outcome if answer else "nobody").inc()
        if answer is None:
            log.warning("no word about a token", station=request.station_id, occasion=request.occasion)
        return answer

    def take(self, events: Iterable[Any]) -> None:
        """Records of `authorization.answers`, of whichever edge's questions."""
        for event in events:
            waiting = self._open.get(event.request_id) if isinstance(event, AuthorizationAnswered) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(event)

    def _handed_over(self, request_id: str, error: Exception | None) -> None:
        """Where Kafka does not take the question there is no use in waiting."""
        waiting = self._open.get(request_id)
        if error is not None and waiting is not None and not waiting.done():
            waiting.set_result(None)
