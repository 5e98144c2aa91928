"""Avro `decimal` values as big-endian two's complement of a scaled integer: exact, or refused."""

from decimal import Decimal


def to_bytes(value: Decimal, scale: int) -> bytes:
    """The bytes of `value` at `scale` decimal places; ValueError when places would be lost or it is not finite."""
    if not value.is_finite():
        raise ValueError(f"{value} is not a finite number")
    unscaled = value.scaleb(scale)
    whole = int(unscaled)
    if whole != unscaled:
        raise ValueError(f"{value} has more than {scale} decimal places")
    return whole.to_bytes((whole.bit_length() + 8) >> 3, "big", signed=True)


def from_bytes(data: bytes, scale: int) -> Decimal:
    """The Decimal that `to_bytes` wrote, always with `scale` places (up to 28 digits)."""
    return Decimal(int.from_bytes(data, "big", signed=True)).scaleb(-scale)
