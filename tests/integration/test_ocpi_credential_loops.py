"""Exchanges of credentials that get into each other's way end, and leave both sides with something that holds."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.domain.events.partner import Partner
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.registrar import purpose
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.embedded.ports import free_ports
from services.runtime.sealing import seal_of
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.ocpi_case import authorization, running_edge, say
from tests.integration.push_case import KEY, Answer, Got, Receiver, receiver, until
from tests.integration.test_ocpi_credentials import THEIR_ROLE, TOKEN_A, TOKEN_B, states
from tests.unit.ocpi.facts import partner

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


class Counterpart:
    """A partner with an HTTP server. `versions`: what it lists; `meanwhile`: what it got while it was asked."""

    def __init__(self, edge: OcpiSettings, server: Receiver) -> None:
        self.edge = edge
        self.server = server
        self.versions = ["2.2.1", "2.1.1"]
        self.given: dict[str, Any] = {}
        self.meanwhile: list[httpx.Response] = []
        self.loops = False
        self.meeting: threading.Barrier | None = None
        server.answer = self._answer

    def credentials(self, version: str = "2.2.1") -> dict[str, Any]:
        told = {"token": TOKEN_B, "url": f"{self.server.url}/versions"}
        flat = {name: item for name, item in THEIR_ROLE.items() if name != "role"}
        return told | (flat if version == "2.1.1" else {"roles": [THEIR_ROLE]})

    def ask(
        self, method: str, token: str, version: str = "2.2.1", edge: OcpiSettings | None = None
    ) -> httpx.Response:
        url = f"{(edge or self.edge).public_url}/ocpi/{version}/credentials"
        with httpx.Client(headers=authorization(token), trust_env=False, timeout=30) as client:
            return client.request(method, url, json=self.credentials(version))

    def _answer(self, got: Got) -> Answer:
        if got.path == "/ocpi/versions":
            if self.loops and len(self.meanwhile) < 50:
                self.meanwhile.append(self.ask("POST", TOKEN_A))
            return Answer(data=[{"version": one, "url": f"{self.server.url}/{one}"} for one in self.versions])
        version = got.path.split("/")[2]
        if self.meeting is not None:
            self.meeting.wait(20)
        if got.method == "POST":
            self.given = got.body
            self.meanwhile.append(self.ask("POST", got.body["token"]))
            return Answer(data=self.credentials(version))
        url = f"{self.server.url}/{version}/credentials"
        endpoint = {"identifier": "credentials", "url": url} | ({"role": "SENDER"} if version > "2.1.1" else {})
        return Answer(data={"version": version, "endpoints": [endpoint]})


@pytest.fixture
def other(own_kafka: KafkaSettings) -> Iterator[Counterpart]:
    create_topics(own_kafka, TOPICS)
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    say(
        own_kafka,
        replace(partner(), token_hash=token_hash(TOKEN_A), registration="INVITED", allow_private=True),
    )
    with receiver() as server, running_edge(own_kafka, nowhere, sealing_key=KEY) as edge:
        yield Counterpart(edge, server)


def wattlog(edge: OcpiSettings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line as a process of its own."""
    known = {
        "BOOTSTRAP_SERVERS": edge.kafka.bootstrap_servers,
        "TOPIC_PREFIX": edge.kafka.topic_prefix,
        "SEALING_KEY": KEY,
        "COUNTRY_CODE": edge.country_code,
        "PARTY_ID": edge.party_id,
        "OCPI_PUBLIC_URL": edge.public_url,
    }
    env = os.environ | {f"WATTLOG_{name}": value for name, value in known.items()}
    return subprocess.run(
        [sys.executable, "-m", "services", "partner", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


class TestVersions:
    def test_that_a_partner_does_not_list_any_more_are_not_agreed_on_again(self, other: Counterpart) -> None:
        token = other.ask("POST", TOKEN_A).json()["data"]["token"]
        before = states(other.edge.kafka)["wattlog/NL-TNM"]
        other.versions = ["2.1.1"]
        answer = other.ask("PUT", token)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 3002)
        assert "does not list 2.2.1" in answer.json()["status_message"]
        assert states(other.edge.kafka)["wattlog/NL-TNM"] == before
        older = other.ask("PUT", token, "2.1.1").json()
        assert older["status_code"] == 1000, older
        assert states(other.edge.kafka)["wattlog/NL-TNM"].version == "2.1.1"


class TestLoops:
    def test_of_a_partner_that_asks_again_while_it_is_asked_are_refused_at_once(self, other: Counterpart) -> None:
        other.loops = True
        answer = other.ask("POST", TOKEN_A)
        assert answer.json()["status_code"] == 1000, answer.text
        (inner,) = [one.json() for one in other.meanwhile]
        assert inner["status_code"] == 2000
        assert "wait for the answer" in inner["status_message"]
        assert len(other.server.of("GET")) == 2

    def test_of_a_partner_that_registers_here_while_we_register_there_end_with_what_it_did(
        self, other: Counterpart
    ) -> None:
        done = wattlog(other.edge, "register", "NL-TNM", f"{other.server.url}/versions", "--token", "given")
        assert done.returncode == 1, done.stderr
        assert "it has exchanged credentials with us meanwhile" in done.stderr
        (inner,) = [one.json() for one in other.meanwhile]
        assert inner["status_code"] == 1000
        kept = states(other.edge.kafka)["wattlog/NL-TNM"]
        assert (kept.registration, kept.token_hash) == ("REGISTERED", token_hash(inner["data"]["token"]))
        assert len(other.server.of("POST")) == 1


class TestTwoProcesses:
    def test_that_a_partner_asks_at_once_give_it_one_token_that_holds(self, other: Counterpart) -> None:
        """Both have found that all is well before either has kept anything."""
        other.meeting = threading.Barrier(2)
        with running_edge(other.edge.kafka, other.edge.clickhouse, sealing_key=KEY) as second:
            with ThreadPoolExecutor() as pool:
                asked = [pool.submit(other.ask, "POST", TOKEN_A, edge=edge) for edge in (other.edge, second)]
                answers = [one.result().json() for one in asked]
            assert sorted(answer["status_code"] for answer in answers) == [1000, 2000], answers
            (given,) = [answer["data"]["token"] for answer in answers if answer["status_code"] == 1000]
            (refused,) = [answer["status_message"] for answer in answers if answer["status_code"] == 2000]
            assert "exchanged credentials with us meanwhile" in refused
            assert states(other.edge.kafka)["wattlog/NL-TNM"].token_hash == token_hash(given)
            for edge in (other.edge, second):
                until(lambda edge=edge: other.ask("GET", given, edge=edge).status_code == 200)
            other.meeting = None
            assert other.ask("PUT", given, edge=second).json()["status_code"] == 1000


def agrees(here: Partner, there: Partner) -> bool:
    """Whether what one side shows is what the other side knows."""
    shown = seal_of(KEY, Path()).unseal(here.sealed_token, purpose(here))
    return token_hash(shown) == there.token_hash


class TestBothAtOnce:
    def test_leave_both_registered_or_neither_and_a_new_invitation_goes_on_from_there(
        self, own_kafka: KafkaSettings
    ) -> None:
        nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
        kafkas = [replace(own_kafka, topic_prefix=f"{own_kafka.topic_prefix}{name}-") for name in ("one", "two")]
        for one in kafkas:
            create_topics(one, TOPICS)
        invited = {"registration": "INVITED", "allow_private": True}
        say(kafkas[0], partner(token_hash=token_hash(TOKEN_A), **invited))
        us = {"partner_id": "DE-WAT", "country_code": "DE", "party_id": "WAT", "role": "CPO"}
        say(kafkas[1], partner(token_hash=token_hash(TOKEN_B), **invited, **us))
        theirs = {"country_code": "NL", "party_id": "TNM"}
        with (
            running_edge(kafkas[0], nowhere, sealing_key=KEY) as one,
            running_edge(kafkas[1], nowhere, sealing_key=KEY, **theirs) as two,
        ):
            asking = [
                (one, "register", "NL-TNM", f"{two.public_url}/ocpi/versions", "--token", TOKEN_B),
                (two, "register", "DE-WAT", f"{one.public_url}/ocpi/versions", "--token", TOKEN_A),
            ]
            with ThreadPoolExecutor() as pool:
                ended = list(pool.map(lambda arguments: wattlog(*arguments), asking))
            said = [(done.returncode, done.stderr) for done in ended]
            assert {code for code, _ in said} <= {0, 1}, said
            # Each may have ended what the other began: then it is as before.
            here, there = states(kafkas[0])["wattlog/NL-TNM"], states(kafkas[1])["wattlog/DE-WAT"]
            assert here.registration == there.registration, (ended, here, there)
            assert here.registration == "INVITED" or (agrees(here, there) and agrees(there, here))
            cpo = (
                "Wattlog",
                "--country",
                "DE",
                "--party",
                "WAT",
                "--role",
                "CPO",
                "--allow-private",
                "--new-token",
            )
            given = wattlog(two, "invite", *cpo).stdout.strip()
            asked = (one, "register", "NL-TNM", f"{two.public_url}/ocpi/versions", "--token", given)
            until(lambda: wattlog(*asked).returncode == 0)
            here, there = states(kafkas[0])["wattlog/NL-TNM"], states(kafkas[1])["wattlog/DE-WAT"]
            assert (here.registration, there.registration) == ("REGISTERED", "REGISTERED")
            assert agrees(here, there)
            assert agrees(there, here)
