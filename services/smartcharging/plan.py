"""From what an EV can take to the charging profile that it is offered (K15.FR.07; ISO 15118)."""

from collections.abc import Mapping
from typing import Any, Final

from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339, rfc3339

PURPOSE: Final = "TxProfile"
MAX_LIMIT: Final = 1_000_000_000
"""W or A: beyond, nobody has measured anything."""

_PHASES: Final = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}


def profile(
    needs: Mapping[str, Any], session_id: str, transaction_id: str, now_ms: Millis
) -> dict[str, Any] | None:
    """The ChargingProfileType for ChargingNeedsType: as much as the EV can take, until it wants to leave.

    None when it does not say how much that is. The profile's id follows from the session, so that each offer takes
    the place of the one before.
    """
    rate = _rate(needs)
    if rate is None:
        return None
    unit, limit = rate
    period: dict[str, Any] = {"startPeriod": 0, "limit": limit}
    phases = _PHASES.get(needs.get("requestedEnergyTransfer", ""))
    if phases is not None and unit == "A":
        period["numberPhases"] = phases
    schedule: dict[str, Any] = {
        "id": 1,
        "startSchedule": rfc3339(now_ms),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [period],
    }
    duration_s = _duration_s(needs.get("departureTime"), now_ms)
    if duration_s is not None:
        schedule["duration"] = duration_s
    return {
        "id": int(derived_id("charging-profile", session_id)[:7], 16) + 1,
        "stackLevel": 0,
        "chargingProfilePurpose": PURPOSE,
        "chargingProfileKind": "Absolute",
        "transactionId": transaction_id,
        "chargingSchedule": [schedule],
    }


def _rate(needs: Mapping[str, Any]) -> tuple[str, int | float] | None:
    alternating = needs.get("acChargingParameters", {})
    direct = needs.get("dcChargingParameters", {})
    both_ways = needs.get("v2xChargingParameters", {})
    volts, amperes = direct.get("evMaxVoltage"), direct.get("evMaxCurrent")
    power_w = direct.get("evMaxPower") or both_ways.get("maxChargePower")
    if power_w is None and volts is not None and amperes is not None:
        power_w = volts * amperes
    for unit, limit in (("A", alternating.get("evMaxCurrent")), ("W", power_w)):
        if limit is not None and 0 < limit <= MAX_LIMIT:
            return unit, limit
    return None


def _duration_s(departure: str | None, now_ms: Millis) -> int | None:
    try:
        left_s = (parse_rfc3339(departure) - now_ms) // 1000 if departure is not None else 0
    except (ValueError, OverflowError):
        return None
    return left_s if 0 < left_s <= 7 * 86_400 else None
