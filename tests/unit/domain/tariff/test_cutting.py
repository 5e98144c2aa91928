"""Periods are cut where the price changes, and nothing is lost between the pieces."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import ChargingPeriod
from services.domain.tariff.cutting import LONGEST_MS, cut
from services.domain.tariff.model import DayOfWeek, Tariff
from services.domain.units import datetime_of, millis_of
from tests.unit.domain.tariff.priced import component, element, tariff

BERLIN = ZoneInfo("Europe/Berlin")
ENERGY = component("ENERGY", "0.5")


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> int:
    """`03-02 22:00` of 2026 in local time."""
    return millis_of(datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=zone, fold=fold))


def period(since: int, until: int, wh: str = "1000", *, parking: bool = False) -> ChargingPeriod:
    return ChargingPeriod(started_at=since, ended_at=until, energy_wh=Decimal(wh), parking=parking)


def limited(**limits: object) -> Tariff:
    return tariff(element(ENERGY, **limits), element(ENERGY))


def starts(found: tuple[ChargingPeriod, ...]) -> list[str]:
    return [f"{datetime_of(one.started_at).astimezone(BERLIN):%d %H:%M}" for one in found]


class TestByTime:
    EVENING = period(at("03-02 21:50"), at("03-02 22:10"))

    def test_cuts_at_a_time_of_day_of_the_place(self) -> None:
        found = cut((self.EVENING,), limited(start_time=time(22), end_time=time(6)), BERLIN)
        assert starts(found) == ["02 21:50", "02 22:00"]
        assert [one.energy_wh for one in found] == [1000, 0]

    def test_leaves_alone_what_lies_on_one_side(self) -> None:
        assert cut((self.EVENING,), limited(start_time=time(22), end_time=time(6)), ZoneInfo("UTC")) == (
            self.EVENING,
        )

    def test_cuts_at_the_midnight_of_a_weekday_only_where_that_matters(self) -> None:
        sunday_to_tuesday = period(at("03-01 12:00"), at("03-03 12:00"))
        found = cut((sunday_to_tuesday,), limited(day_of_week=frozenset({DayOfWeek.SUNDAY})), BERLIN)
        assert starts(found) == ["01 12:00", "02 00:00"]

    def test_cuts_at_dates(self) -> None:
        found = cut((period(at("03-01 12:00"), at("03-04 12:00")),), limited(end_date=date(2026, 3, 3)), BERLIN)
        assert starts(found) == ["01 12:00", "03 00:00"]

    def test_cuts_after_a_duration(self) -> None:
        found = cut((self.EVENING,), limited(max_duration_s=300), BERLIN)
        assert starts(found) == ["02 21:50", "02 21:55"]

    def test_keeps_parking_parking(self) -> None:
        parked = period(at("03-02 21:50"), at("03-02 22:10"), "0", parking=True)
        assert [one.parking for one in cut((parked,), limited(start_time=time(22)), BERLIN)] == [True, True]

    def test_cuts_when_summer_time_leaps_over_the_time_of_day(self) -> None:
        night = period(at("03-29 01:00"), at("03-29 05:00"))
        found = cut((night,), limited(start_time=time(2, 30), end_time=time(4)), BERLIN)
        assert starts(found) == ["29 01:00", "29 03:00", "29 04:00"]

    def test_cuts_twice_where_the_clock_shows_a_time_twice(self) -> None:
        night = period(at("10-25 01:00"), at("10-25 05:00"))
        found = cut((night,), limited(start_time=time(2, 30), end_time=time(4)), BERLIN)
        assert starts(found) == ["25 01:00", "25 02:30", "25 02:00", "25 02:30", "25 04:00"]

    def test_does_not_cut_a_session_of_a_clock_that_was_never_set(self) -> None:
        long = period(0, LONGEST_MS + 1)
        assert cut((long,), limited(start_time=time(22), end_time=time(6)), BERLIN) == (long,)


class TestByEnergy:
    def test_cuts_exactly_where_the_tariff_counts_kwh(self) -> None:
        half_an_hour = period(at("03-02 12:00"), at("03-02 12:30"), "6000")
        found = cut((half_an_hour,), limited(min_kwh=Decimal(2), max_kwh=Decimal("5.5")), BERLIN)
        assert [one.energy_wh for one in found] == [2000, 3500, 500]
        assert starts(found) == ["02 12:00", "02 12:10", "02 12:27"]

    def test_counts_over_all_periods(self) -> None:
        quarters = [period(at(f"03-02 12:{n:02}"), at(f"03-02 12:{n + 15:02}"), "900") for n in (0, 15, 30)]
        found = cut(quarters, limited(max_kwh=Decimal(1)), BERLIN)
        assert [one.energy_wh for one in found] == [900, 100, 800, 900]


class TestPower:
    def test_is_the_average_where_the_tariff_asks_for_it(self) -> None:
        (found,) = cut((period(0, 1_800_000, "5500"),), limited(max_power=Decimal(11)), BERLIN)
        assert found.average_power_w == 11_000

    def test_is_not_told_otherwise_or_of_no_time(self) -> None:
        (found,) = cut((period(0, 1_800_000, "5500"),), limited(max_kwh=Decimal(11)), BERLIN)
        assert found.average_power_w is None
        (found,) = cut((period(5, 5, "5500"),), limited(min_power=Decimal(11)), BERLIN)
        assert found.average_power_w is None


class TestCut:
    def test_leaves_periods_alone_without_restrictions(self) -> None:
        one = period(0, 1)
        assert cut((one,), tariff(element(ENERGY)), UTC) == (one,)
        assert cut((), limited(max_kwh=Decimal(1)), UTC) == ()

    @given(
        st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 50_000)), min_size=1, max_size=6),
        st.integers(0, 1439),
        st.integers(1, 60),
        st.integers(1, 100_000),
    )
    def test_pieces_follow_each_other_and_add_up(
        self, told: list[tuple[int, int]], minute: int, kwh: int, seconds: int
    ) -> None:
        since, whole = at("10-24 22:00"), list[ChargingPeriod]()
        for lasts, wh in told:
            whole.append(period(since, since + lasts, str(wh)))
            since += lasts
        limits = {
            "start_time": time(minute // 60, minute % 60),
            "min_kwh": Decimal(kwh),
            "max_duration_s": seconds,
        }
        found = cut(whole, limited(**limits), BERLIN)
        assert all(a.ended_at == b.started_at for a, b in pairwise(found))
        assert (found[0].started_at, found[-1].ended_at) == (whole[0].started_at, whole[-1].ended_at)
        assert sum(one.energy_wh for one in found) == sum(wh for _, wh in told)
        assert all(one.energy_wh >= 0 and one.started_at <= one.ended_at for one in found)

    @pytest.mark.parametrize("limits", [{"start_time": time(22)}, {"min_kwh": Decimal(3)}])
    def test_of_what_was_cut_changes_nothing(self, limits: dict[str, object]) -> None:
        once = cut((period(at("03-02 21:00"), at("03-02 23:00"), "6000"),), limited(**limits), BERLIN)
        assert cut(once, limited(**limits), BERLIN) == once
