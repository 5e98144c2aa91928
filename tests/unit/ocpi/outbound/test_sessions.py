"""Sessions tell partners what is known, exactly."""

from decimal import Decimal

import pytest

from services.domain.events.common import IdToken, SessionStatus
from services.ocpi.outbound.sessions import session as told_of
from services.ocpi.outbound.tokens import cdr_token
from services.ocpi.wire import v230
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import CONTRACT, END, session, station

OPERATOR = Party("DE", "WAT")


def told(known: bool = True, **changes: object) -> v230.Session:
    return told_of(session(**changes), CONTRACT, station() if known else None, OPERATOR, "EUR", [])


class TestSession:
    def test_of_a_running_session_has_no_end(self) -> None:
        running = told()
        assert (running.status, running.end_date_time, running.kwh) == ("ACTIVE", None, Decimal("2.747"))

    def test_of_a_finished_session_is_completed(self) -> None:
        finished = told(status=SessionStatus.COMPLETED, ended_at=END)
        assert (finished.status, finished.end_date_time) == ("COMPLETED", "2026-09-21T15:13:20.000Z")

    @pytest.mark.parametrize("status", [SessionStatus.SUSPENDED, SessionStatus.UNKNOWN])
    def test_of_a_session_whose_start_is_unknown_is_pending(self, status: SessionStatus) -> None:
        pending = told(status=status, started_at=None)
        assert (pending.status, pending.start_date_time) == ("PENDING", pending.last_updated)

    def test_says_where(self) -> None:
        assert (told().location_id, told().evse_uid, told().connector_id) == ("LOC-1", "DE*WAT*E0001*1", "1")

    def test_belongs_to_the_party_of_its_station(self) -> None:
        theirs = told_of(session(), CONTRACT, station(party_id="XYZ"), OPERATOR, "EUR", [])
        assert (theirs.country_code, theirs.party_id) == ("DE", "XYZ")

    def test_says_na_for_a_station_that_is_not_registered(self) -> None:
        unknown = told(known=False)
        assert (unknown.party_id, unknown.location_id, unknown.evse_uid) == ("WAT", "#NA", "DE-WAT-0001-1")

    def test_loses_no_digit_of_the_energy(self) -> None:
        assert told(energy_wh=Decimal("12345678.1234")).kwh == Decimal("12345.6781234")


class TestCdrToken:
    def test_names_the_owner_of_the_contract(self) -> None:
        token = cdr_token(IdToken(value="04A1"), "de-8aa-ca2b3c4d5-n", [])
        assert (token.country_code, token.party_id, token.contract_id) == ("DE", "8AA", "de-8aa-ca2b3c4d5-n")

    @pytest.mark.parametrize(
        ("kind", "type_"),
        [
            ("Unknown", "RFID"),
            ("ISO15693", "RFID"),
            ("eMAID", "EMAID"),
            ("Central", "APP_USER"),
            ("KeyCode", "OTHER"),
        ],
    )
    def test_has_a_type_that_ocpi_knows(self, kind: str, type_: str) -> None:
        assert cdr_token(IdToken(value="04A1", type=kind), CONTRACT, []).type == type_

    def test_says_na_for_what_is_not_known(self) -> None:
        warnings: list[str] = []
        token = cdr_token(None, "", warnings)
        assert (token.uid, token.contract_id, token.type, token.country_code) == ("#NA", "#NA", "OTHER", "#N")
