"""Bad handshakes and broken WebSockets: a typed end for whoever sends them, and nothing for anybody else."""

import asyncio
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from services.domain.events.station import SecurityEventRaised, StationConnected
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import RunningEdge, answer, call, registered, running
from tests.integration.test_ocpp_hostile import http, masked, status, upgrade

pytestmark = pytest.mark.integration


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    return registered(own_kafka, "CP1", "CP2")


def fragment(data: bytes, *, last: bool, opcode: Opcode = Opcode.CONT) -> bytes:
    return Frame(opcode, data, fin=last).serialize(mask=True)


BROKEN = {
    "opcode 3": masked(Opcode.TEXT, b"x").replace(b"\x81", b"\x83", 1),
    "all reserved bits": masked(Opcode.TEXT, b"x", reserved=0x70),
    "a fragmented ping": masked(Opcode.PING, b"x").replace(b"\x89", b"\x09", 1),
    "a ping of 1 MB": b"\x89\xff" + (1 << 20).to_bytes(8, "big") + bytes(4) + bytes(1 << 20),
    "a payload length of 2 to the 63": b"\x81\xff" + (1 << 63).to_bytes(8, "big") + bytes(4),
    "a payload length of 2 to the 62": b"\x81\xff" + (1 << 62).to_bytes(8, "big") + bytes(4),
    "an endless continuation": fragment(b"x", last=False, opcode=Opcode.TEXT)
    + fragment(b"x" * 60_000, last=False) * 3,
    "a text inside of a text": fragment(b"[2,", last=False, opcode=Opcode.TEXT) + masked(Opcode.TEXT, b"[]"),
    "close code 999": masked(Opcode.CLOSE, (999).to_bytes(2, "big")),
    "close code 1005": masked(Opcode.CLOSE, (1005).to_bytes(2, "big")),
    "close code 1006": masked(Opcode.CLOSE, (1006).to_bytes(2, "big")),
    "a close of one byte": masked(Opcode.CLOSE, b"\x03"),
    "a close reason of 124 bytes": b"\x88\xfe\x00\x7e" + bytes(4) + (1000).to_bytes(2, "big") + b"x" * 124,
    "a close reason that is no text": masked(Opcode.CLOSE, (1000).to_bytes(2, "big") + b"\xff"),
}


class TestBrokenWebSocket:
    async def test_ends_its_connection_and_no_other(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path, flaps_per_minute=1000) as edge, edge.connect("CP2") as neighbour:
            for name, data in BROKEN.items():
                async with edge.connect("CP1", max_size=None) as socket:
                    socket.transport.write(data)
                    with pytest.raises(ConnectionClosed):
                        await asyncio.wait_for(socket.recv(), 20)
                assert (await call(neighbour, "Heartbeat", {}, name[:36]))[:2] == [3, name[:36]]
            assert not edge.process.stopping.is_set()

    async def test_broken_across_fragments_is_answered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        euro = "\u20ac".encode()
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            whole = b'[2,"a","Authorize",{"idTag":"' + euro
            for end, wanted in ((b'"}]', [3, "a"]), (b'\xff"}]', [4, "-1"])):
                socket.transport.write(fragment(whole[:-1], last=False, opcode=Opcode.TEXT))
                socket.transport.write(fragment(whole[-1:] + end, last=True))
                assert (await answer(socket))[:2] == wanted


class TestHandshake:
    async def test_is_answered_or_ended(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        twice = upgrade().replace(key, key + key)
        many = upgrade(**{f"X_{number}": "y" * 8000 for number in range(100)})
        async with running(kafka, tmp_path) as edge, edge.connect("CP2") as neighbour:
            for request in (twice, upgrade().replace(b"Host:", b"Host: evil\r\nHost:"), many,
                            upgrade("http://evil/ocpp/CP1"), upgrade("//ocpp/CP1"), upgrade("/ocpp/CP1/"),
                            upgrade(X="a\x00b"), upgrade() + b"GET / HTTP/1.1\r\n\r\n"):  # fmt: skip
                said = await _ended(edge, request)
                assert said == b"" or status(said) in (101, 400, 404, 431), request[:80]
                assert b"root:" not in said
            assert (await call(neighbour, "Heartbeat", {}))[0] == 3

    async def test_in_the_query_string_are_nothing(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            for target in ("/ocpp/CP1?token=x", "/ocpp/CP1?Authorization=Basic%20x", "/ocpp/?id=CP1", "/ocpp?CP1"):
                assert status(await http(edge, upgrade(target, Authorization=None))) in (401, 404)
            assert edge.of(StationConnected) == []

    async def test_in_the_path_is_no_station(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            for target in ("/ocpp/wattlog/CP1", "/ocpp/other/CP1", "/ocpp/wattlog%2FCP1", "/wattlog/ocpp/CP1"):
                assert status(await http(edge, upgrade(target))) == 404
            assert edge.of(StationConnected) == []

    async def test_of_a_browser_page_proves_itself_like_any_other(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(kafka, tmp_path) as edge:
            page = {"Origin": "https://evil.example", "Cookie": "session=1"}
            assert status(await http(edge, upgrade(Authorization=None, **page))) == 401
            assert len(await edge.wait_for(SecurityEventRaised)) == 1

    async def test_of_a_proxy_are_believed_of_proxies_alone(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path, failures_per_minute=3) as edge:
            forged = {"X_Client_Certificate": "-----BEGIN%20CERTIFICATE-----", "X_Forwarded_Proto": "https"}
            answers = [
                status(await http(edge, upgrade(Authorization=None, X_Forwarded_For=f"10.0.0.{number}", **forged)))
                for number in range(5)
            ]
            assert answers == [401] * 3 + [429] * 2


async def _ended(edge: RunningEdge, request: bytes) -> bytes:
    """What is said before the other side closes, or falls silent after an upgrade."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(65_536), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()
