"""Processes serve HTTP on an event loop of theirs, bounded, and say what to do about a port that is taken."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.runtime.http_server import listen, server

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"


async def who_asks(scope: Any, _receive: Any, send: Any) -> None:
    """Answers with the address that asks."""
    body = scope["client"][0].encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(trusted_proxies: str = "") -> AsyncIterator[int]:
    with listen("127.0.0.1", 0, "tests cannot listen", "or wait") as listener:
        running = server(who_asks, trusted_proxies)
        task = asyncio.ensure_future(running.serve(sockets=[listener]))
        while not running.started:
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        running.should_exit = True
        await task


async def answer(port: int, head: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    said = await reader.read()
    writer.close()
    return said


class TestServer:
    async def test_takes_nobodys_word_for_an_address(self) -> None:
        async with serving() as port:
            assert (await answer(port, HEAD)).endswith(b"127.0.0.1")

    async def test_believes_a_proxy_that_is_named(self) -> None:
        async with serving("127.0.0.1") as port:
            assert (await answer(port, HEAD)).endswith(b"198.51.100.7")

    async def test_says_nothing_of_itself(self) -> None:
        async with serving() as port:
            assert b"uvicorn" not in (await answer(port, HEAD)).lower()

    async def test_reads_no_endless_head(self) -> None:
        async with serving() as port:
            endless = b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 40_000
            assert (await answer(port, endless)).startswith(b"HTTP/1.1 400")

    async def test_leaves_signals_to_the_process(self) -> None:
        before = signal.getsignal(signal.SIGTERM)
        async with serving():
            assert signal.getsignal(signal.SIGTERM) is before


class TestListen:
    def test_says_what_to_do_when_the_port_is_taken(self) -> None:
        with listen("127.0.0.1", 0, "tests cannot listen", "or wait") as taken:
            port = taken.getsockname()[1]
            said = rf"tests cannot listen on 127\.0\.0\.1:{port} \(.*\): stop what uses the port, or wait"
            with pytest.raises(OSError, match=said):
                listen("127.0.0.1", port, "tests cannot listen", "or wait")

    @pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
    def test_takes_addresses_of_either_kind(self) -> None:
        with listen("::1", 0, "tests cannot listen", "or wait") as listener:
            assert listener.family is socket.AF_INET6
