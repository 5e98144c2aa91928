"""Before any route: who asks, and what every answer carries. Nothing is answered to strangers but 401."""

import re
from collections.abc import Callable
from typing import Any

import structlog
from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.domain.events.common import PartnerQuirks
from services.domain.events.partner import Partner
from services.domain.hubs import quirks_of
from services.domain.units import Millis
from services.ocpi.inbound import quirks as inbound_quirks
from services.ocpi.inbound.authorization import identify, presented_tokens
from services.ocpi.inbound.message_ids import CORRELATION_ID, REQUEST_ID, usable_id
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.routing import Known, route
from services.ocpi.outbound import quirks
from services.ocpi.wire.envelope import Status, failure
from services.ocpi.wire.quirks import LOWER
from services.ocpi.wire.registrations import INVITED
from services.runtime.throttle import Throttle

SIGNED_DATA_PATH = "/signed-data/"
"""Open to whoever shows the proof that the URL contains."""

UNAUTHORIZED = "The credentials token is missing or not known: send `Authorization: Token <token in Base64>`"

_REGISTERING = re.compile(r"/ocpi/(versions|[0-9.]+(/credentials)?)")
"""What a token for registering is good for (credentials: CREDENTIALS_TOKEN_A)."""

log = structlog.get_logger(__name__)
_answers = Counter("ocpi_answers_total", "Answers to partners", ["http_status"])
_failures = Counter("ocpi_authentication_failures_total", "Requests without a token that is known")


class Gate:
    """ASGI middleware. A request that passes has `scope["partner"]`, who asks, and the `scope["token"]` shown.

    Who asks is the holder of the token or, of a hub, the party that it speaks for.
    """

    def __init__(
        self,
        app: ASGIApp,
        partners: Callable[[], list[Partner]],
        throttle: Throttle,
        now_ms: Callable[[], Millis],
        routing: Known,
        new_id: Callable[[], str],
    ) -> None:
        self._app = app
        self._routing = routing
        self._new_id = new_id
        self._partners = partners
        self._throttle = throttle
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        ids = {name: usable_id(headers.get(name, "")) for name in (REQUEST_ID, CORRELATION_ID)}
        answer = _Answer(send, ids)
        # The specification's examples end in a slash, most clients do not; both mean the same.
        scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        try:
            await self._admitted(scope, headers, answer)(scope, receive, answer.send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if not answer.started:
                await our_trouble(self._now_ms())(scope, receive, answer.send)

    def _admitted(self, scope: Scope, headers: Headers, answer: "_Answer") -> ASGIApp:
        """The routes for whom we know; for others a refusal, the same whether a token is missing, malformed,
        unknown or suspended, and 429 to an address that tries too often.

        A token that is right is let through even then: it cannot be guessed, and others share its address.
        """
        known = identify(self._partners(), _tokens(headers))
        if known is not None and (known[0].registration != INVITED or _REGISTERING.fullmatch(scope["path"])):
            return self._routed(scope, headers, *known, answer)
        now = self._now_ms()
        wait_s = self._throttle.count(scope["client"][0] if scope.get("client") else "", now)
        if wait_s:
            told = failure(Status.CLIENT_ERROR, "Too many requests without a token that is known", now)
            return envelope(told, 429, {"Retry-After": str(wait_s)})
        if scope["path"].startswith(SIGNED_DATA_PATH):
            return self._app
        _failures.inc()
        return envelope(failure(Status.CLIENT_ERROR, UNAUTHORIZED, now), 401, {"WWW-Authenticate": "Token"})

    def _routed(self, scope: Scope, headers: Headers, partner: Partner, token: str, answer: "_Answer") -> ASGIApp:
        """The routes, or why they cannot be asked in that name."""
        answer.quirks = quirks_of(partner)
        answer.headers = quirks.message_ids(answer.quirks, answer.headers, self._new_id)
        try:
            routed = route(partner, scope["method"], scope["path"], headers, self._routing)
        except Refusal as refusal:
            return envelope(failure(refusal.status, refusal.message, self._now_ms()), refusal.http_status)
        scope["partner"], scope["token"] = routed.partner, token
        scope["query_string"] = inbound_quirks.query(answer.quirks, scope["query_string"])
        answer.headers |= routed.headers
        return self._app


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


class _Answer:
    """The way back: adds headers, writes as the partner wants it, and knows whether anything has been sent."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._start: Any = None
        self._body = b""
        self.headers = headers
        self.quirks = PartnerQuirks()
        self.started = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            _answers.labels(message["status"]).inc()
            headers = MutableHeaders(scope=message)
            for name, value in self.headers.items():
                if value:
                    headers[name] = value
        await self._cased(message)

    async def _cased(self, message: Any) -> None:
        """Enums in another case change the body, and so its length: it is held back until it is whole."""
        if self.quirks.enum_case != LOWER:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                told = quirks.cased(self.quirks, self._body)
                MutableHeaders(scope=self._start)["content-length"] = str(len(told))
                await self._send(self._start)
                await self._send({"type": "http.response.body", "body": told})
