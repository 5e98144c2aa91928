"""Requests with longer lists than the station takes at once: several CALLs, whose answers are one again.

How much it takes, it says itself in the variable ItemsPerMessage (B05.FR.11, B06.FR.05, D01.FR.11, N04.FR.09,
N06.FR.04).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.ocpp.outbound.not_possible import NotPossible

_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "ClearVariableMonitoring": ("id", "clearMonitoringResult"),
    "GetVariables": ("getVariableData", "getVariableResult"),
    "SetVariableMonitoring": ("setMonitoringData", "setMonitoringResult"),
    "SetVariables": ("setVariableData", "setVariableResult"),
}
"""By operation: the list in its request and the one in its answer."""

_LOCAL_LIST: Final = "SendLocalList"
_LOCAL_LIST_COMPONENT: Final = "localauthlistctrlr"

_INSTANCES: Final = {operation.casefold(): operation for operation in _LISTS}
_LIMIT: Final = "itemspermessage"
_MAX_DIGITS: Final = 9


def parts(action: str, payload: dict[str, Any], limits: Mapping[str, int]) -> list[dict[str, Any]]:
    """The requests that a request becomes, in its order; `limits` are items per message by operation.

    NotPossible when the parts of a local list have no version numbers left.
    """
    limit = limits.get(action)
    if limit is None:
        return [payload]
    if action == _LOCAL_LIST:
        return _parts_of_local_list(payload, limit)
    name = _LISTS[action][0]
    items = payload[name]
    return [payload | {name: items[at : at + limit]} for at in range(0, len(items), limit)]


def _parts_of_local_list(payload: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """D01.FR.15 and .19: later parts add to the first, each with a higher version, the last with the asked one."""
    entries = payload.get("localAuthorizationList", ())
    some = [entries[at : at + limit] for at in range(0, len(entries), limit)]
    if len(some) < 2:
        return [payload]
    first_version = payload["versionNumber"] - len(some) + 1
    if first_version <= 0:
        raise NotPossible(
            f"the station takes {limit} entries at once: versionNumber has to be {len(some)} or more"
        )
    made = [
        payload | {"localAuthorizationList": part, "versionNumber": first_version + number}
        for number, part in enumerate(some)
    ]
    return [made[0], *[part | {"updateType": "Differential"} for part in made[1:]]]


def goes_on(action: str, answer: Mapping[str, Any]) -> bool:
    """Whether the next part is to be said after this answer: a local list in which one is missing is of no use."""
    return action != _LOCAL_LIST or answer["status"] == "Accepted"


def joined(action: str, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answers to all parts as the one to the whole request."""
    if action == _LOCAL_LIST:
        return answers[-1]
    if len(answers) == 1:
        return answers[0]
    name = _LISTS[action][1]
    return answers[0] | {name: [item for answer in answers for item in answer[name]]}


def limits_told(answer_or_report: Mapping[str, Any]) -> dict[str, int]:
    """What an answer to GetVariables or a NotifyReport, valid as it is, says about items per message."""
    return {
        operation: int(value)
        for component, variable, value in _values(answer_or_report)
        if variable["name"].casefold() == _LIMIT
        and (operation := _operation(component, variable.get("instance", ""))) is not None
        and _is_limit(value)
    }


def _operation(component: Mapping[str, Any], instance: str) -> str | None:
    """The operation that a limit is of; that of the local list has no instance."""
    if not instance and component["name"].casefold() == _LOCAL_LIST_COMPONENT:
        return _LOCAL_LIST
    return _INSTANCES.get(instance.casefold())


def _values(said: Mapping[str, Any]) -> Iterable[tuple[Mapping[str, Any], Mapping[str, Any], str]]:
    for result in said.get("getVariableResult", ()):
        if result.get("attributeType", "Actual") == "Actual":
            yield result["component"], result["variable"], result.get("attributeValue", "")
    for entry in said.get("reportData", ()):
        for attribute in entry["variableAttribute"]:
            if attribute.get("type", "Actual") == "Actual":
                yield entry["component"], entry["variable"], attribute.get("value", "")


def _is_limit(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _MAX_DIGITS and int(value) > 0
