"""Block H, reservation: ReserveNow (5.13)."""

from typing import Any

from services.ocpp.outbound.not_possible import NotPossible
from services.ocpp.outbound.v16.remote_control import id_tag


def reserve_now(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Connector 0 is any connector; a type of connector cannot be asked for."""
    if "connectorType" in payload:
        raise NotPossible("OCPP 1.6 cannot reserve a type of connector")
    converted = {
        "connectorId": payload.get("evseId", 0),
        "expiryDate": payload["expiryDateTime"],
        "idTag": id_tag(payload["idToken"]),
        "reservationId": payload["id"],
    }
    if "groupIdToken" in payload:
        converted["parentIdTag"] = id_tag(payload["groupIdToken"])
    return "ReserveNow", converted
