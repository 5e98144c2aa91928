"""`wattlog command` against a real Kafka and a real edge."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import Result

from services.ocpp.command_cli import command
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from tests.integration.ocpp_case import V201, answer, registered, running, station
from tests.integration.test_ocpp_cli import said
from tests.integration.test_ocpp_edge import Station16

pytestmark = pytest.mark.integration


@pytest.fixture
def kafka(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    return registered(own_kafka, "CP1")


class TestStartAndStop:
    async def test_says_what_the_station_answered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:
            point = Station16("CP1", socket)
            reading = asyncio.create_task(point.start())
            started = await said(command, "start", "CP1", "--token", "VALID1", "--evse", "1")
            assert (started.exit_code, started.output) == (0, "CP1: accepted\n")
            point.status = "Rejected"
            stopped = await said(command, "stop", "CP1", "42")
            assert (stopped.exit_code, stopped.output) == (1, "CP1: rejected\n")
            odd = await said(command, "stop", "CP1", "not-a-number")
            assert "failed: OCPP 1.6 transaction ids are numbers" in odd.output
            assert point.asked == [{"connector_id": 1, "id_tag": "VALID1"}, {"transaction_id": 42}]
            reading.cancel()

    async def test_says_that_nobody_was_reached(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path):
            late = await said(command, "stop", "CP1", "42", "--timeout", "1")
            assert (late.exit_code, late.output) == (1, "CP1: expired: not connected or busy until the deadline\n")
            nobody = await said(command, "start", "CP9", "--token", "VALID1")
            assert nobody.output == "CP9: unreachable: station is not registered or disabled\n"


class TestLocalList:
    async def test_is_made_from_the_whitelist_after_the_list_that_is_there(
        self, kafka: KafkaSettings, tmp_path: Path
    ) -> None:
        async with running(kafka, tmp_path) as edge, edge.connect("CP1", (V201,)) as socket:

            async def heard(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
                _, message_id, action, payload = await answer(socket)
                await socket.send(orjson.dumps([3, message_id, told]).decode())
                return action, payload

            sending = asyncio.create_task(said(command, "local-list", "CP1"))
            assert await heard({"versionNumber": 6}) == ("GetLocalListVersion", {})
            assert await heard({"status": "Accepted"}) == ("SendLocalList", {
                "versionNumber": 7, "updateType": "Full",
                "localAuthorizationList": [
                    {"idToken": {"idToken": "VALID1", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}
                ],
            })  # fmt: skip
            assert (await sending).exit_code == 0
            sending = asyncio.create_task(said(command, "local-list", "CP1", "--clear"))
            await heard({"versionNumber": 7})
            assert await heard({"status": "Failed"}) == (
                "SendLocalList",
                {"versionNumber": 8, "updateType": "Full"},
            )
            assert (await sending).exit_code == 1
            sending = asyncio.create_task(said(command, "local-list", "CP1", "--token", "BLOCKED1"))
            await heard({"versionNumber": 8})
            assert "no such token may charge" in (await sending).output

    async def test_needs_a_station_that_tells_its_version(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path):
            failed = await said(command, "local-list", "CP1", "--timeout", "1")
            assert "does not tell which list it has" in failed.output


class TestSend:
    async def test_shows_what_the_station_answered(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        keys = {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]}
        request = tmp_path / "request.json"
        request.write_text('{"key": ["HeartbeatInterval"]}')
        async with running(kafka, tmp_path) as edge, edge.connect("CP1") as socket:

            async def exchange(told: dict[str, Any], *arguments: str) -> tuple[Result, Any]:
                sending = asyncio.create_task(said(command, "send", "CP1", *arguments))
                heard = await answer(socket)
                await socket.send(orjson.dumps([3, heard[1], told]).decode())
                return await sending, heard[2:]

            sent, heard = await exchange(keys, "GetConfiguration", f"@{request}")
            assert heard == ["GetConfiguration", {"key": ["HeartbeatInterval"]}]
            assert sent.exit_code == 0
            assert orjson.loads(sent.stdout) == keys
            assert sent.stderr == "CP1: accepted\n"
            sent, heard = await exchange({"status": "Accepted"}, "Reset", '{"type": "OnIdle"}')
            assert heard == ["Reset", {"type": "Soft"}]
            assert (sent.exit_code, sent.output) == (0, "CP1: accepted\n")
            sent, heard = await exchange({"status": "UnlockFailed"}, "UnlockConnector", '{"connectorId": 1}')
            assert (sent.exit_code, sent.output) == (1, "CP1: rejected (UnlockFailed)\n")
            wrong = await said(command, "send", "CP1", "Reset", '{"type": "Gently"}')
            assert wrong.exit_code == 1
            assert "CP1 cannot be sent this: type does not fit Reset" in wrong.output
            none = await said(command, "send", "CP1", "SetNetworkProfile")
            assert "cannot be sent this: SetNetworkProfile is no operation of ocpp1.6" in none.output

    async def test_refuses_or_waits_when_the_station_is_away(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        async with running(kafka, tmp_path) as edge:
            at_once = await said(command, "send", "CP1", "ClearCache", "--if-offline", "refuse")
            assert (at_once.exit_code, at_once.output) == (1, "CP1 is not connected: nothing was sent\n")
            waiting = asyncio.create_task(said(command, "send", "CP1", "ClearCache", "--timeout", "60"))
            while not edge.edge.commands.waiting:
                await asyncio.sleep(0.02)
            async with edge.connect("CP1") as socket:
                heard = await answer(socket)
                await socket.send(orjson.dumps([3, heard[1], {"status": "Accepted"}]).decode())
                assert (await waiting).output == "CP1: accepted\n"

    async def test_knows_who_is_registered(self, kafka: KafkaSettings) -> None:
        nobody = await said(command, "send", "CP9", "ClearCache")
        assert "CP9 is not registered: see `wattlog station list`" in nobody.output
        publish_sync(kafka, Codec(), [station("CP2", enabled=False)])
        assert "CP2 is disabled" in (await said(command, "send", "CP2", "ClearCache")).output

    async def test_says_so_when_nobody_answers(
        self, kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATTLOG_CALL_TIMEOUT_S", "1")
        alone = await said(command, "send", "CP1", "ClearCache", "--timeout", "1")
        assert (alone.exit_code, alone.output) == (1, "no result: is `wattlog ocpp` running?\n")
