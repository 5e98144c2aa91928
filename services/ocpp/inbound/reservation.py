"""Block H, reservation: ReservationStatusUpdate."""

from typing import Any

from services.domain.events.station import ReservationStatusChanged
from services.ocpp.inbound.reply import Context, Reply


def reservation_status_update(payload: dict[str, Any], context: Context) -> Reply:
    """H04: the reservation has ended without the driver."""
    event = ReservationStatusChanged(
        event_id=context.event_id(
            "ReservationStatusChanged", payload["reservationId"], payload["reservationUpdateStatus"]
        ),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        reservation_id=payload["reservationId"],
        status=payload["reservationUpdateStatus"],
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)
