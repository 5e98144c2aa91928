"""Tokens whose provider has a word in it: what each whitelist type means, and what follows from each answer."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.authorization import (
    AuthorizationAnswered,
    AuthorizationDecided,
    AuthorizationRequested,
)
from services.domain.events.transaction import TransactionStarted
from services.domain.providers import Providers
from services.ocpp.connection import Connection
from services.ocpp.inbound.asking import GRANTED_MS
from services.ocpp.inbound.reply import Edge
from tests.unit.domain.test_providers import partner
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16, V201, token

DAY_MS = 24 * 3600 * 1000
OLD = {"updated_at": NOW - 31 * DAY_MS, "owner_country_code": "NL", "owner_party_id": "TNM"}
LISTED = {
    entry.key: entry
    for entry in (
        token("ALWAYS1", whitelist="ALWAYS", **OLD),
        token("NEVER1", whitelist="NEVER", **OLD),
        token("OFFLINE1", whitelist="ALLOWED_OFFLINE", **OLD),
        token("ALLOWED1", whitelist="ALLOWED", **OLD),
        token("FRESH1", whitelist="ALLOWED", **(OLD | {"updated_at": NOW})),
        token("PLAIN1"),
    )
}


def edge(**changes: Any) -> Edge:
    """One with a provider of these habits; `None`: there is none."""
    providers = Providers()
    if changes != {"none": True}:
        providers.changed("wattlog/NL-TNM", partner(**({"realtime": True} | changes)))
    return replace(EDGE, token=LISTED.get, providers=providers)


def station(protocol: str = V16, **changes: Any) -> Connection:
    return Connection(edge(**changes), STATION, protocol, 7)


def answer(request: Any, outcome: str, **changes: Any) -> AuthorizationAnswered:
    assert isinstance(request, AuthorizationRequested)
    values: dict[str, Any] = {
        "event_id": "e", "request_id": request.event_id, "tenant": TENANT, "token_uid": request.token_uid,
        "station_id": STATION, "outcome": outcome, "partner_id": "NL-TNM", "answered_at": NOW + 50,
    }  # fmt: skip
    return AuthorizationAnswered(**(values | changes))


def says(
    machine: Connection, action: str, payload: dict[str, Any], outcome: str | None = None, **more: Any
) -> Any:
    """The step of a message; with an `outcome` ("" for none at all) it has to be asked about, and is."""
    at = more.pop("at", NOW)
    step = machine.receive(orjson.dumps([2, more.pop("id", action), action, payload]), at)
    if outcome is None:
        assert step.inquiry is None
        return step
    assert step.inquiry is not None, "nobody was asked"
    request = step.inquiry.questions[-1]
    return step.inquiry.then([answer(request, outcome, **more) if outcome else None], at + 60)


def authorized(machine: Connection, uid: str, outcome: str | None = None, **more: Any) -> tuple[str, str]:
    """Status and reason."""
    step = says(machine, "Authorize", {"idTag": uid}, outcome, **more)
    event = step.events[0]
    assert isinstance(event, AuthorizationDecided)
    return orjson.loads(step.reply)[2]["idTagInfo"]["status"], event.reason


class TestWhitelistTypes:
    @pytest.mark.parametrize("uid", ["ALWAYS1", "FRESH1", "PLAIN1"])
    def test_that_may_be_listed_are_answered_at_once(self, uid: str) -> None:
        assert authorized(station(), uid) == ("Accepted", "valid")

    @pytest.mark.parametrize("uid", ["NEVER1", "OFFLINE1", "ALLOWED1", "UNKNOWN1"])
    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            ("ALLOWED", "Accepted"), ("BLOCKED", "Blocked"), ("EXPIRED", "Expired"), ("NO_CREDIT", "Invalid"),
            ("NOT_ALLOWED", "Invalid"), ("UNKNOWN", "Invalid"),
        ],
    )  # fmt: skip
    def test_that_are_asked_about_go_by_the_answer(self, uid: str, outcome: str, status: str) -> None:
        assert authorized(station(), uid, outcome)[0] == status

    @pytest.mark.parametrize(
        ("uid", "when_silent", "silent", "unasked"),
        [
            ("NEVER1", "ALLOW", "Invalid", "Invalid"),
            ("OFFLINE1", "REFUSE", "Accepted", "Accepted"),
            ("ALLOWED1", "REFUSE", "Invalid", "Accepted"),
            ("ALLOWED1", "ALLOW", "Accepted", "Accepted"),
            ("UNKNOWN1", "ALLOW", "Invalid", "Invalid"),
        ],
    )
    def test_fall_back_when_the_provider_is_silent_or_we_cannot_ask(
        self, uid: str, when_silent: str, silent: str, unasked: str
    ) -> None:
        assert authorized(station(when_silent=when_silent), uid, "SILENT")[0] == silent
        assert authorized(station(when_silent=when_silent), uid, "BUSY")[0] == silent
        assert authorized(station(when_silent=when_silent), uid, "")[0] == unasked

    def test_without_a_provider_to_ask_are_listed_unless_it_has_to_be(self) -> None:
        machine = station(none=True)
        assert authorized(machine, "OFFLINE1", id="1") == ("Accepted", "valid")
        assert authorized(machine, "NEVER1", id="2")[0] == "Invalid"
        assert authorized(machine, "UNKNOWN1", id="3") == ("Invalid", "not in the whitelist")

    @pytest.mark.parametrize("uid", ["", "X" * 37, "ümlaut", "a\tb"])
    def test_are_not_asked_about_with_a_uid_that_no_provider_has(self, uid: str) -> None:
        payload = {"idToken": {"idToken": uid, "type": "Central"}}
        step = station(V201).receive(orjson.dumps([2, "1", "Authorize", payload]), NOW)
        assert step.inquiry is None


class TestQuestion:
    def test_says_where_and_until_when(self) -> None:
        start = {"connectorId": 2, "idTag": "never1", "meterStart": 0, "timestamp": "2026-09-21T14:13:20Z"}
        step = station().receive(orjson.dumps([2, "1", "StartTransaction", start]), NOW)
        assert step.inquiry is not None
        request = step.inquiry.questions[0]
        assert isinstance(request, AuthorizationRequested)
        assert (request.uid, request.token_uid, request.evse_id) == ("never1", "NEVER1", 2)
        assert (request.requested_at, request.deadline_at) == (NOW, NOW + 4000)

    def test_is_another_one_for_each_message(self) -> None:
        first, second = (
            station().receive(orjson.dumps([2, name, "Authorize", {"idTag": "NEVER1"}]), NOW) for name in "ab"
        )
        assert first.inquiry is not None
        assert second.inquiry is not None
        assert first.inquiry.questions != second.inquiry.questions


START = {"connectorId": 1, "idTag": "NEVER1", "meterStart": 0, "timestamp": "2026-09-21T14:13:20Z"}


def started(step: Any) -> TransactionStarted:
    (event,) = [one for one in step.events if isinstance(one, TransactionStarted)]
    return event


class TestStart:
    def test_keeps_the_providers_reference(self) -> None:
        step = says(station(), "StartTransaction", START, "ALLOWED", authorization_reference="r1")
        assert step.durable
        token = started(step).id_token
        assert token is not None
        assert (token.authorization_method, token.authorization_reference) == ("AUTH_REQUEST", "r1")

    def test_is_recorded_whatever_the_provider_says(self) -> None:
        step = says(station(), "StartTransaction", START, "BLOCKED")
        assert started(step).authorization_status == "Blocked"
        assert orjson.loads(step.reply)[2]["idTagInfo"]["status"] == "Blocked"

    def test_is_recorded_as_of_when_it_came(self) -> None:
        assert started(says(station(), "StartTransaction", START, "")).recorded_at == NOW

    def test_stands_on_what_was_allowed_a_moment_ago_once(self) -> None:
        machine = station()
        authorized(machine, "NEVER1", "ALLOWED", authorization_reference="r1")
        first = says(machine, "StartTransaction", START, at=NOW + 1000, id="s1")
        token = started(first).id_token
        assert token is not None
        assert token.authorization_reference == "r1"
        assert orjson.loads(first.reply)[2]["idTagInfo"]["status"] == "Accepted"
        machine.settle(first)
        again = says(machine, "StartTransaction", START, at=NOW + 2000, id="s2")
        assert started(again).event_id == started(first).event_id
        machine.settle(again)
        other = says(machine, "StartTransaction", START | {"connectorId": 2}, "ALLOWED", at=NOW + 3000, id="s3")
        assert started(other).id_token != token

    def test_does_not_stand_on_what_was_refused_or_is_long_ago(self) -> None:
        machine = station()
        authorized(machine, "NEVER1", "ALLOWED")
        authorized(machine, "NEVER1", "BLOCKED", id="2")
        says(machine, "StartTransaction", START, "ALLOWED", id="3")
        machine = station()
        authorized(machine, "NEVER1", "ALLOWED")
        says(machine, "StartTransaction", START, "ALLOWED", at=NOW + GRANTED_MS + 1_000, id="2")

    def test_of_a_master_pass_is_refused_even_if_its_provider_allows_it(self) -> None:
        master = token("MASTER1", group_id="MASTERS", whitelist="NEVER", **OLD)
        machine = Connection(replace(edge(), token=lambda _key: master), STATION, V16, 7)
        step = says(machine, "StartTransaction", START | {"idTag": "MASTER1"}, "ALLOWED")
        assert started(step).authorization_status == "Invalid"

    def test_ends_without_asking(self) -> None:
        stop = {"transactionId": 1, "idTag": "NEVER1", "meterStop": 5, "timestamp": "2026-09-21T15:13:20Z"}
        step = says(station(), "StopTransaction", stop)
        assert orjson.loads(step.reply)[2]["idTagInfo"]["status"] == "Accepted"


class TestTransactionEvent:
    def event(self, kind: str, trigger: str, seq_no: int = 0) -> dict[str, Any]:
        return {
            "eventType": kind, "triggerReason": trigger, "seqNo": seq_no, "timestamp": "2026-09-21T14:13:20Z",
            "transactionInfo": {"transactionId": "t1"}, "evse": {"id": 1, "connectorId": 1},
            "idToken": {"idToken": "NEVER1", "type": "ISO14443"},
        }  # fmt: skip

    def test_that_starts_is_asked_about(self) -> None:
        machine = station(V201)
        step = says(machine, "TransactionEvent", self.event("Started", "Authorized"), "NO_CREDIT", info="Leer")
        info = orjson.loads(step.reply)[2]["idTokenInfo"]
        assert info == {"status": "NoCredit", "personalMessage": {"format": "UTF8", "content": "Leer"}}

    def test_tells_the_driver_in_the_language_of_the_provider(self) -> None:
        step = says(
            station(V201), "TransactionEvent", self.event("Updated", "Authorized"), "ALLOWED",
            info="Gute Fahrt", info_language="de",
        )  # fmt: skip
        assert orjson.loads(step.reply)[2]["idTokenInfo"]["personalMessage"]["language"] == "de"

    def test_that_ends_is_not_asked_about(self) -> None:
        machine = station(V201)
        says(machine, "TransactionEvent", self.event("Updated", "StopAuthorized", 1), id="1")
        says(machine, "TransactionEvent", self.event("Ended", "StopAuthorized", 2), id="2")


class TestContract:
    def test_is_decided_by_its_provider_too(self) -> None:
        payload = {
            "idToken": {"idToken": "NEVER1", "type": "eMAID"},
            "iso15118CertificateHashData": [
                {
                    "hashAlgorithm": "SHA256", "issuerNameHash": "aa" * 32, "issuerKeyHash": "bb" * 32,
                    "serialNumber": "1", "responderURL": "http://ocsp.example.com/",
                }
            ],
        }  # fmt: skip
        machine = Connection(replace(edge(), ocsp_responders=("http://ocsp.example.com/",)), STATION, V201, 7)
        step = machine.receive(orjson.dumps([2, "1", "Authorize", payload]), NOW)
        assert step.inquiry is not None
        assert len(step.inquiry.questions) == 2
        done = step.inquiry.then([None, answer(step.inquiry.questions[1], "ALLOWED")], NOW + 5)
        told = orjson.loads(done.reply or b"")[2]
        assert (told["idTokenInfo"]["status"], told["certificateStatus"]) == ("Invalid", "CertChainError")
        assert done.events[0].to_record()["partner_id"] == "NL-TNM"
