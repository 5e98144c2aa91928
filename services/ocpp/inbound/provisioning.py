"""Block B, provisioning: BootNotification and Heartbeat."""

from typing import Any

from services.domain.events.station import StationBooted
from services.domain.units import rfc3339
from services.ocpp.inbound.reply import Context, Reply

ACCEPTED = "Accepted"


def boot_notification(payload: dict[str, Any], context: Context) -> Reply:
    """B01: an admitted station is accepted; who is not registered does not get as far as this."""
    station = payload["chargingStation"]
    modem = station.get("modem", {})
    event = StationBooted(
        # A boot has no content of its own that tells it from the next one, so its message identifies it.
        event_id=context.event_id("StationBooted", context.epoch, context.message_id),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        vendor=station["vendorName"],
        model=station["model"],
        serial_number=station.get("serialNumber"),
        firmware_version=station.get("firmwareVersion"),
        iccid=modem.get("iccid"),
        imsi=modem.get("imsi"),
        boot_reason=payload.get("reason"),
        registration_status=ACCEPTED,
        recorded_at=context.now_ms,
    )
    answer = {
        "currentTime": rfc3339(context.now_ms),
        "interval": context.edge.heartbeat_interval_s,
        "status": ACCEPTED,
    }
    return Reply(answer, (event,), durable=True)


def heartbeat(_: dict[str, Any], context: Context) -> Reply:
    """G02: tells the time. No event: a connection's liveness is not history."""
    return Reply({"currentTime": rfc3339(context.now_ms)})
