"""Simple terms: so much per kWh, per hour and per session, plus VAT."""

import re
from decimal import Decimal

from services.domain.events.common import TariffTerms

_HUNDRED = Decimal(100)
_MOST_PER_UNIT = Decimal(100_000)
_PRICE_DECIMALS = 6
_VAT_DECIMALS = 4
_TARIFF_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,35}", re.ASCII)


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


def checked_price(name: str, amount: Decimal) -> Decimal:
    """The price, which may be negative as on power markets; ValueError where none can be told."""
    _check(name, abs(amount), _MOST_PER_UNIT, _PRICE_DECIMALS)
    return amount


def _check(name: str, amount: Decimal, most: Decimal, decimals: int) -> None:
    if not amount.is_finite() or not 0 <= amount <= most:
        raise ValueError(f"{name} {amount} is not between 0 and {most}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        raise ValueError(f"{name} {amount} has more than {decimals} decimals")
