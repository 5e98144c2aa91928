"""Amounts of what partners tell, as far as a record can hold them."""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from services.domain.money import EXACT
from services.domain.units import WH_PER_KWH, Millis, parse_rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status

_MOST: Final = Decimal(10) ** 12
_ENERGY: Final = Decimal("0.0001")
_MONEY: Final = Decimal("0.000001")


def energy_wh(kwh: Any) -> Decimal:
    """Watt-hours of kWh, to 4 decimals; Refusal 2001 for what nobody has charged."""
    return _held(EXACT.multiply(_number(kwh), WH_PER_KWH), _ENERGY)


def money(amount: Any) -> Decimal:
    """An amount to 6 decimals; Refusal 2001 for one that no record can hold."""
    return _held(_number(amount), _MONEY)


def costs(price: Any) -> tuple[Decimal | None, Decimal | None]:
    """Before and after taxes (types: Price), None for what is not said."""
    if not isinstance(price, Mapping) or "before_taxes" not in price:
        return None, None
    before = money(price["before_taxes"])
    taxes = [money(tax["amount"]) for tax in price.get("taxes", ()) if "amount" in tax]
    return before, sum(taxes, before) if taxes else None


def moment(value: Mapping[str, Any], name: str) -> Millis | None:
    """A DateTime that reading has let through."""
    return parse_rfc3339(value[name]) if name in value else None


def text(value: Mapping[str, Any], name: str) -> str:
    return str(value.get(name, ""))


def _number(value: Any) -> Decimal:
    """Compared before anything is computed: a power of ten can be a gigabyte of zeros."""
    number = value if isinstance(value, Decimal) else Decimal(value)
    if number >= _MOST or number <= -_MOST:
        raise Refusal(Status.INVALID_PARAMETERS, "An amount is more than anybody charges")
    return number


def _held(amount: Decimal, places: Decimal) -> Decimal:
    return amount.quantize(places, ROUND_HALF_EVEN, EXACT)
