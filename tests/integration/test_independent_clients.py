"""Stations made of the PyPI packages `ocpp` and `websockets`, which share no code with the edge, against it."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call as call16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call as call201
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from services.domain.events.common import TokenStatus
from services.domain.events.station import Station
from services.domain.events.token import Token
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.ocpp import app, passwords
from services.ocpp.settings import OcppSettings
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.topics import create_topics
from tests.chaos.checker import read_all

pytestmark = pytest.mark.integration

PASSWORD = "a-password-of-24-letters"
TOKEN = "04A1B2C3D4E5F6"
AT = "2026-11-21T10:00:00Z"
Connect = Callable[..., Any]


@asynccontextmanager
async def edge(kafka: KafkaSettings, folder: Path) -> AsyncIterator[Connect]:
    """The edge in this process; gives a function that opens a socket: (station, subprotocol, password)."""
    create_topics(kafka)
    kept = passwords.hashed(PASSWORD.encode(), bytes(passwords.SALT_BYTES))
    stations = [Station(tenant="t", station_id=f"CP{n}", password_hash=kept, updated_at=1) for n in range(4)]
    token = Token(
        tenant="t",
        token_uid=TOKEN,
        token_type="RFID",
        contract_id="C",
        issuer="I",
        status=TokenStatus.VALID,
        updated_at=1,
    )
    publish_sync(kafka, Codec(), [*stations, token])
    settings = OcppSettings(
        common=CommonSettings(tenant="t", data_dir=folder), kafka=kafka, ocpp_port=0, ocpp_soap_port=0
    )
    process, listening = Process("ocpp"), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        app.operate(
            settings, process, lambda _edge, listeners: listening.set_result(listeners.port), CollectorRegistry()
        )
    )
    done, _ = await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
    if running in done:
        running.result()
    try:
        yield lambda *arguments, **named: station(listening.result(), *arguments, **named)
    finally:
        process.stopping.set()
        await running


def station(port: int, name: str, protocol: str, password: str = PASSWORD) -> Any:
    credentials = base64.b64encode(f"{name}:{password}".encode()).decode()
    return connect(
        f"ws://127.0.0.1:{port}/ocpp/{name}",
        subprotocols=[Subprotocol(protocol)],
        additional_headers={"Authorization": f"Basic {credentials}"},
        proxy=None,
    )


def told(kafka: KafkaSettings) -> list[Any]:
    """What transaction.events holds."""
    return [Codec().decode(value) for _, _, value in read_all(kafka, TransactionStarted.TOPIC)]


class Calls16:
    BOOT = call16.BootNotification(charge_point_model="M", charge_point_vendor="V")
    START = call16.StartTransaction(connector_id=1, id_tag=TOKEN, meter_start=1000, timestamp=AT)

    @staticmethod
    def stop(transaction_id: int) -> Any:
        return call16.StopTransaction(
            meter_stop=1500, timestamp="2026-11-21T11:00:00Z", transaction_id=transaction_id
        )


class TestOcpp16:
    async def test_charges(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        async with edge(own_kafka, tmp_path) as open_socket, open_socket("CP1", "ocpp1.6") as socket:
            point = ChargePoint16("CP1", socket)
            listening = asyncio.create_task(point.start())
            assert (await point.call(Calls16.BOOT)).status == "Accepted"
            assert (await point.call(call16.Authorize(id_tag=TOKEN))).id_tag_info["status"] == "Accepted"
            first = await point.call(Calls16.START)
            again = await point.call(Calls16.START)
            assert first == again
            value = {"timestamp": AT, "sampled_value": [{"value": "1.2345", "unit": "kWh"}]}
            await point.call(
                call16.MeterValues(connector_id=1, transaction_id=first.transaction_id, meter_value=[value])
            )
            await point.call(Calls16.stop(first.transaction_id))
            listening.cancel()
        events = told(own_kafka)
        started = [event for event in events if isinstance(event, TransactionStarted)]
        assert len({event.event_id for event in started}) == 1
        assert started[0].transaction_id == str(first.transaction_id)
        [updated] = [event for event in events if isinstance(event, TransactionUpdated)]
        assert str(updated.meter_values[0].energy_register_wh) == "1234.5000"
        [ended] = [event for event in events if isinstance(event, TransactionEnded)]
        assert (ended.transaction_id, int(ended.meter_stop_wh or 0)) == (started[0].transaction_id, 1500)

    async def test_is_answered_when_it_stops_what_another_station_started(
        self, own_kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with (
            edge(own_kafka, tmp_path) as open_socket,
            open_socket("CP1", "ocpp1.6") as one,
            open_socket("CP2", "ocpp1.6") as other,
        ):
            owner, thief = ChargePoint16("CP1", one), ChargePoint16("CP2", other)
            listening = [asyncio.create_task(point.start()) for point in (owner, thief)]
            begun = await owner.call(Calls16.START)
            await thief.call(Calls16.stop(begun.transaction_id))
            for task in listening:
                task.cancel()
        [ended] = [event for event in told(own_kafka) if isinstance(event, TransactionEnded)]
        assert ended.station_id == "CP2"


class TestOcpp201:
    async def test_charges(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        async with edge(own_kafka, tmp_path) as open_socket, open_socket("CP3", "ocpp2.0.1") as socket:
            point = ChargePoint201("CP3", socket)
            listening = asyncio.create_task(point.start())
            boot = call201.BootNotification(charging_station={"model": "M", "vendor_name": "V"}, reason="PowerUp")
            assert (await point.call(boot)).status == "Accepted"
            for seq_no, kind in enumerate(("Started", "Updated", "Ended")):
                await point.call(self.event(kind, seq_no))
            listening.cancel()
        events = told(own_kafka)
        assert [type(event) for event in events] == [TransactionStarted, TransactionUpdated, TransactionEnded]
        assert [event.seq_no for event in events] == [0, 1, 2]
        assert {event.transaction_id for event in events} == {"tx-1"}

    @staticmethod
    def event(kind: str, seq_no: int) -> Any:
        value = {"timestamp": AT, "sampled_value": [{"value": 1000.5 + seq_no}]}
        return call201.TransactionEvent(
            event_type=kind,
            timestamp=AT,
            trigger_reason="MeterValuePeriodic",
            seq_no=seq_no,
            transaction_info={"transaction_id": "tx-1"},
            id_token={"id_token": TOKEN, "type": "ISO14443"},
            evse={"id": 1, "connector_id": 1},
            meter_value=[value],
        )


class TestStrangers:
    async def test_get_the_same_answer_whoever_they_are(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        answers = []
        async with edge(own_kafka, tmp_path) as open_socket:
            for name, password in (("CP1", "wrong-password-0123456789"), ("NOBODY", PASSWORD)):
                with pytest.raises(InvalidStatus) as refusal:
                    await open_socket(name, "ocpp1.6", password)
                answers.append((refusal.value.response.status_code, refusal.value.response.body))
        assert answers[0] == answers[1]
        assert answers[0][0] == 401


HOSTILE = [
    "",
    "not json",
    "null",
    "[2]",
    '[2,"a"]',
    '[2,"a",["Heartbeat"],{}]',
    '[2,5,"Heartbeat",{}]',
    '[2,"a","Heartbeat",[]]',
    '[2,"a","NoSuchAction",{}]',
    '[2,"a","StartTransaction",{"connectorId":"one"}]',
    '[2,"a","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":NaN,"timestamp":"x"}]',
    '[2,"a","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":' + "9" * 5000 + ',"timestamp":"x"}]',
    '[2,"a","Authorize",{"idTag":"\\ud800"}]',
    '[3,"unknown",{}]',
    '[4,"unknown","InternalError","",{}]',
    '[9,"a",{}]',
    "[" * 50_000,
]


class TestHostileFrames:
    @pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
    async def test_kill_neither_their_own_connection_nor_the_edge(
        self, own_kafka: KafkaSettings, tmp_path: Path, protocol: str
    ) -> None:
        async with edge(own_kafka, tmp_path) as open_socket, open_socket("CP1", protocol) as socket:
            for frame in HOSTILE:
                await socket.send(frame)
            await socket.send('[2,"alive","Heartbeat",{}]')
            answers = await self.until_alive(socket)
        assert all(answer.startswith("[4,") for answer in answers), answers
        assert any("NotImplemented" in answer for answer in answers)

    @staticmethod
    async def until_alive(socket: ClientConnection) -> list[str]:
        answers = []
        async with asyncio.timeout(30):
            while True:
                answer = str(await socket.recv())
                if answer.startswith('[3,"alive"'):
                    return answers
                answers.append(answer)


class TestSecondConnection:
    async def test_wins_over_the_first(self, own_kafka: KafkaSettings, tmp_path: Path) -> None:
        async with (
            edge(own_kafka, tmp_path) as open_socket,
            open_socket("CP1", "ocpp1.6") as first,
            open_socket("CP1", "ocpp1.6") as second,
        ):
            await asyncio.wait_for(first.wait_closed(), 20)
            await second.send('[2,"alive","Heartbeat",{}]')
            assert str(await second.recv()).startswith('[3,"alive"')
