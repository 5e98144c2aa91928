"""Commands of partners become operations of stations, or are told why not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from services.domain.events.common import CommandOutcome, Evse
from services.domain.events.station import CommandAnswered
from services.ocpi.inbound.commands import (
    NOT_SUPPORTED,
    OBJECTS,
    REJECTED,
    UNKNOWN_SESSION,
    Known,
    NotDone,
    Operation,
    Outlet,
    body_of,
    operation,
)
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound.command_results import response, result
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import UID, session, station
from tests.unit.ocpi.wire.test_reading import JSON, TOKEN

TNM = Party("NL", "TNM")
OUTLET = Outlet(station(), station().evses[0], connected=True)
SECOND = Outlet(station(), Evse(evse_id=2, evse_uid="E2"), connected=True)
RUNNING = session(ended_at=None)
URL = "https://emsp.example.com/results/1"
START = {"response_url": URL, "token": TOKEN, "location_id": "LOC-1", "evse_uid": "de*wat*e0001*1"}


def known(*outlets: Outlet, **changes: Any) -> Known:
    places = {"LOC-1": list(outlets or (OUTLET, SECOND))}
    found = Known(
        places.get,
        lambda session_id: RUNNING if session_id == RUNNING.session_id else None,
        lambda _: True,
        lambda uid: uid == UID,
    )
    return replace(found, **changes)


def asked(command: str, body: dict[str, Any], among: Known | None = None) -> Operation:
    return operation(command, body_of(command, body, "2.3.0", TNM), among or known(), 17)


def why_not(command: str, body: dict[str, Any], among: Known | None = None) -> str:
    with pytest.raises(NotDone) as caught:
        asked(command, body, among)
    return caught.value.result


class TestStart:
    def test_asks_the_station_of_the_evse(self) -> None:
        assert asked("START_SESSION", START) == Operation(
            "DE-WAT-0001",
            "RequestStartTransaction",
            {"remoteStartId": 17, "idToken": {"idToken": UID, "type": "ISO14443"}, "evseId": 1},
        )

    def test_of_an_app_is_by_a_token_that_no_reader_reads(self) -> None:
        made = asked("START_SESSION", START | {"token": TOKEN | {"type": "APP_USER"}})
        assert made.payload["idToken"]["type"] == "Central"

    def test_without_an_evse_is_at_the_only_one(self) -> None:
        body = {name: item for name, item in START.items() if name != "evse_uid"}
        assert asked("START_SESSION", body, known(OUTLET)).station_id == "DE-WAT-0001"
        assert why_not("START_SESSION", body) == REJECTED

    def test_is_rejected_when_the_station_is_away_or_the_token_is_not_theirs(self) -> None:
        assert why_not("START_SESSION", START, known(replace(OUTLET, connected=False))) == REJECTED
        disabled = replace(OUTLET, station=station(enabled=False))
        assert why_not("START_SESSION", START, known(disabled)) == REJECTED
        assert why_not("START_SESSION", START, known(keeps=lambda _: False)) == REJECTED

    @pytest.mark.parametrize("changes", [{"location_id": "LOC-9"}, {"evse_uid": "E9"}])
    def test_is_refused_where_there_is_nothing(self, changes: dict[str, str]) -> None:
        with pytest.raises(Refusal) as caught:
            asked("START_SESSION", START | changes)
        assert (caught.value.status, caught.value.http_status) == (Status.UNKNOWN_LOCATION, 200)


class TestStop:
    def test_ends_the_partners_own_session(self) -> None:
        made = asked("STOP_SESSION", {"response_url": URL, "session_id": RUNNING.session_id})
        assert made == Operation(
            "DE-WAT-0001", "RequestStopTransaction", {"transactionId": RUNNING.transaction_id}
        )

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"session": lambda _: None}, UNKNOWN_SESSION),
            ({"session": lambda _: replace(RUNNING, ended_at=5)}, REJECTED),
            ({"connected": lambda _: False}, REJECTED),
        ],
    )
    def test_is_not_passed_on_otherwise(self, changes: dict[str, Any], why: str) -> None:
        body = {"response_url": URL, "session_id": RUNNING.session_id}
        assert why_not("STOP_SESSION", body, known(**changes)) == why


class TestOthers:
    def test_unlock_a_connector(self) -> None:
        body = {"response_url": URL, "location_id": "LOC-1", "evse_uid": "E2", "connector_id": "1"}
        assert asked("UNLOCK_CONNECTOR", body).payload == {"evseId": 2, "connectorId": 1}

    @pytest.mark.parametrize("command", ["RESERVE_NOW", "CANCEL_RESERVATION"])
    def test_of_reservations_are_not_supported(self, command: str) -> None:
        assert why_not(command, {"response_url": URL}) == NOT_SUPPORTED


class TestBodyOf:
    @pytest.mark.parametrize(
        ("command", "version"), [("DANCE", "2.3.0"), ("start_session", "2.3.0"), ("CANCEL_RESERVATION", "2.1.1")]
    )
    def test_knows_the_commands_of_each_version(self, command: str, version: str) -> None:
        with pytest.raises(Refusal):
            body_of(command, START, version, TNM)

    @pytest.mark.parametrize(
        "changes", [{"response_url": None}, {"token": None}, {"token": {"uid": "1"}}, {"location_id": []}]
    )
    def test_needs_what_there_must_be(self, changes: dict[str, Any]) -> None:
        body = {name: item for name, item in (START | changes).items() if item is not None}
        with pytest.raises(Refusal) as caught:
            body_of("START_SESSION", body, "2.3.0", TNM)
        assert caught.value.status == Status.INVALID_PARAMETERS

    @given(JSON)
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        for command in OBJECTS:
            with pytest.raises(Refusal):
                body_of(command, body, "2.2.1", TNM)


class TestResults:
    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.1"])
    def test_are_told_in_every_version(self, version: str) -> None:
        for outcome in CommandOutcome:
            answer = CommandAnswered(
                event_id="e", command_id="c", tenant="t", station_id="s", operation="Reset", outcome=outcome,
                edge_id="e", epoch=1, recorded_at=1,
            )  # fmt: skip
            assert told(result(answer), "CommandResult", version, []) is not None
        assert told(result(None), "CommandResult", version, []) == {"result": "TIMEOUT"}
        assert told(response("REJECTED", 30, "why"), "CommandResponse", version, []) is not None
