"""Requests that nobody would write, made from our own description, to an edge: always envelopes, never a failure.

schemathesis (PyPI) is in an environment of its own, installed once. Bounded: examples per operation, and in all.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from services.ocpi.directory import TOPICS
from services.ocpi.settings import OcpiSettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.clients_build import Build
from tests.integration.ocpi_case import client_of, running_edge, say, warehouse
from tests.unit.ocpi.facts import connection, location, partner, station, station_status, tariff, token

pytestmark = pytest.mark.integration

CACHE = Path(__file__).resolve().parents[2] / ".wattlog"
INSTALL = f"'{sys.executable}' -m venv env && env/bin/pip install --quiet -r requirements.txt"
TOOL = Build("schemathesis", (), fetch=("sh", "-c", INSTALL))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SEED = "26112026"


@pytest.fixture(scope="module")
def edge(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OcpiSettings]:
    own = replace(kafka, topic_prefix="ocpi-schemathesis.")
    create_topics(own, TOPICS)
    say(own, partner(), station(), tariff(), location(), station_status(), connection(), token())
    with warehouse(tmp_path_factory.mktemp("chdb")) as (_, clickhouse), running_edge(own, clickhouse) as chosen:
        yield chosen


def test_description_is_for_partners_only(edge: OcpiSettings) -> None:
    with client_of(edge) as asking:
        told = asking.get("/ocpi/openapi.json").json()
        assert "/ocpi/2.3.0/locations" in told["paths"]
        assert asking.get("/ocpi/openapi.json", headers={"Authorization": "Token x"}).status_code == 401


def test_nothing_that_is_sent_makes_the_edge_fail(edge: OcpiSettings, tmp_path: Path) -> None:
    tool = TOOL.made(CACHE) / "env" / "bin" / "schemathesis"
    with client_of(edge) as asking:
        authorization = asking.headers["Authorization"]
        description = tmp_path / "openapi.json"
        told = asking.get("/ocpi/openapi.json").json()
        # Our own trouble is told with 200 and 3000, which is permitted, but not while nothing is away.
        told["components"]["schemas"]["Envelope"]["properties"]["status_code"]["not"] = {"const": 3000}
        description.write_text(json.dumps(told))
    command = [
        str(tool), "run", str(description), "--url", f"http://127.0.0.1:{edge.ocpi_port}",
        "-H", f"Authorization: {authorization}", "--exclude-path-regex", "/credentials$",
        "--phases", "fuzzing", "--max-examples", "4", "--max-time", "25",
        "--checks", CHECKS, "--seed", SEED, "--request-timeout", "20", "--no-color", "--no-shrink",
        "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ, check=False, text=True, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    with httpx.Client(trust_env=False) as stranger:
        assert stranger.get(f"http://127.0.0.1:{edge.ocpi_port}/ocpi/versions").status_code == 401
