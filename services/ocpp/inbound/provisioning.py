"""Block B, provisioning: BootNotification and Heartbeat."""

from typing import Any
from zlib import crc32

from services.domain.events.common import RegistrationStatus
from services.domain.events.station import StationBooted
from services.domain.units import rfc3339
from services.ocpp.inbound.reply import Context, Reply


def boot_notification(payload: dict[str, Any], context: Context) -> Reply:
    """B01 to B03: the registry says what an admitted station is told; who is not in it does not get this far."""
    registration = context.edge.registration(context.station_id)
    accepted = registration is RegistrationStatus.ACCEPTED
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
        registration_status=registration.capitalize(),
        recorded_at=context.now_ms,
    )
    answer = {
        "currentTime": rfc3339(context.now_ms),
        "interval": _staggered(
            context.edge.heartbeat_interval_s if accepted else context.edge.boot_retry_s, context.station_id
        ),
        "status": registration.capitalize(),
    }
    return Reply(answer, (event,), durable=True)


def _staggered(interval_s: int, station_id: str) -> int:
    """Up to a tenth shorter: stations that boot together do not speak together for ever."""
    return interval_s - crc32(station_id.encode()) % (interval_s // 10 + 1)


def heartbeat(_: dict[str, Any], context: Context) -> Reply:
    """G02: tells the time. No event: a connection's liveness is not history."""
    return Reply({"currentTime": rfc3339(context.now_ms)})
