"""Tariffs for partners (mod_tariffs: Tariff)."""

from typing import Any

from services.domain.events import common
from services.domain.events.common import TariffTerms
from services.domain.units import Millis, rfc3339
from services.ocpi.wire import v230
from services.ocpi.wire.numbers import number
from services.ocpi.wire.parties import Party

_AMOUNTS = ("min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power")
_TEXTS = ("start_time", "end_time", "start_date", "end_date", "reservation")


def tariff(terms: TariffTerms, owner: Party, updated_at: Millis) -> v230.Tariff:
    """A tariff in full; simple terms are one element that holds all the time."""
    return v230.Tariff(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=terms.tariff_id[:36],
        currency=terms.currency,
        type=terms.type,
        min_price=_limit(terms.min_price),
        max_price=_limit(terms.max_price),
        elements=tuple(_element(one) for one in terms.elements) or (_simple(terms),),
        tax_included=terms.tax_included,
        start_date_time=None if terms.starts_at is None else rfc3339(terms.starts_at),
        end_date_time=None if terms.ends_at is None else rfc3339(terms.ends_at),
        last_updated=rfc3339(updated_at),
    )


def _simple(terms: TariffTerms) -> v230.TariffElement:
    """Free of charge is energy for nothing. An hour costs the same after charging has ended."""
    vat = number(terms.vat_percent)
    prices = (
        ("ENERGY", terms.energy_price_per_kwh),
        ("TIME", terms.time_price_per_hour),
        ("PARKING_TIME", terms.time_price_per_hour),
        ("FLAT", terms.session_fee),
    )
    return v230.TariffElement(
        price_components=tuple(
            v230.PriceComponent(type=kind, price=number(price), vat=vat, step_size=1)
            for kind, price in prices
            if price or kind == "ENERGY"
        )
    )


def _element(one: common.TariffElement) -> v230.TariffElement:
    components = tuple(
        v230.PriceComponent(
            type=part.type,
            price=number(part.price),
            vat=None if part.vat_percent is None else number(part.vat_percent),
            step_size=max(1, part.step_size),
        )
        for part in one.price_components
    )
    restrictions = None if one.restrictions is None else _restrictions(one.restrictions)
    return v230.TariffElement(price_components=components, restrictions=restrictions)


def _restrictions(limits: common.TariffRestrictions) -> v230.TariffRestrictions:
    told: dict[str, Any] = {name: getattr(limits, name) for name in _TEXTS}
    for name in _AMOUNTS:
        amount = getattr(limits, name)
        told[name] = None if amount is None else number(amount)
    return v230.TariffRestrictions(
        **told,
        min_duration=limits.min_duration_s,
        max_duration=limits.max_duration_s,
        day_of_week=limits.day_of_week,
    )


def _limit(limit: common.PriceLimit | None) -> v230.PriceLimit | None:
    if limit is None:
        return None
    after = None if limit.incl_vat is None else number(limit.incl_vat)
    return v230.PriceLimit(before_taxes=number(limit.excl_vat), after_taxes=after)
