"""The edge with stations that speak SOAP: sessions, commands, retries, who is let in, leaving."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.domain.elements import Element
from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from services.domain.events.station import (
    ConnectorStatusChanged,
    ProtocolViolated,
    SecurityEventRaised,
    StationBooted,
    StationConnected,
    StationDisconnected,
)
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.ocpp.soap.envelope import CP, CS, SOAP, WSA_2004
from services.ocpp.wire.faults import V15S, V16S
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import V16, call, registered, running, station
from tests.integration.soap_case import AT, SoapStation, envelope, free_port, listening

pytestmark = pytest.mark.integration

BOOT = "<chargePointVendor>V</chargePointVendor><chargePointModel>M</chargePointModel>"
START = f"<connectorId>1</connectorId><idTag>VALID1</idTag><timestamp>{AT}</timestamp><meterStart>100</meterStart>"
HOME = "http://127.0.0.1:9/cp"


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    registered(own_kafka, "JSON1")
    entries = [
        station("CP1", soap_address=HOME),
        station("CP2", soap_address=HOME),
        station("OPEN", soap_address=HOME, password_hash=None, security_profile=0),
    ]
    publish_sync(own_kafka, Codec(), entries)
    return own_kafka


def values(transaction: str) -> str:
    return (
        f"<connectorId>1</connectorId><transactionId>{transaction}</transactionId><meterValue><timestamp>{AT}"
        "</timestamp><sampledValue><value>150</value><context>Sample.Periodic</context>"
        "<measurand>Energy.Active.Import.Register</measurand><unit>Wh</unit></sampledValue></meterValue>"
    )


class TestSession:
    async def test_is_told_as_events_from_boot_to_stop(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, "CP1")
            booted = await cp.say("bootNotificationRequest", BOOT)
            assert [child.name for child in booted.body.children] == ["status", "currentTime", "interval"]
            assert (booted.status, booted.get("status")) == (200, "Accepted")
            assert booted.header["RelatesTo"] == "urn:uuid:CP1-1"
            assert booted.header["Action"] == "/BootNotificationResponse"
            assert booted.header["chargeBoxIdentity"] == "CP1"
            status = "<connectorId>1</connectorId><status>Preparing</status><errorCode>NoError</errorCode>"
            assert (await cp.say("statusNotificationRequest", status)).body.children == []
            authorized = await cp.say("authorizeRequest", "<idTag>VALID1</idTag>")
            assert authorized.get("idTagInfo", "status") == "Accepted"
            started = await cp.say("startTransactionRequest", START)
            transaction = started.get("transactionId")
            assert started.get("idTagInfo", "status") == "Accepted"
            assert (await cp.say("meterValuesRequest", values(transaction))).status == 200
            stop = (
                f"<transactionId>{transaction}</transactionId><idTag>VALID1</idTag><timestamp>{AT}</timestamp>"
                "<meterStop>200</meterStop><reason>EVDisconnected</reason>"
            )
            stopped = await cp.say("stopTransactionRequest", stop)
            assert stopped.get("idTagInfo", "status") == "Accepted"
            (connected,) = await edge.wait_for(StationConnected)
            assert (connected.protocol, connected.security_profile) == ("ocpp1.6s", 1)
            (event,) = await edge.wait_for(StationBooted)
            assert (event.protocol, event.vendor) == ("ocpp1.6s", "V")
            (begun,) = await edge.wait_for(TransactionStarted)
            assert (begun.transaction_id, begun.protocol) == (transaction, "ocpp1.6s")
            (updated,) = await edge.wait_for(TransactionUpdated)
            assert updated.meter_values[0].sampled_values[0].value == "150"
            (ended,) = await edge.wait_for(TransactionEnded)
            assert (ended.transaction_id, ended.stopped_reason) == (transaction, "EVDisconnected")
            assert len(await edge.wait_for(AuthorizationDecided, 3)) == 3
            assert len(await edge.wait_for(ConnectorStatusChanged)) == 1
            assert edge.of(ProtocolViolated) == []

    async def test_of_ocpp_15_is_the_same_in_its_words(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, "CP1")

            async def say(message: str, inner: str) -> Any:
                return await cp.say(message, inner, namespace=CS[V15S])

            booted = await say("bootNotificationRequest", BOOT)
            assert [child.name for child in booted.body.children] == ["status", "currentTime", "heartbeatInterval"]
            assert booted.body.namespace == CS[V15S]
            status = "<connectorId>1</connectorId><status>Occupied</status><errorCode>Mode3Error</errorCode>"
            assert (await say("statusNotificationRequest", status)).status == 200
            transaction = (await say("startTransactionRequest", START)).get("transactionId")
            reading = (
                f'<values><timestamp>{AT}</timestamp><value unit="Volt" measurand="Voltage">230</value>'
                '<value unit="Wh">150</value></values>'
            )
            meter = f"<connectorId>1</connectorId><transactionId>{transaction}</transactionId>{reading}"
            assert (await say("meterValuesRequest", meter)).status == 200
            stop = (
                f"<transactionId>{transaction}</transactionId><timestamp>{AT}</timestamp><meterStop>200</meterStop>"
                f"<transactionData>{reading}</transactionData><transactionData>{reading}</transactionData>"
            )
            assert (await say("stopTransactionRequest", stop)).status == 200
            (changed,) = await edge.wait_for(ConnectorStatusChanged)
            assert (changed.status, changed.reported_status, changed.error_code) == ("Occupied",) * 2 + (
                "Mode3Error",
            )
            (updated,) = await edge.wait_for(TransactionUpdated)
            assert [(one.value, one.unit) for one in updated.meter_values[0].sampled_values] == [
                ("230", "V"),
                ("150", "Wh"),
            ]
            (ended,) = await edge.wait_for(TransactionEnded)
            assert (ended.protocol, len(ended.meter_values)) == ("ocpp1.5s", 2)

    async def test_that_is_said_twice_is_one(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, "CP1")
            first, again = await asyncio.gather(
                cp.say("startTransactionRequest", START, message_id="m1"),
                cp.say("startTransactionRequest", START, message_id="m1"),
            )
            later = await cp.say("startTransactionRequest", START, message_id="another")
            assert first.get("transactionId") == again.get("transactionId") == later.get("transactionId")
            assert len({event.event_id for event in await edge.wait_for(TransactionStarted, 2)}) == 1

    async def test_of_a_field_client_is_understood_and_answered_in_its_way(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            cp = SoapStation(port, "CP1")
            text = envelope("CP1", "bootNotificationRequest", BOOT, namespace=CP[V16S], addressing=WSA_2004)
            text = text.replace("<a:To>", "<a:From>http://127.0.0.1:8889</a:From><a:To>").replace(
                "chargeBoxIdentity", "ChargeBoxIdentity"
            )
            response = await cp.post(text)
            assert response.status_code == 200
            assert "<a:To>http://127.0.0.1:8889</a:To>" in response.text
            assert WSA_2004 in response.text
            assert CP[V16S] in response.text


def in_envelope(body: str) -> str:
    return f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{body}</s:Body></s:Envelope>'


def answering(inner: str, namespace: str = CP[V16S]) -> Any:
    """A station that answers whatever it is asked."""

    def answer(root: Element) -> str:
        body = root.child(SOAP, "Body")
        assert body is not None
        name = body.children[0].name.replace("Request", "Response")
        return in_envelope(f'<{name} xmlns="{namespace}">{inner}</{name}>')

    return answer


class TestCommands:
    async def test_reach_the_station_where_it_is_registered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with listening(answering("<status>Accepted</status>")) as (url, heard):
            publish_sync(kafka, Codec(), [station("CP1", soap_address=url)])
            async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
                cp = SoapStation(port, "CP1", sender=url)
                await cp.say("bootNotificationRequest", BOOT)
                start = {"idToken": {"idToken": "VALID1", "type": "Central"}, "remoteStartId": 1, "evseId": 2}
                result = await edge.result(await edge.ask("CP1", "RequestStartTransaction", start))
                assert (result.outcome, result.status) == (CommandOutcome.ACCEPTED, "Accepted")
                assert b"<o:connectorId>2</o:connectorId><o:idTag>VALID1</o:idTag>" in heard[0]
                assert b"<o:chargeBoxIdentity>CP1</o:chargeBoxIdentity>" in heard[0]
                assert b"<a:From><a:Address>http://csms/ocpp</a:Address></a:From>" in heard[0]
                stop = await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "77"})
                assert (await edge.result(stop)).outcome is CommandOutcome.ACCEPTED
                assert b"<o:transactionId>77</o:transactionId>" in heard[1]
                reset = await edge.ask("CP1", "Reset", {"type": "Hard"})
                assert (await edge.result(reset)).outcome is CommandOutcome.ACCEPTED
                assert b'action="/Reset"' in heard[2]
                assert b"<o:resetRequest><o:type>Hard</o:type></o:resetRequest>" in heard[2]

    async def test_end_with_the_stations_word(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        said = iter(
            [
                answering("<status>Rejected</status>"),
                lambda _: in_envelope(
                    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>NotSupported</s:Value>"
                    "</s:Subcode></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>"
                ),
                lambda _: b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
                lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"<" * 200_000,
                lambda _: "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                answering("<unit>nonsense</unit>"),
            ]
        )
        async with listening(lambda root: next(said)(root)) as (url, heard):
            publish_sync(kafka, Codec(), [station("CP1", soap_address=url)])
            async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
                await SoapStation(port, "CP1", sender=url).say("bootNotificationRequest", BOOT)
                results = []
                for _ in range(6):
                    results.append(await edge.result(await edge.ask("CP1", "Reset", {"type": "Soft"})))
                assert [result.outcome for result in results] == [
                    CommandOutcome.REJECTED, *[CommandOutcome.FAILED] * 5
                ]  # fmt: skip
                details = [result.detail or "" for result in results]
                assert details[1] == "NotSupported: no"
                assert "HTTP 302" in details[2]
                assert "more than 131072 bytes" in details[3]
                assert "document type" in details[4]
                assert "'status' is missing" in details[5]
                assert len(heard) == 6

    async def test_that_this_version_cannot_say_fail(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            await SoapStation(port, "CP1").say("bootNotificationRequest", BOOT, namespace=CS[V15S])
            asked = await edge.ask("CP1", "TriggerMessage", {"requestedMessage": "Heartbeat"})
            result = await edge.result(asked)
            assert result.outcome is CommandOutcome.FAILED
            assert "does not exist in ocpp1.5s" in (result.detail or "")

    async def test_go_nowhere_else_than_where_it_is_registered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with listening(answering("<status>Accepted</status>")) as (url, heard):
            async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
                await SoapStation(port, "CP1", sender=url).say("bootNotificationRequest", BOOT)
                result = await edge.result(await edge.ask("CP1", "Reset", {"type": "Soft"}))
                assert result.outcome is CommandOutcome.FAILED
                assert "not what it is registered with" in (result.detail or "")
                (event,) = await edge.wait_for(SecurityEventRaised)
                assert event.type == "SoapAddressMismatch"
                assert heard == []
            async with running(kafka, tmp_path, ocpp_soap_port=port, ocpp_soap_networks="127.0.0.0/8") as edge:
                await SoapStation(port, "CP1", sender=url).say("bootNotificationRequest", BOOT)
                result = await edge.result(await edge.ask("CP1", "Reset", {"type": "Soft"}))
                assert result.outcome is CommandOutcome.ACCEPTED

    async def test_to_a_station_that_cannot_be_reached_fail_or_time_out(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with listening(lambda _: b"") as (url, _):
            publish_sync(kafka, Codec(), [station("CP2", soap_address=url)])
            async with running(kafka, tmp_path, ocpp_soap_port=port, call_timeout_s=1) as edge:
                await SoapStation(port, "CP1").say("bootNotificationRequest", BOOT)
                await SoapStation(port, "CP2").say("bootNotificationRequest", BOOT)
                closed = await edge.result(await edge.ask("CP1", "Reset", {"type": "Soft"}))
                silent = await edge.result(await edge.ask("CP2", "Reset", {"type": "Soft"}))
                assert closed.outcome is CommandOutcome.FAILED
                assert "cannot be reached" in (closed.detail or "")
                assert silent.outcome is CommandOutcome.TIMED_OUT


class TestWhoIsLetIn:
    @pytest.mark.parametrize(
        ("name", "password"),
        [("CP1", "wrong-password-wrong"), ("CP1", None), ("NOBODY", "wrong-password-wrong"), ("JSON1", "right"),
         ("OPEN", None), ("no:identity", None)],
    )  # fmt: skip
    async def test_are_registered_for_it_and_prove_it(
        self, kafka: KafkaSettings, tmp_path: Path, name: str, password: str | None
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, name, *([] if password == "right" else [password]))
            said = await cp.say("heartbeatRequest")
            assert (said.status, said.fault) == (401, ("Sender", "SecurityError"))
            assert said.response.headers["WWW-Authenticate"] == 'Basic realm="ocpp"'
            assert edge.of(StationConnected) == []

    async def test_need_no_password_where_development_is_allowed(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port, allow_unauthenticated=True) as edge:
            said = await SoapStation(port, "OPEN", None).say("heartbeatRequest")
            assert said.status == 200
            assert (await SoapStation(port, "CP1", None).say("heartbeatRequest")).status == 401
            (event,) = await edge.wait_for(StationConnected)
            assert event.security_profile == 0


class TestPresence:
    async def test_ends_in_silence_and_begins_with_a_word(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port, ocpp_soap_silence_s=2) as edge:
            cp = SoapStation(port, "CP1")
            await cp.say("heartbeatRequest")
            (gone,) = await edge.wait_for(StationDisconnected)
            assert (gone.reason, gone.protocol) == ("lost", "ocpp1.6s")
            await cp.say("heartbeatRequest")
            first, second = await edge.wait_for(StationConnected, 2)
            assert second.epoch > first.epoch

    async def test_gives_way_to_a_websocket_and_takes_over_from_it(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        port = free_port()
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, "CP1")
            await cp.say("heartbeatRequest")
            async with edge.connect("CP1") as websocket:
                await call(websocket, "Heartbeat", {})
                await cp.say("heartbeatRequest")
                await websocket.wait_closed()
                assert websocket.close_code == 1008
            protocols = [event.protocol for event in await edge.wait_for(StationConnected, 3)]
            assert protocols == ["ocpp1.6s", V16, "ocpp1.6s"]
            assert [e.reason for e in await edge.wait_for(StationDisconnected, 2)] == ["displaced"] * 2
