"""Addresses that others gave us are asked only where that can do no harm. Servers are real, on this machine."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from services.runtime.egress import (
    Answer,
    Egress,
    NotConnected,
    Refused,
    TooLong,
    Unreachable,
    also_private,
    checked_url,
    is_public,
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """A server that answers as the handler does; its URL."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(once, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()


async def head_of(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\r\n\r\n")).decode()


async def ask(url: str, *, timeout_s: float = 5.0, most_bytes: int = 1000, allow_private: bool = True) -> Answer:
    egress = Egress()
    try:
        return await egress.request(
            "GET", url, {"x-a": "b"}, allow_private=allow_private, timeout_s=timeout_s, most_bytes=most_bytes
        )
    finally:
        await egress.close()


class TestIsPublic:
    @pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
    def test_of_the_internet(self, address: str) -> None:
        assert is_public(ipaddress.ip_address(address))

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
            "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
            "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
        ],
    )  # fmt: skip
    def test_of_our_own(self, address: str) -> None:
        assert not is_public(ipaddress.ip_address(address))


class TestAlsoPrivate:
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "8.8.8.8", "::1", "fd00::1"])
    def test_lets_our_own_network_pass(self, address: str) -> None:
        assert also_private("host", ["169.254.169.254", address]) == [address]

    @pytest.mark.parametrize(
        "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::"]
    )
    def test_lets_nothing_pass_that_is_no_host(self, address: str) -> None:
        with pytest.raises(Refused, match="no address that is a host's"):
            also_private("host", [address])


class TestCheckedUrl:
    @pytest.mark.parametrize("url", ["https://example.com/ocpi/versions", "https://example.com:8443/?a=b"])
    def test_lets_https_pass(self, url: str) -> None:
        assert checked_url(url, allow_private=False) == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "//example.com", "https://", "",
            "https://user:secret@example.com/", "https://user@example.com/", "https://exa mple.com/",
            "https://example.com\\@10.0.0.1/", "https://exämple.com/", "https://example.com:0/", "https://[::1/",
            "https://example.com:99999/", "https://example.com/\r\nX: y", "https://x/" + "a" * 3000, "gopher://x",
        ],
    )  # fmt: skip
    def test_lets_nothing_else_pass(self, url: str) -> None:
        with pytest.raises(Refused):
            checked_url(url, allow_private=False)

    def test_lets_plain_http_pass_to_whom_it_is_allowed(self) -> None:
        assert checked_url("http://10.0.0.1/", allow_private=True)


class TestRequest:
    async def test_gives_the_answer_whatever_its_status(self) -> None:
        heads: list[str] = []

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append(await head_of(reader))
            writer.write(b"HTTP/1.1 404 Not Found\r\nX-Total-Count: 5\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

        async with server(handler) as url:
            answer = await ask(f"{url}/a?b=c")
        assert answer == Answer(404, {"x-total-count": "5", "content-length": "2"}, b"{}")
        assert heads[0].startswith("GET /a?b=c HTTP/1.1\r\n")
        assert "x-a: b\r\n" in heads[0]

    async def test_does_not_follow_redirects(self) -> None:
        asked: list[str] = []

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await head_of(reader))
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /secret\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

        async with server(handler) as url:
            assert (await ask(url)).status == 302
        assert len(asked) == 1

    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "169.254.169.254"],
    )
    async def test_never_asks_inside(self, host: str) -> None:
        with pytest.raises((Refused, Unreachable)) as caught:
            await ask(f"https://{host}:1/", allow_private=False)
        assert (
            not isinstance(caught.value, Unreachable)
            or "getaddrinfo" in repr(caught.value)
            or "gaierror" in repr(caught.value)
        )

    async def test_connects_to_the_address_that_it_has_checked(self) -> None:
        """A name is looked up once: one that says something else the second time gains nothing."""
        told = [["127.0.0.1", "10.0.0.1"], ["8.8.8.8"]]
        asked: list[str] = []

        async def resolve(host: str, port: int) -> list[str]:
            asked.append(host)
            return told.pop(0)

        egress = Egress(resolve)
        with pytest.raises(Refused, match="no public address"):
            await egress.request("GET", "https://rebind.example:9/", timeout_s=0.3)
        await egress.close()
        assert asked == ["rebind.example"]

    async def test_tries_the_next_address(self) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

        async with server(handler) as url:
            port = url.rpartition(":")[2]

            async def resolve(_host: str, _port: int) -> list[str]:
                return ["127.0.0.2", "127.0.0.1"]

            egress = Egress(resolve)
            answer = await egress.request("GET", f"http://two.example:{port}/", allow_private=True)
            await egress.close()
        assert answer.status == 204

    async def test_takes_no_endless_body(self) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"x" * 1000)
                await writer.drain()

        async with server(handler) as url:
            with pytest.raises(TooLong, match="more than 1000 bytes"):
                await ask(url)

    async def test_does_not_wait_for_a_slow_partner(self) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

        async with server(handler) as url:
            with pytest.raises(Unreachable, match=r"within 0\.2 s"):
                await ask(url, timeout_s=0.2)

    async def test_tells_that_nobody_is_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(NotConnected):
            await ask(f"http://127.0.0.1:{port}/")

    async def test_tells_that_a_name_says_nothing(self) -> None:
        async def nothing(_host: str, _port: int) -> list[str]:
            raise socket.gaierror("no such name")

        egress = Egress(nothing)
        with pytest.raises(NotConnected, match="no such name"):
            await egress.request("GET", "https://nowhere.example/")
        await egress.close()

    async def test_asks_a_rule_of_the_callers_own(self) -> None:
        asked: list[tuple[str, list[str]]] = []

        def rule(host: str, addresses: Sequence[str]) -> Sequence[str]:
            asked.append((host, list(addresses)))
            if host == "2130706433":
                raise RuntimeError("not this one")
            return addresses

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()

        egress = Egress()
        async with server(handler) as url:
            assert (await egress.request("POST", url, body=b"x", rule=rule)).status == 204
            with pytest.raises(Refused):
                await egress.request("POST", url.replace("http:", "https:"), body=b"x")
            with pytest.raises(RuntimeError, match="not this one"):
                await egress.request("GET", "http://2130706433:9/", rule=rule)
        await egress.close()
        assert asked == [("127.0.0.1", ["127.0.0.1"]), ("2130706433", ["127.0.0.1"])]

    @pytest.mark.parametrize("nonsense", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 999999 x\r\n\r\n"])
    async def test_survives_what_is_not_http(self, nonsense: bytes) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            writer.write(nonsense)
            await writer.drain()

        async with server(handler) as url:
            with pytest.raises(Unreachable):
                await ask(url)

    async def test_verifies_certificates(self) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)

        async with server(handler) as url:
            with pytest.raises(Unreachable):
                await ask(url.replace("http:", "https:"))
