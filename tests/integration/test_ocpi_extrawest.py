"""A partner that other people wrote: extrawest_ocpi (PyPI) as CPO and provider of OCPI 2.2.1, over real sockets.

We register at it, tell it where one can charge and which tokens we issue, and pull what it has.
"""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.domain.events.partner import Partner
from services.domain.events.roaming import RoamingObject
from services.ocpi.cli import partner as wattlog_partner
from services.ocpi.roaming import holdings
from services.ocpi.roaming.cli import roaming as wattlog_roaming
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.clock import now_ms
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.clients_build import Build
from tests.integration.ocpi_case import say
from tests.integration.push_case import prepared, push_settings, pushing, until
from tests.integration.roaming_case import KEY, Side, running
from tests.unit.ocpi.facts import TENANT, connection, location, station, station_status, tariff, token

pytestmark = pytest.mark.integration

CACHE = Path(__file__).resolve().parents[2] / ".wattlog"
INSTALL = f"'{sys.executable}' -m venv env && env/bin/pip install --quiet -r requirements.txt"
EXTRAWEST = Build("extrawest", (), fetch=("sh", "-c", INSTALL))
TOKEN_A = "token-that-extrawest-invites-with"


@dataclass(frozen=True)
class Extrawest:
    """Its address, and what it was told by module and id."""

    url: str

    def kept(self, module: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/kept", trust_env=False, timeout=30)
        told: dict[str, Any] = answer.json()[module]
        return told

    @property
    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/kept", trust_env=False, timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def extrawest(log: Path) -> Iterator[Extrawest]:
    home = EXTRAWEST.made(CACHE)
    (port,) = free_ports(1)
    command = [str(home / "env" / "bin" / "python"), str(home / "serve.py"), str(port), TOKEN_A]
    with log.open("wb") as output, subprocess.Popen(command, cwd=home, stdout=output, stderr=output) as process:
        one = Extrawest(f"http://127.0.0.1:{port}")
        try:
            until(lambda: one.answers or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield one
        finally:
            process.terminate()


@dataclass(frozen=True)
class World:
    """Our edge, and the partner."""

    ours: Side
    theirs: Extrawest
    kafka: KafkaSettings

    def wattlog(self, app: Any, *arguments: str) -> str:
        done = self.ours.wattlog(app, *arguments)
        assert done.exit_code == 0, done.output
        return str(done.output)


@pytest.fixture
def world(own_kafka: KafkaSettings, tmp_path: Path) -> Iterator[World]:
    prepared(own_kafka)
    create_topics(own_kafka, holdings.TOPICS)
    say(own_kafka, station(), tariff(), location(), station_status(), connection())
    say(own_kafka, token(contract_id="DE-WAT-C00000001-1", issuer="Wattlog"))
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    with extrawest(tmp_path / "extrawest.log") as theirs, running(own_kafka, nowhere, sealing_key=KEY) as ours:
        yield World(ours, theirs, own_kafka)


def registered(world: World) -> None:
    """We have invited them, and registered at them."""
    theirs = ("--country", "NL", "--party", "EXW", "--role", "EMSP")
    world.wattlog(wattlog_partner, "invite", "Extrawest", *theirs, "--allow-private")
    world.wattlog(wattlog_partner, "register", "NL-EXW", f"{world.theirs.url}/ocpi/versions", "--token", TOKEN_A)


def test_a_partner_that_others_wrote_roams_with_us(world: World, tmp_path: Path) -> None:
    registered(world)
    known: Partner = world.ours.states(Partner.TOPIC)[f"{TENANT}/NL-EXW"]
    assert (known.version, known.registration) == ("2.2.1", "REGISTERED")
    told = world.theirs.kept("credentials")["partner"]
    assert {role["party_id"].upper() for role in told["credentials"]["roles"]} == {"WAT"}
    assert {"locations", "cdrs"} <= {one["identifier"] for one in told["endpoints"]["endpoints"]}

    with pushing(push_settings(world.kafka, tmp_path, sealing_key=KEY)):
        say(world.kafka, location(name="Depot Süd", updated_at=now_ms()), tariff())
        until(lambda: world.theirs.kept("locations").get("loc-1", {}).get("name") == "Depot Süd")
        place = world.theirs.kept("locations")["loc-1"]
        assert place["evses"][0]["connectors"][0]["standard"] == "IEC_62196_T2"
        assert until(lambda: world.theirs.kept("tariffs"))["ac-2026"]["currency"] == "EUR"

    pulled = world.wattlog(wattlog_roaming, "pull", "NL-EXW", "--module", "locations")
    assert "1 came, 1 new" in pulled
    (theirs,) = world.ours.states(RoamingObject.TOPIC).values()
    assert theirs.object_id == "exw-1"
    world.wattlog(wattlog_roaming, "push", "NL-EXW")
    assert world.theirs.kept("tokens")["04a1b2c3d4e5f6"]["issuer"] == "Wattlog"


def test_it_pulls_from_us_with_the_token_that_we_gave(world: World) -> None:
    registered(world)
    told = world.theirs.kept("credentials")["partner"]
    shown = base64.b64encode(told["credentials"]["token"].encode()).decode()
    (url,) = [
        one["url"]
        for one in told["endpoints"]["endpoints"]
        if (one["identifier"], one["role"]) == ("locations", "SENDER")
    ]
    answer = httpx.get(url, headers={"Authorization": f"Token {shown}"}, trust_env=False, timeout=30)
    assert [one["id"] for one in answer.json()["data"]] == ["LOC-1"]
