"""Requests with longer lists than the station takes at once: several CALLs, whose answers are one again.

How much it takes, it says itself in the variable ItemsPerMessage (B05.FR.11, B06.FR.05, N04.FR.09, N06.FR.04).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "ClearVariableMonitoring": ("id", "clearMonitoringResult"),
    "GetVariables": ("getVariableData", "getVariableResult"),
    "SetVariableMonitoring": ("setMonitoringData", "setMonitoringResult"),
    "SetVariables": ("setVariableData", "setVariableResult"),
}
"""By operation: the list in its request and the one in its answer."""

_INSTANCES: Final = {operation.casefold(): operation for operation in _LISTS}
_LIMIT: Final = "itemspermessage"
_MAX_DIGITS: Final = 9


def parts(action: str, payload: dict[str, Any], limits: Mapping[str, int]) -> list[dict[str, Any]]:
    """The requests that a request becomes, in its order; `limits` are items per message by operation."""
    limit = limits.get(action)
    if limit is None:
        return [payload]
    name = _LISTS[action][0]
    items = payload[name]
    return [payload | {name: items[at : at + limit]} for at in range(0, len(items), limit)]


def joined(action: str, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answers to all parts as the one to the whole request."""
    if len(answers) == 1:
        return answers[0]
    name = _LISTS[action][1]
    return answers[0] | {name: [item for answer in answers for item in answer[name]]}


def limits_told(answer_or_report: Mapping[str, Any]) -> dict[str, int]:
    """What an answer to GetVariables or a NotifyReport, valid as it is, says about items per message."""
    return {
        operation: int(value)
        for variable, value in _values(answer_or_report)
        if variable["name"].casefold() == _LIMIT
        and (operation := _INSTANCES.get(variable.get("instance", "").casefold())) is not None
        and _is_limit(value)
    }


def _values(said: Mapping[str, Any]) -> Iterable[tuple[Mapping[str, Any], str]]:
    for result in said.get("getVariableResult", ()):
        if result.get("attributeType", "Actual") == "Actual":
            yield result["variable"], result.get("attributeValue", "")
    for entry in said.get("reportData", ()):
        for attribute in entry["variableAttribute"]:
            if attribute.get("type", "Actual") == "Actual":
                yield entry["variable"], attribute.get("value", "")


def _is_limit(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS and int(value) > 0
