"""A booking is decided at once, by what is free, and told to the station when its time has come."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from services.domain.units import rfc3339
from services.ocpi.inbound.bookings import (
    asked_of,
    changed,
    decided,
    kept_until,
    next_status,
    period_of,
    taken_by,
    wants_release,
    wants_reservation,
    without,
)
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound.booking_locations import booking_location, calendar, free_in, is_free
from services.ocpi.outbound.told import told
from services.ocpi.wire.booking import HORIZON_MS, Bookable, Period
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import read, validate
from tests.unit.ocpi.facts import CONTRACT, START, UID, reservation
from tests.unit.ocpi.wire.test_reading import JSON

EXAMPLES = Path(__file__).resolve().parents[5] / "shared/specs/ocpi/2.3.0-bookings-1.1/examples"
TNM = Party("NL", "TNM")
HOUR = 3_600_000
BEGIN = START + 2 * HOUR
EVSE = Bookable(Party("DE", "WAT"), "LOC-1", "DE-WAT-0001", 1, "E1", "AC-2026", 22_000, START - 86_400_000)


def request(start: int = BEGIN, minutes: int = 60, **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "country_code": "NL",
        "party_id": "TNM",
        "request_id": "Req-1",
        "location_id": "LOC-1",
        "booking_location_id": "E1",
        "tokens": [{"country_code": "NL", "party_id": "TNM", "uid": UID, "type": "RFID", "contract_id": CONTRACT}],
        "period": {"start_date_time": rfc3339(start), "end_date_time": rfc3339(start + minutes * 60_000)},
        "authorization_reference": "auth-1",
    }
    return {name: item for name, item in (asked | changes).items() if item is not None}


def booked(asked: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    before = how.get("before")
    taken = how.get("taken", ())
    free = without(replace(EVSE, taken=taken), before)
    return decided(asked or request(), free, before, lambda uid: uid == UID, how.get("now", START))


def outcome(booking: dict[str, Any]) -> tuple[str, str]:
    return booking["reservation_status"], booking["booking_requests"][-1]["request_status"]


CANCEL = {"cancellation_reason": "TRAFFIC", "who_canceled": "EMSP"}


class TestDecided:
    def test_reserves_what_is_free(self) -> None:
        made = booked(asked_of(request(), TNM))
        assert outcome(made) == ("RESERVED", "ACCEPTED")
        assert (made["booking_option"], made["country_code"]) == ({"evse_uid": "E1"}, "DE")
        assert told(made, "Booking", "2.3.0", []) is not None

    @pytest.mark.parametrize(
        ("asked", "taken"),
        [
            (request(), (Period(BEGIN + 1, BEGIN + 2),)),
            (request(START - 1), ()),
            (request(START + HORIZON_MS + 1), ()),
            (request(minutes=14), ()),
            (request(minutes=1441), ()),
            (request(minutes=-60), ()),
            (request(tokens=None), ()),
            (request(tokens=[{"uid": "somebody's"}]), ()),
            (request(canceled=CANCEL), ()),
        ],
    )
    def test_rejects_what_is_not(self, asked: dict[str, Any], taken: tuple[Period, ...]) -> None:
        assert outcome(booked(asked, taken=taken)) == ("REJECTED", "DECLINED")

    def test_takes_what_ends_when_the_next_begins(self) -> None:
        around = (Period(BEGIN - HOUR, BEGIN), Period(BEGIN + HOUR, BEGIN + 2 * HOUR))
        assert outcome(booked(taken=around))[0] == "RESERVED"

    def test_is_the_same_for_the_same_request(self) -> None:
        made = booked()
        assert booked(before=made, now=START + 5) is made

    def test_changes_a_booking_within_its_own_time(self) -> None:
        made = booked()
        after = booked(request(BEGIN + HOUR // 2), before=made, taken=(period_of(made["period"]),))
        assert outcome(after) == ("RESERVED", "ACCEPTED")
        assert period_of(after["period"]).start == BEGIN + HOUR // 2
        assert (after["id"], len(after["booking_requests"])) == (made["id"], 2)

    def test_leaves_a_booking_that_cannot_be_changed(self) -> None:
        made = booked()
        for asked, now in ((request(minutes=5), START), (request(minutes=90), BEGIN)):
            after = booked(asked, before=made, now=now)
            assert outcome(after) == ("RESERVED", "DECLINED")
            assert after["period"] == made["period"]

    def test_cancels_in_good_time(self) -> None:
        made = booked()
        after = booked(request(canceled=CANCEL), before=made)
        assert outcome(after) == ("CANCELED", "ACCEPTED")
        assert after["canceled"] == CANCEL
        assert outcome(booked(request(canceled=CANCEL), before=made, now=BEGIN)) == ("RESERVED", "DECLINED")
        assert outcome(booked(before=after)) == ("CANCELED", "DECLINED")
        assert without(EVSE, after) == EVSE


class TestAsked:
    @pytest.mark.parametrize(
        "changes",
        [
            {"request_id": None},
            {"period": {"start_date_time": rfc3339(BEGIN)}},
            {"party_id": "ABC"},
            {"tokens": [{"uid": "x"}]},
            {"authorization_reference": "x" * 37},
        ],
    )
    def test_needs_what_there_must_be(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Refusal) as caught:
            asked_of(request(**changes), TNM)
        assert caught.value.status == 2001

    @given(JSON)
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        with pytest.raises(Refusal):
            asked_of(body, TNM)


class TestTime:
    def test_asks_the_station_when_the_booking_begins_and_once(self) -> None:
        made = booked()
        assert kept_until(made) == BEGIN + 900_000
        assert not wants_reservation(made, None, BEGIN - 1)
        assert wants_reservation(made, None, BEGIN)
        assert not wants_reservation(made, reservation(), BEGIN)
        assert not wants_reservation(made, None, BEGIN + 900_000)
        assert not wants_reservation(made | {"reservation_status": "CANCELED"}, None, BEGIN)
        assert not wants_reservation(made | {"booking_tokens": []}, None, BEGIN)

    def test_releases_what_is_kept_for_nobody(self) -> None:
        over = booked() | {"reservation_status": "CANCELED"}
        assert wants_release(over, reservation(), START)
        assert not wants_release(over, reservation(status="CANCELED"), START)
        assert not wants_release(over, reservation(expires_at=START), START)
        assert not wants_release(over, None, START)
        assert not wants_release(booked(), reservation(), START)

    @pytest.mark.parametrize(
        ("said", "becomes"),
        [("REFUSED", "FAILED"), ("Expired", "NO_SHOW"), ("Removed", "CANCELED"), ("ACTIVE", None)],
    )
    def test_follows_what_the_station_does(self, said: str, becomes: str | None) -> None:
        change = next_status(booked(), reservation(status=said), BEGIN)
        assert change.get("reservation_status") == becomes
        assert not validate(booked() | change, "Booking", "2.3.0")

    def test_is_over_at_its_end(self) -> None:
        assert next_status(booked(), None, BEGIN) == {}
        assert next_status(booked(), None, BEGIN + HOUR) == {"reservation_status": "UNKNOWN"}
        assert next_status(booked() | {"reservation_status": "NO_SHOW"}, None, BEGIN + HOUR) == {}


class TestLocations:
    def test_show_when_they_are_free(self) -> None:
        taken = taken_by([booked(), booked() | {"reservation_status": "CANCELED"}], "E1")
        assert taken == (Period(BEGIN, BEGIN + HOUR),)
        assert taken_by([booked()], "E2") == ()
        assert changed([booked()], "E1") == [START]
        shown = booking_location(replace(EVSE, taken=taken), START)
        assert not validate(shown, "BookingLocation", "2.3.0")
        slots = shown["calendars"][0]["available_timeslots"]
        assert slots[0]["end_date_time"] == rfc3339(BEGIN)
        assert slots[1]["start_date_time"] == rfc3339(BEGIN + HOUR)

    def test_without_tariff_or_free_time_are_told_too(self) -> None:
        whole = (Period(0, START * 2),)
        shown = booking_location(replace(EVSE, taken=whole, tariff_id=""), START)
        assert not {"calendars", "tariff_ids"} & shown.keys()
        assert not validate(shown, "BookingLocation", "2.3.0")
        assert calendar(EVSE, START)["timeslot_increment"] == 15

    def test_have_what_is_left(self) -> None:
        whole = Period(10, 20)
        assert free_in(whole, ()) == [whole]
        assert free_in(whole, (Period(5, 12), Period(11, 13), Period(15, 16))) == [Period(13, 15), Period(16, 20)]
        assert free_in(whole, (Period(18, 25),)) == [Period(10, 18)]
        assert free_in(whole, (Period(25, 30),)) == [whole]
        assert free_in(whole, (Period(0, 30),)) == []


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the specification's examples are not on this machine")
def test_the_official_booking_is_understood() -> None:
    example = json.loads((EXAMPLES / "booking_example.json").read_text())
    assert read(example, "Booking", "2.3.0").value["booking_requests"]


class TestIsFree:
    TAKEN = replace(EVSE, taken=(Period(BEGIN, BEGIN + HOUR),))

    @pytest.mark.parametrize(
        ("since", "until", "free"),
        [
            (0, 2**50, True),
            (BEGIN, BEGIN + HOUR, False),
            (BEGIN, BEGIN + HOUR + 1, True),
            (BEGIN - 1, BEGIN + HOUR, True),
            (START - 2 * HOUR, START, False),
            (START + HORIZON_MS, 2**50, False),
            (BEGIN + 3 * HOUR, BEGIN + 2 * HOUR, False),
        ],
    )
    def test_of_what_can_still_be_booked(self, since: int, until: int, free: bool) -> None:
        assert is_free(self.TAKEN, START, Period(since, until)) is free
