"""The device model on real Kafka: reports, templates, drift and mending it, with stations of both versions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from services.devices.app import DevicesSettings, run
from services.devices.cli import device
from services.domain.events.device import DeviceDriftChanged, DeviceReported
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.tail import Tail
from services.runtime.topics import create_topics
from tests.integration.fleet_case import fleet
from tests.integration.ocpp_case import V16, V201, RunningEdge, call, registered, running, until
from tests.integration.test_ocpp_cli import said

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

TEMPLATE = """
template: acme
vendor: ACME
variables:
  HeartbeatInterval: 300
  OCPPCommCtrlr/HeartbeatInterval: 300
"""
INTERVAL = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}


@pytest.fixture
def kafka(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    create_topics(own_kafka)
    return registered(own_kafka, "CP16", "CP201", "NEW")


@asynccontextmanager
async def devices(kafka: KafkaSettings, data_dir: Path, **chosen: Any) -> AsyncIterator[Process]:
    """The devices process, in this one."""
    host = Process("devices")
    settings = DevicesSettings(common=CommonSettings(data_dir=data_dir), kafka=kafka, **chosen)
    task = asyncio.create_task(run(settings, host))
    try:
        await until(lambda: host.ready or task.done(), 60)
        yield host
    finally:
        host.stopping.set()
        await task


class Station:
    """A station with a heartbeat interval, which it reports in parts and lets itself be told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.value = "60"
        self.asked: list[str] = []
        self._socket = socket
        self.parts = 3

    async def boot(self, protocol: str) -> None:
        v16 = {"chargePointVendor": "ACME", "chargePointModel": "X"}
        v201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "X"}}
        await call(self._socket, "BootNotification", v16 if protocol == V16 else v201)
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async for data in self._socket:
            kind, message_id, *rest = orjson.loads(data)
            if kind == 2:
                self.asked.append(rest[0])
                answer = self._answer(*rest)
                await self._socket.send(orjson.dumps([3, message_id, answer]).decode())
                if rest[0] == "GetBaseReport":
                    await self._report(rest[1]["requestId"])

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        match action:
            case "GetConfiguration":
                return {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": self.value}]}
            case "ChangeConfiguration":
                self.value = payload["value"]
            case "SetVariables":
                self.value = payload["setVariableData"][0]["attributeValue"]
                return {"setVariableResult": [INTERVAL | {"attributeStatus": "Accepted"}]}
        return {"status": "Accepted"}

    async def _report(self, request_id: int) -> None:
        """The parts in the wrong order, the second not at all if there are but two."""
        for number in (2, 0, 1)[: self.parts]:
            entry = {"component": {"name": "C"}, "variable": {"name": f"V{number}"}}
            if number == 0:
                entry = INTERVAL
            report = entry | {"variableAttribute": [{"value": self.value, "mutability": "ReadWrite"}]}
            payload = {"requestId": request_id, "generatedAt": "2026-09-21T14:13:20Z", "seqNo": number,
                       "tbc": number < 2, "reportData": [report]}  # fmt: skip
            await self._socket.send(orjson.dumps([2, f"r{number}", "NotifyReport", payload]).decode())


@asynccontextmanager
async def online(edge: RunningEdge, name: str, protocol: str) -> AsyncIterator[Station]:
    async with edge.connect(name, protocols=(protocol,)) as socket:
        station = Station(socket)
        await station.boot(protocol)
        yield station
        station.task.cancel()


async def says(text: str, *words: str) -> None:
    """The tool does, after a moment: events and states are different streams."""
    for _ in range(50):
        output = (await said(device, *words)).output
        if text in output:
            return
    raise AssertionError(output)


class TestDevices:
    async def test_are_reported_compared_and_mended(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        (tmp_path / "acme.yaml").write_text(TEMPLATE)
        told: list[Any] = []
        tail = Tail(kafka, Codec(), [DeviceReported.TOPIC], told.extend, None)
        tail.start()
        async with (
            running(kafka, tmp_path) as edge,
            fleet(kafka, tmp_path / "fleet"),
            devices(kafka, tmp_path / "devices"),
            online(edge, "CP16", V16) as old,
            online(edge, "CP201", V201) as new,
        ):
            for name in ("CP16", "CP201"):
                reported = await said(device, "report", name)
                assert reported.exit_code == 0, reported.output
            await until(lambda: any(isinstance(event, DeviceReported) for event in told))
            seen = await said(device, "show", "CP201", "--text", "interval")
            assert "OCPPCommCtrlr/HeartbeatInterval" in seen.output
            assert "1 of 3 variables" in seen.output
            assert "3 parts, complete" in seen.output

            done = await said(device, "template", "set", str(tmp_path / "acme.yaml"))
            assert done.exit_code == 0, done.output
            await until(lambda: sum(isinstance(event, DeviceDriftChanged) for event in told) == 2)
            await says("2 of 2 stations differ", "drift")
            assert (old.asked, new.asked) == (["GetConfiguration"], ["GetBaseReport"])

            mended = await said(device, "apply", "CP201")
            assert (mended.exit_code, new.value) == (0, "300"), mended.output
            many = await said(device, "apply", "--template", "acme", "--pace", "50")
            assert "ChangeConfiguration to 1 stations" in many.output
            await until(lambda: old.value == "300")
            await until(lambda: sum(isinstance(event, DeviceDriftChanged) for event in told) == 4)
            await says("0 of 2 stations differ", "drift")
            listed = await said(device, "template", "list")
            assert "acme" in listed.output
        tail.stop()

    async def test_say_which_part_of_a_report_is_missing(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with (
            running(kafka, tmp_path) as edge,
            devices(kafka, tmp_path / "devices"),
            online(edge, "CP201", V201) as station,
        ):
            station.parts = 2
            reported = await said(device, "report", "CP201", "--timeout", "5")
            assert "the report is not complete" in reported.output
            await says("2 parts, not complete, missing 1", "show", "CP201")

    @pytest.mark.parametrize(("when", "asked"), [("off", []), ("changed", ["GetBaseReport"])])
    async def test_are_asked_after_a_boot_when_the_setting_says_so(
        self, kafka: KafkaSettings, tmp_path: Path, when: str, asked: list[str]
    ) -> None:
        found: list[str] = []
        async with (
            running(kafka, tmp_path) as edge,
            devices(kafka, tmp_path / "devices", devices_report_after_boot=when),
        ):
            for _ in range(2):
                async with online(edge, "NEW", V201) as station:
                    await says("no template", "show", "NEW")
                    if asked and not found:
                        await until(lambda station=station: bool(station.asked))  # type: ignore[misc]
                    found += station.asked
        assert found == asked

    async def test_are_said_to_be_unknown_when_they_are(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        nobody = await said(device, "show", "NOBODY")
        assert (nobody.exit_code, "has told nothing yet" in nobody.output) == (1, True)
        never = await said(device, "report", "NEW")
        assert "has never been connected" in never.output
        (tmp_path / "bad.yaml").write_text("template: [")
        bad = await said(device, "template", "set", str(tmp_path / "bad.yaml"))
        assert bad.exit_code == 1
        gone = await said(device, "template", "remove", "nothing")
        assert "there is no template nothing" in gone.output
