"""OCPI numbers: JSON numbers that show exactly what was measured or priced.

types: number says "4 decimals". That is read as the least that a reader has to keep: energy and money are never
rounded here, since what the meter signed is what is billed. Only hours, which seldom end, are rounded.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from services.domain.units import WH_PER_KWH

_HOUR_PLACES = Decimal("0.0001")
_PERIOD_PLACES = Decimal("0.00000001")
_SECONDS_PER_HOUR = Decimal(3600)
_MS_PER_HOUR = Decimal(3_600_000)


def number(value: Decimal) -> Decimal:
    """The same value without trailing zeros; ValueError for what JSON cannot write (NaN, infinity)."""
    if not value.is_finite():
        raise ValueError(f"{value} is no JSON number")
    shortest = str(value)
    if "E" not in shortest and ("." not in shortest or shortest[-1] != "0"):
        return value or Decimal(0)
    digits = format(value, "f")
    return Decimal(digits.rstrip("0").rstrip(".") if "." in digits else digits) or Decimal(0)


def kwh(energy_wh: Decimal) -> Decimal:
    """Watt-hours in kWh, exactly."""
    return number(energy_wh / WH_PER_KWH)


def hours(duration_s: int) -> Decimal:
    """Seconds in hours with four decimals, from which whole seconds can be recovered."""
    return number((duration_s / _SECONDS_PER_HOUR).quantize(_HOUR_PLACES, ROUND_HALF_EVEN))


def hours_of_ms(duration_ms: int) -> Decimal:
    """Milliseconds in hours with eight decimals, so that many periods add up to what they cost together."""
    return number((duration_ms / _MS_PER_HOUR).quantize(_PERIOD_PLACES, ROUND_HALF_EVEN))
