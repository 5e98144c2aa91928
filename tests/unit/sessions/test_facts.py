import itertools
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.common import IdToken
from services.sessions.facts import contradicts_end, contradicts_start, flagged, with_end, with_start, with_update
from services.sessions.outcome import flags
from services.sessions.state import Charging, End, Holder, Place, Session, Start
from tests.scenarios.story import at, told

BLANK = Session("s", "t", "CS1", "1", "ocpp1.6")


def started(when: str = "10:00", **more: Any) -> Any:
    return told({"kind": "Started", "at": when, "transaction_id": "1", "evse_id": 1, "wh": 1000} | more)


def updated(when: str = "10:10", **more: Any) -> Any:
    return told({"kind": "Updated", "at": when, "transaction_id": "1"} | more)


def ended(when: str = "10:30", **more: Any) -> Any:
    return told({"kind": "Ended", "at": when, "transaction_id": "1", "wh": 2000} | more)


class TestWithStart:
    def test_takes_time_and_register(self) -> None:
        event = started()
        assert with_start(BLANK, event).start == Start(event.start_key, at("10:00"), Decimal(1000))

    def test_keeps_a_start_that_is_known(self) -> None:
        known = with_start(BLANK, started())
        assert with_start(known, started("09:00", wh=7)).start == known.start

    @pytest.mark.parametrize(("status", "flags"), [("Accepted", ()), (None, ()), ("Blocked", ("NOT_AUTHORIZED",))])
    def test_says_when_the_token_was_not_accepted(self, status: str | None, flags: tuple[str, ...]) -> None:
        assert with_start(BLANK, started(authorization_status=status)).flags == flags

    def test_says_when_the_edge_tolerated_something(self) -> None:
        assert with_start(BLANK, started(warnings=["timestamp is no date-time"])).flags == ("WARNINGS",)

    def test_takes_no_register_below_zero(self) -> None:
        found = with_start(BLANK, started(wh=-5))
        assert found.start is not None
        assert found.start.meter_wh is None


class TestReservation:
    def test_is_said_by_the_start_or_an_update_in_any_order(self) -> None:
        says = [(with_start, started(reservation_id=9)), (with_update, updated(reservation_id=7))]
        for order in itertools.permutations([*says, (with_end, ended())]):
            known = BLANK
            for add, event in order:
                known = add(known, event)
            assert known.reservation_id == 7

    def test_that_comes_again_changes_nothing(self) -> None:
        known = with_update(with_start(BLANK, started()), updated(reservation_id=7))
        assert with_update(known, updated(reservation_id=7)) is known


class TestWithUpdate:
    def test_is_the_same_object_when_nothing_is_new(self) -> None:
        event = updated(read={"10:10": 1200}, seq=4, charging_state="Charging", evse_id=1, token="AA")
        found = with_update(BLANK, event)
        assert found is not BLANK
        assert with_update(found, event) is found

    def test_takes_readings_number_state_place_and_holder(self) -> None:
        event = updated(read={"10:10": 1200}, seq=4, charging_state="Charging", evse_id=1, token="AA")
        found = with_update(BLANK, event)
        assert found.registers.last is not None
        assert found.registers.last.wh == 1200
        assert found.seq_nos == (4, 4)
        assert found.charging == Charging(4, "Charging")
        assert found.place == Place(1, at("10:10"), 1, None)
        assert found.holder == Holder(1, at("10:10"), IdToken(value="AA"))

    def test_prefers_a_token_that_was_accepted_in_whatever_order_it_is_told(self) -> None:
        refused = updated("10:05", seq=1, token="WRONG", authorization_status="Invalid")
        accepted = updated("10:10", seq=2, token="RIGHT", authorization_status="Accepted")
        ending = ended("10:30", seq=3, token="OTHER")
        for order in itertools.permutations([refused, accepted, ending]):
            found = BLANK
            for event in order:
                found = with_end(found, event) if event is ending else with_update(found, event)
            assert found.holder == Holder(1, at("10:10"), IdToken(value="RIGHT"))
            assert flags(found, None) == ()

    def test_keeps_a_token_that_was_refused_when_there_is_no_better_and_says_so(self) -> None:
        refused = updated("10:05", seq=1, token="WRONG", authorization_status="ConcurrentTx")
        found = with_end(with_update(BLANK, refused), ended("10:30", seq=2, token="OTHER"))
        assert found.holder == Holder(2, at("10:05"), IdToken(value="WRONG"))
        assert flags(found, None) == ("NOT_AUTHORIZED",)
        assert with_update(found, refused) is found

    def test_keeps_the_charging_state_of_the_highest_number(self) -> None:
        found = with_update(BLANK, updated(seq=5, charging_state="SuspendedEV"))
        assert with_update(found, updated("10:20", seq=4, charging_state="Charging")).charging == Charging(
            5, "SuspendedEV"
        )

    def test_takes_a_charging_state_without_number(self) -> None:
        assert with_update(BLANK, updated(charging_state="Charging")).charging == Charging(0, "Charging")

    def test_prefers_the_word_of_the_start_and_then_of_the_earliest(self) -> None:
        late, early = updated("10:20", token="BB", evse_id=2), updated("10:10", token="CC", evse_id=3)
        end = ended(token="EE", evse_id=4)
        start = started(token="AA")
        for order in ([late, early, end], [end, early, late], [early, end, late]):
            found = BLANK
            for event in order:
                found = with_end(found, event) if event is end else with_update(found, event)
            assert found.holder is not None
            assert found.place is not None
            assert (found.holder.token.value, found.place.evse_id) == ("CC", 3)
            found = with_start(found, start)
            assert found.holder is not None
            assert found.place is not None
            assert (found.holder.token.value, found.place.evse_id) == ("AA", 1)


class TestWithEnd:
    def test_takes_time_register_and_reason(self) -> None:
        assert with_end(BLANK, ended(stopped_reason="Local")).end == End(at("10:30"), Decimal(2000), "Local")

    def test_keeps_an_end_that_is_known(self) -> None:
        known = with_end(BLANK, ended())
        assert with_end(known, ended("11:00", wh=7)).end == known.end

    def test_says_when_the_edge_tolerated_something(self) -> None:
        assert with_end(BLANK, ended(warnings=["x"])).flags == ("WARNINGS",)


class TestContradictsStart:
    def test_is_about_time_and_register(self) -> None:
        known = with_start(BLANK, started()).start
        assert not contradicts_start(None, started())
        assert not contradicts_start(known, started(wh="1000.0", recorded_at=1))
        assert contradicts_start(known, started("10:01"))
        assert contradicts_start(known, started(wh=1001))

    def test_reads_registers_as_they_were_taken(self) -> None:
        assert not contradicts_start(with_start(BLANK, started(wh=-1)).start, started(wh=-1))


class TestContradictsEnd:
    def test_is_about_time_and_register(self) -> None:
        known = with_end(BLANK, ended()).end
        assert not contradicts_end(None, ended())
        assert not contradicts_end(known, ended(stopped_reason="Remote"))
        assert contradicts_end(known, ended("10:31"))
        assert contradicts_end(known, ended(wh=2001))


class TestFlagged:
    def test_adds_a_flag_once_in_order(self) -> None:
        found = flagged(flagged(BLANK, "B"), "A")
        assert found.flags == ("A", "B")
        assert flagged(found, "A") is found
