"""Kafka stands still under the operations API and the fleet process: nothing is lost, nobody is asked twice."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.console_case import api, let_in
from tests.integration.fleet_case import fleet, stood
from tests.integration.ocpp_case import V201, registered, running, until
from tests.integration.stations import Answering

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

NAMES = [f"CP{number}" for number in range(6)]


@pytest.fixture
def broker(tmp_path: Path, cache_dir: Path) -> Iterator[EmbeddedKafka]:
    """A broker of our own, to be stopped."""
    port, controller_port = free_ports(2)
    with EmbeddedKafka(tmp_path / "broker", port, controller_port, jars_dir=cache_dir / "kafka") as kafka:
        yield kafka


def send(broker: EmbeddedKafka, number: signal.Signals) -> None:
    assert broker.pid is not None
    os.kill(broker.pid, number)


class TestStandingStill:
    async def test_is_503_for_operators_and_a_pause_for_operations(
        self, broker: EmbeddedKafka, tmp_path: Path
    ) -> None:
        kafka = KafkaSettings(broker.bootstrap_servers)
        create_topics(kafka)
        registered(kafka, *NAMES)
        let_in(kafka)
        async with (
            running(kafka, tmp_path) as edge,
            api(kafka, tmp_path, console_hold_s=1) as http,
            fleet(kafka, tmp_path / "fleet"),
            edge.connect("CP0", protocols=(V201,)) as first,
            edge.connect("CP1", protocols=(V201,)) as second,
        ):
            stations = [Answering(first), Answering(second)]
            order = {"operation": "ClearCache", "stations": NAMES[:2], "pace_per_s": 1}
            begun = await http.post("/fleet", json=order)
            await stood(http, begun.json()["fleet_id"], "RUNNING", done=1)
            send(broker, signal.SIGSTOP)
            try:
                key = {"Idempotency-Key": "again"}
                refused = await http.post("/stations/CP0/commands/Reset", json={"type": "OnIdle"}, headers=key)
                assert (refused.status_code, "again" in refused.json()["detail"]) == (503, True)
                assert int(refused.headers["retry-after"]) > 0
                assert len((await http.get("/stations")).json()["stations"]) == 6
                await asyncio.sleep(2)
            finally:
                send(broker, signal.SIGCONT)
            for _ in range(100):
                again = await http.post("/stations/CP0/commands/Reset", json={"type": "OnIdle"}, headers=key)
                if again.status_code != 503:
                    break
            assert again.status_code in (200, 202)
            told = await stood(http, begun.json()["fleet_id"], "FINISHED")
            assert told["accepted"] == 2
            await until(lambda: sum(len(station.calls) for station in stations) >= 3, 60)
            assert sorted(call[2] for station in stations for call in station.calls) == [
                "ClearCache", "ClearCache", "Reset",
            ]  # fmt: skip
