"""Behind a hub: parties are told apart, whoever is away is waited for. Real Kafka, sockets, a hub that routes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer
from typer.testing import CliRunner, Result

from services.domain.events.common import CommandOutcome, DeliveryOutcome, IdToken, PartnerQuirks
from services.domain.events.delivery import PartnerDeliveries
from services.domain.events.dlq import DeadLetter
from services.domain.events.partner import Partner, PartnerCommandTaken
from services.domain.events.station import CommandAnswered, CommandRequested
from services.domain.events.token import TokenRegistered
from services.domain.ids import derived_id
from services.ocpi.cli import partner as wattlog_partner
from services.ocpi.directory import TOPICS
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.push import telling
from services.ocpi.roaming.cli import roaming as wattlog_roaming
from services.ocpi.settings import OcpiSettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.hub_case import NAME, TOKEN_A, Hub, behind, hub_partner, info, kept, running_hub
from tests.integration.ocpi_case import client_of, running_edge, say, warehouse
from tests.integration.push_case import (
    KEY,
    SECRET,
    attempts,
    prepared,
    push_settings,
    pushing,
    records,
    told_at,
    until,
)
from tests.unit.ocpi.facts import (
    cdr,
    connection,
    detail,
    location,
    partner,
    session,
    station,
    tariff,
    token,
)
from tests.unit.ocpi.inbound.test_received import PLACE
from tests.unit.ocpi.push.test_fold import issued
from tests.unit.ocpi.wire.test_reading import TOKEN

pytestmark = pytest.mark.integration

XYZ_UID, XYZ_CONTRACT = "0499", "DE-XYZ-C12345678-X"
XYZ_CDR = derived_id("cdr", "xyz")
BECAUSE = {"X-Request-ID": "request", "X-Correlation-ID": "because-of-this"}


@dataclass(frozen=True)
class Case:
    """An edge of ours, and a hub that has registered at it."""

    settings: OcpiSettings
    hub: Hub

    def ask(self, method: str, path: str, sender: str = "", **how: Any) -> Any:
        return self.hub.ask(self.settings.public_url, method, path, sender, **how)

    def ids(self, module: str, sender: str) -> list[str]:
        """What a party sees of what we serve."""
        return sorted(one["id"] for one in self.ask("GET", f"2.2.1/{module}", sender).json()["data"])

    def wattlog(self, *arguments: str, app: typer.Typer = wattlog_partner) -> Result:
        chosen = self.settings
        env = {
            "BOOTSTRAP_SERVERS": chosen.kafka.bootstrap_servers,
            "TOPIC_PREFIX": chosen.kafka.topic_prefix,
            "SEALING_KEY": KEY,
        }
        with mock.patch.dict(os.environ, {f"WATTLOG_{name}": value for name, value in env.items()}):
            return CliRunner().invoke(app, arguments, terminal_width=200)


@pytest.fixture
def case(own_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Case]:
    create_topics(own_kafka, TOPICS)
    say(own_kafka, hub_partner(token_hash=token_hash(TOKEN_A), registration="INVITED"))
    say(own_kafka, partner(partner_id="FR-DIR", country_code="FR", party_id="DIR"))
    say(own_kafka, station(), location(), tariff(), token(), connection())
    say(own_kafka, token(token_uid=XYZ_UID, contract_id=XYZ_CONTRACT))
    with (
        running_hub() as hub,
        warehouse(tmp_path) as (tables, clickhouse),
        running_edge(own_kafka, clickhouse, sealing_key=KEY) as chosen,
    ):
        other = session(session_id="of-xyz", id_token=IdToken(value=XYZ_UID, type="ISO14443"))
        tables.put([session(ended_at=None), other, cdr(), cdr(detail(cdr_id=XYZ_CDR, contract_id=XYZ_CONTRACT))])
        case = Case(chosen, hub)
        answer = case.ask("POST", "2.2.1/credentials", json=hub.credentials(), headers=BECAUSE)
        assert answer.json()["status_code"] == 1000, answer.text
        hub.token = answer.json()["data"]["token"]
        yield case


class TestBehindAHub:
    def test_parties_are_let_in_told_apart_and_answered_through_it(self, case: Case) -> None:
        self.looks_back_with_the_ids_of_what_it_is_because_of(case)
        self.knows_whom_the_hub_is_connected_to(case)
        self.has_nobody_speak_who_was_not_let_in(case)
        self.shows_each_party_its_own(case)
        self.takes_broadcasts_as_of_whom_they_are(case)
        self.keeps_what_cpos_push_apart(case)
        self.tells_a_party_how_its_command_ended(case)
        self.heeds_quirks(case)

    def looks_back_with_the_ids_of_what_it_is_because_of(self, case: Case) -> None:
        first, second = case.hub.server.got[:2]
        assert [one.path for one in (first, second)] == ["/ocpi/versions", "/ocpi/2.2.1"]
        assert {one.headers["x-correlation-id"] for one in (first, second)} == {"because-of-this"}
        assert len({one.headers["x-request-id"] for one in (first, second)} - {"request"}) == 2

    def knows_whom_the_hub_is_connected_to(self, case: Case) -> None:
        path = "2.2.1/hubclientinfo/NL/TNM"
        until(lambda: case.ask("GET", path).status_code == 200)
        listed = [one for one in case.hub.server.got if "hubclientinfo" in one.path]
        assert not [name for one in listed for name in one.headers if name.startswith("ocpi-")]
        assert case.ask("PUT", path, json=info("NL-TNM", "OFFLINE", 5)).status_code == 200
        assert case.ask("GET", path).json()["data"]["status"] == "OFFLINE"
        assert case.ask("PUT", path, json=info("NL-TNM", "CONNECTED", 4)).json()["status_code"] == 1000
        assert case.ask("GET", path).json()["data"]["status"] == "OFFLINE"
        assert case.ask("PUT", path, json=info("DE-XYZ", "OFFLINE", 9)).json()["status_code"] == 2001
        assert case.ask("PUT", "2.2.1/hubclientinfo/FR/NEW", json=info("FR-NEW", "PLANNED")).status_code == 201
        with client_of(case.settings) as direct:
            assert direct.put(f"/ocpi/{path}", json=info("NL-TNM", "SUSPENDED", 9)).json()["status_code"] == 2000
        shown = case.wattlog("clients", NAME, "--pull")
        assert "2 named, 2 changed" in shown.stderr, shown.output
        assert ("CONNECTED" in shown.stdout, "FR-NEW" in shown.stdout) == (True, False)

    def has_nobody_speak_who_was_not_let_in(self, case: Case) -> None:
        answer = case.ask("GET", "2.2.1/cdrs", "NL-TNM").json()
        assert (answer["status_code"], "let in" in answer["status_message"]) == (2001, True)
        assert case.wattlog("behind", NAME, "FR-DIR").exit_code == 1
        assert case.wattlog("behind", "FR-DIR", "NL-TNM").exit_code == 1
        done = case.wattlog("behind", NAME, "NL-TNM", "DE-XYZ")
        assert done.exit_code == 0, done.output
        until(lambda: case.ask("GET", "2.2.1/cdrs", "DE-XYZ").json()["status_code"] == 1000)
        assert "NL-HUB CONNECTED" in case.wattlog("list").stdout
        assert case.ask("GET", "2.2.1/cdrs", "FR-DIR").json()["status_code"] == 2001
        assert case.ask("GET", "2.2.1/cdrs", "NL-TNM", to="FR-DIR").json()["status_code"] == 2001

    def shows_each_party_its_own(self, case: Case) -> None:
        assert case.ids("cdrs", "NL-TNM") == [cdr().cdr_id]
        assert case.ids("cdrs", "DE-XYZ") == [XYZ_CDR]
        assert case.ids("sessions", "DE-XYZ") == ["of-xyz"]
        assert case.ids("cdrs", NAME) == case.ids("sessions", "") == []
        assert case.ids("locations", "") == case.ids("locations", "DE-XYZ") == ["LOC-1"]
        headers = case.ask("GET", "2.2.1/cdrs", "DE-XYZ", headers=BECAUSE).headers
        assert (headers["OCPI-to-country-code"], headers["OCPI-to-party-id"]) == ("DE", "XYZ")
        assert (headers["OCPI-from-party-id"], headers["X-Correlation-ID"]) == ("WAT", "because-of-this")

    def takes_broadcasts_as_of_whom_they_are(self, case: Case) -> None:
        path = "2.2.1/tokens/NL/TNM/0477"
        told = TOKEN | {"uid": "0477"}
        assert case.ask("PUT", path, "DE-XYZ", json=told).json()["status_code"] == 2001
        answer = case.ask("PUT", path, NAME, json=told)
        assert (answer.status_code, answer.headers["OCPI-to-party-id"]) == (201, "HUB")
        (registered,) = [e for _, e in records(case.settings.kafka, TokenRegistered.TOPIC)][-1:]
        assert (registered.owner_party_id, registered.source) == ("TNM", "ocpi:NL-TNM")
        assert case.ask("GET", path, "NL-TNM").json()["data"]["uid"] == "0477"
        assert case.ask("GET", path, "DE-XYZ").json()["status_code"] == 2001

    def keeps_what_cpos_push_apart(self, case: Case) -> None:
        for name in ("FR-ONE", "FR-TWO"):
            path = f"2.2.1/hubclientinfo/{name.replace('-', '/')}"
            assert case.ask("PUT", path, json=info(name, "CONNECTED", role="CPO")).status_code == 201
        assert case.wattlog("behind", NAME, "FR-ONE", "FR-TWO").exit_code == 0
        paths = {name: f"2.2.1/emsp/locations/{name.replace('-', '/')}/LOC-1" for name in ("FR-ONE", "FR-TWO")}
        until(lambda: case.ask("GET", paths["FR-TWO"], "FR-TWO").status_code == 404)
        for name, path in paths.items():
            place = PLACE | {"id": "LOC-1", "name": name, "country_code": "FR", "party_id": name[3:]}
            assert case.ask("PUT", path, name, json=place).status_code == 201
        assert case.ask("GET", paths["FR-ONE"], "FR-ONE").json()["data"]["name"] == "FR-ONE"
        assert case.ask("GET", paths["FR-TWO"], "FR-TWO").json()["data"]["name"] == "FR-TWO"
        assert case.ask("GET", paths["FR-ONE"], "FR-TWO").json()["status_code"] == 2001
        assert case.ask("PUT", paths["FR-ONE"], "FR-TWO", json={}).json()["status_code"] == 2001
        case.hub.listed = [
            PLACE | {"id": "LOC-7", "name": name, "country_code": name[:2], "party_id": name[3:]}
            for name in ("FR-ONE", "FR-TWO", "FR-NOT")
        ]
        done = case.wattlog("pull", NAME, "--module", "locations", app=wattlog_roaming)
        assert "locations: 3 came, 2 new or different, 1 of them could not be kept" in done.stdout, done.output
        seven = {name: path.replace("LOC-1", "LOC-7") for name, path in paths.items()}
        for name, path in seven.items():
            until(lambda name=name, path=path: case.ask("GET", path, name).status_code == 200)
            assert case.ask("GET", path, name).json()["data"]["name"] == name
        provider = case.ask("PUT", "2.2.1/emsp/locations/NL/TNM/LOC-1", "NL-TNM", json=PLACE).json()
        assert provider["status_code"] == 2000

    def tells_a_party_how_its_command_ended(self, case: Case) -> None:
        url = f"{case.hub.url}/commands/STOP_SESSION/1"
        wanted = {"response_url": url, "session_id": session().session_id}
        stolen = case.ask("POST", "2.2.1/commands/STOP_SESSION", "DE-XYZ", json=wanted).json()
        assert stolen["data"]["result"] != "ACCEPTED"
        taken = case.ask("POST", "2.2.1/commands/STOP_SESSION", "NL-TNM", json=wanted, headers=BECAUSE).json()
        assert taken["data"]["result"] == "ACCEPTED", taken
        kafka = case.settings.kafka
        ((_, asked),) = until(lambda: records(kafka, CommandRequested.TOPIC))
        (waiting,) = [e for _, e in records(kafka, PartnerCommandTaken.TOPIC)]
        assert (waiting.partner_id, waiting.correlation_id) == ("NL-TNM", "because-of-this")
        answered = CommandAnswered(
            event_id="a", command_id=asked.command_id, tenant=asked.tenant, station_id=asked.station_id,
            operation=asked.operation, outcome=CommandOutcome.ACCEPTED, edge_id="e", epoch=1, recorded_at=1,
        )  # fmt: skip
        say(kafka, answered)
        (result,) = until(lambda: case.hub.told("NL-TNM", "commands", "POST"))
        assert result.body == {"result": "ACCEPTED"}
        assert result.headers["x-correlation-id"] == "because-of-this"
        assert not case.hub.inbox["DE-XYZ"]

    def heeds_quirks(self, case: Case) -> None:
        (whole,) = case.ask("GET", "2.2.1/cdrs", "NL-TNM").json()["data"]
        until_then = f"2.2.1/cdrs?date_to={whole['last_updated']}"
        plain = case.ask("GET", until_then, "NL-TNM")
        assert (plain.json()["data"], "X-Correlation-ID" in plain.headers) == ([], False)
        wanted = ("enum_case=LOWER", "date_to=inclusive", "message_ids=always")
        done = case.wattlog("quirks", NAME, *(word for one in wanted for word in ("--set", one)))
        assert done.exit_code == 0, done.output
        until(lambda: case.ask("GET", until_then, "NL-TNM").json()["data"])
        odd = case.ask("GET", until_then, "NL-TNM")
        assert odd.headers["X-Correlation-ID"]
        (lower,) = odd.json()["data"]
        assert lower["auth_method"] == whole["auth_method"].lower()
        assert lower["cdr_token"]["contract_id"] == whole["cdr_token"]["contract_id"]


@dataclass(frozen=True)
class Push:
    """A push process's Kafka, with a hub."""

    kafka: KafkaSettings
    data_dir: Path
    hub: Hub

    def say(self, *events: Any) -> None:
        say(self.kafka, *events)

    def state(self, key: str) -> PartnerDeliveries | None:
        found: dict[str, PartnerDeliveries] = dict(records(self.kafka, PartnerDeliveries.TOPIC))
        return found.get(f"wattlog/{key}")

    def settled(self, module: str, outcome: DeliveryOutcome) -> list[str]:
        done = [one for one in attempts(self.kafka) if one.module == module and one.outcome is outcome]
        return [one.partner_id for one in done]


@pytest.fixture
def push(own_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Push]:
    prepared(own_kafka)
    with running_hub() as hub:
        say(own_kafka, told_at(hub.url, tmp_path, **_named(hub_partner())), behind(), behind("DE-XYZ"))
        yield Push(own_kafka, tmp_path, hub)


def _named(known: Partner) -> dict[str, Any]:
    return {name: getattr(known, name) for name in ("partner_id", "name", "party_id", "role")}


class TestPushes:
    def test_are_broadcast_when_they_are_for_all_and_routed_when_they_are_for_one(self, push: Push) -> None:
        push.say(kept("NL-TNM", "CONNECTED"), kept("DE-XYZ", "CONNECTED"), token())
        push.say(station(), tariff())
        with pushing(push_settings(push.kafka, push.data_dir)):
            push.say(location())
            until(lambda: push.hub.told("NL-TNM", "locations") and push.hub.told("DE-XYZ", "locations"))
            push.say(session(), issued())
            until(lambda: push.hub.told("NL-TNM", "sessions") and push.hub.told("NL-TNM", "cdrs", "POST"))
        assert not push.hub.told("DE-XYZ", "sessions")
        assert not push.hub.told("DE-XYZ", "cdrs", "POST")
        (place, *_) = push.hub.told("DE-XYZ", "locations")
        assert (place.headers["ocpi-to-party-id"], place.headers["ocpi-from-party-id"]) == ("HUB", "WAT")
        assert push.hub.told("NL-TNM", "sessions")[0].headers["ocpi-to-party-id"] == "TNM"

    def test_wait_for_who_is_offline_and_are_not_for_who_is_suspended_or_unknown(self, push: Push) -> None:
        push.hub.clients["NL-TNM"] = "OFFLINE"
        push.say(kept("NL-TNM", "OFFLINE", 1), kept("DE-XYZ", "SUSPENDED", 1), token(), location())
        push.say(token(token_uid=XYZ_UID, contract_id=XYZ_CONTRACT), behind("FR-ABC"))
        with pushing(push_settings(push.kafka, push.data_dir)):
            push.say(issued(contract_id="FR-ABC-C12345678-X", cdr_id=derived_id("cdr", "fr")))
            push.say(issued(contract_id=XYZ_CONTRACT, cdr_id=XYZ_CDR))
            push.say(session(), issued())
            state = until(lambda: (found := push.state("NL-TNM")) and found.live + found.backlog == 2 and found)
            assert (state.circuit, state.failed_at) == ("CLOSED", None)
            assert not push.settled("cdrs", DeliveryOutcome.RETRY)
            push.hub.clients["NL-TNM"] = "CONNECTED"
            push.say(kept("NL-TNM", "CONNECTED", 2))
            until(lambda: push.hub.told("NL-TNM", "sessions") and push.hub.told("NL-TNM", "cdrs", "POST"))
            # What was broadcast while it was away, it has missed.
            until(lambda: push.hub.told("NL-TNM", "locations"))
            assert push.hub.told("NL-TNM", "locations")[-1].headers["ocpi-to-party-id"] == "TNM"
        assert set(push.settled("cdrs", DeliveryOutcome.DELIVERED)) == {"NL-TNM"}

    def test_are_as_the_hub_wants_them_and_fail_as_it_says(self, push: Push) -> None:
        quirks = PartnerQuirks(token_header="PLAIN", receiver_headers="OMIT", broadcast="OFF")
        quirks = replace(quirks, enum_case="LOWER", trailing_slash="SLASH")
        named = replace(quirks, receiver_headers="SEND")
        known = told_at(push.hub.url, push.data_dir, **_named(hub_partner()), quirks=quirks)
        push.say(known, behind(quirks=named), behind("FR-ABC", quirks=named), token(), location(), station())
        push.say(token(token_uid=XYZ_UID, contract_id=XYZ_CONTRACT))
        with pushing(push_settings(push.kafka, push.data_dir)):
            push.say(issued(contract_id=XYZ_CONTRACT, cdr_id=XYZ_CDR))
            push.say(issued(contract_id="FR-ABC-C12345678-X", cdr_id=derived_id("cdr", "fr")))
            until(lambda: push.hub.told("DE-XYZ", "cdrs", "POST") and push.hub.told("NL-TNM", "locations"))
            until(lambda: push.settled("cdrs", DeliveryOutcome.REFUSED) == ["FR-ABC"])
            letters = until(lambda: records(push.kafka, telling.DEAD_LETTERS))
        assert {type(letter) for _, letter in letters} == {DeadLetter}
        assert all("OCPI 4001" in letter.reason for _, letter in letters)
        (cdr,) = push.hub.told("DE-XYZ", "cdrs", "POST")
        assert [name for name in cdr.headers if name.startswith("ocpi-to")] == []
        assert (cdr.headers["ocpi-from-party-id"], cdr.path.endswith("/cdrs/")) == ("WAT", True)
        assert cdr.headers["authorization"] == f"Token {SECRET}"
        assert cdr.body["auth_method"].islower()
        assert {one.headers["ocpi-to-party-id"] for one in push.hub.told("NL-TNM", "locations")} == {"TNM"}
