"""Block G, availability: StatusNotification."""

from typing import Any

from services.domain.events.station import ConnectorStatusChanged
from services.ocpp.inbound.reply import Context, Reply


def status_notification(payload: dict[str, Any], context: Context) -> Reply:
    """G01: a connector's status, answered from memory."""
    status = payload["connectorStatus"]
    evse_id, connector_id = payload["evseId"], payload["connectorId"]
    event = ConnectorStatusChanged(
        event_id=context.event_id("ConnectorStatusChanged", evse_id, connector_id, status, payload["timestamp"]),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        evse_id=context.whole(payload, "evseId"),
        connector_id=context.whole(payload, "connectorId"),
        status=status,
        reported_status=status,
        occurred_at=context.time(payload),
        recorded_at=context.now_ms,
        warnings=tuple(context.warnings),
    )
    return Reply({}, (event,))
