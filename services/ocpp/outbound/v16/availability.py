"""Block G, availability: ChangeAvailability (5.2)."""

from typing import Any


def change_availability(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Connector 0 is the whole station."""
    connector_id = payload.get("evse", {}).get("id", 0)
    return "ChangeAvailability", {"connectorId": connector_id, "type": payload["operationalStatus"]}
