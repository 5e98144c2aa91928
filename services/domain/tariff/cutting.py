"""Cuts charging periods where a tariff comes to cost something else, so that one price holds for all of a period.

Time is cut exactly, and so is energy where the tariff counts kWh. At a time of day, the energy up to the next
reading stays before it: a part of that would be a value that no meter has measured.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

from services.domain.events.common import ChargingPeriod
from services.domain.money import EXACT
from services.domain.tariff.model import Tariff, TariffRestrictions
from services.domain.tariff.restrictions import on_the_clock
from services.domain.units import WH_PER_KWH, Millis, datetime_of, millis_of

LONGEST_MS: Millis = 62 * 24 * 3_600_000
"""A longer session has a wrong clock, and would be cut into more pieces than a record can hold."""

_MIDNIGHT = time()
_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)
_MILLISECOND = timedelta(milliseconds=1)
_MS_PER_HOUR = 3_600_000
_S = 1000
_POWER_PLACES = Decimal("0.0001")


def cut(periods: Sequence[ChargingPeriod], tariff: Tariff, zone: tzinfo) -> tuple[ChargingPeriod, ...]:
    """The same periods in as many pieces as the tariff needs; their energies add up as before.

    Where it asks for power, each says its average. Periods of more than `LONGEST_MS` in all are not cut by time.
    """
    limits = [one.restrictions for one in tariff.elements if one.restrictions is not None]
    if not limits or not periods:
        return tuple(periods)
    if any(one.min_power is not None or one.max_power is not None for one in limits):
        periods = [replace(period, average_power_w=_average_power_w(period)) for period in periods]
    pieces = _at_energies(periods, sorted(_energies(limits)))
    start, end = periods[0].started_at, periods[-1].ended_at
    if end - start > LONGEST_MS:
        return tuple(pieces)
    instants = {start + seconds * _S for seconds in _durations(limits)}
    instants.update(_changes(limits, zone, start, end))
    return tuple(_at_instants(pieces, sorted(instants)))


def _average_power_w(period: ChargingPeriod) -> Decimal | None:
    lasts_ms = period.ended_at - period.started_at
    if lasts_ms <= 0:
        return None
    return EXACT.divide(period.energy_wh * _MS_PER_HOUR, lasts_ms).quantize(_POWER_PLACES, context=EXACT)


def _energies(limits: Iterable[TariffRestrictions]) -> set[Decimal]:
    """In Wh."""
    return {kwh * WH_PER_KWH for one in limits for kwh in (one.min_kwh, one.max_kwh) if kwh is not None}


def _durations(limits: Iterable[TariffRestrictions]) -> set[int]:
    return {s for one in limits for s in (one.min_duration_s, one.max_duration_s) if s is not None}


def _at_energies(periods: Iterable[ChargingPeriod], energies_wh: Sequence[Decimal]) -> Iterator[ChargingPeriod]:
    """When so much was charged is taken from a straight line between the readings."""
    before = Decimal(0)
    for period in periods:
        after = before + period.energy_wh
        lasts_ms = period.ended_at - period.started_at
        marks = [
            (mark, period.started_at + _share(lasts_ms, mark - before, period.energy_wh))
            for mark in energies_wh
            if before < mark < after
        ]
        edges = [(before, period.started_at), *marks, (after, period.ended_at)]
        for (low, since), (high, until) in pairwise(edges):
            yield replace(period, started_at=since, ended_at=until, energy_wh=high - low)
        before = after


def _share(lasts_ms: Millis, part: Decimal, whole: Decimal) -> Millis:
    return int(EXACT.divide(lasts_ms * part, whole).to_integral_value(ROUND_DOWN))


def _at_instants(periods: Iterable[ChargingPeriod], instants: Sequence[Millis]) -> Iterator[ChargingPeriod]:
    for period in periods:
        inner = [at for at in instants if period.started_at < at < period.ended_at]
        energy_wh = period.energy_wh
        for since, until in pairwise([period.started_at, *inner, period.ended_at]):
            yield replace(period, started_at=since, ended_at=until, energy_wh=energy_wh)
            energy_wh = Decimal(0)


def _changes(limits: Sequence[TariffRestrictions], zone: tzinfo, start: Millis, end: Millis) -> Iterator[Millis]:
    """When another set of elements comes to hold by days and times of day."""
    for at in sorted(_candidates(limits, zone, datetime_of(start), datetime_of(end))):
        if start < millis_of(at) < end and _standing(limits, zone, at - _MILLISECOND) != _standing(
            limits, zone, at
        ):
            yield millis_of(at)


def _standing(limits: Iterable[TariffRestrictions], zone: tzinfo, at: datetime) -> list[bool]:
    local = at.astimezone(zone)
    return [on_the_clock(one, local) for one in limits]


def _candidates(
    limits: Iterable[TariffRestrictions], zone: tzinfo, start: datetime, end: datetime
) -> Iterator[datetime]:
    """Midnights and the tariff's times of day, in both readings of a doubtful hour; and when the clock changes."""
    times = {_MIDNIGHT, *(at for one in limits for at in (one.start_time, one.end_time) if at is not None)}
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        for at in times:
            local = datetime.combine(day, at, zone)
            yield from (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        yield from _clock_changes(datetime.combine(day, _MIDNIGHT, zone).astimezone(UTC), zone)
        day += _DAY


def _clock_changes(midnight: datetime, zone: tzinfo) -> Iterator[datetime]:
    """When summer time begins or ends on a day."""
    if midnight.astimezone(zone).utcoffset() == (midnight + _DAY + 2 * _QUARTER).astimezone(zone).utcoffset():
        return
    for step in range(_DAY // _QUARTER + 8):
        before, after = midnight + step * _QUARTER, midnight + (step + 1) * _QUARTER
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield after
