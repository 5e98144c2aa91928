"""Whether a tariff element is active in a period (OCPI 2.3.0 mod_tariffs, TariffRestrictions)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from services.domain.quick_init import quick_init
from services.domain.tariff.model import DayOfWeek, TariffRestrictions
from services.domain.tariff.session import Period

_DAYS = tuple(DayOfWeek)
_MIDNIGHT = time()
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = 1_000_000


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The beginning of a period: its local time, and what the session had used and lasted until then."""

    local: datetime
    energy_kwh: Decimal
    elapsed: timedelta


def active(limits: TariffRestrictions | None, moment: Moment, period: Period) -> bool:
    """Whether all restrictions hold; `reservation` is decided by who asks."""
    return limits is None or (
        on_the_clock(limits, moment.local)
        and _so_far(limits, moment)
        and _within(limits.min_current, limits.max_current, period.min_current, period.max_current)
        and _within(limits.min_power, limits.max_power, period.min_power, period.max_power)
    )


def depends_on_clock(limits: TariffRestrictions | None) -> bool:
    """Whether it takes the time of day or the date to know if the element is active."""
    if limits is None:
        return False
    told = (limits.start_time, limits.end_time, limits.start_date, limits.end_date)
    return any(limit is not None for limit in told) or bool(limits.day_of_week)


def depends_on_time(limits: TariffRestrictions | None) -> bool:
    """Whether it takes a clock to know if the element is active."""
    if limits is None:
        return False
    lasts = limits.min_duration_s is not None or limits.max_duration_s is not None
    return lasts or depends_on_clock(limits)


def contradiction(limits: TariffRestrictions) -> str | None:
    """Why the restrictions can never all hold, in a few words; None where they can."""
    if limits.start_time is not None and limits.start_time == limits.end_time != _MIDNIGHT:
        return "start_time is end_time"
    pairs = (
        ("date", limits.start_date, limits.end_date),
        ("kwh", limits.min_kwh, limits.max_kwh),
        ("duration", limits.min_duration_s, limits.max_duration_s),
        ("current", limits.min_current, limits.max_current),
        ("power", limits.min_power, limits.max_power),
    )
    for name, low, high in pairs:
        if low is not None and high is not None and low >= high:  # type: ignore[operator]
            return f"the lowest {name} is not below the highest"
    return None


def on_the_clock(limits: TariffRestrictions, local: datetime) -> bool:
    """Whether days and times of day allow it."""
    if limits.day_of_week and _DAYS[local.weekday()] not in limits.day_of_week:
        return False
    day = local.date()
    if limits.start_date is not None and day < limits.start_date:
        return False
    if limits.end_date is not None and day >= limits.end_date:
        return False
    return _time_of_day(limits.start_time, limits.end_time, local.time())


def _time_of_day(start: time | None, end: time | None, now: time) -> bool:
    """An `end` of 00:00 is the end of the day; one before `start` is on the next day."""
    if start is None:
        start = _MIDNIGHT
    if end is None or end == _MIDNIGHT:
        return now >= start
    if end < start:
        return now >= start or now < end
    return start <= now < end


def _so_far(limits: TariffRestrictions, moment: Moment) -> bool:
    """Each from its lower limit, to before its upper one."""
    if limits.min_kwh is not None and moment.energy_kwh < limits.min_kwh:
        return False
    if limits.max_kwh is not None and moment.energy_kwh >= limits.max_kwh:
        return False
    if limits.min_duration_s is None and limits.max_duration_s is None:
        return True
    elapsed_us = moment.elapsed // _MICROSECOND
    if limits.min_duration_s is not None and elapsed_us < limits.min_duration_s * _MICROSECONDS:
        return False
    return limits.max_duration_s is None or elapsed_us < limits.max_duration_s * _MICROSECONDS


def _within(low: Decimal | None, high: Decimal | None, least: Decimal | None, most: Decimal | None) -> bool:
    """Whether the period was ever within the limits; one that does not tell its current or power may be."""
    if low is not None and most is not None and most < low:
        return False
    return high is None or least is None or least < high
