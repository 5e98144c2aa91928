"""Reads what partners send: permissively, into a value and findings, or strictly, when we are the ones who send.

A value is JSON as `msgspec` or `json` decode it with numbers as Decimal: dicts, lists, str, int, Decimal, bool.
Nothing raises for what is in it; what cannot be used is left out, what is not known is kept, both are told.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from services.domain.units import parse_rfc3339, rfc3339
from services.ocpi.wire.checking import LONGEST_URL, UTC_TIME, WEB_URL, checker
from services.ocpi.wire.findings import Finding, Kind, at
from services.ocpi.wire.model import MODEL, Field, required_fields

MOST_FINDINGS = 200
"""Of one object; a hostile one could have millions."""

_DEEPEST = 12
_SHOWN = 40
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?", re.ASCII)
_NOTHING: Any = object()


class Reading(NamedTuple):
    """What was understood, and what is to be said about it."""

    value: dict[str, Any]
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> tuple[Finding, ...]:
        """What the specification does not permit."""
        return tuple(finding for finding in self.findings if finding.breaks)


class Unfit(ValueError):
    """An object of ours that must not leave: it breaks the specification."""

    def __init__(self, name: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{name}: " + "; ".join(str(finding) for finding in findings[:5]))
        self.findings = findings


def read(value: Any, name: str, version: str, *, partial: bool = False) -> Reading:
    """Understand an object of that name; `partial`: a PATCH, where whatever is absent stays as it is."""
    reader = _Reader(version, partial=partial)
    understood = reader.object(value, name, "")
    if understood is _NOTHING:
        understood = {}
    return Reading(understood, tuple(reader.findings))


def validate(value: Any, name: str, version: str, *, partial: bool = False) -> tuple[Finding, ...]:
    """Everything about a value that its specification does not permit."""
    if not partial and checker(name, version)(value):
        return ()
    return read(value, name, version, partial=partial).broken


def emit(value: msgspec.Struct | Mapping[str, Any], name: str, version: str) -> dict[str, Any]:
    """An object as it may leave; Unfit when the specification does not permit it."""
    plain = msgspec.to_builtins(value, builtin_types=(Decimal,))
    broken = validate(plain, name, version)
    if broken:
        raise Unfit(name, broken)
    return dict(plain)


class _Reader:
    """One reading: a version's tables, and the findings so far."""

    def __init__(self, version: str, *, partial: bool) -> None:
        self.findings: list[Finding] = []
        self._version = version
        self._partial = partial

    def say(self, pointer: str, kind: Kind, detail: str = "", *, allowed: bool = False) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(pointer, kind, detail, allowed))

    def object(self, value: Any, name: str, pointer: str, depth: int = 0) -> Any:
        if not isinstance(value, dict) or depth > _DEEPEST:
            return self._unusable(pointer, f"{_kind_of(value)} instead of {name}")
        fields = MODEL.objects[self._version, name]
        understood: dict[str, Any] = {}
        for key, item in value.items():
            field = fields.get(key)
            if field is None:
                self.say(at(pointer, key), Kind.UNKNOWN_FIELD)
                understood[key] = item
                continue
            if item is None:
                if self._partial:
                    understood[key] = None
                continue
            part = self._member(item, field, f"{pointer}/{key}", depth)
            if part is not _NOTHING:
                understood[key] = part
        # What a PATCH adds to or puts in the place of is whole but for the object that is patched itself.
        if not (self._partial and depth == 0):
            for field in required_fields(self._version, name):
                if understood.get(field.name) in (None, []):
                    self._missing(f"{pointer}/{field.name}", value.get(field.name))
        return understood

    def _missing(self, pointer: str, sent: Any) -> None:
        if sent is None or sent == []:
            self.say(pointer, Kind.MISSING)

    def _member(self, value: Any, field: Field, pointer: str, depth: int) -> Any:
        if not field.many:
            return self._one(value, field, pointer, depth)
        if not isinstance(value, list | tuple):
            self.say(pointer, Kind.CORRECTED, "one instead of a list")
            value = [value]
        items = [self._one(item, field, f"{pointer}/{place}", depth) for place, item in enumerate(value)]
        return [item for item in items if item is not _NOTHING]

    def _one(self, value: Any, field: Field, pointer: str, depth: int) -> Any:
        primitive = _PRIMITIVES.get(field.type)
        if primitive is not None:
            return primitive(self, value, field, pointer)
        if (self._version, field.type) in MODEL.enums:
            return self._enum(value, field, pointer)
        return self.object(value, field.type, pointer, depth + 1)

    def _enum(self, value: Any, field: Field, pointer: str) -> Any:
        known, is_open = MODEL.enums[self._version, field.type]
        if not isinstance(value, str):
            return self._unusable(pointer, f"{_kind_of(value)} instead of {field.type}")
        if value in known:
            return value
        alike = [name for name in known if _plain(name) == _plain(value)]
        if len(alike) == 1:
            self.say(pointer, Kind.CORRECTED, f"{value[:_SHOWN]!r} is written {alike[0]}")
            return alike[0]
        self.say(pointer, Kind.UNKNOWN_VALUE, f"{value[:_SHOWN]!r} of {field.type}", allowed=is_open)
        return value

    def text(self, value: Any, field: Field, pointer: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            return self._unusable(pointer, f"{_kind_of(value)} instead of a string")
        if not isinstance(value, str):
            self.say(pointer, Kind.CORRECTED, "a number instead of a string")
            value = str(value)
        if field.most is not None and len(value) > field.most:
            self.say(pointer, Kind.MALFORMED, f"{len(value)} characters, {field.most} are allowed")
        elif not value.isprintable() or (field.type == "CiString" and not value.isascii()):
            self.say(pointer, Kind.MALFORMED, "characters that may not be in it")
        return value

    def url(self, value: Any, field: Field, pointer: str) -> Any:
        if not isinstance(value, str):
            return self._unusable(pointer, f"{_kind_of(value)} instead of a URL")
        if len(value) > LONGEST_URL or not WEB_URL.fullmatch(value):
            self.say(pointer, Kind.MALFORMED, f"no URL of at most {LONGEST_URL} characters")
        return value

    def time(self, value: Any, field: Field, pointer: str) -> Any:
        try:
            millis = parse_rfc3339(value)
            if UTC_TIME.fullmatch(value):
                return value
            text = rfc3339(millis)
        except (TypeError, ValueError, OverflowError):
            return self._unusable(pointer, "no RFC 3339 date-time")
        self.say(pointer, Kind.CORRECTED, f"{value[:_SHOWN]!r} is {text} in UTC")
        return text

    def number(self, value: Any, field: Field, pointer: str) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float):
            value = Decimal(repr(value))
        if isinstance(value, Decimal) and value.is_finite():
            return value
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            self.say(pointer, Kind.CORRECTED, "a string instead of a number")
            return Decimal(value.strip())
        return self._unusable(pointer, f"{_kind_of(value)} instead of a number")

    def integer(self, value: Any, field: Field, pointer: str) -> Any:
        number = value
        if not isinstance(value, int) or isinstance(value, bool):
            number = _integer(value)
            if number is None:
                return self._unusable(pointer, f"{_kind_of(value)} instead of an int")
            self.say(pointer, Kind.CORRECTED, f"{str(value)[:_SHOWN]} instead of an int")
        if field.most is not None and len(str(abs(number))) > field.most:
            self.say(pointer, Kind.MALFORMED, f"more than {field.most} digits")
        return number

    def boolean(self, value: Any, field: Field, pointer: str) -> Any:
        if isinstance(value, bool):
            return value
        meant = _BOOLEANS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if meant is None:
            return self._unusable(pointer, f"{_kind_of(value)} instead of a boolean")
        self.say(pointer, Kind.CORRECTED, f"{str(value)[:_SHOWN]} instead of a boolean")
        return meant

    def _unusable(self, pointer: str, detail: str) -> Any:
        self.say(pointer, Kind.UNUSABLE, detail)
        return _NOTHING


_PRIMITIVES: dict[str, Callable[[_Reader, Any, Field, str], Any]] = {
    "string": _Reader.text,
    "CiString": _Reader.text,
    "URL": _Reader.url,
    "DateTime": _Reader.time,
    "number": _Reader.number,
    "int": _Reader.integer,
    "boolean": _Reader.boolean,
}
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _integer(value: Any) -> int | None:
    """The whole number that a float, Decimal or string stands for."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if isinstance(value, Decimal):
        return (
            int(value) if value.is_finite() and abs(value) < 2**63 and value == value.to_integral_value() else None
        )
    return int(value) if isinstance(value, str) and _WHOLE.fullmatch(value.strip()) else None


def _plain(value: str) -> str:
    return value.replace("-", "_").replace(" ", "_").strip("_").upper()


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float | Decimal) else "something")
