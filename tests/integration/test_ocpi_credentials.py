"""Two edges exchange credentials: real Kafka, real sockets, each other's versions fetched."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services.domain.events.partner import Partner, PartnerEnded, PartnerRegistered, PartnerRegistrationFailed
from services.ocpi.cli import partner as wattlog_partner
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.integration.ocpi_case import authorization, running_edge, say
from tests.unit.ocpi.facts import partner

pytestmark = pytest.mark.integration

TOKEN_A = "a-token-for-registering-only"
TOKEN_B = "b-token-that-the-emsp-gives-us"
OUR_ROLE = {"role": "CPO", "party_id": "WAT", "country_code": "DE", "business_details": {"name": "Wattlog"}}
THEIR_ROLE = {"role": "EMSP", "party_id": "TNM", "country_code": "NL", "business_details": {"name": "TNM"}}


@dataclass(frozen=True)
class Two:
    """An edge of ours and one of the partner's, and their Kafkas."""

    ours: OcpiSettings
    theirs: OcpiSettings

    def offered(self, version: str = "2.2.1", **changes: Any) -> dict[str, Any]:
        """The partner's credentials."""
        url = f"{self.theirs.public_url}/ocpi/versions"
        if version == "2.1.1":
            flat = {name: item for name, item in THEIR_ROLE.items() if name != "role"}
            return {"token": TOKEN_B, "url": url} | flat | changes
        return {"token": TOKEN_B, "url": url, "roles": [THEIR_ROLE]} | changes

    def ask(self, method: str, token: str, version: str = "2.2.1", body: Any = None) -> httpx.Response:
        return self.asked(method, f"/ocpi/{version}/credentials", token, json=body)

    def asked(self, method: str, path: str, token: str, **how: Any) -> httpx.Response:
        with httpx.Client(headers=authorization(token), trust_env=False, timeout=30) as client:
            return client.request(method, self.ours.public_url + path, **how)

    def register(self, version: str = "2.2.1") -> str:
        """POST with the first token; the one that replaces it."""
        answer = self.ask("POST", TOKEN_A, version, self.offered(version))
        assert (answer.status_code, answer.json()["status_code"]) == (200, 1000), answer.text
        return str(answer.json()["data"]["token"])


@contextmanager
def prefixed(kafka: KafkaSettings, name: str) -> Iterator[KafkaSettings]:
    mine = replace(kafka, topic_prefix=f"{kafka.topic_prefix}{name}-")
    create_topics(mine, TOPICS)
    yield mine


@pytest.fixture
def two(own_kafka: KafkaSettings) -> Iterator[Two]:
    nowhere = ClickHouseSettings(f"http://127.0.0.1:{free_ports(1)[0]}")
    patient = {"ocpi_strangers_per_minute": 10_000}
    emsp = {"country_code": "NL", "party_id": "TNM", "ocpi_operator_name": "TNM"}
    with prefixed(own_kafka, "cpo") as cpo_kafka, prefixed(own_kafka, "emsp") as emsp_kafka:
        say(
            cpo_kafka,
            replace(partner(), token_hash=token_hash(TOKEN_A), registration="INVITED", allow_private=True),
        )
        us = replace(partner(), partner_id="DE-WAT", name="Wattlog", country_code="DE", party_id="WAT", role="CPO")
        say(emsp_kafka, replace(us, token_hash=token_hash(TOKEN_B), allow_private=True))
        with (
            running_edge(cpo_kafka, nowhere, **patient) as ours,
            running_edge(emsp_kafka, nowhere, **emsp) as theirs,
        ):
            yield Two(ours, theirs)


def states(kafka: KafkaSettings) -> dict[str, Partner]:
    view: View[Partner] = View(kafka, Codec(), Partner.TOPIC)
    view.start()
    asyncio.run(view.wait_caught_up())
    view.stop()
    return dict(view.items())


def last_event(kafka: KafkaSettings) -> Any:
    view: View[Any] = View(kafka, Codec(), PartnerRegistered.TOPIC)
    view.start()
    asyncio.run(view.wait_caught_up())
    view.stop()
    return dict(view.items())["wattlog/NL-TNM"]


class TestRegistration:
    @pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
    def test_replaces_the_first_token_and_remembers_how_the_partner_is_reached(
        self, two: Two, version: str
    ) -> None:
        token = two.register(version)
        assert two.asked("GET", "/ocpi/versions", TOKEN_A).status_code == 401
        assert two.asked("GET", "/ocpi/versions", token).json()["status_code"] == 1000
        assert two.ask("GET", token, version).json()["data"]["token"] == token
        kept = states(two.ours.kafka)["wattlog/NL-TNM"]
        assert (kept.registration, kept.version, kept.roles[0].party_id) == ("REGISTERED", version, "TNM")
        assert f"{two.theirs.public_url}/ocpi/{version}/credentials" in [e.url for e in kept.endpoints]
        event = last_event(two.ours.kafka)
        assert isinstance(event, PartnerRegistered)
        assert event.initiator == "partner"

    def test_keeps_neither_token_in_clear(self, two: Two) -> None:
        token = two.register()
        kept = repr(states(two.ours.kafka)["wattlog/NL-TNM"]) + repr(last_event(two.ours.kafka))
        assert token not in kept
        assert TOKEN_B not in kept
        assert base64.b64encode(TOKEN_B.encode()).decode() not in kept

    def test_is_all_that_the_first_token_is_good_for(self, two: Two) -> None:
        said = {
            path: two.asked("GET", path, TOKEN_A).status_code
            for path in (
                "/ocpi/versions",
                "/ocpi/2.2.1",
                "/ocpi/2.2.1/credentials",
                "/ocpi/2.2.1/cdrs",
                "/ocpi/2.3.0/x",
            )
        }
        assert list(said.values()) == [200, 200, 200, 401, 401]

    def test_is_done_once(self, two: Two) -> None:
        token = two.register()
        assert two.ask("POST", token, body=two.offered()).status_code == 405

    def test_comes_before_updates_and_before_its_end(self, two: Two) -> None:
        assert two.ask("PUT", TOKEN_A, body=two.offered()).status_code == 405
        assert two.ask("DELETE", TOKEN_A).status_code == 405

    def test_of_two_at_once_only_one_comes_true(self, two: Two) -> None:
        async def both() -> list[httpx.Response]:
            url = f"{two.ours.public_url}/ocpi/2.2.1/credentials"
            async with httpx.AsyncClient(headers=authorization(TOKEN_A), trust_env=False, timeout=30) as client:
                return await asyncio.gather(*[client.post(url, json=two.offered()) for _ in range(4)])

        answers = asyncio.run(both())
        assert sorted(answer.json()["status_code"] for answer in answers) == [1000, 2000, 2000, 2000]
        assert {answer.status_code for answer in answers} <= {200, 401}


class TestUpdate:
    def test_looks_back_again_and_replaces_the_token(self, two: Two) -> None:
        first = two.register("2.2.1")
        answer = two.ask("PUT", first, "2.3.0", two.offered("2.3.0"))
        second = answer.json()["data"]["token"]
        assert answer.json()["status_code"] == 1000
        assert two.asked("GET", "/ocpi/versions", first).status_code == 401
        assert two.asked("GET", "/ocpi/versions", second).status_code == 200
        kept = states(two.ours.kafka)["wattlog/NL-TNM"]
        assert kept.version == "2.3.0"
        assert {endpoint.url.split("/")[4] for endpoint in kept.endpoints} == {"2.3.0"}

    def test_to_an_older_version_is_spoken_in_that_from_then_on(self, two: Two) -> None:
        first = two.register("2.3.0")
        answer = two.ask("PUT", first, "2.1.1", two.offered("2.1.1"))
        assert answer.json()["status_code"] == 1000, answer.text
        kept = states(two.ours.kafka)["wattlog/NL-TNM"]
        assert (kept.version, kept.registration) == ("2.1.1", "REGISTERED")
        assert {endpoint.url.split("/")[4] for endpoint in kept.endpoints} == {"2.1.1"}
        assert two.ask("GET", answer.json()["data"]["token"], "2.1.1").json()["data"]["party_id"] == "WAT"

    def test_that_fails_changes_nothing(self, two: Two) -> None:
        token = two.register()
        answer = two.ask("PUT", token, body=two.offered(token="not-the-right-one"))
        assert (answer.status_code, answer.json()["status_code"]) == (200, 3001)
        assert two.asked("GET", "/ocpi/versions", token).status_code == 200
        event = last_event(two.ours.kafka)
        assert isinstance(event, PartnerRegistrationFailed)
        assert "HTTP 401" in event.reason


class TestEnd:
    def test_leaves_no_token_that_is_good(self, two: Two) -> None:
        token = two.register()
        assert two.ask("DELETE", token).json()["status_code"] == 1000
        assert two.ask("GET", token).status_code == 401
        kept = states(two.ours.kafka)["wattlog/NL-TNM"]
        assert (kept.token_hash, kept.sealed_token) == ("", "")
        assert isinstance(last_event(two.ours.kafka), PartnerEnded)


class TestBadCredentials:
    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"token": ""}, 2001),
            ({"roles": [OUR_ROLE]}, 2001),
            ({"url": "http://127.0.0.1:1/ocpi/versions"}, 3001),
            ({"url": "ftp://example.com/"}, 3001),
            ({"url": "http://user:secret@127.0.0.1/"}, 3001),
        ],
    )
    def test_are_answered_as_the_specification_wants(self, two: Two, changes: dict[str, Any], status: int) -> None:
        answer = two.ask("POST", TOKEN_A, body=two.offered(**changes))
        assert (answer.status_code, answer.json()["status_code"]) == (200, status)
        assert two.register()

    def test_that_lead_back_to_us_end(self, two: Two) -> None:
        answer = two.ask("POST", TOKEN_A, body=two.offered(url=f"{two.ours.public_url}/ocpi/versions"))
        assert answer.json()["status_code"] == 3001

    def test_that_lead_inside_are_not_followed_for_those_who_may_not(self, two: Two) -> None:
        strict = replace(partner(), token_hash=token_hash("token-of-the-strict"), registration="INVITED")
        say(two.ours.kafka, strict)
        while (answer := two.asked("GET", "/ocpi/versions", "token-of-the-strict")).status_code != 200:
            assert answer.status_code == 401
        answer = two.ask("POST", "token-of-the-strict", body=two.offered())
        assert answer.json()["status_code"] == 3001
        assert "not allowed" in answer.json()["status_message"]

    @pytest.mark.parametrize(
        ("body", "code"), [(b"{", 400), (b"\xff", 400), (b"[" * 10**5, 400), (b" " * 1_100_000, 413)]
    )
    def test_that_are_no_json_are_an_http_error(self, two: Two, body: bytes, code: int) -> None:
        answer = two.asked("POST", "/ocpi/2.2.1/credentials", TOKEN_A, content=body)
        assert answer.status_code == code
        assert answer.json()["status_code"] // 1000 == 2


class TestCommandLine:
    def test_registers_us_at_a_partner_that_invited_us(self, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
        """The partner is the one who gives the first token; it looks back at us while we wait for its answer."""
        theirs = two.theirs
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", theirs.kafka.bootstrap_servers)
        monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", theirs.kafka.topic_prefix)
        monkeypatch.setenv("WATTLOG_COUNTRY_CODE", "NL")
        monkeypatch.setenv("WATTLOG_PARTY_ID", "TNM")
        monkeypatch.setenv("WATTLOG_OCPI_PUBLIC_URL", theirs.public_url)
        url = f"{two.ours.public_url}/ocpi/versions"
        done = CliRunner().invoke(wattlog_partner, ["register", "DE-WAT", url, "--token", TOKEN_A])
        assert done.exit_code == 0, done.output
        assert "by OCPI 2.3.0" in done.stderr
        ours, us = states(two.ours.kafka)["wattlog/NL-TNM"], states(theirs.kafka)["wattlog/DE-WAT"]
        assert (ours.registration, us.registration) == ("REGISTERED", "REGISTERED")
        assert (ours.version, us.version) == ("2.3.0", "2.3.0")
        again = CliRunner().invoke(wattlog_partner, ["register", "DE-WAT", url, "--token", TOKEN_A])
        assert (again.exit_code, "could not be registered" in again.stderr) == (1, True)

    def test_knows_whom_it_registers_at(self, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", two.ours.kafka.bootstrap_servers)
        monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", two.ours.kafka.topic_prefix)
        unknown = CliRunner().invoke(wattlog_partner, ["register", "FR-XXX", "https://x", "--token", "t"])
        bad = CliRunner().invoke(wattlog_partner, ["register", "NL-TNM", "https://x", "--token", "a b"])
        assert [unknown.exit_code, bad.exit_code] == [1, 1]
