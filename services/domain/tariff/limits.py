"""The least and the most that a session costs under a tariff (OCPI 2.3.0 Tariff.min_price, Tariff.max_price)."""

from decimal import Decimal
from enum import StrEnum

from services.domain.tariff.model import Amount, Tariff

_ZERO = Decimal(0)


class LimitRule(StrEnum):
    """What counts where taxes make the two amounts of a limit be reached at different times."""

    EACH = "each"
    """Each amount for itself, as the notes on `min_price` and `max_price` have it."""

    PAIR = "pair"
    """The amount before taxes; a session beyond it costs both amounts of the limit, one without lines nothing."""


def limited(cost: Amount, tariff: Tariff, rule: LimitRule) -> tuple[Amount, tuple[str, ...]]:
    """The cost within the limits, and the names of those that changed it."""
    hit = list[str]()
    for name, limit, sign in (("min_price", tariff.min_price, 1), ("max_price", tariff.max_price, -1)):
        if limit is None:
            continue
        within = _each(cost, limit, sign) if rule is LimitRule.EACH else _pair(cost, limit, sign)
        if within != cost:
            hit.append(name)
            cost = within
    return cost, tuple(hit)


def _pair(cost: Amount, limit: Amount, sign: int) -> Amount:
    return limit if _rank(cost, sign) < _rank(limit, sign) else cost


def _rank(amount: Amount, sign: int) -> tuple[Decimal, int, Decimal]:
    known = amount.incl_vat is not None
    return sign * amount.excl_vat, sign * known, sign * (amount.incl_vat or _ZERO)


def _each(cost: Amount, limit: Amount, sign: int) -> Amount:
    """A limit without an amount after taxes leaves taxes their share of the cost."""
    excl = _within(cost.excl_vat, limit.excl_vat, sign)
    if cost.incl_vat is None:
        return Amount(excl, None)
    if limit.incl_vat is not None:
        return Amount(excl, _within(cost.incl_vat, limit.incl_vat, sign))
    return Amount(excl, cost.incl_vat * excl / cost.excl_vat if cost.excl_vat else excl)


def _within(amount: Decimal, limit: Decimal, sign: int) -> Decimal:
    return limit if sign * amount < sign * limit else amount
