"""Bad input over real sockets: each gets its protocol's answer, an event or a log line, and nothing dies."""

import asyncio
import socket as sockets
from base64 import b64encode
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from services.domain.events.station import (
    ProtocolViolated,
    SecurityEventRaised,
    StationConnected,
    StationDisconnected,
)
from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.ocpp import sockets as edge_sockets
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import (
    PASSWORD,
    V16,
    V201,
    RunningEdge,
    answer,
    call,
    registered,
    running,
    station,
    until,
)

pytestmark = pytest.mark.integration

START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 100, "timestamp": "2026-09-21T14:13:20Z"}


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    return registered(own_kafka, "CP1", "CP2")


async def http(edge: RunningEdge, request: bytes, wait_s: float = 5.0) -> bytes:
    """Everything that is answered to raw bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(65_536), wait_s)
    finally:
        writer.close()


def upgrade(target: str = "/ocpp/CP1", **headers: str | None) -> bytes:
    credentials = b64encode(f"CP1:{PASSWORD}".encode()).decode()
    values: dict[str, str | None] = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "ocpp1.6",
        "Authorization": f"Basic {credentials}",
    }
    values |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in values.items() if value is not None]
    return "\r\n".join([f"GET {target} HTTP/1.1", *lines, "", ""]).encode("latin-1")


def status(response: bytes) -> int:
    return int(response.split(b" ")[1])


def masked(opcode: Opcode, data: bytes, reserved: int = 0) -> bytes:
    """A frame as a client sends it, with reserved bits that it must not set."""
    serialized = Frame(opcode, data).serialize(mask=True)
    return bytes([serialized[0] | reserved]) + serialized[1:]


class TestFrames:
    async def test_get_the_right_answer_and_never_end_a_connection(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        hostile: list[tuple[str, list[Any] | None]] = [
            ("garbage", [4, "-1", "RpcFrameworkError"]),
            ("", [4, "-1", "RpcFrameworkError"]),
            ("{}", [4, "-1", "RpcFrameworkError"]),
            ("[]", [4, "-1", "RpcFrameworkError"]),
            ("null", [4, "-1", "RpcFrameworkError"]),
            ('[2,"a"]', [4, "a", "RpcFrameworkError"]),
            ('[2,"a","Heartbeat"]', [4, "a", "ProtocolError"]),
            ('[2,"a",["Heartbeat"],{}]', [4, "a", "RpcFrameworkError"]),
            ('[2,"a","Heartbeat",[]]', [4, "a", "FormatViolation"]),
            ('[2,5,"Heartbeat",{}]', [4, "-1", "RpcFrameworkError"]),
            ('[2,"' + "i" * 37 + '","Heartbeat",{}]', [4, "-1", "RpcFrameworkError"]),
            ('[2,"a","Nonsense",{}]', [4, "a", "NotImplemented"]),
            ('[2,"a","GetReport",{}]', [4, "a", "NotSupported"]),
            ('[2,"a","StartTransaction",{}]', [4, "a", "NotImplemented"]),
            ('[6,"a","NotifyPeriodicEventStream",{}]', [4, "a", "MessageTypeNotSupported"]),
            ("[" * 60_000, [4, "-1", "RpcFrameworkError"]),
            (
                '[2,"a","DataTransfer",{"vendorId":"v","data":' + "[" * 900 + "]" * 900 + "}]",
                [4, "a", "FormatViolation"],
            ),
            ('[2,"a","Heartbeat",{"n":' + "9" * 5000 + "}]", [4, "-1", "RpcFrameworkError"]),
            ('[2,"a","Heartbeat",{"n":NaN}]', [4, "-1", "RpcFrameworkError"]),
            ('[2,"a","Heartbeat",{"n":Infinity}]', [4, "-1", "RpcFrameworkError"]),
            ('[2,"a","Heartbeat",{"s":"\\ud800"}]', [4, "-1", "RpcFrameworkError"]),
            ('[2,"a","Authorize",{}]', [4, "a", "OccurrenceConstraintViolation"]),
            ('[2,"a","Authorize",{"idToken":5}]', [4, "a", "TypeConstraintViolation"]),
            ('[3,"never sent",{}]', None),
            ('[4,"never sent","GenericError","",{}]', None),
            ("[3]", None),
        ]
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", (V201,)) as socket:
            for text, wanted in hostile:
                await socket.send(text)
                if wanted is not None:
                    assert (await answer(socket))[:3] == wanted
                assert (await call(socket, "Heartbeat", {}, "h"))[:2] == [3, "h"]
            violations = await edge.wait_for(ProtocolViolated, len(hostile))
            assert len(violations) == len(hostile)
            assert edge.of(StationDisconnected) == []

    async def test_of_bytes_that_are_no_utf_8_are_answered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            socket.transport.write(
                Frame(Opcode.TEXT, b'[2,"a","Authorize",{"idTag":"\xff"}]').serialize(mask=True)
            )
            assert (await answer(socket))[:3] == [4, "-1", "FormationViolation"]
            assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_in_pieces_are_put_together(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            await socket.send(iter(['[2,"a",', '"Heart', 'beat",{}', "]"]))
            assert (await answer(socket))[:2] == [3, "a"]
            await socket.send(iter('[2,"b","Heartbeat",{}]'))
            await socket.ping()
            assert (await answer(socket))[:2] == [3, "b"]

    async def test_that_ask_for_another_stations_transaction_are_about_the_senders_own(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as first, edge.connect("CP2") as second:
            number = (await call(first, "StartTransaction", START))[2]["transactionId"]
            stop = {"transactionId": number, "meterStop": 1, "timestamp": START["timestamp"]}
            assert (await call(second, "StopTransaction", stop))[:3] == [3, "m1", {}]
            (end,) = await edge.wait_for(TransactionEnded)
            (start,) = await edge.wait_for(TransactionStarted)
            assert (start.station_id, end.station_id, end.key) == ("CP1", "CP2", "wattlog/CP2")


class TestWebSocket:
    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            (masked(Opcode.BINARY, b"\x00"), 1003),
            (masked(Opcode.TEXT, b"x" * 131_073), 1009),
            (masked(Opcode.TEXT, b"x", reserved=0x40), 1002),
            (masked(Opcode.CONT, b"x"), 1002),
        ],
        ids=["binary", "too big", "reserved bit", "fragment out of turn"],
    )
    async def test_misuse_ends_the_connection_with_its_code_and_an_event(
        self, kafka: KafkaSettings, tmp_path: Path, frame: bytes, code: int
    ) -> None:
        async with running(kafka, tmp_path) as edge:
            async with edge.connect("CP1") as socket:
                socket.transport.write(frame)
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == code
            assert len(await edge.wait_for(ProtocolViolated)) == 1
            assert [e.reason for e in await edge.wait_for(StationDisconnected)] == ["misbehaved"]
            async with edge.connect("CP1") as socket:
                assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_a_message_in_too_many_pieces_is_too_big(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            socket.transport.write(masked(Opcode.TEXT, b"x", reserved=0).replace(b"\x81", b"\x01", 1))
            for _ in range(2000):
                socket.transport.write(masked(Opcode.CONT, b"x").replace(b"\x80", b"\x00", 1))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009

    async def test_an_unmasked_frame_ends_the_connection(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            socket.transport.write(Frame(Opcode.TEXT, b"[]").serialize(mask=False))
            with pytest.raises(ConnectionClosed):
                await socket.recv()

    async def test_who_never_reads_is_cut_off(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            ours: Any = edge.edge.sockets["wattlog/CP1"]
            raw = ours._transport.underlying_transport.get_extra_info("socket")
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 4096)
            socket.transport.pause_reading()
            socket.transport.write(masked(Opcode.TEXT, b'[2,"a","%b",{}]' % (b"N" * 50)) * 5000)
            assert [e.reason for e in await edge.wait_for(StationDisconnected)] == ["misbehaved"]

    async def test_a_flood_is_read_slowly_and_a_neighbour_notices_nothing(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with (
            running(kafka, tmp_path, station_messages_per_s=50) as edge,
            edge.connect("CP1") as loud,
            edge.connect("CP2") as quiet,
        ):
            for number in range(200):
                await loud.send(f'[2,"{number}","Heartbeat",{{}}]')
            for number in range(10):
                assert (await call(quiet, "Heartbeat", {}, str(number)))[:2] == [3, str(number)]
            answered = [(await answer(loud))[1] for _ in range(200)]
            assert answered == [str(number) for number in range(200)]


class TestUpgrade:
    async def test_tells_nobody_which_stations_exist(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            await asyncio.to_thread(edge.say, station("OFF", enabled=False))
            await until(lambda: edge.edge.door._station("wattlog/OFF") is not None)
            wrong = "Basic " + b64encode(b"CP1:wrong").decode()
            other = "Basic " + b64encode(f"CP2:{PASSWORD}".encode()).decode()
            requests = [
                upgrade(Authorization=None),
                upgrade(Authorization=wrong),
                upgrade(Authorization=other),
                upgrade(Authorization="Basic ????"),
                upgrade("/ocpp/UNKNOWN"),
                upgrade("/ocpp/UNKNOWN", Authorization=None),
                upgrade("/ocpp/OFF", Authorization="Basic " + b64encode(f"OFF:{PASSWORD}".encode()).decode()),
            ]
            answers = {await http(edge, request) for request in requests}
            assert len(answers) == 1
            assert status(answers.pop()) == 401
            assert len(await edge.wait_for(SecurityEventRaised, 7)) == 7
            assert edge.of(StationConnected) == []

    @pytest.mark.parametrize(
        ("offers", "chosen"),
        [
            (["ocpp1.6", "ocpp2.0.1"], V201),
            (["ocpp2.1", "ocpp1.6"], "ocpp2.1"),
            (["ocpp1.6"], V16),
            (["ocpp2.0.1"], V201),
        ],
    )
    async def test_agrees_on_the_newest_sub_protocol(
        self, kafka: KafkaSettings, tmp_path: Path, offers: list[str], chosen: str
    ) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", offers) as socket:
            assert socket.subprotocol == chosen

    @pytest.mark.parametrize("offers", [["ocpp1.5"], ["soap"]])
    async def test_completes_without_sub_protocol_and_closes(
        self, kafka: KafkaSettings, tmp_path: Path, offers: list[str]
    ) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", offers) as socket:
            assert socket.subprotocol is None
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1002
            assert edge.of(StationConnected) == []

    async def test_refuses_who_offers_no_sub_protocol(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            with pytest.raises(InvalidStatus) as refused:
                await edge.connect("CP1", None)
            assert refused.value.response.status_code == 400
            assert b"offer a sub-protocol" in (refused.value.response.body or b"")

    async def test_refuses_what_is_no_upgrade_request(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            for request, wanted in [
                (upgrade("/ocpp/a%2Fb"), 404),
                (upgrade("/ocpp/..%2f"), 404),
                (upgrade("/"), 404),
                (upgrade("/ocpp/" + "x" * 49), 404),
                (upgrade("/ocpp/" + "x" * 4096), 404),
                (upgrade(Sec_WebSocket_Version="8"), 426),
                (upgrade(Sec_WebSocket_Key=None), 400),
                (upgrade(Sec_WebSocket_Key="short"), 400),
                (upgrade(Upgrade=None), 400),
                (upgrade(Connection="close"), 400),
                (upgrade(Transfer_Encoding="chunked", Content_Length="5"), 400),
                (b"POST /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                (b"GET /ocpp/CP1 HTTP/1.0\r\nHost: x\r\n\r\n", 400),
                (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
                (b"GET  HTTP/1.1\r\n\r\n", 400),
            ]:
                assert status(await http(edge, request)) == wanted, request
            assert await http(edge, upgrade(X="y" * 20_000)) == b""
            assert status(await http(edge, upgrade(Connection="keep-alive, Upgrade"), 0.5)) == 101

    async def test_takes_passwords_that_are_no_text(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        secret = bytes(range(128, 148))
        from services.ocpp import passwords

        async with running(kafka, tmp_path) as edge:
            entry = station("RAW", password_hash=passwords.hashed(secret, bytes(16)))
            await asyncio.to_thread(edge.say, entry)
            await until(lambda: edge.edge.door._station("wattlog/RAW") is not None)
            async with edge.connect("RAW", password=secret) as socket:
                assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_takes_identities_that_are_encoded(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            await asyncio.to_thread(edge.say, station("RDAM 123"))
            await until(lambda: edge.edge.door._station("wattlog/RDAM 123") is not None)
            async with edge.connect("RDAM%20123", user="RDAM 123") as socket:
                assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_limits_guesses(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path, failures_per_minute=5) as edge:
            seen = []
            for _ in range(7):
                try:
                    async with edge.connect("CP1", password="guess"):
                        pass
                except InvalidStatus as refused:
                    seen.append(refused.response.status_code)
                    retry_after = refused.response.headers.get("Retry-After")
            assert seen == [401] * 5 + [429] * 2
            assert retry_after is not None

    async def test_lets_nobody_in_without_password_unless_told_to(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        for allowed in (False, True):
            async with running(kafka, tmp_path, allow_unauthenticated=allowed) as edge:
                await asyncio.to_thread(edge.say, station("OPEN", security_profile=0, password_hash=None))
                await until(lambda edge=edge: edge.edge.door._station("wattlog/OPEN") is not None)  # type: ignore[misc]
                assert (status(await http(edge, upgrade("/ocpp/OPEN", Authorization=None), 0.5)) == 101) == allowed
                assert status(await http(edge, upgrade("/ocpp/CP1", Authorization=None))) == 401

    async def test_does_not_wait_for_ever_for_half_a_request(
        self, kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(edge_sockets, "HANDSHAKE_TIMEOUT_S", 0.3)
        async with running(kafka, tmp_path) as edge:
            halves = [http(edge, b"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n") for _ in range(200)]
            assert set(await asyncio.gather(*halves)) == {b""}
            async with edge.connect("CP1") as socket:
                assert (await call(socket, "Heartbeat", {}))[0] == 3

    async def test_says_nothing_about_its_inside(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            for request in (upgrade("/ocpp/UNKNOWN"), upgrade("/"), b"GET / HTTP/1.1\r\n\r\n"):
                text = (await http(edge, request)).lower()
                assert b"picows" not in text
                assert b"python" not in text
                assert b"traceback" not in text


class TestFlapping:
    async def test_of_a_hundred_logins_is_a_security_event(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path, flaps_per_minute=10) as edge:
            opened = [await edge.connect("CP1") for _ in range(30)]
            assert (await call(opened[-1], "Heartbeat", {}))[0] == 3
            events = await edge.wait_for(SecurityEventRaised)
            assert {event.type for event in events} == {"ConnectionFlapping"}
            await until(lambda: len(edge.of(StationDisconnected)) == 29)
            for socket in opened:
                await socket.close()


class TestPayloads:
    async def test_of_real_sessions_survive_every_single_mutation(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        odd: list[Any] = [None, True, -1, 0, 2**31, 2**63, 1e300, "", "x" * 2000, "\x00", [], {}, [[]], {"a": 1}]
        meter = {"connectorId": 1, "transactionId": 1, "meterValue": [
            {"timestamp": START["timestamp"], "sampledValue": [{"value": "5", "unit": "Wh", "context": "Trigger"}]}
        ]}  # fmt: skip
        async with running(kafka, tmp_path, station_messages_per_s=100_000) as edge, edge.connect("CP1") as socket:
            number = 0
            for action, payload in (("StartTransaction", START), ("MeterValues", meter)):
                for mutated in mutations(payload, odd):
                    number += 1
                    reply = await call(socket, action, mutated, str(number))
                    assert reply[0] in (3, 4)
                    assert reply[1] == str(number)
                    if reply[0] == 4:
                        assert reply[2] != "InternalError", (action, mutated)


def mutations(value: Any, odd: list[Any]) -> list[Any]:
    """The value with each of its parts replaced by each odd thing, and each key left out."""
    found: list[Any] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += [{k: v for k, v in value.items() if k != key}]
            found += [value | {key: other} for other in odd]
            found += [value | {key: other} for other in mutations(inner, odd)]
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += [[*value[:index], other, *value[index + 1 :]] for other in [*odd, *mutations(inner, odd)]]
    return [item for item in found if is_json(item)]


def is_json(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True
