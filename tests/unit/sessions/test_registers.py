import itertools
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.common import MeterValue
from services.sessions.registers import MAX_QUARTERS, decreased, has_gap, merged, periods, usable
from services.sessions.state import QUARTER_MS, Reading, Registers

MINUTE = 60_000
START = 1_790_000_100_000 // QUARTER_MS * QUARTER_MS


def value(minute: float, wh: str | int | None) -> MeterValue:
    return MeterValue(
        sampled_at=START + int(minute * MINUTE), energy_register_wh=None if wh is None else Decimal(wh)
    )


def reading(minute: float, wh: str | int) -> Reading:
    return Reading(START + int(minute * MINUTE), Decimal(wh))


def registers(*values: tuple[float, int]) -> Registers:
    return merged(Registers(), [value(minute, wh) for minute, wh in values])


class TestMerged:
    def test_keeps_first_last_and_one_reading_per_quarter_hour(self) -> None:
        found = registers((0, 10), (5, 20), (14.9, 30), (15, 40), (31, 50))
        assert found == Registers(
            reading(0, 10),
            reading(31, 50),
            (reading(0, 10), reading(15, 40), reading(31, 50)),
            top=reading(31, 50),
        )

    def test_remembers_when_the_highest_register_was_first_seen(self) -> None:
        assert registers((0, 10), (5, 20), (7, 20), (31, 20)).top == reading(5, 20)
        assert merged(registers((0, 10), (7, 20)), [value(6, 20)]).top == reading(6, 20)

    def test_is_the_same_object_when_nothing_is_new(self) -> None:
        found = registers((0, 10), (5, 20), (31, 50))
        assert merged(found, [value(5, 20), value(0, 10), value(31, 50), value(7, 22)]) is found

    def test_is_the_same_object_without_registers(self) -> None:
        found = registers((0, 10))
        assert merged(found, []) is found
        assert merged(found, [value(3, None)]) is found

    def test_takes_no_register_below_zero(self) -> None:
        assert merged(Registers(), [value(0, -1)]) == Registers()

    def test_puts_an_earlier_reading_in_front_of_its_quarter_hour(self) -> None:
        found = merged(registers((16, 20), (31, 30)), [value(15, 19)])
        assert found.quarters == (reading(15, 19), reading(31, 30))

    def test_fills_in_a_quarter_hour_that_was_missing(self) -> None:
        found = merged(registers((1, 10), (31, 30)), [value(16, 20), value(-10, 5)])
        assert found.quarters == (reading(-10, 5), reading(1, 10), reading(16, 20), reading(31, 30))
        assert found.first == reading(-10, 5)

    def test_tells_contradicting_readings_of_one_moment_apart_by_value(self) -> None:
        one, other = registers((1, 10), (1, 11)), registers((1, 11), (1, 10))
        assert one == other == Registers(reading(1, 10), reading(1, 11), (reading(1, 10),), top=reading(1, 11))

    def test_keeps_a_long_session_in_longer_stretches(self) -> None:
        found = registers(*((15 * n, n) for n in range(MAX_QUARTERS + 1)))
        assert found.width_ms == 2 * QUARTER_MS
        assert len(found.quarters) <= MAX_QUARTERS
        assert found.last == reading(15 * MAX_QUARTERS, MAX_QUARTERS)

    def test_stays_small_whatever_times_a_station_makes_up(self) -> None:
        wild = [MeterValue(sampled_at=n * 10**10 * (-1) ** n, energy_register_wh=Decimal(n)) for n in range(5000)]
        assert len(merged(Registers(), wild).quarters) <= MAX_QUARTERS

    @given(
        st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 99)), max_size=40),
        st.randoms(use_true_random=False),
        st.integers(1, 3),
    )
    def test_does_not_depend_on_order_or_repetition(
        self, told: list[tuple[int, int]], rng: Random, often: int
    ) -> None:
        shuffled = told * often
        rng.shuffle(shuffled)
        assert registers(*shuffled) == registers(*told)

    @settings(deadline=None, max_examples=30)
    @given(st.integers(0, 2**32))
    def test_does_not_depend_on_order_in_a_long_session_either(self, seed: int) -> None:
        rng = Random(seed)
        told = [(minute, minute) for minute in rng.choices(range(15 * 900), k=rng.randint(150, 400))]
        wanted = registers(*told)
        rng.shuffle(told)
        assert registers(*told) == wanted


class TestUsable:
    @pytest.mark.parametrize(("wh", "wanted"), [(None, None), ("-1", None), ("0", "0"), ("12.3456", "12.3456")])
    def test_is_none_for_what_cannot_be_a_register(self, wh: str | None, wanted: str | None) -> None:
        found = usable(None if wh is None else Decimal(wh))
        assert found == (None if wanted is None else Decimal(wanted))


class TestPeriods:
    def told(self, found: Registers, start: Reading, stop: Reading) -> list[tuple[float, float, Decimal]]:
        return [
            ((p.started_at - START) / MINUTE, (p.ended_at - START) / MINUTE, p.energy_wh)
            for p in periods(found, start, stop)
        ]

    def test_go_from_start_through_quarter_hours_to_stop(self) -> None:
        found = registers((5, 100), (16, 200), (31, 300))
        assert self.told(found, reading(1, 50), reading(40, 400)) == [(1, 16, 150), (16, 31, 100), (31, 40, 100)]

    def test_are_one_without_readings(self) -> None:
        assert self.told(Registers(), reading(0, 10), reading(9, 25)) == [(0, 9, 15)]

    def test_leave_out_readings_outside_of_the_session(self) -> None:
        found = registers((-20, 1), (20, 15), (50, 99))
        assert self.told(found, reading(0, 10), reading(45, 30)) == [(0, 20, 5), (20, 45, 15)]

    def test_leave_out_readings_off_the_rising_line(self) -> None:
        found = registers((16, 9), (31, 999), (46, 20), (61, 19))
        assert self.told(found, reading(0, 10), reading(70, 30)) == [(0, 46, 10), (46, 70, 10)]

    def test_are_none_when_the_register_fell(self) -> None:
        assert periods(registers((16, 9)), reading(0, 10), reading(70, 5)) == ()

    def parked(self, found: Registers, start: Reading, stop: Reading) -> list[tuple[float, bool]]:
        return [((p.started_at - START) / MINUTE, p.parking) for p in periods(found, start, stop)]

    def test_are_parking_once_the_register_stands_still_for_good(self) -> None:
        found = registers((16, 100), (20, 150), (22, 150), (31, 150))
        assert self.parked(found, reading(0, 0), reading(40, 150)) == [
            (0, False), (16, False), (20, True), (31, True),
        ]  # fmt: skip

    def test_charge_to_the_end_while_the_register_rises(self) -> None:
        found = registers((16, 100), (20, 150), (29.5, 150))
        assert self.parked(found, reading(0, 0), reading(40, 151)) == [(0, False), (16, False)]

    def test_do_not_park_for_less_than_a_minute(self) -> None:
        found = registers((16, 100), (29.5, 150))
        assert self.parked(found, reading(0, 0), reading(30, 150)) == [(0, False), (16, False)]

    def test_park_from_the_start_when_nothing_was_charged(self) -> None:
        assert self.parked(registers((-5, 7), (16, 7)), reading(0, 7), reading(40, 7)) == [(0, True), (16, True)]

    def test_leave_out_readings_below_the_last_while_parking(self) -> None:
        found = registers((16, 100), (20, 150), (46, 149))
        assert self.parked(found, reading(0, 0), reading(60, 150)) == [(0, False), (16, False), (20, True)]

    def test_do_not_run_backwards_when_the_clock_did(self) -> None:
        assert self.told(Registers(), reading(10, 1), reading(5, 3)) == [(10, 10, 2)]

    @given(
        st.lists(st.tuples(st.integers(-100, 900), st.integers(0, 10_000)), max_size=60),
        st.integers(0, 5_000),
        st.integers(0, 5_000),
        st.integers(-10, 800),
    )
    def test_always_add_up_to_the_energy_in_one_unbroken_line(
        self, told: list[tuple[int, int]], begun: int, charged: int, minutes: int
    ) -> None:
        found = periods(registers(*told), reading(0, begun), reading(minutes, begun + charged))
        assert sum(p.energy_wh for p in found) == charged
        assert all(p.energy_wh >= 0 and p.started_at <= p.ended_at for p in found)
        assert all(a.ended_at == b.started_at for a, b in itertools.pairwise(found))


class TestDecreased:
    def test_is_seen_between_start_and_stop_at_all(self) -> None:
        assert decreased(Registers(), reading(0, 10), reading(9, 9))

    def test_is_seen_between_readings(self) -> None:
        assert decreased(registers((20, 500), (40, 100)), reading(0, 10), reading(60, 600))

    def test_is_seen_at_the_last_reading(self) -> None:
        assert decreased(registers((16, 20), (20, 500)), reading(0, 10), reading(60, 400))

    def test_is_not_seen_in_rounding(self) -> None:
        assert not decreased(registers((5, 12_340), (20, 12_350)), reading(0, 12_345), reading(30, 12_349))

    def test_is_not_seen_in_readings_after_the_end(self) -> None:
        assert not decreased(registers((5, 20), (99, 0)), reading(0, 10), reading(30, 30))


class TestHasGap:
    def gap(self, minutes: list[float], ended: float) -> bool:
        return has_gap(registers(*((m, 1) for m in minutes)), START, START + int(ended * MINUTE))

    def test_is_none_in_regular_readings(self) -> None:
        assert not self.gap([1, 10, 20, 30, 40, 50], 60)

    @pytest.mark.parametrize("step", [1, 5, 15, 20, 30, 60, 90])
    def test_is_none_whatever_the_usual_step_is(self, step: int) -> None:
        assert not self.gap([*range(step, 600, step)], 600)

    def test_is_there_when_a_busy_station_fell_silent(self) -> None:
        assert self.gap([*range(1, 60), *range(120, 180)], 180)

    def test_is_there_when_the_end_is_far_from_the_last_reading(self) -> None:
        assert self.gap([*range(1, 60)], 240)

    def test_is_there_when_a_rare_station_was_silent_three_times_as_long(self) -> None:
        assert self.gap([30, 60, 90, 120, 300, 330], 360)

    def test_is_none_without_readings_or_with_one(self) -> None:
        assert not self.gap([], 600)
        assert not self.gap([5], 600)
