"""The edge with stations of the `ocpp` package: sessions, commands, retries, displacement, leaving."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.exceptions import ConnectionClosed

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from services.domain.events.station import (
    ConnectorStatusChanged,
    StationBooted,
    StationConnected,
    StationDisconnected,
)
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import V16, V201, call, registered, running, station, until

pytestmark = pytest.mark.integration

AT = "2026-09-21T14:13:20Z"
START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 100, "timestamp": AT}


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    return registered(own_kafka, "CP1", "CP2", "CP3")


class Station16(ChargePoint16):  # type: ignore[misc]
    """A station of OCPP 1.6 that takes commands."""

    status = "Accepted"
    asked: list[Any]

    @on("RemoteStartTransaction")
    def remote_start(self, **payload: Any) -> Any:
        self.asked = [*getattr(self, "asked", []), payload]
        return result16.RemoteStartTransaction(status=self.status)

    @on("RemoteStopTransaction")
    def remote_stop(self, **payload: Any) -> Any:
        self.asked = [*getattr(self, "asked", []), payload]
        return result16.RemoteStopTransaction(status=self.status)


class Station201(ChargePoint201):  # type: ignore[misc]
    """A station of OCPP 2.0.1 that takes commands."""

    @on("RequestStartTransaction")
    def request_start(self, **payload: Any) -> Any:
        self.asked = payload
        return result201.RequestStartTransaction(status="Accepted", transaction_id="from-station")

    @on("RequestStopTransaction")
    def request_stop(self, **_: Any) -> Any:
        return result201.RequestStopTransaction(status="Rejected")


class TestSession16:
    async def test_is_told_as_events_in_order(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            assert socket.subprotocol == V16
            point = Station16("CP1", socket)
            reading = asyncio.create_task(point.start())
            booted = await point.call(call16.BootNotification(charge_point_vendor="V", charge_point_model="M"))
            assert booted.status == "Accepted"
            assert 270 <= booted.interval <= 300
            now = (await point.call(call16.Heartbeat())).current_time
            assert abs(datetime.fromisoformat(now) - datetime.now(UTC)).total_seconds() < 60
            await point.call(call16.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
            assert (await point.call(call16.Authorize(id_tag="valid1"))).id_tag_info == {"status": "Accepted"}
            assert (await point.call(call16.Authorize(id_tag="BLOCKED1"))).id_tag_info == {"status": "Blocked"}
            started = await point.call(
                call16.StartTransaction(connector_id=1, id_tag="VALID1", meter_start=100, timestamp=AT)
            )
            number = started.transaction_id
            values = [{"timestamp": AT, "sampled_value": [{"value": "0.15", "unit": "kWh"}]}]
            await point.call(call16.MeterValues(connector_id=1, transaction_id=number, meter_value=values))
            await point.call(call16.StopTransaction(meter_stop=250, timestamp=AT, transaction_id=number))
            reading.cancel()
            (start,) = await edge.wait_for(TransactionStarted)
            (update,) = await edge.wait_for(TransactionUpdated)
            (end,) = await edge.wait_for(TransactionEnded)
            assert {start.transaction_id, update.transaction_id, end.transaction_id} == {str(number)}
            assert (start.meter_start_wh, end.meter_stop_wh) == (100, 250)
            assert update.meter_values[0].energy_register_wh == Decimal(150)
            transaction = [
                e for e in edge.told if type(e) in (TransactionStarted, TransactionUpdated, TransactionEnded)
            ]
            assert transaction == [start, update, end]
            assert [e.occasion for e in await edge.wait_for(AuthorizationDecided, 3)].count("Authorize") == 2
            assert (await edge.wait_for(StationBooted))[0].vendor == "V"
            assert (await edge.wait_for(ConnectorStatusChanged))[0].status == "Occupied"
            assert (await edge.wait_for(StationConnected))[0].security_profile == 1


class TestSession201:
    async def test_is_told_as_events_in_order(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", (V16, V201)) as socket:
            assert socket.subprotocol == V201
            point = Station201("CP1", socket)
            reading = asyncio.create_task(point.start())
            await point.call(
                call201.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
            )
            for seq_no, kind in enumerate(("Started", "Updated", "Ended")):
                answered = await point.call(
                    call201.TransactionEvent(
                        event_type=kind,
                        timestamp=AT,
                        trigger_reason="Authorized",
                        seq_no=seq_no,
                        transaction_info={"transaction_id": "t-1"},
                        id_token={"id_token": "VALID1", "type": "ISO14443"} if kind == "Started" else None,
                        meter_value=[{"timestamp": AT, "sampled_value": [{"value": 5.25 + seq_no}]}],
                    )
                )
                assert (answered.id_token_info == {"status": "Accepted"}) == (kind == "Started")
            reading.cancel()
            await edge.wait_for(TransactionEnded)
            told = [e for e in edge.told if type(e) in (TransactionStarted, TransactionUpdated, TransactionEnded)]
            assert [(type(e).__name__, e.seq_no) for e in told] == [
                ("TransactionStarted", 0),
                ("TransactionUpdated", 1),
                ("TransactionEnded", 2),
            ]
            readings = [e.meter_values[0].energy_register_wh for e in told]
            assert readings == [Decimal("5.25"), Decimal("6.25"), Decimal("7.25")]


class TestCommands:
    async def test_reach_a_1_6_station_and_come_back(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            point = Station16("CP1", socket)
            reading = asyncio.create_task(point.start())
            payload = {"idToken": {"idToken": "VALID1", "type": "Central"}, "remoteStartId": 1, "evseId": 2}
            started = await edge.result(await edge.ask("CP1", "RequestStartTransaction", payload))
            assert (started.outcome, started.status) == (CommandOutcome.ACCEPTED, "Accepted")
            point.status = "Rejected"
            stopped = await edge.result(await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "42"}))
            assert stopped.outcome is CommandOutcome.REJECTED
            assert point.asked == [{"connector_id": 2, "id_tag": "VALID1"}, {"transaction_id": 42}]
            reading.cancel()

    async def test_reach_a_2_0_1_station_and_come_back(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", (V201,)) as socket:
            point = Station201("CP1", socket)
            reading = asyncio.create_task(point.start())
            payload = {"idToken": {"idToken": "VALID1", "type": "Central"}, "remoteStartId": 7}
            started = await edge.result(await edge.ask("CP1", "RequestStartTransaction", payload))
            assert orjson.loads(started.answer_json or "") == {
                "status": "Accepted",
                "transactionId": "from-station",
            }
            stopped = await edge.result(await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "t"}))
            assert stopped.outcome is CommandOutcome.REJECTED
            reading.cancel()

    async def test_wait_for_a_station_that_comes_back(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            command_id = await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "42"})
            await until(lambda: edge.edge.commands.waiting == 1)
            async with edge.connect("CP1") as socket:
                reading = asyncio.create_task(Station16("CP1", socket).start())
                assert (await edge.result(command_id)).outcome is CommandOutcome.ACCEPTED
                reading.cancel()

    async def test_end_when_nobody_can_be_reached(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path, call_timeout_s=1) as edge, edge.connect("CP2"):
            ask: Callable[[str, int], Any] = lambda name, ms: edge.ask(  # noqa: E731
                name, "RequestStopTransaction", {"transactionId": "42"}, ms
            )
            late, nobody, deaf = await ask("CP1", 1500), await ask("CP9", 20_000), await ask("CP2", 20_000)
            assert (await edge.result(nobody)).outcome is CommandOutcome.UNREACHABLE
            assert (await edge.result(late)).outcome is CommandOutcome.EXPIRED
            assert (await edge.result(deaf)).outcome is CommandOutcome.TIMED_OUT

    async def test_survive_the_edge(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            done = await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "1"})
            reading = asyncio.create_task(Station16("CP1", socket).start())
            await edge.result(done)
            reading.cancel()
        async with running(kafka, tmp_path) as edge:
            left = await edge.ask("CP1", "RequestStopTransaction", {"transactionId": "2"})
            await until(lambda: edge.edge.commands.waiting == 1)
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            point = Station16("CP1", socket)
            reading = asyncio.create_task(point.start())
            await edge.result(left)
            assert point.asked == [{"transaction_id": 2}]
            reading.cancel()


class TestRetries:
    async def test_get_the_same_answer_and_event_on_another_connection(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(kafka, tmp_path) as edge:
            async with edge.connect("CP1") as socket:
                first = await call(socket, "StartTransaction", START, "m1")
            async with edge.connect("CP1") as socket:
                again = await call(socket, "StartTransaction", START, "m2")
            assert first[2] == again[2]
            events = await edge.wait_for(TransactionStarted, 2)
            assert events[0].event_id == events[1].event_id

    async def test_get_the_same_answer_from_another_edge(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        answers = []
        for name in ("edge-1", "edge-2"):
            async with running(kafka, tmp_path, edge_id=name) as edge, edge.connect("CP1") as socket:
                answers.append(await call(socket, "StartTransaction", START))
        assert answers[0] == answers[1]

    async def test_of_one_message_get_the_cached_reply(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            first = await call(socket, "StartTransaction", START)
            assert await call(socket, "StartTransaction", START) == first
            await call(socket, "Heartbeat", {}, "m2")
            await edge.wait_for(TransactionStarted)
            assert len(edge.of(TransactionStarted)) == 1


class TestDisplacement:
    async def test_the_newest_connection_wins(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as older, edge.connect("CP1") as newer:
            with pytest.raises(ConnectionClosed) as closed:
                await older.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            assert (await call(newer, "Heartbeat", {}))[0] == 3
            assert [e.reason for e in await edge.wait_for(StationDisconnected)] == ["displaced"]
            epochs = [e.epoch for e in await edge.wait_for(StationConnected, 2)]
            assert epochs[0] < epochs[1]

    async def test_also_on_another_edge(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with (
            running(kafka, tmp_path, edge_id="edge-1") as first,
            running(kafka, tmp_path, edge_id="edge-2") as second,
            first.connect("CP1") as older,
            second.connect("CP1") as newer,
        ):
            with pytest.raises(ConnectionClosed):
                await older.recv()
            reading = asyncio.create_task(Station16("CP1", newer).start())
            command_id = await second.ask("CP1", "RequestStopTransaction", {"transactionId": "42"})
            answered = await second.result(command_id)
            assert (answered.outcome, answered.edge_id) == (CommandOutcome.ACCEPTED, "edge-2")
            await asyncio.sleep(0.5)
            assert len([e for e in second.of(type(answered)) if e.command_id == command_id]) == 1
            reading.cancel()

    async def test_disabling_a_station_shows_it_out(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            await asyncio.to_thread(edge.say, station("CP1", enabled=False))
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008


class TestLeaving:
    async def test_closes_connections_and_loses_nothing(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            sockets = [await edge.connect(name) for name in ("CP1", "CP2", "CP3")]
            for socket in sockets:
                await call(socket, "StartTransaction", START)
            edge.process.stopping.set()
            for socket in sockets:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1012
            await until(lambda: len(edge.of(StationDisconnected)) == 3)
            assert {e.reason for e in edge.of(StationDisconnected)} == {"drained"}
            assert len(await edge.wait_for(TransactionStarted, 3)) == 3

    async def test_says_why_a_station_left(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            async with edge.connect("CP1") as socket:
                await call(socket, "Heartbeat", {})
            async with edge.connect("CP2") as socket:
                await call(socket, "Heartbeat", {})
                socket.transport.abort()
            reasons = {e.station_id: e.reason for e in await edge.wait_for(StationDisconnected, 2)}
            assert reasons == {"CP1": "closed", "CP2": "lost"}

    async def test_keeps_its_secret_for_the_next_life(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path):
            secret = (tmp_path / "transaction-id.key").read_bytes()
        assert (tmp_path / "transaction-id.key").stat().st_mode & 0o777 == 0o600
        async with running(kafka, tmp_path) as edge:
            assert edge.edge.edge.transaction_secret == secret
        async with running(kafka, tmp_path, transaction_id_secret="chosen") as edge:
            assert edge.edge.edge.transaction_secret == b"chosen"
