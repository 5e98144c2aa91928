"""OCPI strings: printable, and no longer than their field (types: CiString, string)."""

NOT_AVAILABLE = "#NA"
"""What a required string says when it cannot be known (transport_and_format: No data available)."""


def text(value: str, most: int, field: str, warnings: list[str]) -> str:
    """A `string(most)`: unprintable characters become blanks, what is too long is cut, nothing becomes `#NA`.

    Each of these is a warning.
    """
    if 0 < len(value) <= most and value.isprintable():
        return value
    return _fit(value, "".join(char if char.isprintable() else " " for char in value), most, field, warnings)


def ci_text(value: str, most: int, field: str, warnings: list[str]) -> str:
    """A `CiString(most)`: as `text`, but of printable ASCII; other characters become `?`."""
    if 0 < len(value) <= most and value.isascii() and value.isprintable():
        return value
    plain = "".join(char if char.isascii() and char.isprintable() else "?" for char in value)
    return _fit(value, plain, most, field, warnings)


def _fit(value: str, printable: str, most: int, field: str, warnings: list[str]) -> str:
    if not value:
        warnings.append(f"{field}: not known")
        return NOT_AVAILABLE
    fitted = printable[:most]
    if fitted != value:
        warnings.append(f"{field}: does not fit OCPI and was changed")
    return fitted


def coordinate(value: str, whole_digits: int, field: str, warnings: list[str]) -> str:
    """A GeoLocation degree, `-?[0-9]{1,n}\\.[0-9]{5,7}`: decimals are filled up to five and cut after seven."""
    sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
    whole, _, fraction = digits.partition(".")
    if whole.isdecimal() and whole.isascii() and len(whole) <= whole_digits and _digits_or_empty(fraction):
        return f"{sign}{whole}.{fraction[:7].ljust(5, '0')}"
    warnings.append(f"{field}: not known")
    return "0.00000"


def _digits_or_empty(value: str) -> bool:
    return not value or (value.isdecimal() and value.isascii())
