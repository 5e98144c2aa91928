"""Partners pull locations and tariffs, in every version, from a running edge on real Kafka."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from services.ocpi.directory import TOPICS
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.golden.ocpi.contracts import fyi_complaints, needs_specs
from tests.integration.ocpi_case import client_of, running_edge, say
from tests.unit.ocpi.facts import (
    START,
    connection,
    connector_status,
    location,
    partner,
    station,
    station_status,
    tariff,
)

pytestmark = pytest.mark.integration

VERSIONS = ["2.1.1", "2.2.1", "2.3.0"]
EVSE = "DE*WAT*E0001*1"


@dataclass(frozen=True)
class Case:
    """A running edge, and where it learns from."""

    settings: OcpiSettings
    kafka: KafkaSettings


@pytest.fixture(scope="module")
def case(kafka: KafkaSettings) -> Iterator[Case]:
    own = replace(kafka, topic_prefix="ocpi-registry.")
    create_topics(own, TOPICS)
    places = [location(location_id=f"LOC {number}", updated_at=START + number) for number in range(2, 26)]
    say(own, partner(), station(), tariff(), location(), *places, station_status(), connection())
    say(own, location(tenant="other", location_id="LOC-OTHER"), tariff(tenant="other", tariff_id="OTHER"))
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    with running_edge(own, nowhere) as chosen:
        yield Case(chosen, own)


@pytest.fixture
def client(case: Case) -> Iterator[httpx.Client]:
    with client_of(case.settings) as asking:
        yield asking


def data(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 1000), answer.text
    return answer.json()["data"]


@pytest.mark.parametrize("version", VERSIONS)
class TestLocations:
    def test_are_found_whole_and_in_parts(self, client: httpx.Client, version: str) -> None:
        whole = data(client, f"/ocpi/{version}/locations/LOC-1")
        assert whole["evses"][0]["status"] in ("AVAILABLE", "CHARGING")
        assert data(client, f"/ocpi/{version}/locations/loc-1/{EVSE}") == whole["evses"][0]
        plug = data(client, f"/ocpi/{version}/locations/LOC-1/{EVSE}/1")
        assert plug == whole["evses"][0]["connectors"][0]

    @pytest.mark.parametrize(
        "path", ["LOC-9", "LOC-OTHER", f"LOC-1/{EVSE}x", f"LOC-1/{EVSE}/2", "%00", "LOC-1/a/b/c"]
    )
    def test_that_there_are_not_are_not_found(self, client: httpx.Client, version: str, path: str) -> None:
        answer = client.get(f"/ocpi/{version}/locations/{path}")
        assert answer.status_code == 404
        assert answer.json()["status_code"] in (2000, 2003)

    def test_are_all_listed_page_by_page(self, client: httpx.Client, version: str) -> None:
        url: str | None = f"/ocpi/{version}/locations?limit=7"
        seen: list[str] = []
        while url:
            answer = client.get(url)
            assert answer.headers["X-Total-Count"] == "25"
            seen += [one["id"] for one in answer.json()["data"]]
            link = answer.links.get("next")
            url = link["url"] if link else None
        assert len(seen) == len(set(seen)) == 25
        assert "LOC-OTHER" not in seen

    @needs_specs
    def test_are_as_others_understand_the_specification(self, client: httpx.Client, version: str) -> None:
        if version != "2.2.1":
            return
        for module, schema in (("locations", "LocationListResponse"), ("tariffs", "TariffListResponse")):
            told = client.get(f"/ocpi/{version}/{module}").json()
            assert fyi_complaints(told, f"{module}.yaml", schema) == []


@pytest.mark.parametrize("version", VERSIONS)
class TestTariffs:
    def test_are_those_of_the_tenant(self, client: httpx.Client, version: str) -> None:
        (one,) = data(client, f"/ocpi/{version}/tariffs")
        assert (one["id"], one["currency"]) == ("AC-2026", "EUR")
        assert ("tax_included" in one) is (version == "2.3.0")

    def test_are_empty_after_the_last_change(self, client: httpx.Client, version: str) -> None:
        assert data(client, f"/ocpi/{version}/tariffs", date_from="2099-01-01T00:00:00Z") == []


class TestStatus:
    def test_is_seen_when_the_station_has_said_it_and_moves_the_location(
        self, case: Case, client: httpx.Client
    ) -> None:
        at = START + 500_000
        say(case.kafka, station_status(connector_status(1, "Occupied", at)))
        told: dict[str, Any] = {}
        for _ in range(500):
            told = data(client, "/ocpi/2.2.1/locations/LOC-1")
            if told["evses"][0]["status"] == "CHARGING":
                break
            time.sleep(0.02)
        assert told["evses"][0]["status"] == "CHARGING"
        assert told["last_updated"] == told["evses"][0]["last_updated"]
        since = data(client, "/ocpi/2.2.1/locations", date_from=told["last_updated"])
        assert [one["id"] for one in since] == ["LOC-1"]
