"""What stations say about charging profiles, for partners (mod_charging_profiles: results)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered
from services.domain.units import parse_rfc3339, rfc3339
from services.ocpi.wire.envelope import decoded

ACCEPTED: Final = "ACCEPTED"
REJECTED: Final = "REJECTED"
UNKNOWN: Final = "UNKNOWN"


def response(result: str, timeout_s: int) -> dict[str, Any]:
    """What is said at once."""
    return {"result": result, "timeout": timeout_s}


def result(answer: CommandAnswered | None) -> dict[str, Any]:
    """Of setting and clearing. There is no word for a station that has not answered in time: it is REJECTED."""
    if answer is None:
        return {"result": REJECTED}
    if answer.outcome is CommandOutcome.ACCEPTED:
        return {"result": ACCEPTED}
    cleared_nothing = answer.operation == "ClearChargingProfile" and answer.status == "Unknown"
    return {"result": UNKNOWN if cleared_nothing else REJECTED}


def active_result(answer: CommandAnswered | None) -> dict[str, Any]:
    """Of asking for the schedule; one that says nothing is as good as none."""
    said = result(answer)
    if said["result"] != ACCEPTED:
        return said
    profile = active(answer)
    return {"result": UNKNOWN} if profile is None else said | {"profile": profile}


def active(answer: CommandAnswered | None) -> dict[str, Any] | None:
    """ActiveChargingProfile from the answer to GetCompositeSchedule, in OCPP 2.x and in 1.6."""
    said = _object(answer.answer_json if answer else None)
    if "schedule" in said:
        schedule = said["schedule"]
        start = schedule.get("scheduleStart")
    else:
        schedule = said.get("chargingSchedule", {})
        start = said.get("scheduleStart", schedule.get("startSchedule"))
    periods = schedule.get("chargingSchedulePeriod")
    try:
        began = rfc3339(parse_rfc3339(start))
        told = {
            "start_date_time": began,
            "charging_rate_unit": schedule["chargingRateUnit"],
            "charging_profile_period": [
                {"start_period": int(period["startPeriod"]), "limit": Decimal(period["limit"])}
                for period in periods
            ],
        }
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    if "duration" in schedule:
        told["duration"] = int(schedule["duration"])
    return {"start_date_time": began, "charging_profile": told}


def _object(text: str | None) -> Mapping[str, Any]:
    """Stations' answers fit their schema, older records may not."""
    try:
        found = decoded((text or "{}").encode())
    except msgspec.DecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    nested = all(isinstance(found.get(name, {}), dict) for name in ("schedule", "chargingSchedule"))
    return found if nested else {}
