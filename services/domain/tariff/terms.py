"""Terms as events carry them, and the tariff that the engine prices by; simple terms are one element."""

from datetime import date, time
from decimal import Decimal
from typing import Any

from services.domain.events import common
from services.domain.tariff.model import (
    Amount,
    DayOfWeek,
    Dimension,
    PriceComponent,
    Reservation,
    Tariff,
    TariffElement,
    TariffRestrictions,
    TaxIncluded,
)
from services.domain.units import datetime_of, millis_of

_AS_THEY_ARE = (
    "min_kwh",
    "max_kwh",
    "min_current",
    "max_current",
    "min_power",
    "max_power",
    "min_duration_s",
    "max_duration_s",
)


def tariff_of(terms: common.TariffTerms) -> Tariff:
    """What the engine prices by. Without elements: one that holds all the time, without blocks."""
    elements = tuple(_element(one) for one in terms.elements) or (TariffElement(_simple(terms)),)
    return Tariff(
        tariff_id=terms.tariff_id,
        currency=terms.currency,
        elements=elements,
        tax_included=TaxIncluded(terms.tax_included),
        vat_unknown=terms.taxes_unknown,
        min_price=_limit(terms.min_price),
        max_price=_limit(terms.max_price),
        starts_at=None if terms.starts_at is None else datetime_of(terms.starts_at),
        ends_at=None if terms.ends_at is None else datetime_of(terms.ends_at),
    )


def _simple(terms: common.TariffTerms) -> tuple[PriceComponent, ...]:
    """An hour costs the same whether the vehicle charges or has ended charging."""
    prices = (
        (Dimension.ENERGY, terms.energy_price_per_kwh),
        (Dimension.TIME, terms.time_price_per_hour),
        (Dimension.PARKING_TIME, terms.time_price_per_hour),
        (Dimension.FLAT, terms.session_fee),
    )
    return tuple(PriceComponent(kind, price, terms.vat_percent, 0) for kind, price in prices)


def _element(one: common.TariffElement) -> TariffElement:
    components = tuple(
        PriceComponent(Dimension(part.type), part.price, part.vat_percent, part.step_size)
        for part in one.price_components
    )
    return TariffElement(components, None if one.restrictions is None else _restrictions(one.restrictions))


def _restrictions(limits: common.TariffRestrictions) -> TariffRestrictions:
    return TariffRestrictions(
        start_time=_read(time, limits.start_time),
        end_time=_read(time, limits.end_time),
        start_date=_read(date, limits.start_date),
        end_date=_read(date, limits.end_date),
        day_of_week=frozenset(DayOfWeek(day) for day in limits.day_of_week),
        reservation=None if limits.reservation is None else Reservation(limits.reservation),
        **{name: getattr(limits, name) for name in _AS_THEY_ARE},
    )


def _read(kind: Any, text: str | None) -> Any:
    return None if text is None else kind.fromisoformat(text)


def _limit(limit: common.PriceLimit | None) -> Amount | None:
    return None if limit is None else Amount(limit.excl_vat, limit.incl_vat)


def terms_of(tariff: Tariff, kind: str | None = None, time_zone: str | None = None) -> common.TariffTerms:
    """A tariff as events carry it; `kind` is for whom it is (OCPI TariffType)."""
    nothing = Decimal(0)
    return common.TariffTerms(
        tariff_id=tariff.tariff_id,
        currency=tariff.currency,
        energy_price_per_kwh=nothing,
        time_price_per_hour=nothing,
        session_fee=nothing,
        vat_percent=nothing,
        elements=tuple(_told_element(one) for one in tariff.elements),
        tax_included=tariff.tax_included.value,
        taxes_unknown=tariff.vat_unknown,
        type=kind,
        min_price=_told_limit(tariff.min_price),
        max_price=_told_limit(tariff.max_price),
        starts_at=None if tariff.starts_at is None else millis_of(tariff.starts_at),
        ends_at=None if tariff.ends_at is None else millis_of(tariff.ends_at),
        time_zone=time_zone,
    )


def _told_element(one: TariffElement) -> common.TariffElement:
    components = tuple(
        common.PriceComponent(
            type=part.type.value, price=part.price, vat_percent=part.vat, step_size=part.step_size
        )
        for part in one.price_components
    )
    restrictions = None if one.restrictions is None else _told_restrictions(one.restrictions)
    return common.TariffElement(price_components=components, restrictions=restrictions)


def _told_restrictions(limits: TariffRestrictions) -> common.TariffRestrictions:
    return common.TariffRestrictions(
        start_time=None if limits.start_time is None else f"{limits.start_time:%H:%M}",
        end_time=None if limits.end_time is None else f"{limits.end_time:%H:%M}",
        start_date=None if limits.start_date is None else limits.start_date.isoformat(),
        end_date=None if limits.end_date is None else limits.end_date.isoformat(),
        day_of_week=tuple(day.value for day in DayOfWeek if day in limits.day_of_week),
        reservation=None if limits.reservation is None else limits.reservation.value,
        **{name: getattr(limits, name) for name in _AS_THEY_ARE},
    )


def _told_limit(limit: Amount | None) -> common.PriceLimit | None:
    return None if limit is None else common.PriceLimit(excl_vat=limit.excl_vat, incl_vat=limit.incl_vat)
