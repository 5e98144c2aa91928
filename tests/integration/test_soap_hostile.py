"""Whatever is thrown at the SOAP edge gets a fault, and a station beside it is served all the while."""

import asyncio
import gzip
import zlib
from pathlib import Path

import pytest

from services.domain.events.station import ProtocolViolated, StationConnected
from services.ocpp.soap.envelope import SOAP
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import registered, running, station
from tests.integration.soap_case import CS16, Said, SoapStation, envelope, free_port

pytestmark = pytest.mark.integration

HEARTBEAT = envelope("CP1", "heartbeatRequest")
XXE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    "<!DOCTYPE a [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY a{n} '&a{n - 1 or ''};&a;'>" for n in range(1, 9)) + "]>"
)
BODIES = [
    b"",
    b"\x00\xff" * 100,
    b"{}",
    b"<html/>",
    HEARTBEAT[: len(HEARTBEAT) // 2].encode(),
    HEARTBEAT.replace('<?xml version="1.0" encoding="UTF-8"?>', XXE).encode(),
    HEARTBEAT.replace('<?xml version="1.0" encoding="UTF-8"?>', LAUGHS).replace("m1", "&a8;").encode(),
    HEARTBEAT.replace("UTF-8", "UTF-7").encode(),
    HEARTBEAT.replace("UTF-8", "UTF-16").encode(),
    HEARTBEAT.replace("UTF-8", "EBCDIC-CP-US").encode(),
    b"<a>" * 20_000,
    ("<a " + " ".join(f"b{n}='1'" for n in range(5000)) + "/>").encode(),
    HEARTBEAT.replace("<a:MessageID>", "<a:MessageID>" + "x" * 10_000).encode(),
    HEARTBEAT.replace("<a:To>http://csms/ocpp</a:To>", "<a:To>1</a:To>" * 500).encode(),
    HEARTBEAT.replace("<a:To>", '<x xmlns="urn:x" e:mustUnderstand="1"/><a:To>').encode(),
    HEARTBEAT.replace(SOAP, "http://schemas.xmlsoap.org/soap/envelope/").encode(),
    HEARTBEAT.replace(CS16, "urn://Ocpp/Cs/2010/08/").encode(),
    HEARTBEAT.replace("CP1", "").encode(),
    envelope("CP1", "resetRequest", "<type>Hard</type>").encode(),
    envelope("CP1", "noSuchRequest").encode(),
    envelope("CP1", "authorizeRequest").encode(),
    envelope("CP1", "authorizeRequest", "<idTag>1</idTag>" * 2).encode(),
    envelope("CP1", "startTransactionRequest", "<connectorId>one</connectorId>").encode(),
    envelope("CP1", "startTransactionRequest", "<connectorId><a/></connectorId>" * 300).encode(),
    envelope("CP1", "meterValuesRequest", "<connectorId>1</connectorId>" + "<meterValue/>" * 900).encode(),
]


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    registered(own_kafka)
    publish_sync(
        own_kafka, Codec(), [station(name, soap_address="http://127.0.0.1:9/") for name in ("CP1", "CP2")]
    )
    return own_kafka


class TestBodies:
    async def test_that_are_no_messages_get_a_fault(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp, other = SoapStation(port, "CP1"), SoapStation(port, "CP2")
            for body in BODIES:
                said = Said(await cp.post(body))
                assert said.status in (400, 500), body[:200]
                assert said.fault, body[:200]
                assert said.fault[0] in ("Sender", "Receiver", "MustUnderstand", "VersionMismatch")
                assert "root:" not in said.response.text
                assert (await other.say("heartbeatRequest")).status == 200
            assert (await cp.say("heartbeatRequest")).status == 200
            assert len(await edge.wait_for(ProtocolViolated)) > 0
            assert {event.station_id for event in await edge.wait_for(StationConnected, 2)} == {"CP1", "CP2"}

    async def test_may_come_compressed_but_not_as_a_bomb(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            cp = SoapStation(port, "CP1")
            packed = {"gzip": gzip.compress(HEARTBEAT.encode()), "deflate": zlib.compress(HEARTBEAT.encode())}
            for encoding, body in packed.items():
                assert (await cp.post(body, **{"Content-Encoding": encoding})).status_code == 200
            for encoding, body in [("gzip", gzip.compress(b"0" * 30_000_000)), ("br", b"x"), ("gzip", b"x")]:
                said = Said(await cp.post(body, **{"Content-Encoding": encoding}))
                assert (said.status, said.fault) == (400, ("Sender", "ProtocolError"))

    async def test_that_are_too_long_are_not_read(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            cp = SoapStation(port, "CP1")
            long = HEARTBEAT.replace("m1", "x" * 200_000)
            assert (await cp.post(long)).status_code == 413
            assert (await cp.say("heartbeatRequest")).status == 200


class TestRequests:
    async def test_to_other_paths_and_by_other_methods_are_answered_plainly(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            cp = SoapStation(port, "CP1")
            for target, status in [
                (b"GET /ocpp", 405), (b"GET /ocpp?wsdl", 405), (b"POST /", 404), (b"POST /ocppx", 404),
                (b"BREW /ocpp", 405), (b"GET /../../etc/passwd", 404), (b"nonsense", 400),
            ]:  # fmt: skip
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                assert (await reader.readline()).split()[1] == str(status).encode(), target
                writer.close()
            cp.url += "/CP1"
            assert (await cp.say("heartbeatRequest")).status == 200
            cp.url += "x"
            said = await cp.say("heartbeatRequest")
            assert (said.status, said.fault) == (400, ("Sender", "IdentityMismatch"))

    async def test_that_are_guesses_are_stopped(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port, failures_per_minute=3):
            guesser = SoapStation(port, "CP1", "guess-guess-guess-guess")
            statuses = [(await guesser.say("heartbeatRequest")).status for _ in range(5)]
            assert statuses == [401, 401, 401, 429, 429]

    async def test_that_never_end_hold_nobody_up(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            writers = []
            for text in (
                b"",
                b"POST /oc",
                b"POST /ocpp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<a>",
            ) * 10:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(text)
                writers.append(writer)
            assert (await SoapStation(port, "CP1").say("heartbeatRequest")).status == 200
            for writer in writers:
                writer.close()

    async def test_that_say_too_much_are_turned_away_for_a_while(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port, station_messages_per_s=1):
            cp = SoapStation(port, "CP1")
            much = f"<vendorId>v</vendorId><data>{'x' * 50_000}</data>"
            assert (await cp.say("dataTransferRequest", much)).status == 200
            said = await cp.say("heartbeatRequest")
            assert said.status == 503
            assert said.response.headers["Retry-After"]
            assert (await SoapStation(port, "CP2").say("heartbeatRequest")).status == 200
