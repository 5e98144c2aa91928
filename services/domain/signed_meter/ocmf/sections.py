"""From text to sections: split where the JSON ends, never at a bar, since strings hold bars in the field."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

from services.domain.signed_meter.encodings import from_base64, from_hex
from services.domain.signed_meter.findings import NotReadable

_HEADER = re.compile(r"OCMF[ \t\r\n]*\|")
_MAX_CHARACTERS = 1_000_000
_MAX_RECORDS = 64
_WHITE_SPACE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Sections:
    """`signed` are the bytes between the first two bars. `payload` and `signature` are JSON objects with Decimal
    numbers. `embedded_key` is the fourth section, which some stations append. `ambiguous` says why the payload
    means nothing although it could be split: two readers would read two things."""

    signed: bytes
    payload: dict[str, Any]
    signature: dict[str, Any]
    embedded_key: str | None = None
    ambiguous: str = ""


class _Ambiguous(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Ambiguous("a member appears twice")
    return members


def _no_constant(name: str) -> None:
    raise _Ambiguous(f"{name} is no JSON number")


_EXACT = json.JSONDecoder(
    strict=False, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_once
)
_LENIENT = json.JSONDecoder(strict=False, parse_float=str, parse_int=str, parse_constant=str)


def split(data: bytes) -> Sections:
    """The sections of one record; NotReadable when it is none. Text in hex or base64 is decoded first."""
    found = split_all(data)
    if len(found) > 1:
        raise NotReadable("something follows the signature section", "signature")
    return found[0]


def split_all(data: bytes) -> tuple[Sections, ...]:
    """As `split`, of records that follow each other, as some stations send begin and end in one value."""
    text, start = _text(data)
    found: list[Sections] = []
    while True:
        sections, end = _record(text, start)
        found.append(sections)
        header = _HEADER.match(text, end)
        if header is None:
            return tuple(found)
        if len(found) == _MAX_RECORDS:
            raise NotReadable(f"more than {_MAX_RECORDS} records")
        start = header.end()


def _record(text: str, start: int) -> tuple[Sections, int]:
    """The sections that begin at `start`, and where they end."""
    payload, ambiguous, bar = _section(text, start, "payload")
    if text[bar : bar + 1] != "|":
        raise NotReadable("there is no signature section", "signature")
    signature, twofold, end = _section(text, bar + 1, "signature")
    if twofold:
        raise NotReadable(f"the signature section is ambiguous: {twofold}", "signature")
    rest = "" if _HEADER.match(text, end) else text[end:].strip(_WHITE_SPACE)
    if rest and not rest.startswith("|"):
        raise NotReadable("something follows the signature section", "signature")
    signed = text[start:bar].encode("utf-8", "surrogateescape")
    return Sections(signed, payload, signature, rest[1:].strip(_WHITE_SPACE) or None, ambiguous), end


def _text(data: bytes) -> tuple[str, int]:
    """The text, and where its payload section begins."""
    for reading in _readings(data):
        header = _HEADER.match(reading)
        if header:
            return reading, header.end()
    raise NotReadable("it does not begin with OCMF|", "header")


def _readings(data: bytes) -> Iterator[str]:
    yield _plain(data)
    for decode in (from_hex, from_base64):
        try:
            yield _plain(decode(data, "data"))
        except NotReadable:
            continue


def _plain(data: bytes) -> str:
    """The text without what surrounds it, quotes too; bytes that are no UTF-8 survive the way there and back."""
    if len(data) > 2 * _MAX_CHARACTERS:
        raise NotReadable("the record is too long")
    text = data.decode("utf-8", "surrogateescape").lstrip("\ufeff").strip(_WHITE_SPACE)
    return text[1:-1].strip(_WHITE_SPACE) if text.startswith('"OCMF') and text.endswith('"') else text


def _section(text: str, start: int, what: str) -> tuple[dict[str, Any], str, int]:
    """The JSON object at `start`, why it is ambiguous, and where the next thing after it and its white space
    is."""
    begin = _skip(text, start)
    why = ""
    try:
        try:
            found, end = _EXACT.raw_decode(text, begin)
        except (_Ambiguous, DecimalException) as error:
            why = str(error) if isinstance(error, _Ambiguous) else "a number is too large"
            found, end = _LENIENT.raw_decode(text, begin)
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"the {what} section is no JSON", what) from error
    if not isinstance(found, dict):
        raise NotReadable(f"the {what} section is no JSON object", what)
    return found, why, _skip(text, end)


def _skip(text: str, start: int) -> int:
    while text[start : start + 1] in _WHITE_SPACE and start < len(text):
        start += 1
    return start
