"""From what an EV can take to the charging profile that it is offered (K15.FR.07; ISO 15118)."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339, rfc3339

PURPOSE: Final = "TxProfile"
MAX_LIMIT: Final = 1_000_000_000
"""W or A: beyond, nobody has measured anything."""

_LONGEST_S: Final = 7 * 86_400
_PHASES: Final = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}


class Demand(Struct, frozen=True, array_like=True):
    """The most that an EV can take, in A (of each phase) or W, on how many phases, and until when."""

    unit: str
    limit: int | float
    phases: int | None = None
    until: Millis | None = None


def demand(needs: Mapping[str, Any]) -> Demand | None:
    """What ChargingNeedsType comes to; None when the EV does not say how much it can take."""
    rate = _rate(needs)
    if rate is None:
        return None
    unit, limit = rate
    phases = _PHASES.get(needs.get("requestedEnergyTransfer", "")) if unit == "A" else None
    return Demand(unit, limit, phases, _departure(needs.get("departureTime")))


def until(asked: Demand, departure_at: Millis | None) -> Demand:
    """The demand with the departure that the driver has named, if that is before the EV's own."""
    times = [time for time in (asked.until, departure_at) if time is not None]
    return replace(asked, until=min(times, default=None))


def profile(asked: Demand, session_id: str, transaction_id: str, now_ms: Millis) -> dict[str, Any]:
    """The ChargingProfileType that gives an EV all that it can take, until it wants to leave.

    Its id follows from the session, so that each offer takes the place of the one before.
    """
    period: dict[str, Any] = {"startPeriod": 0, "limit": asked.limit}
    if asked.phases is not None:
        period["numberPhases"] = asked.phases
    schedule: dict[str, Any] = {
        "id": 1,
        "startSchedule": rfc3339(now_ms),
        "chargingRateUnit": asked.unit,
        "chargingSchedulePeriod": [period],
    }
    left_s = 0 if asked.until is None else (asked.until - now_ms) // 1000
    if 0 < left_s <= _LONGEST_S:
        schedule["duration"] = left_s
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


def _departure(text: str | None) -> Millis | None:
    try:
        return None if text is None else parse_rfc3339(text)
    except (ValueError, OverflowError):
        return None
