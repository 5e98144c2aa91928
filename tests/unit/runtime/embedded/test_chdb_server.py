"""The embedded ClickHouse's users and bodies; tests/integration/test_clickhouse_server.py runs it whole."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter
from services.runtime.embedded import chdb_server
from services.runtime.embedded.chdb_http import Encoding
from services.runtime.embedded.chdb_policy import ClickHouseError, Code, refusal
from services.runtime.embedded.chdb_server import ChdbServer, ClientGone, HttpInterface, users_of
from services.runtime.embedded.problems import CannotStart

READER, WRITER = ClickHouseSettings(), ClickHouseWriter()


class TestUsersOf:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
    def test_need_no_passwords_on_loopback(self, host: str) -> None:
        users = users_of(host, READER, WRITER)
        assert {name for name, user in users.items() if user.may_write} == {"wattlog"}
        assert set(users) == {"default", "bi", "wattlog"}

    @pytest.mark.parametrize(
        ("reader", "writer"),
        [("", ""), ("x", ""), ("", "x")],
    )
    def test_need_passwords_on_a_network(self, reader: str, writer: str) -> None:
        with pytest.raises(CannotStart, match="is not loopback: set WATTLOG_CLICKHOUSE_PASSWORD"):
            users_of(
                "0.0.0.0",
                ClickHouseSettings(clickhouse_password=reader),
                ClickHouseWriter(clickhouse_writer_password=writer),
            )

    def test_are_not_anonymous_on_a_network(self) -> None:
        reader = ClickHouseSettings(clickhouse_password="a")
        assert set(users_of("0.0.0.0", reader, ClickHouseWriter(clickhouse_writer_password="b"))) == {
            "bi",
            "wattlog",
        }

    def test_let_the_writer_be_called_default(self) -> None:
        assert users_of("127.0.0.1", READER, ClickHouseWriter(clickhouse_writer="default"))["default"].may_write


class TestChdbServer:
    def test_can_be_stopped_before_it_was_started(self, tmp_path: Any) -> None:
        ChdbServer(READER, WRITER, tmp_path).stop()
        assert list(tmp_path.iterdir()) == []


def arriving(*messages: dict[str, Any]) -> Any:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


class TestReadBody:
    async def test_puts_the_parts_together(self) -> None:
        receive = arriving(
            {"type": "http.request", "body": b"SELECT", "more_body": True},
            {"type": "http.request", "more_body": True},
            {"type": "http.request", "body": b" 1"},
        )
        assert await chdb_server._read_body(receive, 100) == b"SELECT 1"

    async def test_stops_at_the_limit(self) -> None:
        receive = arriving(*[{"type": "http.request", "body": b"x" * 60, "more_body": True}] * 2)
        with pytest.raises(ClickHouseError, match="larger than 100 bytes") as refused:
            await chdb_server._read_body(receive, 100)
        assert refused.value.code == Code.QUERY_IS_TOO_LARGE

    async def test_notices_that_the_client_is_gone(self) -> None:
        with pytest.raises(ClientGone):
            await chdb_server._read_body(arriving({"type": "http.disconnect"}), 100)

    async def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def never() -> dict[str, Any]:
            await asyncio.sleep(60)
            raise AssertionError

        monkeypatch.setattr(chdb_server, "_STALLED_S", 0.01)
        with pytest.raises(ClickHouseError, match="stopped coming") as refused:
            await chdb_server._read_body(never, 100)
        assert refused.value.code == Code.SOCKET_TIMEOUT


class Client:
    """A client of a streamed answer: it takes some messages and then hangs up, or stops reading, or stays."""

    def __init__(self, takes: int = 1_000_000, then: str = "stays") -> None:
        self.takes, self.then = takes, then
        self.messages: list[dict[str, Any]] = []
        self.gone = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        if len(self.messages) >= self.takes and self.then == "stops reading":
            await asyncio.sleep(60)
        self.messages.append(message)
        if len(self.messages) >= self.takes and self.then == "hangs up":
            self.gone.set()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


class Blocks:
    """The blocks of a query; `closed` when nobody wants more of them."""

    def __init__(self, count: int) -> None:
        self.closed = False
        self.count = count

    def __iter__(self) -> Iterator[bytes]:
        try:
            for number in range(self.count):
                yield b"%d\n" % number
            raise refusal(Code.BAD_ARGUMENTS, "too far")
        finally:
            self.closed = True


async def stream(blocks: Blocks, client: Client) -> None:
    class Engine:
        version = "26.9"

    interface = HttpInterface(Engine(), {}, largest_body=1, on_loopback=True)  # type: ignore[arg-type]
    encoding = Encoding("", None)
    try:
        await interface._send_stream(False, iter(blocks), encoding, {}, client.receive, client.send)
    finally:
        interface.close()


class TestSendStream:
    async def test_ends_with_the_error_of_a_query_that_fails(self) -> None:
        client, blocks = Client(), Blocks(3)
        await stream(blocks, client)
        start, *bodies = client.messages
        tag = dict(start["headers"])[b"x-clickhouse-exception-tag"]
        assert [body["body"] for body in bodies[:3]] == [b"0\n", b"1\n", b"2\n"]
        assert b"too far" in bodies[3]["body"]
        assert tag in bodies[3]["body"]
        assert [body["more_body"] for body in bodies] == [True, True, True, False]
        assert blocks.closed

    async def test_ends_the_query_when_the_client_hangs_up(self) -> None:
        client, blocks = Client(takes=5, then="hangs up"), Blocks(1_000_000)
        with pytest.raises(ClientGone):
            await stream(blocks, client)
        assert len(client.messages) < 10
        assert blocks.closed

    async def test_ends_the_query_when_the_client_does_not_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chdb_server, "_STALLED_S", 0.05)
        blocks = Blocks(1_000_000)
        with pytest.raises(ClientGone):
            await stream(blocks, Client(takes=3, then="stops reading"))
        assert blocks.closed


class TestPrintable:
    @pytest.mark.parametrize("text", ["a\r\nb", "é", "x" * 129, "\0"])
    def test_lets_nothing_into_a_header_that_does_not_belong_there(self, text: str) -> None:
        assert chdb_server._printable(text) == ""

    def test_keeps_an_id(self) -> None:
        assert chdb_server._printable("query-1") == "query-1"
