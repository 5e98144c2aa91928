"""Charging profiles of partners as operations of stations (mod_charging_profiles: Receiver Interface).

A profile is a TxProfile of the session's transaction, above what is planned here (stack level 0).
"""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any, Final

from services.domain.events.session import Session
from services.domain.ids import derived_id
from services.ocpi.inbound.commands import REJECTED, UNKNOWN_SESSION, NotDone, Operation
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.reading import read

NOT_SUPPORTED: Final = "NOT_SUPPORTED"
LONGEST_S: Final = 7 * 86_400
STACK_LEVEL: Final = 1

_MOST_PERIODS: Final = 1024
_MOST_LIMIT: Final = 1_000_000_000
_UNABLE: Final = ("ocpp1.2", "ocpp1.5")
_TENTH: Final = Decimal("0.1")
_SHOWN: Final = 3


def body_of(body: Any, version: str) -> dict[str, Any]:
    """SetChargingProfile as a station can be told it; Refusal 2001 when it cannot."""
    reading = read(body, "SetChargingProfile", version)
    profile = reading.value.get("charging_profile", {})
    if "response_url" not in reading.value or profile.get("charging_rate_unit") not in ("A", "W"):
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise _bad(f"it cannot be without response_url, charging_profile and charging_rate_unit ({told})")
    periods = profile.get("charging_profile_period", [])
    if not 0 < len(periods) <= _MOST_PERIODS:
        raise _bad(f"charging_profile_period has 1 to {_MOST_PERIODS} items")
    if any({"start_period", "limit"} - period.keys() for period in periods):
        raise _bad("each charging_profile_period needs start_period and limit")
    starts = [period["start_period"] for period in periods]
    if starts[0] != 0 or any(later <= earlier for earlier, later in pairwise(starts)):
        raise _bad("charging_profile_period begins at 0 and is in order of time")
    if not all(0 <= period["limit"] <= _MOST_LIMIT for period in periods):
        raise _bad("a limit is no negative number")
    if not 0 < profile.get("duration", 1) < 2**31 or starts[-1] >= 2**31:
        raise _bad("duration is a number of seconds")
    return reading.value


def duration_of(text: str | None) -> int:
    """The length of an ActiveChargingProfile, in s; Refusal 2001."""
    if text is None or not (text.isascii() and text.isdecimal()) or not 0 < int(text[:12]) <= LONGEST_S:
        raise _bad(f"duration is a number of seconds from 1 to {LONGEST_S}")
    return int(text)


def checked(session: Session | None, connected: bool) -> tuple[Session, int]:
    """The running session and its EVSE; NotDone when nothing can be set there."""
    if session is None:
        raise NotDone(UNKNOWN_SESSION, "You have no such session here")
    if session.ended_at is not None:
        raise NotDone(REJECTED, "The session has ended")
    if session.evse_id is None or session.protocol.startswith(_UNABLE):
        raise NotDone(NOT_SUPPORTED, "This station cannot be told how to charge")
    if not connected:
        raise NotDone(REJECTED, "The station is away")
    return session, session.evse_id


def profile_id(session_id: str) -> int:
    """Each profile of a session takes the place of the one before."""
    return int(derived_id("partner-profile", session_id)[:7], 16) + 1


def setting(session: Session, evse_id: int, profile: Mapping[str, Any]) -> Operation:
    """SetChargingProfile of OCPP 2.0.1 (K01); without a start the profile is relative to that of charging."""
    schedule: dict[str, Any] = {
        "id": 1,
        "chargingRateUnit": profile["charging_rate_unit"],
        "chargingSchedulePeriod": [
            {"startPeriod": period["start_period"], "limit": _tenths(period["limit"])}
            for period in profile["charging_profile_period"]
        ],
    }
    if "start_date_time" in profile:
        schedule["startSchedule"] = _with_zone(profile["start_date_time"])
    if "duration" in profile:
        schedule["duration"] = profile["duration"]
    if "min_charging_rate" in profile:
        schedule["minChargingRate"] = _tenths(profile["min_charging_rate"])
    told = {
        "id": profile_id(session.session_id),
        "stackLevel": STACK_LEVEL,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute" if "start_date_time" in profile else "Relative",
        "transactionId": session.transaction_id,
        "chargingSchedule": [schedule],
    }
    return Operation(session.station_id, "SetChargingProfile", {"evseId": evse_id, "chargingProfile": told})


def clearing(session: Session) -> Operation:
    """ClearChargingProfile (K10) of what the partner has set, and of nothing else."""
    payload = {"chargingProfileId": profile_id(session.session_id)}
    return Operation(session.station_id, "ClearChargingProfile", payload)


def getting(station_id: str, evse_id: int, duration_s: int) -> Operation:
    """GetCompositeSchedule (K08)."""
    return Operation(station_id, "GetCompositeSchedule", {"duration": duration_s, "evseId": evse_id})


def _tenths(value: Any) -> Decimal | int:
    """Stations take one decimal; less is never too much."""
    return value if isinstance(value, int) else Decimal(value).quantize(_TENTH, ROUND_FLOOR)


def _with_zone(text: str) -> str:
    """OCPI leaves the Z out where it likes; OCPP has it."""
    return text if text.endswith("Z") else text + "Z"


def _bad(message: str) -> Refusal:
    return Refusal(Status.INVALID_PARAMETERS, f"The charging profile cannot be used: {message}")
