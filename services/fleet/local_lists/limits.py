"""How long a local authorization list may be, and how much of it one message holds: asked, and read."""

from typing import Any, Final, NamedTuple

import msgspec

_COMPONENT: Final = "LocalAuthListCtrlr"
_ITEMS: Final = {"SendLocalListMaxLength": "items_per_message", "ItemsPerMessage": "items_per_message"}
_ENTRIES: Final = {"LocalAuthListMaxLength": "max_entries", "Entries": "max_entries"}
_MEANT: Final = {name.casefold(): field for name, field in (_ITEMS | _ENTRIES).items()}
_MAX_DIGITS: Final = 9


class Limits(NamedTuple):
    """None: the station does not say."""

    max_entries: int | None = None
    items_per_message: int | None = None


def limits_request(protocol: str) -> tuple[str, dict[str, Any]]:
    """Operation and payload that ask: configuration keys of OCPP 1.6, variables of later versions."""
    if not protocol.startswith("ocpp2"):
        return "GetConfiguration", {"key": ["LocalAuthListMaxLength", "SendLocalListMaxLength"]}
    component = {"name": _COMPONENT}
    wanted = [
        {"component": component, "variable": {"name": "ItemsPerMessage"}},
        {"component": component, "variable": {"name": "Entries"}, "attributeType": "MaxSet"},
    ]
    return "GetVariables", {"getVariableData": wanted}


def limits_of(answer_json: str | None) -> Limits:
    """What an answer to GetConfiguration or GetVariables says; what is no positive number says nothing."""
    answer = msgspec.json.decode(answer_json or "{}")
    found: dict[str, int] = {}
    if isinstance(answer, dict):
        for name, value in _told(answer):
            field = _MEANT.get(name.casefold())
            if field is not None and value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS:
                found[field] = int(value)
    # A list without room is none that can be kept; one token at a time is the least that a message holds.
    return Limits(found.get("max_entries"), found.get("items_per_message") or None)


def _told(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values; the edge has checked answers against their schemas."""
    told = [(entry["key"], entry.get("value", "")) for entry in answer.get("configurationKey", ())]
    return told + [
        (entry["variable"]["name"], entry.get("attributeValue", ""))
        for entry in answer.get("getVariableResult", ())
    ]
