"""The readings of a session's energy register: merged in any order, kept few, and turned into charging periods."""

from bisect import bisect_left
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby, pairwise
from statistics import median_low

from services.domain.events.common import ChargingPeriod, MeterValue
from services.domain.units import Millis
from services.sessions.state import Reading, Registers

MAX_QUARTERS = 192
"""Two days of quarter hours; a longer session is told in longer stretches."""

ROUNDING_WH = Decimal(10)
"""A reading in kWh with two decimals is up to this far from a register in Wh; less is no decrease."""

PARKED_MS: Millis = 60_000
"""A register that stands still for less than a minute does not show that charging had ended."""

_ENOUGH_READINGS = 2


def merged(registers: Registers, values: Iterable[MeterValue]) -> Registers:
    """The registers with these readings too; the same object if they say nothing new."""
    first, last, quarters, width_ms = registers.first, registers.last, registers.quarters, registers.width_ms
    top = registers.top
    for value in values:
        wh = usable(value.energy_register_wh)
        if wh is None:
            continue
        reading = Reading(value.sampled_at, wh)
        if first is None or reading < first:
            first = reading
        if last is None or reading > last:
            last = reading
        if top is None or (reading.wh, -reading.at) > (top.wh, -top.at):
            top = reading
        quarters = _with_reading(quarters, reading, width_ms)
        while len(quarters) > MAX_QUARTERS:
            width_ms *= 2
            quarters = _thinned(quarters, width_ms)
    same = first is registers.first and last is registers.last and quarters is registers.quarters
    return registers if same and top is registers.top else Registers(first, last, quarters, width_ms, top)


def usable(wh: Decimal | None) -> Decimal | None:
    """A register below zero is no register: it is as if the station had not said it."""
    return None if wh is None or wh.is_signed() else wh


def _with_reading(quarters: tuple[Reading, ...], reading: Reading, width_ms: Millis) -> tuple[Reading, ...]:
    """Keep the earliest reading of each stretch, so that the order of arrival does not matter."""
    stretch = reading.at // width_ms
    newest = quarters[-1].at // width_ms if quarters else None
    if newest is None or stretch > newest:
        return (*quarters, reading)
    if stretch == newest and reading >= quarters[-1]:
        return quarters
    place = bisect_left(quarters, stretch * width_ms, key=_at)
    if quarters[place].at // width_ms != stretch:
        return (*quarters[:place], reading, *quarters[place:])
    if reading >= quarters[place]:
        return quarters
    return (*quarters[:place], reading, *quarters[place + 1 :])


def _thinned(quarters: tuple[Reading, ...], width_ms: Millis) -> tuple[Reading, ...]:
    return tuple(next(stretch) for _, stretch in groupby(quarters, lambda reading: reading.at // width_ms))


def _at(reading: Reading) -> Millis:
    return reading.at


def periods(registers: Registers, start: Reading, stop: Reading) -> tuple[ChargingPeriod, ...]:
    """What was charged when; the energies add up to `stop.wh - start.wh` exactly.

    Readings outside the session, in its first stretch, or off a rising line are left out. Nothing if the register
    fell from start to stop. What comes after the register stood at `stop.wh` for good is parking.
    """
    if stop.wh < start.wh:
        return ()
    kept = [start]
    opening = start.at // registers.width_ms
    for reading in _between(registers, start, stop):
        if reading.at // registers.width_ms != opening and kept[-1].wh <= reading.wh <= stop.wh:
            kept.append(reading)
    kept.append(Reading(max(start.at, stop.at), stop.wh))
    charged_until = _charged_until(registers, start, stop)
    if charged_until is None:
        return tuple(_period(a, b, parking=False) for a, b in pairwise(kept))
    charging = [reading for reading in kept if reading.at < charged_until.at]
    parked = [reading for reading in kept if reading.at > charged_until.at and reading.wh == stop.wh]
    return (
        *(_period(a, b, parking=False) for a, b in pairwise([*charging, charged_until])),
        *(_period(a, b, parking=True) for a, b in pairwise([charged_until, *parked])),
    )


def _period(since: Reading, until: Reading, *, parking: bool) -> ChargingPeriod:
    return ChargingPeriod(started_at=since.at, ended_at=until.at, energy_wh=until.wh - since.wh, parking=parking)


def _charged_until(registers: Registers, start: Reading, stop: Reading) -> Reading | None:
    """The earliest reading of what the register stood at in the end; None where it rose to the last."""
    found = start if start.wh == stop.wh else registers.top
    if found is None or found.wh != stop.wh:
        return None
    at = max(found.at, start.at)
    return Reading(at, stop.wh) if stop.at - at >= PARKED_MS else None


def decreased(registers: Registers, start: Reading, stop: Reading) -> bool:
    """Whether the register fell: between start and stop at all, or between readings by more than rounding."""
    course = [start, *_between(registers, start, stop)]
    if registers.last is not None and start.at < registers.last.at < stop.at:
        course.append(registers.last)
    course.append(stop)
    return stop.wh < start.wh or any(a.wh - b.wh > ROUNDING_WH for a, b in pairwise(course))


def has_gap(registers: Registers, started_at: Millis, ended_at: Millis) -> bool:
    """Whether a station that reads its meter left it out for long.

    A station that reads in every quarter hour left two out; one that reads more rarely, three times its usual
    step. A single reading does not show what is usual.
    """
    width_ms = registers.width_ms
    course = [r.at // width_ms for r in registers.quarters if started_at < r.at < ended_at]
    if len(course) < _ENOUGH_READINGS:
        return False
    steps = [b - a for a, b in pairwise([started_at // width_ms, *course, ended_at // width_ms])]
    usual = median_low(steps)
    return max(steps) > (2 if usual <= 1 else 3 * usual)


def _between(registers: Registers, start: Reading, stop: Reading) -> list[Reading]:
    return [reading for reading in registers.quarters if start.at < reading.at < stop.at]
