"""Block B, provisioning: Reset, and configuration keys in place of variables (5.3, 5.8, 5.14)."""

from typing import Any, Final

from services.ocpp.outbound.not_possible import NotPossible

_PASSWORD: Final = ("SecurityCtrlr", "BasicAuthPassword")
_RESETS: Final = {"Immediate": "Hard", "OnIdle": "Soft"}


def reset(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Hard does not wait for transactions, Soft ends them in good order; single EVSEs cannot be reset."""
    if "evseId" in payload:
        raise NotPossible("OCPP 1.6 resets whole stations only")
    return "Reset", {"type": _RESETS[payload["type"]]}


def set_variables(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """ChangeConfiguration: one key at a time, which is the variable's name."""
    data = payload["setVariableData"]
    if len(data) != 1:
        raise NotPossible("OCPP 1.6 changes one configuration key at a time")
    if (data[0]["component"]["name"], key(data[0])) == _PASSWORD:
        # Whitepaper, 4.1: the key is written in hexadecimal.
        return "ChangeConfiguration", {
            "key": "AuthorizationKey",
            "value": data[0]["attributeValue"].encode().hex(),
        }
    return "ChangeConfiguration", {"key": key(data[0]), "value": data[0]["attributeValue"]}


def get_variables(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """GetConfiguration of some keys."""
    return "GetConfiguration", {"key": [key(entry) for entry in payload["getVariableData"]]}


def get_base_report(_payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """GetConfiguration of all there is."""
    return "GetConfiguration", {}


def key(entry: dict[str, Any]) -> str:
    """The configuration key of a component's variable; 1.6 knows no components."""
    if entry.get("attributeType", "Actual") != "Actual":
        raise NotPossible("OCPP 1.6 configuration keys have actual values only")
    name: str = entry["variable"]["name"]
    return name
