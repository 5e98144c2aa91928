"""What charging periods cost under terms: the same for running costs and for records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.events import common
from services.domain.events.common import ChargingPeriod, TariffTerms
from services.domain.money import EXACT, rounded
from services.domain.tariff.cutting import cut
from services.domain.tariff.engine import Priced, price_session, settled
from services.domain.tariff.lines import LineKind
from services.domain.tariff.model import Amount, Tariff
from services.domain.tariff.restrictions import depends_on_clock
from services.domain.tariff.session import ClockState, Period, Session
from services.domain.tariff.terms import tariff_of
from services.domain.units import WH_PER_KWH, Millis, datetime_of

ADJUSTMENT = "ADJUSTMENT"
_S = Decimal(1000)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cost:
    """A priced session: its periods as they were priced, and its lines, which add up to the total."""

    periods: tuple[ChargingPeriod, ...]
    priced: Priced
    lines: tuple[common.PriceLine, ...]
    reserved: tuple[ChargingPeriod, ...] = ()


def cost(
    terms: TariffTerms,
    periods: Sequence[ChargingPeriod],
    zone: tzinfo,
    clock: ClockState = ClockState.UNKNOWN,
    reserved_from: Millis | None = None,
) -> Cost:
    """The cost of charging in periods without gaps, at least one, and of the reservation before them.

    `reserved_from` is when that was made; it counts where the tariff has a price for reservations. Raises
    CannotPrice where the terms do not hold at the start, and ValueError for amounts beyond any record.
    """
    tariff = tariff_of(terms)
    pieces = cut(periods, tariff, zone)
    reserved = cut(_reserved(tariff, reserved_from, periods[0].started_at), tariff, zone)
    priced = price_session(session_of(pieces, zone, clock, reserved), (tariff,))
    return Cost(pieces, priced, _lines(priced), reserved)


def cost_of_expired(terms: TariffTerms, since: Millis, until: Millis, zone: tzinfo) -> Cost | None:
    """What a reservation costs that no session used; None where the terms have no price for it.

    The least that a session costs (`min_price`) is not for what never became one. Raises as `cost` does.
    """
    tariff = replace(tariff_of(terms), min_price=None)
    reserved = cut(_reserved(tariff, since, until), tariff, zone)
    if not reserved:
        return None
    waited = Session(datetime_of(since), datetime_of(until), _waited(reserved), zone)
    priced = price_session(waited, (tariff,))
    return Cost((), priced, _lines(priced), reserved) if priced.lines else None


def _reserved(tariff: Tariff, since: Millis | None, until: Millis) -> tuple[ChargingPeriod, ...]:
    priced = any(one.restrictions is not None and one.restrictions.reservation for one in tariff.elements)
    if since is None or since >= until or not priced:
        return ()
    return (ChargingPeriod(started_at=since, ended_at=until, energy_wh=_ZERO),)


def session_of(
    periods: Sequence[ChargingPeriod], zone: tzinfo, clock: ClockState, reserved: Sequence[ChargingPeriod] = ()
) -> Session:
    """As the engine reads it. A period after the first that charged nothing has no energy to price."""
    used = tuple(_used(period, at == 0) for at, period in enumerate(periods))
    starts_at, ends_at = datetime_of(periods[0].started_at), datetime_of(periods[-1].ended_at)
    return Session(starts_at, ends_at, (*_waited(reserved), *used), zone, clock)


def _waited(reserved: Sequence[ChargingPeriod]) -> tuple[Period, ...]:
    return tuple(
        Period(started_at=datetime_of(one.started_at), reserved_s=(one.ended_at - one.started_at) / _S)
        for one in reserved
    )


def _used(period: ChargingPeriod, first: bool) -> Period:
    lasts_s = max(0, period.ended_at - period.started_at) / _S
    power_kw = None if period.average_power_w is None else period.average_power_w / WH_PER_KWH
    return Period(
        started_at=datetime_of(period.started_at),
        energy_kwh=EXACT.divide(period.energy_wh, WH_PER_KWH) if period.energy_wh or first else None,
        charging_s=None if period.parking else lasts_s,
        parking_s=lasts_s if period.parking else None,
        min_power=power_kw,
        max_power=power_kw,
    )


def asks_for_the_time_of_day(tariff: Tariff) -> bool:
    """Whether it takes the time zone of the place to price by it."""
    return any(depends_on_clock(one.restrictions) for one in tariff.elements)


def zone_of(*names: str | None) -> ZoneInfo | None:
    """The first of the names that is one of a time zone."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def _lines(priced: Priced) -> tuple[common.PriceLine, ...]:
    """One line for each price, in the order in which they came to count, and one for limits and rounding once."""
    sums: dict[tuple[LineKind, Decimal, Decimal | None, bool], list[Decimal | None]] = {}
    for line in priced.lines:
        key = (line.kind, line.unit_price, line.vat, line.clock_unproven)
        known = sums.get(key, [_ZERO, _ZERO, _ZERO, _ZERO])
        told = (line.quantity, line.added, line.cost.excl_vat, line.cost.incl_vat)
        sums[key] = [_plus(a, b) for a, b in zip(known, told, strict=True)]
    lines = [_line(*key, *amounts) for key, amounts in sums.items()]
    return (*lines, *_adjustment(priced, lines))


def _plus(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return None if a is None or b is None else EXACT.add(a, b)


def _line(
    kind: LineKind,
    price: Decimal,
    vat: Decimal | None,
    unproven: bool,
    quantity: Decimal | None,
    added: Decimal | None,
    excl_vat: Decimal | None,
    incl_vat: Decimal | None,
) -> common.PriceLine:
    scale = WH_PER_KWH if kind is LineKind.ENERGY else Decimal(1)
    shown = settled(Amount(excl_vat or _ZERO, incl_vat))
    return common.PriceLine(
        kind=kind.value,
        quantity=rounded((quantity or _ZERO) * scale),
        added=rounded((added or _ZERO) * scale),
        unit_price=price,
        vat_percent=vat,
        cost_excl_vat=shown.excl_vat,
        cost_incl_vat=shown.incl_vat,
        clock_unproven=unproven,
    )


def _adjustment(priced: Priced, lines: Iterable[common.PriceLine]) -> tuple[common.PriceLine, ...]:
    if priced.total is None:
        return ()
    told = list(lines)
    excl_vat = priced.total.excl_vat - sum((line.cost_excl_vat for line in told), _ZERO)
    incl_vat = priced.total.incl_vat
    for line in told:
        incl_vat = None if incl_vat is None or line.cost_incl_vat is None else incl_vat - line.cost_incl_vat
    if not excl_vat and not incl_vat:
        return ()
    return (
        common.PriceLine(
            kind=ADJUSTMENT,
            quantity=Decimal(1),
            added=_ZERO,
            unit_price=excl_vat,
            cost_excl_vat=excl_vat,
            cost_incl_vat=incl_vat,
        ),
    )
