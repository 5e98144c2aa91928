"""Reservations have a number of their own at each station, and end as their commands do."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import CommandOutcome
from services.domain.units import rfc3339
from services.ocpi.inbound.reservations import (
    Asking,
    after,
    expiry,
    known_as,
    number,
    reserve_payload,
    standing,
)
from tests.unit.ocpi.facts import START, TENANT, answered, reservation

ASKING = Asking(TENANT, "NL-TNM", "2.2.1", START)


class TestNumber:
    @given(st.text(max_size=36))
    def test_is_an_id_that_stations_take_and_always_the_same(self, reservation_id: str) -> None:
        made = number(ASKING, reservation_id, ())
        assert 1 <= made <= 2**31 - 1
        assert number(ASKING, reservation_id, ()) == made

    def test_is_nobody_elses(self) -> None:
        made = number(ASKING, "r-1", ())
        assert number(replace(ASKING, partner_id="NL-ABC"), "r-1", ()) != made
        again = number(ASKING, "r-1", {made})
        assert again != made
        assert number(ASKING, "r-1", {made, again}) not in (made, again)


class TestStanding:
    def test_ends_with_its_time_or_with_its_status(self) -> None:
        assert standing(reservation(), START)
        assert standing(reservation(status="REQUESTED"), START)
        assert not standing(None, START)
        assert not standing(reservation(expires_at=START), START)
        assert not standing(reservation(status="Removed"), START)


class TestExpiry:
    def test_is_soon(self) -> None:
        assert expiry({"expiry_date": rfc3339(START + 1000)}, START) == START + 1000
        assert expiry({"expiry_date": rfc3339(START)}, START) is None
        assert expiry({"expiry_date": "9999-12-31T00:00:00Z"}, START) is None


def test_ids_are_compared_without_regard_to_case() -> None:
    assert known_as("R-1") == "r-1"
    assert known_as(7) == "7"


def test_any_evse_of_a_station_can_be_reserved() -> None:
    assert "evseId" not in reserve_payload(reservation(evse_id=None), {"idToken": "A", "type": "Central"})


class TestAfter:
    @pytest.mark.parametrize(
        ("command", "status", "outcome", "becomes"),
        [
            ("RESERVE_NOW", "REQUESTED", CommandOutcome.ACCEPTED, "ACTIVE"),
            ("RESERVE_NOW", "REQUESTED", CommandOutcome.REJECTED, "REFUSED"),
            ("RESERVE_NOW", "ACTIVE", CommandOutcome.REJECTED, None),
            ("RESERVE_NOW", "REQUESTED", CommandOutcome.TIMED_OUT, None),
            ("CANCEL_RESERVATION", "ACTIVE", CommandOutcome.ACCEPTED, "CANCELED"),
            ("CANCEL_RESERVATION", "ACTIVE", CommandOutcome.REJECTED, None),
            ("CANCEL_RESERVATION", "Removed", CommandOutcome.ACCEPTED, None),
            ("STOP_SESSION", "ACTIVE", CommandOutcome.ACCEPTED, None),
        ],
    )
    def test_follows_the_answer(
        self, command: str, status: str, outcome: CommandOutcome, becomes: str | None
    ) -> None:
        found = after(reservation(status=status), command, answered(outcome), START + 5)
        assert (found and (found.status, found.updated_at)) == (becomes and (becomes, START + 5))

    def test_stands_since_it_was_accepted_first(self) -> None:
        made = after(reservation(status="REQUESTED"), "RESERVE_NOW", answered(CommandOutcome.ACCEPTED), START)
        assert made is not None
        longer = after(made, "RESERVE_NOW", answered(CommandOutcome.ACCEPTED), START + 5)
        assert longer is not None
        assert (made.active_at, longer.active_at, longer.updated_at) == (START, START, START + 5)

    def test_without_an_answer_or_a_reservation_is_as_it_was(self) -> None:
        assert after(reservation(), "RESERVE_NOW", None, START) is None
        assert after(None, "RESERVE_NOW", answered(), START) is None
