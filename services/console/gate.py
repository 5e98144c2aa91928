"""Before any route: who asks, what they may do, and how much they may send. Strangers are told nothing but 401."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog
from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.inbound.keys import identify, may, presented_key
from services.console.settings import ConsoleSettings
from services.console.wire import problems
from services.console.wire.problems import Problem
from services.domain.events.operator import Operator
from services.domain.units import Millis
from services.runtime.throttle import Throttle

OPEN: Final = ("/uploads/", "/firmware/")
"""What stations fetch and send, which show no key: a one-time URL, and files that were put there for them."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})
"""Strangers may make up others; metrics do not remember them."""

_KEEP_NOTHING: Final = {b"cache-control": b"no-store", b"x-content-type-options": b"nosniff"}

log = structlog.get_logger(__name__)
_answers = Counter("console_answers_total", "Answers of the operations API", ["method", "http_status"])
_failures = Counter("console_authentication_failures_total", "Requests without a key that is known")


class Gate:
    """ASGI middleware. A request that passes has `scope["operator"]`, and its body has arrived whole."""

    def __init__(
        self,
        app: ASGIApp,
        operators: Callable[[], Iterable[Operator]],
        settings: ConsoleSettings,
        now_ms: Callable[[], Millis],
    ) -> None:
        self._app = app
        self._operators = operators
        self._settings = settings
        self._now_ms = now_ms
        self._throttle = Throttle(settings.console_strangers_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Answer(scope["method"], send)
        try:
            if scope["path"].startswith(OPEN):
                await self._app(scope, receive, answer.send)
                return
            operator = self._admitted(scope)
            body = await self._body(Headers(scope=scope), receive)
            await self._app({**scope, "operator": operator}, replayed(body, receive), answer.send)
        except Problem as problem:
            await refusal(problem)(scope, receive, answer.send)
        except Exception:
            log.exception("request failed", path=scope["path"])
            if not answer.started:
                trouble = Problem(500, "Something went wrong on our side: the log says what")
                await refusal(trouble)(scope, receive, answer.send)

    def _admitted(self, scope: Scope) -> Operator:
        """The operator; Problem 401, the same whether a key is missing, malformed, unknown or revoked, 429 to an
        address that tries too often, 403 for what a role may not do.

        A key that is right is let through even then: it cannot be guessed, and others share its address.
        """
        shown = Headers(scope=scope).getlist("Authorization")
        operator = identify(self._operators(), presented_key(shown[0]) if len(shown) == 1 else "")
        if operator is None:
            _failures.inc()
            wait_s = self._throttle.count(scope["client"][0] if scope.get("client") else "", self._now_ms())
            if wait_s:
                raise Problem(429, "Too many requests without a known key", retry_after_s=wait_s)
            raise Problem(401, "Show an API key: `Authorization: Bearer <key>` (`wattlog operator add` makes one)")
        if not may(operator, scope["method"]):
            raise Problem(403, f"{operator.operator_id} may read only: ask for an operator with role operate")
        return operator

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body; Problem 413 when it is too long, 408 when it takes too long."""
        most, within_s = self._settings.console_max_body_bytes, self._settings.console_body_timeout_s
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said) > most:
            raise Problem(413, f"The body is longer than {most} bytes")
        parts: list[bytes] = []
        length = 0
        try:
            async with asyncio.timeout(within_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Problem(400, "The connection ended before the body did")
                    parts.append(message.get("body", b""))
                    length += len(parts[-1])
                    if length > most:
                        raise Problem(413, f"The body is longer than {most} bytes")
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            raise Problem(408, f"The body did not arrive within {within_s} s") from None


def refusal(problem: Problem) -> Response:
    """A problem as an answer, with the headers that belong to its status."""
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in problem.more:
        headers["Retry-After"] = str(problem.more["retry_after_s"])
    return Response(problems.body(problem), problem.status, headers, problems.MEDIA_TYPE)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives the body first and then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class _Answer:
    """The way back: adds headers, counts, and knows whether anything has been sent."""

    def __init__(self, method: str, send: Send) -> None:
        self._method = method if method in _METHODS else "other"
        self._send = send
        self.started = False

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            _answers.labels(self._method, message["status"]).inc()
            headers = MutableHeaders(scope=message)
            for name, value in _KEEP_NOTHING.items():
                headers[name.decode()] = value.decode()
        await self._send(message)
