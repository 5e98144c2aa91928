"""A station that changes its status is seen so at the national access point, through every process on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services.domain.events.common import Evse
from services.nap.app import run
from services.nap.cli import nap
from services.nap.holdings import TOPICS
from services.nap.schemas import Which
from services.nap.server import DYNAMIC, STATIC
from services.nap.settings import NapSettings
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.fleet_case import fleet
from tests.integration.ocpp_case import V201, call, running, station, until
from tests.unit.nap.facts import rich, valid
from tests.unit.ocpi.facts import tariff

pytestmark = pytest.mark.integration

CP = "CP001"
UID = "DE*WAT*ECP001*1"
BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


def registered(kafka: KafkaSettings) -> None:
    entry = station(CP, location_id="LOC-1", tariff_id="AC-2026", evses=(Evse(evse_id=1, evse_uid=UID),))
    publish_sync(kafka, Codec(), [entry, rich(), tariff()])


@asynccontextmanager
async def serving(kafka: KafkaSettings, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """The process of the access point, ready, and somebody who asks it."""
    (port,) = free_ports(1)
    host = Process("nap")
    chosen = {"nap_port": port, "nap_dynamic_s": 0, "nap_static_s": 0, "nap_requests_per_minute": 100_000}
    task = asyncio.create_task(run(replace(NapSettings(), kafka=kafka, **(chosen | changes)), host))
    try:
        await until(lambda: host.ready or task.done(), 60)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as asking:
            yield asking
    finally:
        host.stopping.set()
        await task


def point_of(document: Any) -> Any:
    (payload,) = document["messageContainer"]["payload"]
    (site,) = payload["aegiEnergyInfrastructureStatusPublication"]["energyInfrastructureSiteStatus"]
    (found,) = site["energyInfrastructureStationStatus"]
    return found["refillPointStatus"][0]["aegiElectricChargingPointStatus"]


async def shown(asking: httpx.AsyncClient, word: str) -> Any:
    """The dynamic publication once it says that of the EVSE."""
    for _ in range(1500):
        document = (await asking.get(DYNAMIC)).json()
        if point_of(document)["status"]["value"] == word:
            return document
        await asyncio.sleep(0.02)
    raise AssertionError(document)


def notified(word: str) -> dict[str, Any]:
    return {"timestamp": "2026-11-21T10:00:00Z", "connectorStatus": word, "evseId": 1, "connectorId": 1}


async def test_a_station_on_a_socket_is_seen_at_the_access_point(own_kafka: KafkaSettings, tmp_path: Path) -> None:
    create_topics(own_kafka)
    registered(own_kafka)
    async with running(own_kafka, tmp_path) as edge, fleet(own_kafka, tmp_path), serving(own_kafka) as asking:
        static = await asking.get(STATIC)
        assert static.status_code == 200
        assert valid(Which.STATIC, static.json())
        assert UID in static.text
        assert CP not in static.text.replace(UID, "")
        await shown(asking, "unknown")
        async with edge.connect(CP, [V201]) as socket:
            await call(socket, "BootNotification", BOOT)
            for said, told in (("Available", "available"), ("Occupied", "charging"), ("Faulted", "outOfOrder")):
                await call(socket, "StatusNotification", notified(said))
                document = await shown(asking, told)
                assert valid(Which.DYNAMIC, document)
                assert point_of(document)["energyRateUpdate"][0]["energyPrice"][0]["value"] == 0.5355
        await shown(asking, "unknown")
        before = await asking.get(STATIC)
        assert (await asking.get(STATIC, headers={"If-None-Match": before.headers["etag"]})).status_code == 304
        assert before.headers["content-encoding"] == "gzip"


class TestCli:
    @pytest.fixture(autouse=True)
    def settings(self, own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
        monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
        create_topics(own_kafka, TOPICS)

    def test_shows_and_checks(self, own_kafka: KafkaSettings) -> None:
        empty = CliRunner().invoke(nap, ["show", "static"])
        assert (empty.exit_code, "no public location" in empty.stderr) == (1, True)
        registered(own_kafka)
        assert UID in CliRunner().invoke(nap, ["show", "static"]).stdout
        assert '"unknown"' in CliRunner().invoke(nap, ["show", "dynamic"]).stdout
        good = CliRunner().invoke(nap, ["check"])
        assert (good.exit_code, good.stdout) == (0, "1 location: nothing is missing.\n")
        publish_sync(own_kafka, Codec(), [rich(help_phone=None)])
        gone = CliRunner().invoke(nap, ["check"])
        assert (gone.exit_code, gone.stdout) == (1, "LOC-1: help_phone is not said, there is nobody to call\n")
