"""Kafka stands still or is killed: no station is told that anything is wrong with it, and nothing is lost."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.domain.events.station import ConnectorStatusChanged, StationDisconnected
from services.domain.events.transaction import TransactionStarted
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import RunningEdge, answer, call, registered, running, station, until
from tests.integration.soap_case import SoapStation, free_port

pytestmark = pytest.mark.integration

AT = "2026-09-21T14:13:20Z"
START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 100, "timestamp": AT}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": AT}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedKafka]:
    """A broker of our own, to be stopped and killed."""
    port, controller_port = free_ports(2)
    data_dir = tmp_path_factory.mktemp("mistreated-kafka")
    with EmbeddedKafka(data_dir, port, controller_port, jars_dir=cache_dir / "kafka") as kafka:
        yield kafka


@pytest.fixture
def mistreated(broker: EmbeddedKafka, request: pytest.FixtureRequest) -> KafkaSettings:
    prefix = f"{abs(hash(request.node.name))}."
    return registered(KafkaSettings(broker.bootstrap_servers, prefix), "CP1", "CP2")


def send(broker: EmbeddedKafka, number: signal.Signals) -> None:
    assert broker.pid is not None
    os.kill(broker.pid, number)


async def retried_until_answered(edge: RunningEdge) -> None:
    """What a station does: come back, and say it again with a new message id."""
    for attempt in range(60):
        try:
            async with edge.connect("CP1") as socket:
                reply = await asyncio.wait_for(call(socket, "StartTransaction", START, f"retry-{attempt}"), 30)
                assert reply[0] == 3
                return
        except (InvalidStatus, ConnectionClosed, OSError):
            await asyncio.sleep(0.5)
    pytest.fail("never answered")


class TestStandingStill:
    async def test_for_a_moment_only_delays_the_reply(
        self, broker: EmbeddedKafka, mistreated: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(mistreated, tmp_path) as edge, edge.connect("CP1") as socket:
            assert (await call(socket, "Heartbeat", {}, "h0"))[0] == 3
            send(broker, signal.SIGSTOP)
            try:
                await socket.send(f'[2,"s","StartTransaction",{START}]'.replace("'", '"'))
                for number in range(5):
                    assert (await call(socket, "Heartbeat", {}, f"h{number}"))[:2] == [3, f"h{number}"]
                    assert (await call(socket, "Authorize", {"idTag": "VALID1"}, f"a{number}"))[2] == {
                        "idTagInfo": {"status": "Accepted"}
                    }
                await asyncio.sleep(2)
            finally:
                send(broker, signal.SIGCONT)
            assert (await answer(socket))[:2] == [3, "s"]
            assert len(await edge.wait_for(TransactionStarted)) == 1

    async def test_for_long_makes_stations_keep_their_messages_and_loses_nothing(
        self, broker: EmbeddedKafka, mistreated: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(mistreated, tmp_path, hold_s=3) as edge:
            async with edge.connect("CP1") as socket, edge.connect("CP2") as other:
                await call(socket, "StatusNotification", STATUS)
                send(broker, signal.SIGSTOP)
                try:
                    await socket.send(f'[2,"s","StartTransaction",{START}]'.replace("'", '"'))
                    assert (await call(other, "StatusNotification", STATUS))[0] == 3
                    with pytest.raises(ConnectionClosed) as closed:
                        await socket.recv()
                    assert closed.value.rcvd is not None
                    assert closed.value.rcvd.code == 1013
                    await until(lambda: not edge.edge.open_for_work)
                    with pytest.raises(InvalidStatus) as refused:
                        await edge.connect("CP1")
                    assert refused.value.response.status_code == 503
                    assert int(refused.value.response.headers["Retry-After"]) >= 30
                    assert (await call(other, "Heartbeat", {}, "still"))[:2] == [3, "still"]
                finally:
                    send(broker, signal.SIGCONT)
                await retried_until_answered(edge)
            events = await edge.wait_for(TransactionStarted)
            assert len({event.event_id for event in events}) == 1
            assert len(await edge.wait_for(ConnectorStatusChanged, 2)) >= 2
            reasons = [e.reason for e in await edge.wait_for(StationDisconnected, 1, "CP1")]
            assert reasons[0] == "refused"


class TestStandingStillForSoap:
    START = (
        f"<connectorId>1</connectorId><idTag>VALID1</idTag><timestamp>{AT}</timestamp><meterStart>9</meterStart>"
    )

    async def test_holds_the_answer_then_turns_stations_away_and_loses_nothing(
        self, broker: EmbeddedKafka, mistreated: KafkaSettings, tmp_path: Path
    ) -> None:
        publish_sync(mistreated, Codec(), [station("CP1", soap_address="http://127.0.0.1:9/")])
        port = free_port()
        async with running(mistreated, tmp_path, hold_s=3, ocpp_soap_port=port) as edge:
            cp = SoapStation(port, "CP1")
            assert (await cp.say("heartbeatRequest")).status == 200
            send(broker, signal.SIGSTOP)
            try:
                held = asyncio.create_task(cp.say("startTransactionRequest", self.START))
                await asyncio.sleep(0.5)
                assert (await cp.say("authorizeRequest", "<idTag>VALID1</idTag>")).status == 200
                said = await held
                assert (said.status, said.fault) == (503, ("Receiver", "InternalError"))
                assert int(said.response.headers["Retry-After"]) >= 30
                await until(lambda: not edge.edge.open_for_work)
                assert (await cp.say("heartbeatRequest")).status == 503
            finally:
                send(broker, signal.SIGCONT)
            for _ in range(60):
                said = await cp.say("startTransactionRequest", self.START)
                if said.status == 200:
                    break
                await asyncio.sleep(0.5)
            events = await edge.wait_for(TransactionStarted)
            assert {event.transaction_id for event in events} == {said.get("transactionId")}
            assert (await edge.wait_for(StationDisconnected))[0].reason == "refused"


class TestKilled:
    async def test_and_started_again_loses_nothing(
        self, broker: EmbeddedKafka, mistreated: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(mistreated, tmp_path, hold_s=3) as edge:
            async with edge.connect("CP1") as socket:
                assert (await call(socket, "Heartbeat", {}))[0] == 3
                send(broker, signal.SIGKILL)
                await socket.send(f'[2,"s","StartTransaction",{START}]'.replace("'", '"'))
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(broker.start)
            await retried_until_answered(edge)
            events = await edge.wait_for(TransactionStarted)
            assert len({event.event_id for event in events}) == 1
            assert next(e.reason for e in await edge.wait_for(StationDisconnected)) == "refused"
