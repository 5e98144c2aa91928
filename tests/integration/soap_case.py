"""A station of OCPP-S: says what it is told to by HTTP, and listens for what it is asked."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.domain import elements
from services.domain.elements import Element
from services.ocpp.soap.envelope import CS, SOAP, WSA_2005
from services.ocpp.wire.faults import V16S
from tests.integration.ocpp_case import PASSWORD

CS16 = CS[V16S]
AT = "2026-09-21T14:13:20Z"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def envelope(
    identity: str,
    message: str,
    inner: str = "",
    message_id: str = "m1",
    sender: str = "",
    namespace: str = CS16,
    addressing: str = WSA_2005,
    more: str = "",
) -> str:
    """A request as a station writes it."""
    action = f"/{message[0].upper()}{message[1:].removesuffix('Request')}"
    announced = f"<a:From><a:Address>{sender}</a:Address></a:From>" if sender else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{SOAP}" xmlns:a="{addressing}"'
        f' xmlns="{namespace}"><e:Header><chargeBoxIdentity e:mustUnderstand="true">{identity}</chargeBoxIdentity>'
        f'<a:Action e:mustUnderstand="true">{action}</a:Action><a:MessageID>{message_id}</a:MessageID>{announced}'
        f"<a:To>http://csms/ocpp</a:To>{more}</e:Header><e:Body><{message}>{inner}</{message}></e:Body></e:Envelope>"
    )


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


class Said:
    """An HTTP answer with an envelope in it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.root = elements.read(response.content)
        self.body = self.part("Body").children[0]

    def part(self, name: str) -> Element:
        found = self.root.child(SOAP, name)
        assert found is not None
        return found

    @property
    def header(self) -> dict[str, str]:
        return {block.name: block.word for block in self.part("Header").children}

    @property
    def fault(self) -> tuple[str, ...]:
        """Codes of the fault, without prefixes; none when it is an answer."""
        if self.body.name != "Fault":
            return ()
        values: list[str] = []

        def collect(element: Element) -> None:
            for child in element.children:
                if child.name == "Value":
                    values.append(child.word.rpartition(":")[2])
                collect(child)

        collect(self.body)
        return tuple(values)

    def get(self, *path: str) -> str:
        element = self.body
        for name in path:
            (element,) = [child for child in element.children if child.name == name]
        return element.text


class SoapStation:
    """Speaks to an edge as `name`, from 127.0.0.1."""

    def __init__(self, port: int, name: str, password: str | None = PASSWORD, sender: str = "") -> None:
        self.url = f"http://127.0.0.1:{port}/ocpp"
        self.name = name
        self.sender = sender
        self.headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        if password is not None:
            self.headers |= basic(name, password)
        self.numbers = 0

    async def post(self, text: str | bytes, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            content = text.encode() if isinstance(text, str) else text
            return await client.post(self.url, content=content, headers=self.headers | headers)

    async def say(self, message: str, inner: str = "", **more: Any) -> Said:
        self.numbers += 1
        named = {"message_id": f"urn:uuid:{self.name}-{self.numbers}", "sender": self.sender} | more
        return Said(await self.post(envelope(self.name, message, inner, **named)))


@asynccontextmanager
async def listening(
    answer: Callable[[Element], str | bytes], port: int = 0
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A station's own HTTP server: its URL and what it was sent. `answer` makes an envelope, or a whole answer."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        body = await reader.readexactly(length)
        heard.append(head + body)
        told = answer(elements.read(body))
        if isinstance(told, str):
            text = told.encode()
            told = b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s" % (
                len(text),
                text,
            )
        writer.write(told)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cp", heard
