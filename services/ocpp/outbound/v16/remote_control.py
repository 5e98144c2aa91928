"""Block F, remote control: remote starts and stops, UnlockConnector, TriggerMessage (5.11, 5.12, 5.17, 5.18)."""

from typing import Any, Final

from services.ocpp.outbound.not_possible import NotPossible
from services.ocpp.outbound.v16.smart_charging import charging_profile
from services.ocpp.outbound.v16.transaction_number import transaction_number

MAX_ID_TAG_LENGTH: Final = 20

_EXTENDED: Final = {
    "LogStatusNotification": "LogStatusNotification",
    "SignChargingStationCertificate": "SignChargePointCertificate",
}
"""Messages that only the ExtendedTriggerMessage of the security whitepaper (4.3) can ask for."""

_TRIGGERED: Final = frozenset(
    {"BootNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StatusNotification"}
)


def id_tag(token: dict[str, Any]) -> str:
    """The idTag of an IdTokenType; NotPossible when it is too long."""
    text: str = token["idToken"]
    if len(text) > MAX_ID_TAG_LENGTH:
        raise NotPossible(f"token has {len(text)} characters, OCPP 1.6 allows {MAX_ID_TAG_LENGTH}")
    return text


def request_start_transaction(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """RemoteStartTransaction: which connector, which idTag, and perhaps a profile."""
    converted: dict[str, Any] = {"idTag": id_tag(payload["idToken"])}
    if "evseId" in payload:
        converted["connectorId"] = payload["evseId"]
    if "chargingProfile" in payload:
        converted["chargingProfile"] = charging_profile(payload["chargingProfile"])
    return "RemoteStartTransaction", converted


def request_stop_transaction(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """RemoteStopTransaction."""
    return "RemoteStopTransaction", {"transactionId": transaction_number(payload["transactionId"])}


def unlock_connector(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The connectors of 1.6 are the EVSEs of 2.0.1."""
    return "UnlockConnector", {"connectorId": payload["evseId"]}


def trigger_message(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """TriggerMessage, or ExtendedTriggerMessage where only that knows the message."""
    wanted = payload["requestedMessage"]
    connector = {"connectorId": payload["evse"]["id"]} if payload.get("evse", {}).get("id") else {}
    if wanted in _EXTENDED:
        return "ExtendedTriggerMessage", {"requestedMessage": _EXTENDED[wanted], **connector}
    if wanted not in _TRIGGERED:
        raise NotPossible(f"OCPP 1.6 stations cannot be asked for a {wanted}")
    return "TriggerMessage", {"requestedMessage": wanted, **connector}
