"""The OCSP responder's open port (RFC 6960, appendix A): POST, and GET with the request in the path."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import uvicorn

from services.pki.ocsp import MAX_REQUEST
from services.runtime.http_server import Server

_BODY_S: Final = 10.0
_HEAD_BYTES: Final = 8192
_MOST_CONNECTIONS: Final = 1000
_ANSWER: Final = b"application/ocsp-response"


class OcspServer:
    """Serves while the process lives. `answer` makes the response to a request, both in DER."""

    def __init__(self, host: str, port: int, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._server = Server(
            uvicorn.Config(
                self, host=host, port=port, log_config=None, access_log=False, lifespan="off", ws="none",
                http="h11", h11_max_incomplete_event_size=_HEAD_BYTES, limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=30, server_header=False,
            )
        )  # fmt: skip
        self._serving = asyncio.ensure_future(self._server.serve())

    async def started(self) -> int:
        """The port, once it is open; OSError or SystemExit when it cannot be."""
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Answer what has come, and take nothing more."""
        self._server.should_exit = True
        await self._serving

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One HTTP request."""
        der = await _asked(scope, receive)
        status, body = (400, b"") if der is None else (200, await asyncio.to_thread(self._answer, der))
        headers = [(b"content-type", _ANSWER), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _asked(scope: Any, receive: Any) -> bytes | None:
    """The request in DER; None when there is none, or it is too long."""
    if scope["method"] == "GET":
        return _of_path(scope["path"])
    if scope["method"] != "POST":
        return None
    try:
        return await asyncio.wait_for(_body(receive), _BODY_S)
    except TimeoutError:
        return None


def _of_path(path: str) -> bytes | None:
    """A.1: base64 of the request, URL-encoded, after the responder's own path; it may have slashes in it."""
    for tail in (path.lstrip("/"), path.lstrip("/").partition("/")[2]):
        try:
            return b64decode(unquote(tail), validate=True) or None
        except ValueError:
            continue
    return None


async def _body(receive: Any) -> bytes | None:
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_REQUEST:
            return None
        if not message.get("more_body"):
            return body
