"""Exact numbers of energy: Decimal in, Decimal out, and an error instead of rounding."""

import re
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any

_DIGITS = 40
_EXACT = Context(prec=4 * _DIGITS, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
_STEP = Decimal(1).scaleb(-_DIGITS)
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+")
_PER_KWH = {"kwh": Decimal(1), "wh": Decimal("0.001")}


def decimal_of(value: Any) -> Decimal:
    """A Decimal, or text that is a plain number. ValueError for anything else, and beyond 40 digits."""
    if isinstance(value, str) and len(value) < 4 * _DIGITS and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if not isinstance(value, Decimal) or not _fits(value):
        raise ValueError(f"{str(value)[:60]!r} is no usable number")
    return value


def _fits(value: Decimal) -> bool:
    """Whether it has at most so many digits before and after the point: then it is a multiple of the smallest
    step."""
    if not value.is_finite() or abs(value.adjusted()) > _DIGITS:
        return False
    try:
        _EXACT.quantize(value, _STEP)
    except (Inexact, InvalidOperation):
        return False
    return True


def to_kwh(value: Decimal, unit: str | None) -> tuple[Decimal, str]:
    """(kWh, "kWh"), or (value, unit) where the unit is none of energy."""
    if unit == "kWh":
        return value, unit
    factor = _PER_KWH.get((unit or "").strip().lower())
    return (value, unit or "") if factor is None else (_EXACT.multiply(value, factor), "kWh")


def difference(end: Decimal, begin: Decimal) -> Decimal:
    """end - begin, exactly."""
    return _EXACT.subtract(end, begin)


def plain(value: Decimal) -> str:
    """The number without exponent and without trailing zeros: `12.345`, `1000`, `0`."""
    text = f"{value:f}"
    trimmed = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if trimmed in ("", "-0") else trimmed
