"""Prices a session under simple terms: so much per kWh, per hour and per session, plus VAT."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from services.domain.events.common import TariffTerms
from services.domain.money import EXACT, rounded
from services.domain.tariff.engine import price_session
from services.domain.tariff.lines import LineKind
from services.domain.tariff.session import Period, Session
from services.domain.tariff.terms import tariff_of
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


def checked(terms: TariffTerms) -> TariffTerms:
    """The terms, if they can be charged; ValueError says what is wrong with them in one sentence."""
    checked_name(terms.tariff_id, terms.currency)
    for name, amount in (
        ("price per kWh", terms.energy_price_per_kwh),
        ("price per hour", terms.time_price_per_hour),
        ("session fee", terms.session_fee),
    ):
        _check(name, amount, _MOST_PER_UNIT, _PRICE_DECIMALS)
    _check("VAT in percent", terms.vat_percent, _HUNDRED, _VAT_DECIMALS)
    return terms


def checked_name(tariff_id: str, currency: str) -> None:
    """ValueError for an id or a currency that partners could not read."""
    if not _TARIFF_ID.fullmatch(tariff_id):
        raise ValueError(f"tariff id {tariff_id[:60]!r} is not 1 to 36 letters, digits, '_', '.' or '-'")
    if not re.fullmatch("[A-Z]{3}", currency):
        raise ValueError(f"currency {currency[:60]!r} is not an ISO 4217 code like EUR")


def _check(name: str, amount: Decimal, most: Decimal, decimals: int) -> None:
    if not amount.is_finite() or not 0 <= amount <= most:
        raise ValueError(f"{name} {amount} is not between 0 and {most}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        raise ValueError(f"{name} {amount} has more than {decimals} decimals")
