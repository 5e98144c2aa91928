"""StatusNotification of OCPP 1.6 (4.9)."""

from typing import Any, Final

from services.domain.events.station import ConnectorStatusChanged
from services.ocpp.inbound.reply import Context, Reply

_STATUS: Final = {
    "Preparing": "Occupied",
    "Charging": "Occupied",
    "SuspendedEVSE": "Occupied",
    "SuspendedEV": "Occupied",
    "Finishing": "Occupied",
}
"""Words of ChargePointStatus that 2.0.1's ConnectorStatusEnumType does not have."""


def status_notification(payload: dict[str, Any], context: Context) -> Reply:
    """A connector's status, or (connector 0) that of the whole station."""
    reported = payload["status"]
    connector_id = context.whole(payload, "connectorId")
    event = ConnectorStatusChanged(
        event_id=context.event_id(
            "ConnectorStatusChanged", payload["connectorId"], reported, payload["errorCode"],
            payload.get("timestamp", context.now_ms),
        ),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        evse_id=connector_id,
        connector_id=connector_id,
        status=_STATUS.get(reported, reported),
        reported_status=reported,
        error_code=payload["errorCode"],
        vendor_error_code=payload.get("vendorErrorCode"),
        info=payload.get("info"),
        occurred_at=context.time(payload) if "timestamp" in payload else context.now_ms,
        recorded_at=context.now_ms,
        warnings=tuple(context.warnings),
    )  # fmt: skip
    return Reply({}, (event,))
