"""Exact amounts of money: computed with all their digits, rounded once."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow

EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow])
"""Room for every digit of the longest energy times the longest price; the default context rounds at 28."""

_QUANTUM = Decimal("0.0001")
_LIMIT = Decimal(10) ** 15


def rounded(amount: Decimal) -> Decimal:
    """To 4 decimals, half to even: OCPI 2.2.1 `number` (16.8) has 4, and prescribes no way of rounding.

    Raises ValueError for an amount of a quadrillion or more, which no record can hold.
    """
    if abs(amount) >= _LIMIT:
        raise ValueError(f"an amount of {amount:.3E} is beyond what a record can hold")
    return amount.quantize(_QUANTUM, context=EXACT)
