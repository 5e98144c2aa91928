"""Commands of partners become operations of stations, or are told why not."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import given

from services.domain.events.common import CommandOutcome, Evse
from services.domain.units import rfc3339
from services.ocpi.inbound.commands import (
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
from services.ocpi.inbound.reservations import Asking
from services.ocpi.outbound.command_results import response, result
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import START as START_MS
from tests.unit.ocpi.facts import UID, answered, reservation, session, station
from tests.unit.ocpi.wire.test_reading import JSON, TOKEN

TNM = Party("NL", "TNM")
OUTLET = Outlet(station(), station().evses[0], connected=True)
SECOND = Outlet(station(), Evse(evse_id=2, evse_uid="E2"), connected=True)
RUNNING = session(ended_at=None)
URL = "https://emsp.example.com/results/1"
ASKING = Asking("wattlog", "NL-TNM", "2.3.0", START_MS)
START = {"response_url": URL, "token": TOKEN, "location_id": "LOC-1", "evse_uid": "de*wat*e0001*1"}


def known(*outlets: Outlet, **changes: Any) -> Known:
    places = {"LOC-1": list(outlets or (OUTLET, SECOND))}
    found = Known(
        places.get,
        lambda session_id: RUNNING if session_id == RUNNING.session_id else None,
        lambda _: True,
        lambda uid: uid == UID,
        lambda _: None,
        lambda _: (),
    )
    return replace(found, **changes)


def asked(command: str, body: dict[str, Any], among: Known | None = None) -> Operation:
    return operation(command, body_of(command, body, "2.3.0", TNM), among or known(), ASKING, 17)


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


RESERVE = START | {"expiry_date": rfc3339(START_MS + 600_000), "reservation_id": "R-1"}
ANOTHER = Outlet(station(station_id="DE-WAT-0002"), Evse(evse_id=1, evse_uid="E3"), connected=True)


def without(name: str) -> dict[str, Any]:
    return {key: item for key, item in RESERVE.items() if key != name}


class TestReserve:
    def test_keeps_the_evse_for_the_token_until_it_expires(self) -> None:
        made = asked("RESERVE_NOW", RESERVE)
        assert made.reservation is not None
        assert made == Operation(
            "DE-WAT-0001",
            "ReserveNow",
            {
                "id": made.reservation.number,
                "expiryDateTime": rfc3339(START_MS + 600_000),
                "idToken": {"idToken": UID, "type": "ISO14443"},
                "evseId": 1,
            },
            made.reservation,
        )
        assert (made.reservation.reservation_id, made.reservation.status) == ("r-1", "REQUESTED")
        assert made.reservation.response_url == URL

    def test_without_an_evse_is_of_any_of_the_only_station(self) -> None:
        assert "evseId" not in asked("RESERVE_NOW", without("evse_uid")).payload
        assert asked("RESERVE_NOW", without("evse_uid"), known(OUTLET)).payload["evseId"] == 1
        assert why_not("RESERVE_NOW", without("evse_uid"), known(OUTLET, ANOTHER)) == REJECTED
        away = replace(OUTLET, connected=False)
        assert (
            why_not("RESERVE_NOW", without("evse_uid"), known(away, replace(SECOND, connected=False))) == REJECTED
        )

    def test_again_changes_the_reservation_that_stands(self) -> None:
        made = asked("RESERVE_NOW", RESERVE, known(reservation=lambda _: reservation()))
        assert made.payload["id"] == 4711
        assert made.reservation is not None
        assert (made.reservation.status, made.reservation.expires_at) == ("ACTIVE", START_MS + 600_000)

    def test_at_another_station_has_to_be_cancelled_first(self) -> None:
        elsewhere = known(reservation=lambda _: reservation(station_id="DE-WAT-0009"))
        assert why_not("RESERVE_NOW", RESERVE, elsewhere) == REJECTED

    @pytest.mark.parametrize("left_ms", [0, -1, 8 * 86_400_000])
    def test_until_an_impossible_time_is_rejected(self, left_ms: int) -> None:
        assert why_not("RESERVE_NOW", RESERVE | {"expiry_date": rfc3339(START_MS + left_ms)}) == REJECTED

    def test_takes_only_tokens_of_the_partner(self) -> None:
        assert why_not("RESERVE_NOW", RESERVE, known(keeps=lambda _: False)) == REJECTED

    @pytest.mark.parametrize("name", ["token", "expiry_date", "reservation_id", "location_id"])
    def test_needs_what_there_must_be(self, name: str) -> None:
        with pytest.raises(Refusal):
            asked("RESERVE_NOW", without(name))


class TestCancel:
    BODY: ClassVar[dict[str, Any]] = {"response_url": URL, "reservation_id": "R-1"}

    def test_frees_what_was_reserved_by_the_number_at_its_station(self) -> None:
        made = asked("CANCEL_RESERVATION", self.BODY, known(reservation={"r-1": reservation()}.get))
        assert made == Operation("DE-WAT-0001", "CancelReservation", {"reservationId": 4711}, reservation())

    @pytest.mark.parametrize("changes", [{"status": "CANCELED"}, {"status": "Expired"}, {"expires_at": START_MS}])
    def test_of_one_that_is_over_is_rejected(self, changes: dict[str, Any]) -> None:
        over = known(reservation=lambda _: reservation(**changes))
        assert why_not("CANCEL_RESERVATION", self.BODY, over) == REJECTED

    def test_of_an_unknown_one_or_at_a_station_that_is_away_is_rejected(self) -> None:
        assert why_not("CANCEL_RESERVATION", self.BODY) == REJECTED
        away = known(reservation=lambda _: reservation(), connected=lambda _: False)
        assert why_not("CANCEL_RESERVATION", self.BODY, away) == REJECTED


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
            assert told(result(answered(outcome)), "CommandResult", version, []) is not None
        assert told(result(None), "CommandResult", version, []) == {"result": "TIMEOUT"}
        assert told(response("REJECTED", 30, "why"), "CommandResponse", version, []) is not None

    @pytest.mark.parametrize(
        ("operation_", "said", "word"),
        [
            ("ReserveNow", {"status": "Occupied"}, "EVSE_OCCUPIED"),
            ("ReserveNow", {"status": "Faulted"}, "EVSE_INOPERATIVE"),
            ("ReserveNow", {"status": "Rejected"}, "REJECTED"),
            ("CancelReservation", {"status": "Rejected"}, "UNKNOWN_RESERVATION"),
            ("UnlockConnector", {"status": "NotSupported"}, "NOT_SUPPORTED"),
        ],
    )
    def test_are_as_exact_as_the_stations_word(self, operation_: str, said: dict[str, str], word: str) -> None:
        answer = answered(CommandOutcome.REJECTED, operation=operation_, **said)
        assert result(answer) == {"result": word}
        for version in ("2.3.0", "2.2.1", "2.1.1"):
            assert told(result(answer), "CommandResult", version, []) is not None

    @pytest.mark.parametrize(
        ("detail", "word"),
        [
            ("NotSupported: what is that", "NOT_SUPPORTED"),
            ("NotImplemented: ", "NOT_SUPPORTED"),
            ("ReserveNow is no operation of ocpp1.5", "NOT_SUPPORTED"),
            ("InternalError: NotSupported", "FAILED"),
            (None, "FAILED"),
        ],
    )
    def test_tell_a_station_that_cannot_from_one_that_fails(self, detail: str | None, word: str) -> None:
        assert result(answered(CommandOutcome.FAILED, detail=detail)) == {"result": word}
