"""Before any route: who asks, and what every answer carries. Nothing is answered to strangers but 401."""

import re
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.domain.events.partner import Partner
from services.domain.units import Millis
from services.ocpi.inbound.authorization import identify, presented_tokens
from services.ocpi.wire.envelope import Status, failure
from services.ocpi.wire.registrations import INVITED
from services.runtime.throttle import Throttle

SIGNED_DATA_PATH = "/signed-data/"
"""Open to whoever shows the proof that the URL contains."""

UNAUTHORIZED = "The credentials token is missing or not known: send `Authorization: Token <token in Base64>`"

_REGISTERING = re.compile(r"/ocpi/(versions|[0-9.]+(/credentials)?)")
"""What a token for registering is good for (credentials: CREDENTIALS_TOKEN_A)."""

_ECHOED = ("X-Request-ID", "X-Correlation-ID")
_LONGEST_ID = 256

log = structlog.get_logger(__name__)
_answers = Counter("ocpi_answers_total", "Answers to partners", ["http_status"])
_failures = Counter("ocpi_authentication_failures_total", "Requests without a token that is known")


class Gate:
    """ASGI middleware. A request that passes has `scope["partner"]` and the `scope["token"]` that it showed."""

    def __init__(
        self,
        app: ASGIApp,
        partners: Callable[[], list[Partner]],
        throttle: Throttle,
        now_ms: Callable[[], Millis],
    ) -> None:
        self._app = app
        self._partners = partners
        self._throttle = throttle
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        answer = _Answer(send, _echo(headers))
        # The specification's examples end in a slash, most clients do not; both mean the same.
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        try:
            await self._admitted(scope, headers)(scope, receive, answer.send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if not answer.started:
                await our_trouble(self._now_ms())(scope, receive, answer.send)

    def _admitted(self, scope: Scope, headers: Headers) -> ASGIApp:
        """The routes for whom we know; for others a refusal, the same whether a token is missing, malformed,
        unknown or suspended, and 429 to an address that tries too often.

        A token that is right is let through even then: it cannot be guessed, and others share its address.
        """
        known = identify(self._partners(), _tokens(headers))
        if known is not None and (known[0].registration != INVITED or _REGISTERING.fullmatch(scope["path"])):
            scope["partner"], scope["token"] = known
            return self._app
        now = self._now_ms()
        wait_s = self._throttle.count(scope["client"][0] if scope.get("client") else "", now)
        if wait_s:
            told = failure(Status.CLIENT_ERROR, "Too many requests without a token that is known", now)
            return envelope(told, 429, {"Retry-After": str(wait_s)})
        if scope["path"].startswith(SIGNED_DATA_PATH):
            return self._app
        _failures.inc()
        return envelope(failure(Status.CLIENT_ERROR, UNAUTHORIZED, now), 401, {"WWW-Authenticate": "Token"})


def envelope(body: bytes, http_status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer in JSON that no cache keeps."""
    fixed = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, http_status, fixed | (headers or {}), media_type="application/json")


def our_trouble(now_ms: Millis) -> Response:
    """The answer when we cannot: no HTTP error, since the request has reached the OCPI layer (status_codes)."""
    return envelope(failure(Status.SERVER_ERROR, "Something went wrong on our side: try again", now_ms))


def _tokens(headers: Headers) -> tuple[str, ...]:
    shown = headers.getlist("Authorization")
    return presented_tokens(shown[0]) if len(shown) == 1 else ()


def _echo(headers: Headers) -> dict[str, str]:
    """The message ids of a request, for its answer (transport_and_format: Unique message IDs)."""
    ids = ((name, headers.get(name, "")) for name in _ECHOED)
    return {name: value for name, value in ids if value.isascii() and value.isprintable() and _fits(value)}


def _fits(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_ID


class _Answer:
    """The way back: adds headers, and knows whether anything has been sent."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            _answers.labels(message["status"]).inc()
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
        await self._send(message)
