"""Reads OCPI JSON with exact numbers, permissively: values and warnings; only what is dangerous is refused."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, NoReturn

_MOST = 10**15
_MOST_DIGITS = 24
_OCPI_DECIMALS = 4
_USUAL = re.compile(r"-?\d{1,12}(\.\d{1,4})?", re.ASCII)

Json = dict[str, Any]


class Refused(ValueError):
    """Something in the record makes it dangerous to price by it: where and what, in one sentence."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that was read although it is not as it should be."""

    path: str
    says: str


@dataclass(slots=True)
class Reader:
    """Reads values of one record and collects what was wrong with them. Paths are like `$.elements[0].type`."""

    warnings: list[Warned] = field(default_factory=list)

    def warn(self, path: str, says: str) -> None:
        self.warnings.append(Warned(path, says))

    def fields(self, value: object, path: str) -> Json:
        if not isinstance(value, dict):
            raise Refused(f"{path} is not an object")
        return value

    def items(self, value: object, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise Refused(f"{path} is not a list")
        return value

    def number(self, value: object, path: str) -> Decimal:
        """A JSON number, or one in a string. More than 4 decimals are used and warned about (types, number)."""
        if type(value) is int and -_MOST < value < _MOST:
            return Decimal(value)
        exact = value if isinstance(value, Decimal) else self._exact(value, path)
        return exact if _USUAL.fullmatch(str(exact)) else self._unusual(exact, path)

    def _unusual(self, exact: Decimal, path: str) -> Decimal:
        sign_digits_exponent = exact.as_tuple()
        exponent = sign_digits_exponent.exponent
        if not isinstance(exponent, int):
            raise Refused(f"{path} is {exact}, which is no number")
        if abs(exact) >= _MOST or len(sign_digits_exponent.digits) > _MOST_DIGITS or exponent < -_MOST_DIGITS:
            raise Refused(f"{path} has more digits than anything that is charged for")
        if exponent < -_OCPI_DECIMALS:
            self.warn(path, "has more than 4 decimals")
        return exact

    def _exact(self, value: object, path: str) -> Decimal:
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if isinstance(value, float):
            raise Refused(f"{path} was rounded to binary: read JSON with exact numbers")
        try:
            if isinstance(value, str):
                return Decimal(value)
        except ArithmeticError:
            pass
        raise Refused(f"{path} is not a number")

    def optional_number(self, fields: Json, name: str, path: str) -> Decimal | None:
        value = fields.get(name)
        return None if value is None else self.number(value, f"{path}.{name}")

    def whole(self, value: object, path: str) -> int:
        if type(value) is int and 0 <= value < _MOST:
            return value
        number = self.number(value, path)
        if number != number.to_integral_value() or number < 0:
            raise Refused(f"{path} is not a whole number of 0 or more")
        return int(number)

    def optional_whole(self, fields: Json, name: str, path: str) -> int | None:
        value = fields.get(name)
        return None if value is None else self.whole(value, f"{path}.{name}")

    def moment(self, value: Any, path: str) -> datetime:
        """RFC 3339, in either case; UTC where no offset is given (types, DateTime)."""
        try:
            read = datetime.fromisoformat(value.strip().upper())
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        except (AttributeError, ValueError, OverflowError):
            raise Refused(f"{path} is not a time like 2026-01-31T23:59:59Z") from None

    def optional_moment(self, fields: Json, name: str, path: str) -> datetime | None:
        value = fields.get(name)
        return None if value is None else self.moment(value, f"{path}.{name}")

    def time_of_day(self, value: Any, path: str) -> time:
        if value == "24:00":
            self.warn(path, "24:00 is written 00:00")
            return time()
        try:
            read = time.fromisoformat(value)
        except (TypeError, ValueError):
            raise Refused(f"{path} is not a time of day like 23:59") from None
        if len(value) != len("00:00"):
            self.warn(path, "is not a time of day like 23:59")
        return read.replace(tzinfo=None)

    def date(self, value: Any, path: str) -> date:
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise Refused(f"{path} is not a date like 2026-01-31") from None

    def required(self, fields: Json, name: str, path: str) -> object:
        value = fields.get(name)
        if value is None:
            raise Refused(f"{path}.{name} is missing")
        return value


def _no_number(text: str) -> NoReturn:
    raise Refused(f"{text} is no number")


def parse_json(text: str | bytes) -> object:
    """JSON with exact decimals. Refused: what is not JSON, NaN and Infinity, numbers and depths beyond reading."""
    try:
        read: object = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except Refused:
        raise
    except RecursionError:
        raise Refused("it is nested too deeply") from None
    except (ValueError, ArithmeticError) as error:
        raise Refused(f"it is not JSON: {error}") from None
    return read
