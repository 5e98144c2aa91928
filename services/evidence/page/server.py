"""Serves drivers' pages: no login, but nobody finds a page without the link that the invoice shows."""

import re
import socket
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import structlog
from prometheus_client import Counter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.domain.proof_link import opens
from services.domain.signed_meter.findings import NotReadable
from services.domain.units import Millis
from services.evidence import transparency
from services.evidence.page.case import Case, proving
from services.evidence.page.document import Assets, document
from services.evidence.page.settings import PageSettings
from services.evidence.proof_bundle import bundle
from services.runtime import http_server
from services.runtime.clickhouse import Refused, Unreachable
from services.runtime.throttle import Throttle

Find = Callable[[str, str], Case | None]
"""The issued record of a tenant by its id, with what belongs to it; Unreachable or Refused by ClickHouse."""

_PATH: Final = "/proof/{tenant}/{cdr_id}/{shown}"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NO_PAGE_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"

log = structlog.get_logger(__name__)
_answers = Counter("proof_answers_total", "Answers to drivers", ["http_status"])


def assets() -> Assets:
    """The style and the scripts that come with this package."""
    style, check, page = (
        (files(__package__) / name).read_text("utf-8") for name in ("page.css", "check.js", "page.js")
    )
    return Assets(style, f"{check}\n{page}")


def application(settings: PageSettings, find: Find, now_ms: Callable[[], Millis]) -> ASGIApp:
    """Everything that answers; whatever there is not, and whatever the link does not open, is the same 404."""
    pages = _Pages(find, Throttle(settings.proof_requests_per_minute), now_ms, assets())
    routes = [Route(_PATH, pages.page), Route(_PATH + "/{name}", pages.file)]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


class _Pages:
    """Each method one answer; they run on threads, since they wait for ClickHouse."""

    def __init__(self, find: Find, throttle: Throttle, now_ms: Callable[[], Millis], shown: Assets) -> None:
        self._find = find
        self._throttle = throttle
        self._now_ms = now_ms
        self._assets = shown

    def page(self, request: Request) -> Response:
        found = self._opened(request)
        if isinstance(found, Response):
            return found
        content = document(found, self._assets)
        return _answer(content, 200, "text/html; charset=utf-8", self._assets.policy)

    def file(self, request: Request) -> Response:
        """The document for the transparency software, or the ZIP."""
        found = self._opened(request)
        if isinstance(found, Response):
            return found
        detail, keys = found.record.detail, proving(found)
        named = {f"attachment; filename={detail.cdr_id}.{kind}": kind for kind in ("xml", "zip")}
        for disposition, kind in named.items():
            if request.path_params["name"] != f"{detail.cdr_id}.{kind}":
                continue
            try:
                if kind == "zip":
                    content = bundle(detail, keys, found.link)
                else:
                    content = transparency.document(detail, [key.public_key for key in keys]).xml
            except NotReadable:
                break
            more = {"Content-Disposition": disposition}
            return _answer(content, 200, f"application/{kind}", _NO_PAGE_POLICY, more)
        return _missing()

    def _opened(self, request: Request) -> Case | Response:
        """What the link opens, or the answer that says why not."""
        wait_s = self._throttle.count(request.client.host if request.client else "", self._now_ms())
        if wait_s:
            return _said("Too many requests: try again in a minute.", 429, {"Retry-After": str(wait_s)})
        asked = request.path_params
        if not _UUID.fullmatch(asked["cdr_id"]):
            return _missing()
        try:
            found = self._find(asked["tenant"], asked["cdr_id"])
        except (Unreachable, Refused) as error:
            log.warning("a page cannot be made", reason=str(error))
            return _said("This page cannot be made at the moment: try again later.", 503, {"Retry-After": "60"})
        if found is None or not opens(found.record.detail.signed_meter_values, asked["shown"]):
            return _missing()
        return found


def _missing() -> Response:
    return _said("There is no such page: check the link, it has to be whole.", 404)


async def _not_found(request: Request, error: Exception) -> Response:
    return _missing()


def _said(text: str, status: int, more: dict[str, str] | None = None) -> Response:
    return _answer(f"{text}\n".encode(), status, "text/plain; charset=utf-8", _NO_PAGE_POLICY, more)


def _answer(content: bytes, status: int, kind: str, policy: str, more: dict[str, str] | None = None) -> Response:
    _answers.labels(status).inc()
    headers = {**_HEADERS, "Content-Security-Policy": policy, "Content-Type": kind, **(more or {})}
    return Response(content, status, headers)


def listen(settings: PageSettings) -> socket.socket:
    """The port; OSError says how to get another one."""
    return http_server.listen(
        settings.proof_host, settings.proof_port, "drivers' pages cannot be served", "or set WATTLOG_PROOF_PORT"
    )
