"""How odd stations speak: a line that opens sockets and numbers its calls, a bare socket, and their messages."""

import asyncio
import socket
from base64 import b64encode
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from tests.integration.ocpp_case import PASSWORD, V16

Ledger = list[dict[str, Any]]
TOKEN = "VALID1"
BOOT16 = {"chargePointVendor": "Odd", "chargePointModel": "One"}
BOOT201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Odd", "model": "One"}}
NOW = datetime.now(UTC).replace(microsecond=0)


def at(minutes: float, zone: str = "Z") -> str:
    """So many minutes after a quarter past, two hours ago."""
    return (NOW - timedelta(hours=2) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S") + zone


class Line:
    """One station's way to the edge: it opens sockets, and numbers its calls."""

    def __init__(self, port: int, name: str) -> None:
        self.port, self.name, self._count = port, name, 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": "Basic " + b64encode(f"{self.name}:{PASSWORD}".encode()).decode()}

    @asynccontextmanager
    async def open(self, *protocols: str, path: str = "", **more: Any) -> Any:
        url = f"ws://127.0.0.1:{self.port}/ocpp/{path or quote(self.name, safe='')}"
        offered: Any = list(protocols or (V16,))
        async with connect(url, subprotocols=offered, additional_headers=self.headers, **more) as held:
            yield held

    def frame(self, action: str, payload: dict[str, Any]) -> tuple[str, str]:
        self._count += 1
        message_id = f"odd-{self._count}"
        return message_id, orjson.dumps([2, message_id, action, payload]).decode()

    async def call(self, held: ClientConnection, action: str, payload: dict[str, Any]) -> Any:
        message_id, text = self.frame(action, payload)
        await held.send(text)
        return await self.answer(held, message_id)

    @staticmethod
    async def answer(held: ClientConnection, message_id: str) -> Any:
        """The answer to a call; what comes before it is passed over."""
        while True:
            answer = orjson.loads(await asyncio.wait_for(held.recv(), 30))
            if answer[1] == message_id:
                assert answer[0] == 3, answer
                return answer[2]


def start(meter: Any, minutes: float = 0, **more: Any) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": TOKEN, "meterStart": meter, "timestamp": at(minutes)} | more


def stop(transaction: int, meter: Any, minutes: float = 60, **more: Any) -> dict[str, Any]:
    return {"transactionId": transaction, "meterStop": meter, "timestamp": at(minutes)} | more


def reading(wh: Any, minutes: float, context: str = "Sample.Periodic", **more: Any) -> dict[str, Any]:
    return {"timestamp": at(minutes), "sampledValue": [{"value": wh, "context": context} | more]}


def line(transaction: Any, begin: float, end: float, token: str | None = TOKEN) -> dict[str, Any]:
    return {
        "transaction": str(transaction),
        "meter_start": begin,
        "meter_stop": end,
        "wh": end - begin,
        "token": token,
    }


def event(kind: str, seq_no: int, minutes: float, wh: Any = None, **more: Any) -> dict[str, Any]:
    """A TransactionEvent."""
    contexts = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}
    told: dict[str, Any] = {
        "eventType": kind,
        "timestamp": at(minutes),
        "triggerReason": "Authorized" if kind == "Started" else "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "odd"},
    }
    if wh is not None:
        told["meterValue"] = [reading(wh, minutes, contexts.get(kind, "Sample.Periodic"))]
    if kind == "Started":
        told |= {"idToken": {"idToken": TOKEN, "type": "ISO14443"}, "evse": {"id": 1, "connectorId": 1}}
    return told | more


def token() -> dict[str, str]:
    return {"idToken": TOKEN, "type": "ISO14443"}


class Raw:
    """A WebSocket on a bare socket, so that it can be written to in unusual ways."""

    def __init__(self, it: Line) -> None:
        self._it = it
        self._protocol = ClientProtocol(
            parse_uri(f"ws://127.0.0.1:{it.port}/ocpp/{quote(it.name, safe='')}"),
            subprotocols=[V16],  # type: ignore[list-item]
        )

    async def open(self, drip: bool = False, and_then: list[str] | None = None) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._it.port)
        self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = self._protocol.connect()
        request.headers.update(self._it.headers)
        self._protocol.send_request(request)
        (data,) = self._protocol.data_to_send()
        frames = b"".join(masked(text) for text in and_then or ())
        await self._put(data + frames, drip)
        while not self._protocol.events_received():
            self._protocol.receive_data(await self._read())

    def write(self, text: str) -> None:
        self.writer.write(masked(text))

    async def call(self, message_id: str, text: str, drip: bool = False) -> Any:
        await self._put(masked(text), drip)
        return await self.answer(message_id)

    async def answer(self, message_id: str) -> Any:
        while True:
            for told in self._protocol.events_received():
                if isinstance(told, Frame) and told.opcode is Opcode.TEXT:
                    answer = orjson.loads(told.data)
                    if answer[1] == message_id:
                        assert answer[0] == 3, answer
                        return answer[2]
            self._protocol.receive_data(await self._read())

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def _read(self) -> bytes:
        data = await asyncio.wait_for(self.reader.read(65_536), 30)
        assert data, "the edge has closed the connection"
        return data

    async def _put(self, data: bytes, drip: bool) -> None:
        for piece in [data[n : n + 1] for n in range(len(data))] if drip else [data]:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(0)


def masked(text: str) -> bytes:
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)
