"""Partners are added, listed and suspended from the command line."""

import asyncio
import json

import pytest
from typer.testing import CliRunner, Result

from services.domain.events.common import PartnerQuirks
from services.domain.events.partner import Partner, PartnerInvited
from services.ocpi.cli import partner
from services.ocpi.inbound.authorization import MAX_TOKEN_CHARS, token_hash
from services.runtime import command_line
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View

pytestmark = pytest.mark.integration

TNM = ("add", "The New Motion", "--country", "nl", "--party", "tnm")


@pytest.fixture(autouse=True)
def settings(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
    monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
    create_topics(own_kafka, [Partner.TOPIC, PartnerInvited.TOPIC])


def wattlog(*arguments: str) -> Result:
    return CliRunner().invoke(partner, arguments)


def known(kafka: KafkaSettings) -> dict[str, Partner]:
    view: View[Partner] = View(kafka, Codec(), Partner.TOPIC)
    view.start()
    asyncio.run(view.wait_caught_up())
    view.stop()
    return dict(view.items())


class TestAdd:
    def test_prints_the_token_alone_and_keeps_its_hash(self, own_kafka: KafkaSettings) -> None:
        done = wattlog(*TNM)
        token = done.stdout.strip()
        added = (known(own_kafka))["wattlog/NL-TNM"]
        assert done.exit_code == 0
        assert 40 <= len(token) <= MAX_TOKEN_CHARS
        assert added.token_hash == token_hash(token)
        assert token not in json.dumps(added.to_record())
        assert (added.country_code, added.party_id, added.role, added.enabled) == ("NL", "TNM", "EMSP", True)

    def test_does_not_replace_a_token_unasked(self, own_kafka: KafkaSettings) -> None:
        first = wattlog(*TNM).stdout.strip()
        again = wattlog(*TNM)
        assert (again.exit_code, again.stdout) == (1, "")
        assert "--new-token" in again.stderr
        second = wattlog(*TNM, "--new-token").stdout.strip()
        assert first != second
        assert (known(own_kafka))["wattlog/NL-TNM"].token_hash == token_hash(second)

    @pytest.mark.parametrize(
        "wrong", [("NLD", "TNM"), ("N1", "TNM"), ("NL", "TN"), ("NL", "T-M"), ("ÄÖ", "TNM"), ("NL", "ÄÖÜ")]
    )
    def test_says_what_is_wrong_with_a_party(self, wrong: tuple[str, str]) -> None:
        done = wattlog("add", "x", "--country", wrong[0], "--party", wrong[1])
        assert done.exit_code == 1
        assert "give " in done.stderr

    def test_refuses_a_role_that_ocpi_does_not_have(self) -> None:
        assert wattlog(*TNM, "--role", "PIRATE").exit_code == 2


class TestList:
    def test_shows_who_is_there(self) -> None:
        wattlog(*TNM)
        wattlog("add", "[bold]Other[/bold]", "--country", "DE", "--party", "8AA", "--role", "HUB")
        wattlog("suspend", "DE-8AA")
        told = wattlog("list").stdout
        assert [
            word in told for word in ("NL-TNM", "The New Motion", "EMSP", "enabled", "suspended", "2 partners")
        ]
        assert "[bold]Other[/bold]" in told


class TestSuspend:
    def test_keeps_the_partner_but_not_enabled(self, own_kafka: KafkaSettings) -> None:
        wattlog(*TNM)
        assert wattlog("suspend", "nl-tnm").exit_code == 0
        assert not (known(own_kafka))["wattlog/NL-TNM"].enabled

    def test_is_ended_by_a_new_token(self, own_kafka: KafkaSettings) -> None:
        wattlog(*TNM)
        wattlog("suspend", "NL-TNM")
        wattlog("quirks", "NL-TNM", "--set", "date_to=inclusive")
        wattlog(*TNM, "--new-token")
        again = known(own_kafka)["wattlog/NL-TNM"]
        assert (again.enabled, again.quirks) == (True, PartnerQuirks(date_to="INCLUSIVE"))

    def test_says_who_is_not_there(self) -> None:
        done = wattlog("suspend", "FR-XXX")
        assert (done.exit_code, "partner list" in done.stderr) == (1, True)


class TestWithoutKafka:
    def test_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_ports(1)[0]}")
        monkeypatch.setattr(command_line, "WAIT_S", 0.5)
        done = wattlog("list")
        assert (done.exit_code, "WATTLOG_BOOTSTRAP_SERVERS" in done.stderr) == (1, True)


class TestInvite:
    def test_gives_a_token_that_is_for_registering_only(self, own_kafka: KafkaSettings) -> None:
        done = wattlog("invite", *TNM[1:], "--allow-private")
        invited = known(own_kafka)["wattlog/NL-TNM"]
        assert done.exit_code == 0, done.stderr
        assert invited.token_hash == token_hash(done.stdout.strip())
        assert (invited.registration, invited.allow_private) == ("INVITED", True)
        assert "/ocpi/versions" in done.stderr
        assert "invited" in wattlog("list").stdout
