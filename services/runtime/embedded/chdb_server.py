"""The embedded ClickHouse: an HTTP server on a thread of its own in front of chDB in this process.

Everyone else speaks to it as to a ClickHouse server (clickhouse-connect, JDBC, curl). chDB has no users; the users
here are one that writes and two that only read: `default`, who needs no password on loopback, and the reader.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import uvicorn

from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter
from services.runtime.embedded import chdb_http as http
from services.runtime.embedded.chdb_engine import MAX_QUERY_BYTES, Answer, ChdbEngine, Limits, Query
from services.runtime.embedded.chdb_policy import ClickHouseError, Code, refusal
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import setting

log = logging.getLogger(__name__)

_STALLED_S = 60.0
_LONGEST_HEAD_BYTES = 1 << 20
_MAX_WAITING = 64
_MIB = 1 << 20

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ChdbSettings:
    """How the embedded ClickHouse serves; its address, database and users are those that clients are told."""

    chdb_listen: str = setting(
        "", "address that the embedded ClickHouse listens on; empty: host of clickhouse_url"
    )
    chdb_reader_memory_mib: int = setting(1024, "memory that one query of a user that reads may use")
    chdb_reader_s: int = setting(60, "seconds that one query of a user that reads may take")
    chdb_body_mib: int = setting(256, "largest body of a request of the user that writes")


class ChdbServer:
    """Opens the database at `data_dir`/clickhouse and serves it until `stop`. One process can hold it open."""

    def __init__(
        self,
        clickhouse: ClickHouseSettings,
        writer: ClickHouseWriter,
        data_dir: Path,
        settings: ChdbSettings | None = None,
    ) -> None:
        self._settings = settings or ChdbSettings()
        self._clickhouse = clickhouse
        parts = urlsplit(clickhouse.clickhouse_url)
        self._host = self._settings.chdb_listen or parts.hostname or "127.0.0.1"
        self._port = 8123 if parts.port is None else parts.port
        self.data_dir = data_dir
        self._users = users_of(self._host, clickhouse, writer)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Return when it answers; CannotStart when the port is taken or the data cannot be opened."""
        listener = self._listen()
        limits = Limits(self._settings.chdb_reader_memory_mib * _MIB, self._settings.chdb_reader_s)
        try:
            self._engine = ChdbEngine(
                self.data_dir / "clickhouse", self._clickhouse.clickhouse_database, limits, WRITER_LIMITS
            )
        except BaseException:
            listener.close()
            raise
        self._app = HttpInterface(
            self._engine,
            self._users,
            largest_body=self._settings.chdb_body_mib * _MIB,
            on_loopback=http.is_loopback(self._host),
        )
        self._server = uvicorn.Server(_config(self._app))
        self._address: tuple[str, int] = listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="chdb-http", daemon=True)
        self._thread.start()

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            return socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            raise CannotStart(
                f"ClickHouse cannot listen on {self._host}:{self._port} ({error}):"
                " stop what uses the port, or set WATTLOG_CLICKHOUSE_URL"
            ) from error

    @property
    def clickhouse(self) -> ClickHouseSettings:
        """The settings that it was given, with the port that it got when it was given 0."""
        host, port = self._address
        if host in ("0.0.0.0", "::"):
            host = "127.0.0.1"
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        return replace(self._clickhouse, clickhouse_url=url)

    def stop(self) -> None:
        """Finish what is being answered (at most a few seconds), then close the database."""
        if self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._app.close()
        self._engine.close()
        self._thread = None

    def __enter__(self) -> "ChdbServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


WRITER_LIMITS = Limits(memory_bytes=0, seconds=0, result_bytes=2 << 30)
"""The writing user is ours: 0 is ClickHouse's word for no limit."""


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="asgi3",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=_LONGEST_HEAD_BYTES,
        timeout_graceful_shutdown=5,
    )


def users_of(host: str, clickhouse: ClickHouseSettings, writer: ClickHouseWriter) -> dict[str, http.User]:
    """The users by name; CannotStart when one that is reached over a network would have no password."""
    writes = http.User(writer.clickhouse_writer, writer.clickhouse_writer_password, may_write=True)
    reads = http.User(clickhouse.clickhouse_user, clickhouse.clickhouse_password, may_write=False)
    users = {user.name: user for user in (reads, writes)}
    if http.is_loopback(host):
        return {"default": http.User("default", "", may_write=False)} | users
    if not (writes.password and reads.password):
        raise CannotStart(
            f"{host} is not loopback: set WATTLOG_CLICKHOUSE_PASSWORD and WATTLOG_CLICKHOUSE_WRITER_PASSWORD"
        )
    return users


class ClientGone(Exception):
    """The client hung up before its answer was complete."""


class HttpInterface:
    """The ASGI application. Readers and writers have threads of their own, so that no query holds up the sink."""

    def __init__(
        self, engine: ChdbEngine, users: dict[str, http.User], *, largest_body: int, on_loopback: bool
    ) -> None:
        self._engine = engine
        self._users = users
        self._on_loopback = on_loopback
        self._largest_body = {True: largest_body, False: 4 * MAX_QUERY_BYTES}
        self._threads = {
            True: ThreadPoolExecutor(4, "chdb-write"),
            False: ThreadPoolExecutor(4, "chdb-read"),
        }
        self._waiting = {True: 0, False: 0}

    def close(self) -> None:
        for pool in self._threads.values():
            pool.shutdown(cancel_futures=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        query_id = str(uuid4())
        try:
            head = http.read_head(scope["method"], scope["path"], scope["query_string"], scope["headers"])
            query_id = _printable(head.params.get("query_id", "")) or query_id
            await self._answer(head, query_id, receive, send)
        except ClientGone:
            return
        except ClickHouseError as error:
            await self._send_error(error, query_id, send)
        except Exception as error:  # one request must not take the others with it
            log.exception("request failed")
            told = refusal(Code.UNKNOWN_EXCEPTION, f"{type(error).__name__} inside the embedded ClickHouse")
            await self._send_error(told, query_id, send)

    async def _answer(self, head: http.Head, query_id: str, receive: Receive, send: Send) -> None:
        asks = head.method == "POST" or "query" in head.params
        if head.path in ("/ping", "/replicas_status") or (head.path == "/" and not asks):
            await _send_all(send, 200, self._headers(query_id), b"Ok.\n")
            return
        if head.path != "/" or head.method not in ("GET", "POST"):
            await _send_all(send, 404, self._headers(query_id), b"There is no such handler: try / or /ping\n")
            return
        user = http.authenticate(head, self._users)
        http.refuse_web_pages(head, user, on_loopback=self._on_loopback)
        http.refuse_unbuilt(head)
        may_write = user.may_write and head.method == "POST"
        if self._waiting[may_write] >= _MAX_WAITING:
            raise refusal(Code.TOO_MANY_SIMULTANEOUS_QUERIES, "Too many simultaneous queries: ask again later")
        body = await _read_body(receive, self._largest_body[may_write])
        query = await self._on_thread(may_write, lambda: self._query(head, body, may_write=may_write))
        answer = await self._on_thread(may_write, lambda: self._engine.run(query))
        encoding = http.encoding_for(head)
        headers = self._headers(query_id, answer, encoding)
        if query.stream and answer.streamed:
            await self._send_stream(may_write, answer.chunks, encoding, headers, receive, send)
        else:
            chunks = answer.chunks
            whole = await self._on_thread(may_write, lambda: _encoded(chunks, encoding))
            await _send_all(send, 200, headers, whole)

    def _query(self, head: http.Head, body: bytes, *, may_write: bool) -> Query:
        params = dict(head.params)
        content = http.decompress(body, head.headers.get("content-encoding", ""), self._largest_body[may_write])
        fields = http.form_fields(head.headers.get("content-type", ""), content)
        if fields is not None:
            params, content = params | fields, b""
        return Query(
            statement=params.get("query", "").encode(),
            body=content,
            may_write=may_write,
            database=params.get("database") or head.headers.get("x-clickhouse-database", ""),
            params=http.query_params(params),
            settings=http.settings_of(params),
            default_format=params.get("default_format") or head.headers.get("x-clickhouse-format", "TabSeparated"),
            stream=head.streamed,
        )

    async def _on_thread(self, may_write: bool, work: Callable[[], Any]) -> Any:
        self._waiting[may_write] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads[may_write], work)
        finally:
            self._waiting[may_write] -= 1

    def _headers(
        self, query_id: str, answer: Answer | None = None, encoding: http.Encoding | None = None
    ) -> dict[str, str]:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-ClickHouse-Server-Display-Name": "wattlog-chdb",
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": "UTC",
        }
        if answer is not None:
            headers["X-ClickHouse-Format"] = answer.format
            headers["X-ClickHouse-Summary"] = http.summary_header(answer.summary)
        if encoding is not None and encoding.name:
            headers["Content-Encoding"] = encoding.name
        return headers

    async def _send_error(self, error: ClickHouseError, query_id: str, send: Send) -> None:
        headers = self._headers(query_id) | {"X-ClickHouse-Exception-Code": str(int(error.code))}
        await _send_all(send, http.status_of(error.code), headers, http.error_body(error, self._engine.version))

    async def _send_stream(
        self,
        may_write: bool,
        chunks: Iterator[bytes],
        encoding: http.Encoding,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
    ) -> None:
        """Send blocks as they come. The query ends when the client hangs up or does not read for a minute."""
        tag = uuid4().hex[:16]
        await send(_start(200, headers | {"X-ClickHouse-Exception-Tag": tag}))
        hung_up = asyncio.ensure_future(receive())
        try:
            more = True
            while more:
                data, more = await self._on_thread(may_write, lambda: self._next(chunks, encoding, tag))
                if hung_up.done():
                    raise ClientGone
                async with asyncio.timeout(_STALLED_S):
                    await send({"type": "http.response.body", "body": data, "more_body": more})
        except TimeoutError as error:
            raise ClientGone from error
        finally:
            hung_up.cancel()
            await self._on_thread(may_write, getattr(chunks, "close", lambda: None))

    def _next(self, chunks: Iterator[bytes], encoding: http.Encoding, tag: str) -> tuple[bytes, bool]:
        """The next bytes to send, and whether there are more; a failed query ends with its error."""
        try:
            for chunk in chunks:
                if chunk:
                    return encoding.add(chunk), True
        except ClickHouseError as error:
            return encoding.add(http.error_in_stream(error, tag, self._engine.version)) + encoding.end(), False
        return encoding.end(), False


def _encoded(chunks: Iterator[bytes], encoding: http.Encoding) -> bytes:
    body = b"".join(chunks)
    return encoding.add(body) + encoding.end() if encoding.name else body


async def _read_body(receive: Receive, limit: int) -> bytes:
    """The whole body; ClickHouseError when it is too large or stops coming, ClientGone when nobody is there."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        try:
            message = await asyncio.wait_for(receive(), _STALLED_S)
        except TimeoutError:
            raise refusal(Code.SOCKET_TIMEOUT, "The body stopped coming") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise refusal(Code.QUERY_IS_TOO_LARGE, f"The body is larger than {limit} bytes")
        more = message.get("more_body", False)
    return b"".join(parts)


def _start(status: int, headers: dict[str, str]) -> Message:
    pairs = [(name.lower().encode(), text.encode("latin-1", "replace")) for name, text in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


async def _send_all(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    await send(_start(status, headers | {"Content-Length": str(len(body))}))
    await send({"type": "http.response.body", "body": body})


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() and len(text) <= 128 else ""
