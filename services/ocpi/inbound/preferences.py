"""How a driver wants to be charged, as its provider says (mod_sessions: ChargingPreferences)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.session import Session
from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.reading import read

ACCEPTED: Final = "ACCEPTED"
NOT_POSSIBLE: Final = "NOT_POSSIBLE"
PROFILE_TYPE_NOT_SUPPORTED: Final = "PROFILE_TYPE_NOT_SUPPORTED"

CAPABLE: Final = "ocpp2."
"""How the protocol of a station begins whose EVs can be planned for (services/smartcharging)."""

_PROFILE_TYPES: Final = frozenset({"CHEAP", "FAST", "GREEN", "REGULAR"})
_FAR_MS: Final = 30 * 86_400_000
_MOST_KWH: Final = 100_000
_TEN_THOUSANDTH: Final = Decimal("0.0001")
_SHOWN: Final = 3


def body_of(body: Any, version: str) -> dict[str, Any]:
    """ChargingPreferences; Refusal 2001 when it does not say what is wanted."""
    reading = read(body, "ChargingPreferences", version)
    broken = [finding for finding in reading.broken if finding.pointer != "/profile_type"]
    if "profile_type" not in reading.value or broken:
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise Refusal(Status.INVALID_PARAMETERS, f"The preferences cannot be understood: {told}")
    return reading.value


def result(asked: Mapping[str, Any], session: Session | None, now_ms: Millis) -> str:
    """ChargingPreferencesResponse; Refusal with HTTP 404 for what is not here or takes no preferences."""
    if session is None:
        raise Refusal(Status.INVALID_PARAMETERS, "You have no such session here", 404)
    if not session.protocol.startswith(CAPABLE) or session.evse_id is None:
        raise Refusal(Status.INVALID_PARAMETERS, "This EVSE takes no charging preferences", 404)
    if asked["profile_type"] not in _PROFILE_TYPES:
        return PROFILE_TYPE_NOT_SUPPORTED
    departure_at = departure(asked)
    late = departure_at is not None and not now_ms < departure_at <= now_ms + _FAR_MS
    if session.ended_at is not None or late or not 0 <= asked.get("energy_need", 0) <= _MOST_KWH:
        return NOT_POSSIBLE
    return ACCEPTED


def departure(asked: Mapping[str, Any]) -> Millis | None:
    return parse_rfc3339(asked["departure_time"]) if "departure_time" in asked else None


def event(asked: Mapping[str, Any], session: Session, partner_id: str, now_ms: Millis) -> ChargingPreferencesSet:
    """What the planning of charging is told. Saying the same again is a new event: the later one counts."""
    energy_need = asked.get("energy_need")
    return ChargingPreferencesSet(
        event_id=derived_id("ChargingPreferencesSet", session.tenant, session.session_id, partner_id, now_ms),
        tenant=session.tenant,
        station_id=session.station_id,
        evse_id=session.evse_id or 0,
        session_id=session.session_id,
        transaction_id=session.transaction_id,
        partner_id=partner_id,
        profile_type=asked["profile_type"],
        departure_at=departure(asked),
        energy_need_wh=None if energy_need is None else (Decimal(energy_need) * 1000).quantize(_TEN_THOUSANDTH),
        discharge_allowed=asked.get("discharge_allowed", False),
        recorded_at=now_ms,
    )
