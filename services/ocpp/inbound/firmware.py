"""Block L, firmware management: how far an update, or the publishing of firmware, has got."""

from typing import Any

from services.domain.events.station import FirmwareStatusChanged
from services.ocpp.inbound.reply import Context, Reply


def firmware_status(payload: dict[str, Any], context: Context) -> Reply:
    """L01, L02. OCPP 1.6: 4.5, and SignedFirmwareStatusNotification of the whitepaper (4.10)."""
    return _status("Update", payload, context)


def publish_firmware_status(payload: dict[str, Any], context: Context) -> Reply:
    """L03: a local controller publishes firmware; `location` says where once it is there."""
    return _status("Publish", payload, context)


def _status(work: str, payload: dict[str, Any], context: Context) -> Reply:
    event = FirmwareStatusChanged(
        # Nothing in it tells it from the same status of another update, so its message identifies it.
        event_id=context.event_id("FirmwareStatusChanged", work, context.epoch, context.message_id),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        work=work,
        status=payload["status"],
        request_id=context.whole(payload, "requestId"),
        locations=tuple(payload.get("location", ())),
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)
