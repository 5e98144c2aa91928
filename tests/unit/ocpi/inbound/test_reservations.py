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
    agreed_until,
    expiry,
    known_as,
    number,
    over,
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


class TestOver:
    ACTIVE = reservation(active_at=START, expires_at=START + 60_000)

    def test_is_told_half_a_minute_later_and_for_a_week(self) -> None:
        found = over(self.ACTIVE, START + 90_000)
        assert found is not None
        assert (found.reserved_from, found.expires_at, found.recorded_at) == (
            START,
            START + 60_000,
            START + 90_000,
        )
        assert (found.reservation_number, found.station_id, found.evse_id) == (4711, "DE-WAT-0001", 1)
        assert found.id_token is not None
        assert (found.id_token.value, found.id_token.authorization_method) == (self.ACTIVE.token_uid, "COMMAND")
        assert over(self.ACTIVE, START + 89_999) is None
        week = 7 * 86_400_000
        assert over(self.ACTIVE, START + 60_000 + week) is not None
        assert over(self.ACTIVE, START + 60_001 + week) is None

    def test_has_the_same_id_whenever_it_is_told_and_another_when_it_is_made_anew(self) -> None:
        again = replace(self.ACTIVE, active_at=START + 1)
        ids = [one and one.event_id for one in (over(self.ACTIVE, START + 90_000), over(again, START + 90_000))]
        later = over(replace(self.ACTIVE, status="Expired"), START + 95_000)
        assert later is not None
        assert later.event_id == ids[0] != ids[1]

    @pytest.mark.parametrize("status", ["REQUESTED", "REFUSED", "CANCELED", "Removed", "NoTransaction"])
    def test_is_not_told_of_what_was_given_up_or_never_there(self, status: str) -> None:
        assert over(replace(self.ACTIVE, status=status), START + 90_000) is None

    def test_is_not_told_of_what_no_station_accepted(self) -> None:
        assert over(replace(self.ACTIVE, active_at=None), START + 90_000) is None


class TestChange:
    """A reservation that stands is asked for again, with another end."""

    LATER = reservation(active_at=START, expires_at=START + 120_000, agreed_until=START + 60_000)

    def test_that_is_refused_leaves_the_end_that_was_agreed(self) -> None:
        found = after(self.LATER, "RESERVE_NOW", answered(CommandOutcome.REJECTED), START + 5)
        assert found == replace(self.LATER, expires_at=START + 60_000, agreed_until=None, updated_at=START + 5)
        assert (
            after(replace(self.LATER, agreed_until=None), "RESERVE_NOW", answered(CommandOutcome.REJECTED), 5)
            is None
        )

    def test_that_is_accepted_is_the_end_that_is_agreed(self) -> None:
        found = after(self.LATER, "RESERVE_NOW", answered(CommandOutcome.ACCEPTED), START + 5)
        assert found is not None
        assert (found.expires_at, found.agreed_until, found.active_at) == (START + 120_000, None, START)

    def test_keeps_in_mind_what_the_station_knows(self) -> None:
        assert agreed_until(reservation(status="REQUESTED")) is None
        assert agreed_until(replace(self.LATER, agreed_until=None)) == START + 120_000
        assert agreed_until(self.LATER) == START + 60_000

    def test_that_is_never_answered_was_none(self) -> None:
        found = over(self.LATER, START + 150_000)
        assert found is not None
        assert found.expires_at == START + 60_000
