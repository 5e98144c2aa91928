from decimal import Decimal

import pytest
from msgspec.structs import replace

from services.domain.events.common import IdToken
from services.sessions.outcome import Outcome, ends, energy, flags, meter_now, meter_start, outcome
from services.sessions.state import End, Holder, Place, Reading, Registers, Session, Start

MINUTE = 60_000
BLANK = Session("s", "t", "CS1", "1", "ocpp1.6")
FIRST, LAST = Reading(MINUTE, Decimal(110)), Reading(9 * MINUTE, Decimal(190))
READ = Registers(FIRST, LAST, (FIRST,))


def session(
    start: int | None = 100, stop: int | None = 200, *, registers: Registers = READ, minutes: int = 10
) -> Session:
    """Started at 0, ended after `minutes`."""
    return replace(
        BLANK,
        start=Start("k", 0, None if start is None else Decimal(start)),
        end=End(minutes * MINUTE, None if stop is None else Decimal(stop), "Local"),
        registers=registers,
    )


RUNNING = replace(session(), end=None)


class TestMeterStart:
    def test_is_what_the_station_said_or_else_the_first_reading(self) -> None:
        assert meter_start(session()) == 100
        assert meter_start(session(start=None)) == 110
        assert meter_start(BLANK) is None


class TestMeterNow:
    def test_is_what_the_station_said_at_the_end_or_else_the_last_reading(self) -> None:
        assert meter_now(session()) == 200
        assert meter_now(session(stop=None)) == 190
        assert meter_now(RUNNING) == 190
        assert meter_now(BLANK) is None


class TestEnergy:
    @pytest.mark.parametrize(
        ("of", "wanted"),
        [
            (session(), 100),
            (RUNNING, 90),
            (session(start=None), 90),
            (session(stop=None), 90),
            (session(stop=50), 0),
            (session(stop=100), 0),
            (replace(session(), start=None), 0),
            (replace(RUNNING, registers=Registers()), 0),
            (session(start=None, registers=Registers()), 0),
            (BLANK, 0),
        ],
    )
    def test_is_the_difference_of_the_registers_and_never_negative(self, of: Session, wanted: int) -> None:
        assert energy(of) == wanted

    def test_is_exact(self) -> None:
        begun = replace(BLANK, start=Start("k", 0, Decimal("9999999999999999.0001")))
        assert energy(replace(begun, end=End(1, Decimal("9999999999999999.9999"), None))) == Decimal("0.9998")


class TestOutcome:
    def test_is_none_without_start_or_without_end(self) -> None:
        assert outcome(BLANK) is None
        assert outcome(RUNNING) is None
        assert outcome(replace(session(), start=None)) is None

    def test_is_what_start_and_end_say(self) -> None:
        told = replace(session(), holder=Holder(0, 0, IdToken(value="AA")), place=Place(0, 0, 2, 1))
        assert outcome(told) == Outcome(
            started_at=0,
            ended_at=10 * MINUTE,
            meter_start_wh=Decimal(100),
            meter_stop_wh=Decimal(200),
            energy_wh=Decimal(100),
            estimated=False,
            token=IdToken(value="AA"),
            evse_id=2,
            connector_id=1,
            reservation_id=None,
        )

    def test_says_which_reservation_was_used(self) -> None:
        found = outcome(replace(session(), reservation_id=7))
        assert found is not None
        assert found.reservation_id == 7

    def test_is_estimated_from_the_last_reading_when_overtaken(self) -> None:
        found = outcome(replace(RUNNING, overtaken=True))
        assert found is not None
        assert (found.ended_at, found.meter_stop_wh, found.energy_wh) == (LAST.at, 190, 90)
        assert found.estimated

    def test_is_nothing_when_overtaken_without_a_reading(self) -> None:
        found = outcome(replace(RUNNING, overtaken=True, registers=Registers()))
        assert found is not None
        assert (found.ended_at, found.meter_stop_wh, found.energy_wh) == (0, None, 0)

    def test_prefers_the_real_end(self) -> None:
        found = outcome(replace(session(), overtaken=True))
        assert found is not None
        assert not found.estimated


class TestFlags:
    def of(self, told: Session) -> tuple[str, ...]:
        return flags(told, outcome(told))

    def test_are_none_for_a_good_session(self) -> None:
        assert self.of(session()) == ()

    def test_keep_what_was_flagged_on_the_way(self) -> None:
        assert self.of(replace(RUNNING, flags=("CONFLICT",))) == ("CONFLICT",)
        assert self.of(replace(RUNNING, flags=("CONFLICT",), seq_nos=(0, 1, 3, 3))) == ("CONFLICT", "SEQ_GAP")

    @pytest.mark.parametrize(
        ("of", "flag"),
        [
            (session(start=None), "NO_START_REGISTER"),
            (session(stop=None), "NO_STOP_REGISTER"),
            (session(stop=100), "NO_ENERGY"),
            (session(stop=99), "METER_DECREASED"),
            (session(minutes=-1), "TIME_REVERSED"),
            (replace(RUNNING, overtaken=True), "ESTIMATED_END"),
            (replace(session(), seq_nos=(0, 1, 3, 3)), "SEQ_GAP"),
        ],
    )
    def test_say_what_is_doubtful_at_the_end(self, of: Session, flag: str) -> None:
        assert flag in self.of(of)

    def test_say_nothing_of_the_registers_when_there_are_none(self) -> None:
        found = self.of(session(start=None, stop=None, registers=Registers()))
        assert found == ("NO_ENERGY", "NO_START_REGISTER", "NO_STOP_REGISTER")

    def test_say_when_readings_are_missing(self) -> None:
        quarters = tuple(Reading(n * 5 * MINUTE, Decimal(100 + n)) for n in (1, 4, 7, 40, 43))
        told = session(registers=Registers(quarters[0], quarters[-1], quarters), minutes=230)
        assert self.of(told) == ("METER_GAP",)


class TestEnds:
    def test_are_the_readings_that_a_session_lies_between(self) -> None:
        found = outcome(session())
        assert found is not None
        assert ends(found) == (Reading(0, Decimal(100)), Reading(10 * MINUTE, Decimal(200)))

    @pytest.mark.parametrize(
        "of", [session(start=None, registers=Registers()), session(stop=None, registers=Registers())]
    )
    def test_are_none_when_one_is_not_known(self, of: Session) -> None:
        found = outcome(of)
        assert found is not None
        assert ends(found) is None
