"""Block H, reservation: ReservationStatusUpdate."""

from typing import Any

from services.domain.events.station import ReservationStatusChanged
from services.ocpp.inbound.reply import Context, Reply
from services.ocpp.wire.faults import Fault, Refused


def reservation_status_update(payload: dict[str, Any], context: Context) -> Reply:
    """H04: the reservation has ended without the driver; Refused for a number that no reservation of ours has."""
    number = context.whole(payload, "reservationId")
    if number is None:
        raise Refused(Fault.PROPERTY, "reservationId is out of range")
    event = ReservationStatusChanged(
        event_id=context.event_id("ReservationStatusChanged", number, payload["reservationUpdateStatus"]),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        reservation_id=number,
        status=payload["reservationUpdateStatus"],
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)
