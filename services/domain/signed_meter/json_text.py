"""JSON of signed containers: exact numbers, each name once, bounded in depth (`received` bounds the size)."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from services.domain.signed_meter.findings import NotReadable

MAX_DEPTH: Final = 32
MAX_DIGITS: Final = 40
_BRACKETS: Final = re.compile(r"[\[\]{}]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

Json = None | bool | int | str | Decimal | list["Json"] | dict[str, "Json"]


def read(text: str) -> Json:
    """The value in `text`; NotReadable for what is not JSON, is too much, or says a name twice."""
    if _depth(text) > MAX_DEPTH:
        raise NotReadable(f"nested deeper than {MAX_DEPTH}")
    try:
        return cast(Json, json.loads(text, parse_float=_exact, parse_constant=_none, object_pairs_hook=_once))
    except ValueError as error:
        raise NotReadable(f"not JSON: {error}") from None


def member(parent: Json, *names: str) -> Json:
    """What stands at a path of names; None where there is nothing, or no object on the way."""
    for name in names:
        if not isinstance(parent, dict):
            return None
        parent = parent.get(name)
    return parent


def text_of(parent: Json, *names: str) -> str:
    """A text that has to be there."""
    found = member(parent, *names)
    if not isinstance(found, str) or not _is_unicode(found):
        raise NotReadable("no text there", ".".join(names))
    return found


def said(parent: Json, *names: str) -> str | None:
    """A text that may be there; None when it is not, or is something else."""
    found = member(parent, *names)
    return found if isinstance(found, str) and _is_unicode(found) else None


def whole(parent: Json, *names: str) -> int:
    """A whole number that has to be there, also as text or with a fraction of zeros."""
    found = member(parent, *names)
    if isinstance(found, str) and len(found) <= 24:
        found = _exact(found)
    if isinstance(found, Decimal) and found == found.to_integral_value():
        found = int(found)
    if isinstance(found, bool) or not isinstance(found, int):
        raise NotReadable("no whole number there", ".".join(names))
    return found


def number(parent: Json, *names: str) -> Decimal:
    """A number that has to be there."""
    found = member(parent, *names)
    if isinstance(found, int) and not isinstance(found, bool):
        found = _exact(str(found))
    if not isinstance(found, Decimal):
        raise NotReadable("no number there", ".".join(names))
    return found


def _is_unicode(text: str) -> bool:
    """Half a surrogate pair is no character: it can be written in JSON, but not in UTF-8."""
    return not _SURROGATES.search(text)


def _depth(text: str) -> int:
    """A bound of the nesting; brackets in strings may count, as no signed container has many."""
    deepest = depth = 0
    for sign in _BRACKETS.findall(text):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _exact(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotReadable("no number there") from None
    if not number.is_finite() or len(text) > MAX_DIGITS or abs(number.adjusted()) > MAX_DIGITS:
        raise NotReadable("a number beyond all measure")
    return number


def _none(text: str) -> Json:
    raise NotReadable(f"{text} is no number")


def _once(pairs: list[tuple[str, Json]]) -> Mapping[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotReadable("a name that is there twice")
    return found
