"""Local authorization lists from the whitelist to stations: real Kafka, a real edge, stations of both versions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from services.domain.events.common import TokenStatus
from services.domain.events.station import CommandRequested
from services.fleet.cli import fleet as fleet_cli
from services.ocpp.cli import station as station_cli
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.fleet_case import fleet
from tests.integration.ocpp_case import (
    V16,
    V201,
    RunningEdge,
    asked,
    call,
    registered,
    running,
    station,
    token,
    until,
)
from tests.integration.stations import requested
from tests.integration.test_ocpp_cli import said
from tests.unit.fleet.local_lists.lists import FakeStation

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

BOOT = {
    V16: {"chargePointVendor": "ACME", "chargePointModel": "X"},
    V201: {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "X"}},
}
SETTLED = {"local_lists_settle_s": 0}


@pytest.fixture
def kafka(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    create_topics(own_kafka)
    return registered(own_kafka)


@asynccontextmanager
async def online(edge: RunningEdge, name: str, protocol: str, fake: FakeStation) -> AsyncIterator[None]:
    """The station, connected, answering from its list."""
    async with edge.connect(name, protocols=(protocol,)) as socket:
        assert (await call(socket, "BootNotification", BOOT[protocol]))[2]["status"] == "Accepted"
        answering = asyncio.create_task(_answer(socket, name, fake))
        yield
        answering.cancel()


async def _answer(socket: ClientConnection, name: str, fake: FakeStation) -> None:
    async for data in socket:
        _, message_id, action, payload = orjson.loads(data)
        told = fake.answer(asked(name, action, in_2_0_1(payload)))
        await socket.send(orjson.dumps([3, message_id, orjson.loads(told.answer_json or "{}")]).decode())


def in_2_0_1(payload: dict[str, Any]) -> dict[str, Any]:
    """What a 1.6 station was sent, in the words that the station of the tests reads."""
    if "listVersion" not in payload:
        return payload
    entries = [
        {"idToken": {"idToken": entry["idTag"]}}
        | ({"idTokenInfo": entry["idTagInfo"]} if "idTagInfo" in entry else {})
        for entry in payload.get("localAuthorizationList", [])
    ]
    told = {"versionNumber": payload["listVersion"], "updateType": payload["updateType"]}
    return told | {"localAuthorizationList": entries}


def sent(commands: list[CommandRequested]) -> list[str]:
    return [command.operation for command in commands if command.operation == "SendLocalList"]


async def shows(text: str) -> None:
    """`wattlog fleet lists` does, after a moment."""
    for _ in range(50):
        if text in (await said(fleet_cli, "lists")).output:
            return
    raise AssertionError(text)


class TestLocalLists:
    @pytest.mark.parametrize("protocol", [V16, V201])
    async def test_follow_the_whitelist_across_reconnects_and_restarts(
        self, kafka: KafkaSettings, tmp_path: Path, protocol: str
    ) -> None:
        fake = FakeStation(v16=protocol == V16, at_once=2)
        publish_sync(kafka, Codec(), [station("CP1", local_list=True), token("VALID2"), token("VALID3")])
        async with running(kafka, tmp_path) as edge:
            async with fleet(kafka, tmp_path / "fleet", **SETTLED), online(edge, "CP1", protocol, fake):
                await until(lambda: set(fake.tokens) == {"VALID1", "VALID2", "VALID3"})
                assert [told["updateType"] for told in fake.sent] == ["Full", "Differential"]
                edge.say(token("VALID2", status=TokenStatus.BLOCKED, updated_at=2))
                await until(lambda: set(fake.tokens) == {"VALID1", "VALID3"})
                assert fake.sent[-1]["versionNumber"] == 3
                await shows("current")
            edge.say(token("VALID4", updated_at=3))
            async with fleet(kafka, tmp_path / "fleet-2", **SETTLED), online(edge, "CP1", protocol, fake):
                await until(lambda: set(fake.tokens) == {"VALID1", "VALID3", "VALID4"})
            assert [told["updateType"] for told in fake.sent[2:]] == ["Differential", "Differential"]
            assert len(sent(await requested(kafka))) == 4

    async def test_are_kept_and_emptied_at_the_operators_word(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        fake = FakeStation()
        publish_sync(kafka, Codec(), [station("CP1"), token("FLEET1", group_id="FLEET")])
        async with (
            running(kafka, tmp_path) as edge,
            fleet(kafka, tmp_path / "fleet", **SETTLED),
            online(edge, "CP1", V201, fake),
        ):
            done = await said(station_cli, "local-list", "CP1", "on", "--group", "FLEET")
            assert done.exit_code == 0
            await until(lambda: set(fake.tokens) == {"FLEET1"})
            await said(station_cli, "local-list", "CP1", "off")
            await until(lambda: fake.tokens == {})
            assert fake.sent[-1] == {"versionNumber": 2, "updateType": "Full"}
