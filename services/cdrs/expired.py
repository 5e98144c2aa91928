"""Records of reservations that expired, where these have a price (mod_tariffs: RESERVATION_EXPIRES). Pure."""

from decimal import Decimal

from services.cdrs.detail import charge_detail
from services.cdrs.lookups import Lookups
from services.domain.charge_records import RESERVATION_EXPIRED
from services.domain.events.common import ChargeDetail
from services.domain.events.session import ReservationExpired, SessionEnded


def expired_detail(lookups: Lookups, event: ReservationExpired) -> ChargeDetail | None:
    """The record under the terms that were in force when the station accepted it; None when it costs nothing.

    BadRecord if the costs are beyond all measure.
    """
    detail = charge_detail(lookups, _never_begun(event), 1)
    return detail if detail.price_lines else None


def _never_begun(event: ReservationExpired) -> SessionEnded:
    """The session that it would have become, as if the time that was reserved were its own."""
    return SessionEnded(
        event_id=event.event_id,
        tenant=event.tenant,
        session_id=event.session_id,
        revision=1,
        station_id=event.station_id,
        transaction_id="",
        protocol="",
        evse_id=event.evse_id,
        id_token=event.id_token,
        started_at=event.reserved_from,
        ended_at=event.expires_at,
        energy_wh=Decimal(0),
        quality_flags=(RESERVATION_EXPIRED,),
        recorded_at=event.recorded_at,
        reservation_id=event.reservation_number,
    )
