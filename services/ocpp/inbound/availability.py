"""Block G, availability: StatusNotification."""

from typing import Any, Final

from services.domain.events.station import ConnectorStatusChanged
from services.ocpp.inbound.reply import Context, Reply

_AVAILABILITY: Final = ("Connector", "AvailabilityState")
_STATUSES: Final = frozenset({"Available", "Faulted", "Occupied", "Reserved", "Unavailable"})
_MAX_SHOWN: Final = 40


def status_notification(payload: dict[str, Any], context: Context) -> Reply:
    """G01: a connector's status, answered from memory."""
    connector = {"id": payload["evseId"], "connectorId": payload["connectorId"]}
    return Reply({}, (_changed(payload["connectorStatus"], connector, payload, context),))


def connector_status(entry: dict[str, Any], context: Context) -> ConnectorStatusChanged | None:
    """G01: what an event about a connector's AvailabilityState says of it; None for any other event.

    A station may say it in this way, by StatusNotification, or both: that is one event.
    """
    component = entry["component"]
    connector = component.get("evse", {})
    if (component["name"], entry["variable"]["name"]) != _AVAILABILITY or "connectorId" not in connector:
        return None
    status = entry["actualValue"]
    if status not in _STATUSES:
        context.warn(f"AvailabilityState {status[:_MAX_SHOWN]!r} is no status of a connector")
        return None
    return _changed(status, connector, entry, context)


def _changed(
    status: str, connector: dict[str, Any], said: dict[str, Any], context: Context
) -> ConnectorStatusChanged:
    """`connector` is an EVSEType, `said` what has the timestamp."""
    content = (connector["id"], connector["connectorId"], status, said["timestamp"])
    return ConnectorStatusChanged(
        event_id=context.event_id("ConnectorStatusChanged", *content),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        evse_id=context.whole(connector, "id"),
        connector_id=context.whole(connector, "connectorId"),
        status=status,
        reported_status=status,
        occurred_at=context.time(said),
        recorded_at=context.now_ms,
        warnings=tuple(context.warnings),
    )
