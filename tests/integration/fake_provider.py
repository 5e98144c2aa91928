"""A provider that answers POST authorize as a test wants it, token by token."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from services.domain.events.common import PartnerEndpoint, PartnerRole
from services.domain.events.partner import Partner
from services.runtime.sealing import Seal
from tests.unit.ocpi.facts import partner
from tests.unit.ocpi.wire.test_reading import TOKEN

KEY = b"k" * 32
THEIR_TOKEN = "token-that-they-want-to-be-shown"

Behaviour = Callable[["_Handler"], None]


class _Handler(BaseHTTPRequestHandler):
    provider: "FakeProvider"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        uid = urlsplit(self.path).path.split("/")[-2]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.provider.asked[uid].append((self.path, headers, json.loads(body) if body else None))
        try:
            self.provider.behaviours.get(uid, unknown)(self)
        except OSError:
            self.close_connection = True

    def tell(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class FakeProvider:
    """Its address, what it was asked by uid (path, headers, body), and how it behaves."""

    def __init__(self) -> None:
        self.asked: defaultdict[str, list[tuple[str, dict[str, str], Any]]] = defaultdict(list)
        self.behaviours: dict[str, Behaviour] = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def as_partner(self, **changes: Any) -> Partner:
        """What is known of it here once credentials were exchanged."""
        known = partner(
            **{
                "allow_private": True,
                "version": "2.2.1",
                "registration": "REGISTERED",
                "roles": (PartnerRole(country_code="NL", party_id="TNM", role="EMSP"),),
                "endpoints": (PartnerEndpoint(module="tokens", role="SENDER", url=f"{self.url}/tokens"),),
            }
            | changes
        )
        sealed = Seal(KEY).seal(THEIR_TOKEN, f"ocpi/{known.key}")
        return partner(**{name: getattr(known, name) for name in known.__slots__} | {"sealed_token": sealed})


@contextmanager
def provider() -> Iterator[FakeProvider]:
    one = FakeProvider()
    threading.Thread(target=one.server.serve_forever, daemon=True).start()
    yield one
    one.server.shutdown()


def says(allowed: str, **more: Any) -> Behaviour:
    """An AuthorizationInfo."""

    def tell(handler: _Handler) -> None:
        uid = urlsplit(handler.path).path.split("/")[-2]
        info = {"allowed": allowed, "token": TOKEN | {"uid": uid, "whitelist": "NEVER"}} | more
        handler.tell(json.dumps({"status_code": 1000, "data": info, "timestamp": "2026-11-21T10:00:00Z"}).encode())

    return tell


def unknown(handler: _Handler) -> None:
    handler.tell(b'{"status_code": 2004, "timestamp": "2026-11-21T10:00:00Z"}', 404)


def redirect(handler: _Handler) -> None:
    handler.tell(b"", 307, Location=f"{handler.provider.url}/tokens/YES/authorize")


def wrong_json(handler: _Handler) -> None:
    handler.tell(b'{"status_code": 1000, "data": {"allowed": ')


def wrong_shape(handler: _Handler) -> None:
    handler.tell(b'{"status_code": 1000, "data": [["ALLOWED"]], "timestamp": 7}')


def never(handler: _Handler) -> None:
    """Longer than anybody waits."""
    time.sleep(20)


def endless(handler: _Handler) -> None:
    """A body without end, as fast as it is read."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 4096)


def drip(handler: _Handler) -> None:
    """A body without end, byte by byte."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.1)
