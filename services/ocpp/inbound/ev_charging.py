"""Block K, what an EV needs and plans (K15 to K17, ISO 15118): two questions that are answered by what they say.

The charging profile that needs lead to comes as a command, from whoever plans the charging.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.domain.units import Millis, parse_rfc3339
from services.ocpp.inbound.reply import Context

ACCEPTED: Final = {"status": "Accepted"}
REJECTED: Final = {"status": "Rejected"}

_PARAMETERS: Final = (
    "acChargingParameters",
    "dcChargingParameters",
    "v2xChargingParameters",
    "derChargingParameters",
)
_MAX_PERIODS: Final = 1024


def needs_answer(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """K15.FR.03, K15.FR.06: accepted, unless the EV does not say what it can take."""
    if any(name in payload["chargingNeeds"] for name in _PARAMETERS):
        return ACCEPTED
    context.warn("chargingNeeds has neither AC nor DC parameters")
    return REJECTED


def schedule_answer(payload: dict[str, Any], context: Context) -> dict[str, Any]:
    """K15.FR.12, K16.FR.07, K17.FR.12: rejected when the EV plans to take more than it was offered.

    Where no offer is known (the station has connected anew since), or the two cannot be compared, the station's
    own check has to do (K15.FR.09).
    """
    offer = (context.offered or {}).get(payload["evseId"])
    planned = payload["chargingSchedule"]
    if offer is None:
        return ACCEPTED
    offered = [one for one in offer["chargingSchedule"] if one["id"] == planned["id"]] or offer["chargingSchedule"]
    begins = _millis(payload["timeBase"])
    return ACCEPTED if any(is_within(planned, begins, one) for one in offered) else REJECTED


def is_within(planned: dict[str, Any], begins_ms: Millis | None, offered: dict[str, Any]) -> bool:
    """Whether a plan that begins then never takes more than offered; True when they are in different units.

    An offer without a start begins with the plan. After the end of either of them there is nothing to compare.
    """
    if planned["chargingRateUnit"] != offered["chargingRateUnit"]:
        return True
    starts_ms = _millis(offered.get("startSchedule"))
    shift_s = (begins_ms - starts_ms) // 1000 if begins_ms is not None and starts_ms is not None else 0
    limits = list(_spans(offered))
    return not any(
        planned_limit > limit
        for start, end, planned_limit in _spans(planned)
        for from_s, to_s, limit in limits
        if start + shift_s < to_s and from_s < end + shift_s
    )


def _spans(schedule: dict[str, Any]) -> Iterator[tuple[float, float, float]]:
    """(from, to, limit) of each period, in seconds from the schedule's start."""
    periods = sorted(schedule["chargingSchedulePeriod"][:_MAX_PERIODS], key=lambda period: period["startPeriod"])
    ends = [*(period["startPeriod"] for period in periods[1:]), schedule.get("duration", float("inf"))]
    for period, end in zip(periods, ends, strict=True):
        if "limit" in period:  # optional since 2.1
            yield period["startPeriod"], end, period["limit"]


def _millis(text: str | None) -> Millis | None:
    try:
        return None if text is None else parse_rfc3339(text)
    except (ValueError, OverflowError):
        return None
