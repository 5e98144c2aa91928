"""Serves the publications: open data, so nobody logs in, and nothing but the two documents is there."""

import socket
from collections.abc import Callable
from typing import Final

from prometheus_client import Counter, Gauge
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.domain.units import Millis
from services.nap.publication import Publication, Shelf, packs, unchanged
from services.nap.settings import NapSettings
from services.runtime import http_server
from services.runtime.throttle import Throttle

STATIC: Final = "/afir/static"
DYNAMIC: Final = "/afir/dynamic"
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "*"}

_answers = Counter("nap_answers_total", "Answers to the access point", ["publication", "http_status"])
_bytes = Gauge("nap_publication_bytes", "Size of the latest publication", ["publication"])
_made = Gauge(
    "nap_publication_made_seconds", "When the latest publication was made, in Unix time", ["publication"]
)


def application(settings: NapSettings, static: Shelf, dynamic: Shelf, now_ms: Callable[[], Millis]) -> ASGIApp:
    """Everything that answers; how long an answer may be kept elsewhere is part of how fresh it is."""
    throttle = Throttle(settings.nap_requests_per_minute)
    routes = [
        Route(STATIC, _Document("static", static, settings.nap_static_s, throttle, now_ms).get),
        Route(DYNAMIC, _Document("dynamic", dynamic, settings.nap_dynamic_s, throttle, now_ms).get),
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_allowed})


class _Document:
    """One publication; answers are made on threads, since making one takes a while."""

    def __init__(
        self, name: str, shelf: Shelf, fresh_s: int, throttle: Throttle, now_ms: Callable[[], Millis]
    ) -> None:
        self._name = name
        self._shelf = shelf
        self._fresh_s = fresh_s
        self._throttle = throttle
        self._now_ms = now_ms

    def get(self, request: Request) -> Response:
        now = self._now_ms()
        wait_s = self._throttle.count(request.client.host if request.client else "", now)
        if wait_s:
            return self._said("Too many requests: try again in a minute.", 429, {"Retry-After": str(wait_s)})
        found = self._shelf.take(now)
        if found is None:
            return self._said("There is no public location yet.", 404, {"Cache-Control": "no-store"})
        _bytes.labels(self._name).set(len(found.body))
        _made.labels(self._name).set(found.made_at / 1000)
        return self._answer(found, request)

    def _answer(self, found: Publication, request: Request) -> Response:
        headers = {
            **_HEADERS,
            "Cache-Control": f"public, max-age={self._fresh_s}",
            "ETag": found.etag,
            "Last-Modified": found.last_modified,
            "Vary": "Accept-Encoding",
        }
        if unchanged(found, request.headers):
            return self._counted(Response(status_code=304, headers=headers))
        headers["Content-Type"] = "application/json"
        if packs(request.headers.get("accept-encoding", "")):
            return self._counted(Response(found.packed, 200, headers | {"Content-Encoding": "gzip"}))
        return self._counted(Response(found.body, 200, headers))

    def _said(self, text: str, status: int, more: dict[str, str]) -> Response:
        return self._counted(_plain(text, status, more))

    def _counted(self, response: Response) -> Response:
        _answers.labels(self._name, response.status_code).inc()
        return response


def _plain(text: str, status: int, more: dict[str, str]) -> Response:
    return Response(f"{text}\n", status, {**_HEADERS, **more}, media_type="text/plain")


async def _not_found(request: Request, error: Exception) -> Response:
    return _plain(f"There is nothing here: try {STATIC} or {DYNAMIC}.", 404, {})


async def _not_allowed(request: Request, error: Exception) -> Response:
    return _plain("Publications are only read.", 405, {"Allow": "GET, HEAD"})


def listen(settings: NapSettings) -> socket.socket:
    """The port; OSError says how to get another one."""
    return http_server.listen(
        settings.nap_host, settings.nap_port, "publications cannot be served", "or set WATTLOG_NAP_PORT"
    )
