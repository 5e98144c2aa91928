"""Brings ends of sessions from their own place to their station's, where the keys of its meters are."""

from typing import Any

from msgspec import Struct

from services.domain.events.evidence import SessionToVerify
from services.domain.events.session import SessionEnded
from services.domain.folding import Changes, Read
from services.domain.ids import derived_id


class Nothing(Struct, frozen=True, array_like=True):
    """Nothing is remembered."""


def route(_: Read[Nothing], event: Any) -> Changes[Nothing]:
    """What one event of session.events is worth at the station; only ends are."""
    if not isinstance(event, SessionEnded):
        return Changes()
    return Changes(events=[to_verify(event)])


def to_verify(event: SessionEnded) -> SessionToVerify:
    """What verdicts follow from."""
    return SessionToVerify(
        event_id=derived_id("SessionToVerify", event.session_id, event.revision),
        tenant=event.tenant,
        station_id=event.station_id,
        session_id=event.session_id,
        revision=event.revision,
        transaction_id=event.transaction_id,
        evse_id=event.evse_id,
        started_at=event.started_at,
        ended_at=event.ended_at,
        energy_wh=event.energy_wh,
        signed_meter_values=event.signed_meter_values,
        recorded_at=event.recorded_at,
    )
