"""What OCPP 1.6 forbids us to say although its schemas allow it."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from services.ocpp.outbound.rules import MAX_INT, Rule


def broken(action: str, payload: dict[str, Any]) -> str | None:
    """What keeps a payload of OCPP 1.6 from being sent, in words; None when nothing does."""
    rule = _RULES.get(action)
    return None if rule is None else rule(payload)


def _remote_start(payload: dict[str, Any]) -> str | None:
    """6.33 and 5.16.2: a connector of its own, and a profile for the transaction that is to come."""
    if payload.get("connectorId", 1) < 1:
        return "connectors that can be started on are numbered from 1"
    profile = payload.get("chargingProfile")
    if profile is None:
        return None
    if profile["chargingProfilePurpose"] != "TxProfile":
        return "the chargingProfile of a remote start has to be a TxProfile"
    if "transactionId" in profile:
        return "the chargingProfile of a remote start has no transactionId yet"
    return _schedule(profile)


def _set_charging_profile(payload: dict[str, Any]) -> str | None:
    """3.13.1 and 7.8: limits of the station belong to connector 0, those of a transaction to its own connector."""
    profile, connector_id = payload["csChargingProfiles"], payload["connectorId"]
    purpose = profile["chargingProfilePurpose"]
    if purpose == "ChargePointMaxProfile" and connector_id != 0:
        return "a ChargePointMaxProfile is set at connector 0"
    if purpose == "TxProfile" and connector_id < 1:
        return "a TxProfile is set at the connector of its transaction"
    if purpose != "TxProfile" and "transactionId" in profile:
        return "only a TxProfile has a transactionId"
    return _schedule(profile)


def _schedule(profile: dict[str, Any]) -> str | None:
    """7.14: a period ends where the next one starts."""
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    if any(later["startPeriod"] <= earlier["startPeriod"] for earlier, later in pairwise(periods)):
        return "chargingSchedulePeriods are not in order of time"
    return None


def _send_local_list(payload: dict[str, Any]) -> str | None:
    """5.10: stations say -1 for no support and 0 for an empty list."""
    if payload["listVersion"] < 1:
        return "listVersion has to be greater than 0, which stands for an empty list"
    if payload["listVersion"] > MAX_INT:
        return f"listVersion is greater than {MAX_INT}"
    # IdToken is compared without regard to case (7.28).
    id_tags = [entry["idTag"].casefold() for entry in payload.get("localAuthorizationList", ())]
    return "an idTag is in the list twice" if len(set(id_tags)) < len(id_tags) else None


_RULES: Final[Mapping[str, Rule]] = {
    "RemoteStartTransaction": _remote_start,
    "SendLocalList": _send_local_list,
    "SetChargingProfile": _set_charging_profile,
}
