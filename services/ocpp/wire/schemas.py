"""Payload validation against the JSON schemas that the `ocpp` package ships, hard and soft (be lenient aloud)."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jsonschema_rs
import orjson

from services.ocpp.wire.faults import V15S, V16, V21, V201, Fault, Refused, family

_FOLDERS: Final = {V16: "v16", V201: "v201", V21: "v21"}
"""Where the package `ocpp` has them; its modules, hundreds of classes, are not imported for that."""

_SENT: Final = frozenset({"NotifyPeriodicEventStream"})
"""Actions that are never answered; their schema has no Request in its name (2.1 only)."""


_WORDS_OF_V15: Final = {"StatusNotification": {"status": ["Occupied"], "errorCode": ["Mode3Error"]}}
"""What a connector of OCPP 1.5 says and one of 1.6 no longer does."""

_ALWAYS_TOLERATED_LENGTH: Final = 1000
_TOLERATED_EXCESS: Final = 8
"""A text may be this many times longer than the schema says."""

_DECIDING: Final = frozenset({"eventType", "connectorStatus", "status"})
"""Enumerations that our behaviour follows; a word outside any other one is carried along with a warning."""

_METERS: Final = frozenset({"meterStart", "meterStop"})
"""Whole Wh in OCPP 1.6, which some stations know more exactly."""

_MAX_SHOWN: Final = 40
_MAX_PROBLEMS: Final = 50

Validator = jsonschema_rs.Validator


@cache
def validator(protocol: str, action: str, answer: bool = False) -> Validator:
    """The compiled schema of a request, or of its answer; KeyError when the version has no such message.

    Formats are not checked: a bad date-time is a matter for the code that knows what to use instead.
    """
    if action not in actions(protocol):
        raise KeyError(f"{protocol} has no {action}")
    request = "" if family(protocol) == V16 or action in _SENT else "Request"
    name = f"{action}{'Response' if answer else request}.json"
    # Some of the files begin with a byte order mark.
    schema = orjson.loads((files("ocpp") / _FOLDERS[family(protocol)] / "schemas" / name).read_text("utf-8-sig"))
    if protocol == V15S and not answer:
        for field, words in _WORDS_OF_V15.get(action, {}).items():
            schema["properties"][field]["enum"] += words
    return jsonschema_rs.validator_for(schema, validate_formats=False)


@cache
def actions(protocol: str) -> frozenset[str]:
    """Every action that a version of OCPP knows, in either direction."""
    names = (entry.name for entry in (files("ocpp") / _FOLDERS[family(protocol)] / "schemas").iterdir())
    return frozenset(re.sub(r"(Request|Response)?\.json$", "", name) for name in names if name.endswith(".json"))


def deviations(valid: Validator, payload: Any) -> Iterator[jsonschema_rs.ValidationError]:
    """What does not fit; Refused for a payload that is nested too deeply to be told about (255 levels)."""
    try:
        yield from valid.iter_errors(payload)
    except ValueError:
        raise Refused(Fault.FORMAT, "payload is nested too deeply") from None


def tolerated(valid: Validator, payload: dict[str, Any]) -> list[str]:
    """What is wrong with a payload, yet harmless, in words; Refused for the first thing that is not.

    Tolerated: texts that are too long, properties and enumeration values that the schema does not know, too many
    items, whole numbers written as 1.0, and numbers where a meter value wants their text.
    """
    warnings: list[str] = []
    for error in deviations(valid, payload):
        warning = _warning(error)
        if warning is None:
            raise Refused(_FAULTS.get(error.kind.name, Fault.PROPERTY), f"{_place(error)}: {_said(error)}")
        if len(warnings) == _MAX_PROBLEMS:
            raise Refused(Fault.FORMAT, f"more than {_MAX_PROBLEMS} deviations from the schema")
        warnings.append(warning)
    return warnings


_FAULTS: Final = {
    "type": Fault.TYPE,
    "required": Fault.OCCURRENCE,
    "minItems": Fault.OCCURRENCE,
    "maxItems": Fault.OCCURRENCE,
    "additionalProperties": Fault.FORMAT,
}


def _warning(error: jsonschema_rs.ValidationError) -> str | None:
    field = error.instance_path[-1] if error.instance_path else ""
    value: Any = error.instance
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.MaxLength(limit=limit):
            if len(value) <= max(_ALWAYS_TOLERATED_LENGTH, _TOLERATED_EXCESS * limit):
                return f"{_place(error)} has {len(value)} characters, {limit} are allowed"
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(unexpected=names):
            return f"{_place(error)} has unknown properties {_listed(names)}"
        case jsonschema_rs.ValidationErrorKind.Enum():
            if field not in _DECIDING and isinstance(value, str):
                return f"{_place(error)} has unknown value {value[:_MAX_SHOWN]!r}"
        case jsonschema_rs.ValidationErrorKind.MaxItems(limit=limit):
            return f"{_place(error)} has {len(value)} items, {limit} are allowed"
        case jsonschema_rs.ValidationErrorKind.Type(types=types):
            if "integer" in types and isinstance(value, float) and (value.is_integer() or field in _METERS):
                return f"{_place(error)} is written with a decimal point"
            if field == "value" and types == ["string"] and type(value) in (int, float):
                return f"{_place(error)} is a number, not its text"
    return None


def _said(error: jsonschema_rs.ValidationError) -> str:
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            return f"{name!r} is missing"
        case jsonschema_rs.ValidationErrorKind.Type(types=types):
            return f"is not of type {' or '.join(types)}"
        case jsonschema_rs.ValidationErrorKind.Enum():
            return "has a value that is not among those allowed"
        case jsonschema_rs.ValidationErrorKind.MaxLength(limit=limit):
            return f"has more than {limit} characters"
    return f"violates {error.kind.name}"


def _place(error: jsonschema_rs.ValidationError) -> str:
    return ".".join(str(step) for step in error.instance_path) or "payload"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(repr(name[:_MAX_SHOWN]) for name in names)[:5])
