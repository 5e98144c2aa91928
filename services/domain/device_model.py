"""What stations answer about their configuration keys (OCPP 1.6) and variables (2.0.1), read leniently."""

import json
from collections.abc import Iterator
from typing import Any, Final

from services.domain.events.common import ReportedVariable

ACTUAL: Final = "Actual"
"""AttributeEnumType of an attribute that is not named."""

_SECRETS: Final = ("password", "authorizationkey", "secret", "privatekey")
_INT32: Final = range(-(2**31), 2**31)


def told_variables(answer_json: str | None) -> list[ReportedVariable]:
    """Of an answer to GetVariables or GetConfiguration (without component); none in all others."""
    answer = told_object(answer_json)
    return [*_keys(answer), *_results(answer)]


def is_secret(variable: str) -> bool:
    """Whether its value is nobody's business."""
    lower = variable.lower()
    return any(part in lower for part in _SECRETS)


def told_object(text: str | None) -> dict[str, Any]:
    """A JSON object; an empty one for everything else."""
    try:
        found = json.loads(text or "null", parse_int=_bounded)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def entries(value: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """A text that can be written again: one half of a surrogate pair cannot."""
    if not isinstance(value, str) or (not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value)):
        return None
    return value


def whole(value: Any) -> int | None:
    """A whole number of 32 bits."""
    return value if type(value) is int and value in _INT32 else None


def place(entry: dict[str, Any]) -> dict[str, Any] | None:
    """ComponentType and VariableType in the words of events; None when either has no name."""
    component, variable = _object(entry.get("component")), _object(entry.get("variable"))
    names = text(component.get("name")), text(variable.get("name"))
    if not names[0] or not names[1]:
        return None
    evse = _object(component.get("evse"))
    return {
        "component": names[0],
        "component_instance": text(component.get("instance")),
        "evse_id": whole(evse.get("id")),
        "connector_id": whole(evse.get("connectorId")),
        "variable": names[1],
        "variable_instance": text(variable.get("instance")),
    }


def _keys(answer: dict[str, Any]) -> Iterator[ReportedVariable]:
    """GetConfiguration.conf, 1.6 7.29 KeyValue."""
    for entry in entries(answer.get("configurationKey")):
        key = text(entry.get("key"))
        if key:
            mutability = "ReadOnly" if entry.get("readonly") is True else "ReadWrite"
            yield ReportedVariable(
                component="", variable=key, attribute=ACTUAL, value=text(entry.get("value")), mutability=mutability
            )


def _results(answer: dict[str, Any]) -> Iterator[ReportedVariable]:
    """GetVariablesResponse; what the station does not know or tell is no variable of it."""
    for entry in entries(answer.get("getVariableResult")):
        named = place(entry)
        if named is not None and entry.get("attributeStatus") == "Accepted":
            attribute = text(entry.get("attributeType")) or ACTUAL
            yield ReportedVariable(**named, attribute=attribute, value=text(entry.get("attributeValue")))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _bounded(digits: str) -> int | float:
    """Numbers of any length are numbers; nobody uses those that are no 64 bits."""
    return int(digits) if len(digits) < 20 else float(digits[:300])
