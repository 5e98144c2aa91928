"""Whether an object is exactly as its specification wants it: yes at once, or no without saying why.

The tables are compiled into a function per type, since nearly all that is checked is right: our own objects, a
hundred to a page. `wire/reading.py` is the authority on what is wrong with the others.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

from services.ocpi.wire.model import MODEL, Field

LONGEST_URL: Final = 255
"""types: URL."""
UTC_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z?", re.ASCII)
WEB_URL: Final = re.compile(r"https?://[^\s/]+\S*", re.ASCII | re.IGNORECASE)

Check = Callable[[Any], bool]


@cache
def checker(name: str, version: str) -> Check:
    """The check of an object: all of it is known, none of it is null, and there is nothing to correct."""
    fields = MODEL.objects[version, name]
    checks = {field.name: _member(field, version) for field in fields.values()}
    required = frozenset(field.name for field in fields.values() if field.required)
    check_of = checks.get

    def is_right(value: Any) -> bool:
        if type(value) is not dict or not required <= value.keys():
            return False
        for key, item in value.items():
            check = check_of(key)
            if check is None or not check(item):
                return False
        return True

    return is_right


def _member(field: Field, version: str) -> Check:
    one = _one(field, version)
    if not field.many:
        return one
    required = field.required

    def are_right(items: Any) -> bool:
        return isinstance(items, list | tuple) and (not required or bool(items)) and all(map(one, items))

    return are_right


def _one(field: Field, version: str) -> Check:
    if field.type in _PRIMITIVES:
        return _PRIMITIVES[field.type](field)
    values = MODEL.enums.get((version, field.type))
    if values is not None:
        known = values.known
        return lambda value: type(value) is str and value in known
    return checker(field.type, version)


def _string(field: Field) -> Check:
    most = field.most if field.most is not None else 2**63
    return lambda value: type(value) is str and len(value) <= most and value.isprintable()


def _ci_string(field: Field) -> Check:
    string = _string(field)
    return lambda value: string(value) and value.isascii()


def _url(_: Field) -> Check:
    return lambda value: type(value) is str and len(value) <= LONGEST_URL and WEB_URL.fullmatch(value) is not None


def _time(_: Field) -> Check:
    return _is_time


def _is_time(value: Any) -> bool:
    if type(value) is not str or UTC_TIME.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _number(_: Field) -> Check:
    return lambda value: (type(value) is Decimal and value.is_finite()) or type(value) is int


def _int(field: Field) -> Check:
    most = 10**field.most if field.most is not None else 2**63
    return lambda value: type(value) is int and -most < value < most


def _boolean(_: Field) -> Check:
    return lambda value: type(value) is bool


_PRIMITIVES: Final[dict[str, Callable[[Field], Check]]] = {
    "string": _string,
    "CiString": _ci_string,
    "URL": _url,
    "DateTime": _time,
    "number": _number,
    "int": _int,
    "boolean": _boolean,
}
