"""A conformance checker that others wrote (crates.io ocpi-kit) finds nothing wrong with a running edge."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from services.domain.ids import derived_id
from services.ocpi.directory import TOPICS
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.ocpi_case import client_program, running_edge, say, warehouse
from tests.unit.ocpi.facts import (
    END,
    PARTNER_TOKEN,
    START,
    cdr,
    connection,
    detail,
    location,
    partner,
    session,
    station,
    station_status,
    tariff,
    token,
)

pytestmark = pytest.mark.integration

OBJECTS = 25
"""More than two pages of the checker's ten."""


class World(NamedTuple):
    """What an edge of ours serves from."""

    kafka: KafkaSettings
    clickhouse: ClickHouseSettings


@pytest.fixture(scope="module")
def world(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    own = replace(kafka, topic_prefix="ocpi-conformance.")
    create_topics(own, TOPICS)
    places = [location(location_id=f"LOC-{number}", updated_at=START + number) for number in range(1, OBJECTS + 1)]
    say(own, partner(), station(), tariff(), token(), *places, station_status(), connection())
    with warehouse(tmp_path_factory.mktemp("ocpi")) as (tables, clickhouse):
        for number in range(OBJECTS):
            at = END + number * 1_000
            tables.put([session(session_id=derived_id("session", number), updated_at=at)])
            tables.put([cdr(detail(cdr_id=derived_id("cdr", number)), updated_at=at)])
        yield World(own, clickhouse)


def conformance(edge: OcpiSettings) -> str:
    options = ("--insecure", "conformance", "--no-fail", "--token", PARTNER_TOKEN)
    done = subprocess.run(
        [client_program("ocpi"), *options, f"{edge.public_url}/ocpi/versions"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


class TestConformance:
    @pytest.mark.parametrize(("offered", "version"), [("2.1.1,2.2.1,2.3.0", "2.3.0"), ("2.2.1", "2.2.1")])
    def test_finds_nothing_wrong(self, world: World, offered: str, version: str) -> None:
        """Of what it warns about in 2.2.1 it is itself the cause: it holds objects of 2.2.1 to models of 2.3.0."""
        with running_edge(world.kafka, world.clickhouse, ocpi_versions=offered) as edge:
            told = conformance(edge)
        found = re.search(r"(\d+) passed, (\d+) failed, (\d+) warnings, (\d+) skipped", told)
        assert found is not None, told
        passed, failed, warnings, _ = (int(number) for number in found.groups())
        assert failed == 0, told
        assert warnings == 0 or version == "2.2.1", told
        assert passed >= 40, told
        assert f"checked against OCPI {version}" in told
