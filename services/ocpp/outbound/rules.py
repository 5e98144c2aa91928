"""What OCPP 2.0.1 forbids us to say although the schemas allow it: stations would refuse or misread it."""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

MAX_INT: Final = 0x7FFF_FFFF

Rule = Callable[[dict[str, Any]], str | None]
"""A payload that fits its schema; what is wrong with it, or None."""


def broken(action: str, payload: dict[str, Any]) -> str | None:
    """What keeps a payload of OCPP 2.0.1 or later from being sent, in words; None when nothing does."""
    rule = _RULES.get(action)
    return None if rule is None else rule(payload)


def _request_start_transaction(payload: dict[str, Any]) -> str | None:
    """F02.FR.17 and F02.FR.19."""
    profile = payload.get("chargingProfile")
    if profile is None:
        return None
    if profile["chargingProfilePurpose"] != "TxProfile":
        return "the chargingProfile of a start has to be a TxProfile"
    if "transactionId" in profile:
        return "the chargingProfile of a start has no transactionId yet"
    return _profile(profile)


def _set_charging_profile(payload: dict[str, Any]) -> str | None:
    return _profile(payload["chargingProfile"])


def _profile(profile: dict[str, Any]) -> str | None:
    """Part 6, 3.1: periods in order of time, phaseToUse for one phase only (K01.FR.19)."""
    for schedule in profile["chargingSchedule"]:
        periods = schedule["chargingSchedulePeriod"]
        if any(later["startPeriod"] <= earlier["startPeriod"] for earlier, later in pairwise(periods)):
            return "chargingSchedulePeriods are not in order of time"
        if any("phaseToUse" in period and period.get("numberPhases") != 1 for period in periods):
            return "phaseToUse is for a numberPhases of 1"
    return None


def _send_local_list(payload: dict[str, Any]) -> str | None:
    """D01.FR.06 and D01.FR.18; whole numbers have 32 bits (Part 2, 2.1)."""
    if payload["versionNumber"] <= 0:
        return "versionNumber has to be greater than 0, which stands for no list"
    if payload["versionNumber"] > MAX_INT:
        return f"versionNumber is greater than {MAX_INT}"
    tokens = [entry["idToken"] for entry in payload.get("localAuthorizationList", ())]
    # IdTokenType: idToken is compared without regard to case.
    if _has_twice((token["idToken"].casefold(), token["type"]) for token in tokens):
        return "a token is in the list twice"
    return None


def _set_variables(payload: dict[str, Any]) -> str | None:
    """B05.FR.13: the same attribute may not be set twice at once; one that is not named is Actual."""
    targets = [
        (repr(entry["component"]), repr(entry["variable"]), entry.get("attributeType", "Actual"))
        for entry in payload["setVariableData"]
    ]
    return "a variable is set twice" if _has_twice(targets) else None


def _trigger_message(payload: dict[str, Any]) -> str | None:
    """F06.FR.13: statuses are those of connectors."""
    if payload["requestedMessage"] == "StatusNotification" and "connectorId" not in payload.get("evse", {}):
        return "a StatusNotification is asked of a connector: give evse.id and evse.connectorId"
    return None


def _has_twice(things: Iterable[object]) -> bool:
    every = list(things)
    return len(set(every)) < len(every)


_RULES: Final[Mapping[str, Rule]] = {
    "RequestStartTransaction": _request_start_transaction,
    "SendLocalList": _send_local_list,
    "SetChargingProfile": _set_charging_profile,
    "SetVariables": _set_variables,
    "TriggerMessage": _trigger_message,
}
