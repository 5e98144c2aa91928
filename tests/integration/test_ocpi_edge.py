"""The edge's process: what it does while ClickHouse or Kafka is away, and how it stops."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.ocpi.app import listen, run
from services.ocpi.directory import TOPICS, Directory
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.ocpi_case import client_of, running_edge, say, warehouse
from tests.unit.ocpi.facts import partner, session, token

pytestmark = pytest.mark.integration


@pytest.fixture
def ready_kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    create_topics(own_kafka, TOPICS)
    say(own_kafka, partner(), token())
    return own_kafka


@pytest.fixture
def nowhere() -> ClickHouseSettings:
    (port,) = free_ports(1)
    return ClickHouseSettings(f"http://127.0.0.1:{port}")


class TestClickHouseAway:
    def test_is_our_trouble_and_told_in_the_envelope(
        self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings
    ) -> None:
        with running_edge(ready_kafka, nowhere) as chosen, client_of(chosen) as client:
            answer = client.get("/ocpi/2.2.1/sessions")
            assert (answer.status_code, answer.json()["status_code"]) == (200, 3000)
            assert client.get("/ocpi/versions").json()["status_code"] == 1000

    def test_passes(self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings, tmp_path: Path) -> None:
        with running_edge(ready_kafka, nowhere) as chosen, client_of(chosen) as client:
            assert client.get("/ocpi/2.2.1/sessions").json()["status_code"] == 3000
            with warehouse(tmp_path, nowhere.clickhouse_url) as (tables, _):
                tables.put([session()])
                assert len(client.get("/ocpi/2.2.1/sessions").json()["data"]) == 1
            assert client.get("/ocpi/2.2.1/sessions").json()["status_code"] == 3000


class TestSettings:
    def test_leave_the_latest_objects_to_the_next_pull(self, ready_kafka: KafkaSettings, tmp_path: Path) -> None:
        with (
            warehouse(tmp_path) as (tables, clickhouse),
            running_edge(ready_kafka, clickhouse, ocpi_settle_ms=10**13) as chosen,
            client_of(chosen) as client,
        ):
            tables.put([session()])
            assert client.get("/ocpi/2.2.1/sessions").json()["data"] == []
            asked = client.get("/ocpi/2.2.1/sessions", params={"date_to": "2099-01-01T00:00:00Z"})
            assert len(asked.json()["data"]) == 1

    def test_believe_forwarded_addresses_of_trusted_proxies_only(
        self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings
    ) -> None:
        for trusted, last in (("", 429), ("127.0.0.0/8", 401)):
            with running_edge(
                ready_kafka, nowhere, ocpi_strangers_per_minute=3, trusted_proxies=trusted
            ) as chosen:
                said = [
                    httpx.get(
                        f"{chosen.public_url}/ocpi/versions",
                        headers={"X-Forwarded-For": f"203.0.113.{number}"},
                        trust_env=False,
                    ).status_code
                    for number in range(5)
                ]
            assert said[-1] == last

    def test_appear_in_urls(self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings) -> None:
        changes = {
            "ocpi_public_url": "https://roaming.example.com/",
            "country_code": "nl",
            "party_id": "abc",
        }
        with running_edge(ready_kafka, nowhere, **changes) as chosen:
            local = replace(chosen, ocpi_public_url="")
            with client_of(local) as client:
                told = client.get("/ocpi/2.2.1/credentials").json()["data"]
        assert told["url"] == "https://roaming.example.com/ocpi/versions"
        assert (told["roles"][0]["country_code"], told["roles"][0]["party_id"]) == ("NL", "ABC")


class TestStop:
    def test_frees_the_port(self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings) -> None:
        with running_edge(ready_kafka, nowhere) as chosen:
            pass
        listen(chosen).close()

    async def test_does_not_wait_for_a_kafka_that_is_not_there(
        self, ready_kafka: KafkaSettings, nowhere: ClickHouseSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Directory, "wait_caught_up", lambda _: asyncio.sleep(3_600))
        host = Process("ocpi")
        chosen = replace(OcpiSettings(), kafka=ready_kafka, clickhouse=nowhere, ocpi_port=free_ports(1)[0])
        running = asyncio.ensure_future(run(chosen, host))
        host.stopping.set()
        await asyncio.wait_for(running, 60)
        assert not host.ready


class TestListen:
    def test_says_what_to_do_about_a_port_that_is_taken(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError, match="set WATTLOG_OCPI_PORT"):
                listen(replace(OcpiSettings(), ocpi_port=port))
