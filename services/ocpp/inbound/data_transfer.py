"""Block P, data transfer: vendors' own messages, kept as they are."""

from typing import Any

from services.domain.events.station import DataTransferred
from services.ocpp.inbound.reply import Context, Reply, canonical


def data_transfer(payload: dict[str, Any], context: Context) -> Reply:
    """P02: recorded for whoever knows the vendor; accepted only from vendors that the operator has named."""
    data = payload.get("data")
    vendor_id = payload["vendorId"]
    event = DataTransferred(
        event_id=context.event_id("DataTransferred", context.epoch, context.message_id),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        vendor_id=vendor_id,
        message_id=payload.get("messageId"),
        data=data if data is None or isinstance(data, str) else canonical(data),
        recorded_at=context.now_ms,
    )
    known = vendor_id in context.edge.data_transfer_vendors
    return Reply({"status": "Accepted" if known else "UnknownVendorId"}, (event,))
