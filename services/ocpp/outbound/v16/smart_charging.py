"""Block K, smart charging: SetChargingProfile, ClearChargingProfile, GetCompositeSchedule (5.5, 5.7, 5.16)."""

from typing import Any, Final

from services.ocpp.outbound.not_possible import NotPossible
from services.ocpp.outbound.v16.transaction_number import transaction_number

_PURPOSES: Final = {
    "ChargingStationMaxProfile": "ChargePointMaxProfile",
    "TxDefaultProfile": "TxDefaultProfile",
    "TxProfile": "TxProfile",
}


def set_charging_profile(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Connector 0 is the whole station."""
    profile = charging_profile(payload["chargingProfile"])
    return "SetChargingProfile", {"connectorId": payload["evseId"], "csChargingProfiles": profile}


def clear_charging_profile(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """By its id, or by connector, purpose and stack level."""
    converted: dict[str, Any] = {}
    if "chargingProfileId" in payload:
        converted["id"] = payload["chargingProfileId"]
    criteria = payload.get("chargingProfileCriteria", {})
    if "evseId" in criteria:
        converted["connectorId"] = criteria["evseId"]
    if "chargingProfilePurpose" in criteria:
        converted["chargingProfilePurpose"] = _purpose(criteria["chargingProfilePurpose"])
    if "stackLevel" in criteria:
        converted["stackLevel"] = criteria["stackLevel"]
    return "ClearChargingProfile", converted


def get_composite_schedule(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The connectors of 1.6 are the EVSEs of 2.0.1."""
    unit = {"chargingRateUnit": payload["chargingRateUnit"]} if "chargingRateUnit" in payload else {}
    return "GetCompositeSchedule", {"connectorId": payload["evseId"], "duration": payload["duration"], **unit}


def charging_profile(profile: dict[str, Any]) -> dict[str, Any]:
    """ChargingProfile (7.8) of a ChargingProfileType; NotPossible for what 1.6 has no field for."""
    schedules = profile["chargingSchedule"]
    if len(schedules) != 1:
        raise NotPossible("OCPP 1.6 profiles have one schedule")
    converted = {
        "chargingProfileId": profile["id"],
        "stackLevel": profile["stackLevel"],
        "chargingProfilePurpose": _purpose(profile["chargingProfilePurpose"]),
        "chargingProfileKind": profile["chargingProfileKind"],
        "chargingSchedule": _schedule(schedules[0]),
    }
    for name in ("recurrencyKind", "validFrom", "validTo"):
        if name in profile:
            converted[name] = profile[name]
    if "transactionId" in profile:
        converted["transactionId"] = transaction_number(profile["transactionId"])
    return converted


def _schedule(schedule: dict[str, Any]) -> dict[str, Any]:
    """ChargingSchedule (7.13): limits and phases; salesTariff and the like stay behind."""
    kept = ("duration", "startSchedule", "chargingRateUnit", "minChargingRate")
    periods = [
        {name: period[name] for name in ("startPeriod", "limit", "numberPhases") if name in period}
        for period in schedule["chargingSchedulePeriod"]
    ]
    return {**{name: schedule[name] for name in kept if name in schedule}, "chargingSchedulePeriod": periods}


def _purpose(purpose: str) -> str:
    if purpose not in _PURPOSES:
        raise NotPossible(f"OCPP 1.6 has no charging profile purpose {purpose}")
    return _PURPOSES[purpose]
