from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from services.domain.tariff.model import DayOfWeek, TariffRestrictions
from services.domain.tariff.restrictions import Moment, active, contradiction, depends_on_time
from services.domain.tariff.session import Period

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def holds(
    at: datetime = NOON, kwh: str = "0", minutes: int = 0, measured: object = None, **limits: object
) -> bool:
    period = Period(started_at=at, **(measured or {}))  # type: ignore[arg-type]
    moment = Moment(local=at, energy_kwh=Decimal(kwh), elapsed=timedelta(minutes=minutes))
    return active(TariffRestrictions(**limits), moment, period)  # type: ignore[arg-type]


class TestTimesOfDay:
    @pytest.mark.parametrize(
        ("start", "end", "now", "wanted"),
        [
            (time(9), time(17), time(8, 59), False),
            (time(9), time(17), time(9), True),
            (time(9), time(17), time(16, 59, 59), True),
            (time(9), time(17), time(17), False),
            (time(22), time(6), time(23), True),
            (time(22), time(6), time(5, 59), True),
            (time(22), time(6), time(6), False),
            (time(22), time(0), time(23, 59), True),
            (time(22), time(0), time(0), False),
            (time(0), time(0), time(13), True),
            (time(9), time(9), time(9), False),
            (None, time(6), time(5), True),
            (None, time(6), time(6), False),
            (None, time(0), time(23), True),
            (time(18), None, time(18), True),
            (time(18), None, time(17), False),
        ],
    )
    def test_hold_from_start_to_before_end(
        self, start: time | None, end: time | None, now: time, wanted: bool
    ) -> None:
        assert holds(datetime.combine(NOON, now, UTC), start_time=start, end_time=end) is wanted


class TestDays:
    def test_hold_from_the_first_to_before_the_last(self) -> None:
        limits = {"start_date": date(2026, 3, 2), "end_date": date(2026, 3, 4)}
        days = [holds(NOON + timedelta(days=days), **limits) for days in range(-1, 4)]
        assert days == [False, True, True, False, False]

    def test_of_the_week_hold_as_listed(self) -> None:
        listed = frozenset({DayOfWeek.MONDAY, DayOfWeek.SUNDAY})
        assert [holds(NOON + timedelta(days=days), day_of_week=listed) for days in range(7)] == [
            True,
            *[False] * 5,
            True,
        ]


class TestAmounts:
    @pytest.mark.parametrize(("kwh", "wanted"), [("4.9", False), ("5", True), ("9.99", True), ("10", False)])
    def test_of_energy_hold_from_least_to_before_most(self, kwh: str, wanted: bool) -> None:
        assert holds(kwh=kwh, min_kwh=Decimal(5), max_kwh=Decimal(10)) is wanted

    @pytest.mark.parametrize(("minutes", "wanted"), [(4, False), (5, True), (9, True), (10, False)])
    def test_of_time_hold_from_least_to_before_most(self, minutes: int, wanted: bool) -> None:
        assert holds(minutes=minutes, min_duration_s=300, max_duration_s=600) is wanted
        assert holds(minutes=minutes, min_duration_s=300) is (minutes >= 5)
        assert holds(minutes=minutes, max_duration_s=600) is (minutes < 10)

    @pytest.mark.parametrize("what", ["current", "power"])
    def test_of_current_and_power_hold_where_the_period_reached_them(self, what: str) -> None:
        least, most = {f"min_{what}": Decimal(16)}, {f"max_{what}": Decimal(32)}
        assert holds(**least, **most)
        assert not holds(**least, measured={f"max_{what}": Decimal(15)})
        assert holds(**least, measured={f"max_{what}": Decimal(16)})
        assert not holds(**most, measured={f"min_{what}": Decimal(32)})
        assert holds(**most, measured={f"min_{what}": Decimal(31)})


class TestContradictions:
    @pytest.mark.parametrize(
        "limits",
        [
            {"start_time": time(9), "end_time": time(9)},
            {"start_date": date(2026, 1, 2), "end_date": date(2026, 1, 2)},
            {"min_kwh": Decimal(5), "max_kwh": Decimal(5)},
            {"min_duration_s": 9, "max_duration_s": 8},
            {"min_current": Decimal(9), "max_current": Decimal(8)},
            {"min_power": Decimal(9), "max_power": Decimal(8)},
        ],
    )
    def test_are_told(self, limits: dict[str, object]) -> None:
        assert contradiction(TariffRestrictions(**limits)) is not None  # type: ignore[arg-type]

    def test_are_none_in_what_can_hold(self) -> None:
        assert contradiction(TariffRestrictions()) is None
        assert contradiction(TariffRestrictions(start_time=time(0), end_time=time(0), min_kwh=Decimal(1))) is None


def test_only_clocks_and_calendars_depend_on_time() -> None:
    assert not depends_on_time(None)
    assert not depends_on_time(TariffRestrictions(min_kwh=Decimal(1), max_power=Decimal(1)))
    assert depends_on_time(TariffRestrictions(end_date=date(2026, 1, 1)))
    assert depends_on_time(TariffRestrictions(day_of_week=frozenset({DayOfWeek.MONDAY})))
