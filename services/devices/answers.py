"""What answers to settings mean together with what was asked (SetVariables; 1.6: ChangeConfiguration). Pure."""

from typing import Any, Final

import msgspec

from services.domain.device_model import ACTUAL, entries, is_secret, place, text, told_object
from services.domain.events.common import ReportedVariable

NEEDS_PAYLOAD: Final = frozenset({"SetVariables", "ChangeConfiguration", "SetVariableMonitoring"})
"""Operations whose answers do not repeat what was asked."""

REPORTS: Final = frozenset({"GetBaseReport", "GetReport"})
"""Operations that are answered by reports in parts; in OCPP 1.6 (as GetConfiguration) at once."""

_TAKEN: Final = frozenset({"Accepted", "RebootRequired"})

Values = list[ReportedVariable]


def without_secrets(payload_json: str) -> str:
    """What is kept of a request until its answer comes."""
    payload = told_object(payload_json)
    if is_secret(text(payload.get("key")) or ""):
        payload["value"] = ""
    for entry in entries(payload.get("setVariableData")):
        where = place(entry)
        if where is None or is_secret(where["variable"]):
            entry["attributeValue"] = ""
    return msgspec.json.encode(payload).decode()


def values_set(payload: dict[str, Any], answer: dict[str, Any]) -> tuple[Values, Values]:
    """Attributes that have a new value now (some after a reboot), and those that were refused."""
    if "setVariableResult" in answer:
        return _of_variables(payload, answer)
    return _of_key(payload, answer)


def _of_variables(payload: dict[str, Any], answer: dict[str, Any]) -> tuple[Values, Values]:
    asked = {
        (repr(place(entry)), entry.get("attributeType") or ACTUAL): text(entry.get("attributeValue"))
        for entry in entries(payload.get("setVariableData"))
    }
    taken: Values = []
    refused: Values = []
    for result in entries(answer["setVariableResult"]):
        where, attribute = place(result), text(result.get("attributeType")) or ACTUAL
        if where is None or (repr(where), attribute) not in asked:
            continue
        one = ReportedVariable(**where, attribute=attribute, value=asked[(repr(where), attribute)])
        (taken if result.get("attributeStatus") in _TAKEN else refused).append(one)
    return taken, refused


def _of_key(payload: dict[str, Any], answer: dict[str, Any]) -> tuple[Values, Values]:
    """One configuration key, in the words of 1.6 or of 2.0.1."""
    key, value = text(payload.get("key")), text(payload.get("value"))
    for entry in entries(payload.get("setVariableData"))[:1]:
        where = place(entry)
        key, value = (where or {}).get("variable"), text(entry.get("attributeValue"))
    status = answer.get("status")
    if not key or not isinstance(status, str):
        return [], []
    one = ReportedVariable(component="", variable=key, attribute=ACTUAL, value=value)
    return ([one], []) if status in _TAKEN else ([], [one])
