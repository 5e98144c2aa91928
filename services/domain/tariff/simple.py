"""Prices a session under simple terms: so much per kWh, per hour and per session, plus VAT."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from services.domain.events.common import TariffTerms
from services.domain.money import EXACT, rounded
from services.domain.tariff.engine import price_session
from services.domain.tariff.lines import LineKind
from services.domain.tariff.model import Dimension, PriceComponent, Tariff, TariffElement
from services.domain.tariff.session import Period, Session
from services.domain.units import WH_PER_KWH

_EPOCH = datetime.fromtimestamp(0, UTC)
_HUNDRED = Decimal(100)
_MOST_PER_UNIT = Decimal(100_000)
_PRICE_DECIMALS = 6
_VAT_DECIMALS = 4
_TARIFF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,35}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Costs:
    """What a session costs, in the tariff's currency; without VAT but for `total_incl_vat`."""

    energy_cost: Decimal
    time_cost: Decimal
    session_cost: Decimal
    total_excl_vat: Decimal
    total_incl_vat: Decimal


def price(terms: TariffTerms, energy_wh: Decimal, duration_s: int) -> Costs:
    """Cost of each component, rounded once to 4 decimals; totals are sums of what is shown.

    Energy and time are never rounded before they are priced. Raises ValueError for amounts beyond any record.
    """
    used = Period(
        started_at=_EPOCH, energy_kwh=EXACT.divide(energy_wh, WH_PER_KWH), charging_s=Decimal(duration_s)
    )
    found = price_session(Session(_EPOCH, _EPOCH, (used,), UTC), (tariff_of(terms),))
    costs = {line.kind: line.shown.excl_vat for line in found.lines}
    energy, time, session = costs[LineKind.ENERGY], costs[LineKind.TIME], costs[LineKind.FLAT]
    total = energy + time + session
    vat_factor = EXACT.divide(EXACT.add(_HUNDRED, terms.vat_percent), _HUNDRED)
    return Costs(energy, time, session, total, rounded(EXACT.multiply(total, vat_factor)))


def tariff_of(terms: TariffTerms) -> Tariff:
    """The terms as a tariff of one element, without blocks."""
    components = (
        PriceComponent(Dimension.ENERGY, terms.energy_price_per_kwh, terms.vat_percent, 0),
        PriceComponent(Dimension.TIME, terms.time_price_per_hour, terms.vat_percent, 0),
        PriceComponent(Dimension.FLAT, terms.session_fee, terms.vat_percent, 0),
    )
    return Tariff(terms.tariff_id, terms.currency, (TariffElement(components),))


def checked(terms: TariffTerms) -> TariffTerms:
    """The terms, if they can be charged; ValueError says what is wrong with them in one sentence."""
    if not _TARIFF_ID.fullmatch(terms.tariff_id):
        raise ValueError(f"tariff id {terms.tariff_id!r} is not 1 to 36 letters, digits, '_', '.' or '-'")
    if not re.fullmatch("[A-Z]{3}", terms.currency):
        raise ValueError(f"currency {terms.currency!r} is not an ISO 4217 code like EUR")
    for name, amount in (
        ("price per kWh", terms.energy_price_per_kwh),
        ("price per hour", terms.time_price_per_hour),
        ("session fee", terms.session_fee),
    ):
        _check(name, amount, _MOST_PER_UNIT, _PRICE_DECIMALS)
    _check("VAT in percent", terms.vat_percent, _HUNDRED, _VAT_DECIMALS)
    return terms


def _check(name: str, amount: Decimal, most: Decimal, decimals: int) -> None:
    if not amount.is_finite() or not 0 <= amount <= most:
        raise ValueError(f"{name} {amount} is not between 0 and {most}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        raise ValueError(f"{name} {amount} has more than {decimals} decimals")
