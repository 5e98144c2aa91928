"""Block D, local authorization list: SendLocalList (5.15)."""

from typing import Any, Final

from services.ocpp.outbound.v16.remote_control import id_tag

_STATUSES: Final = frozenset({"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"})


def send_local_list(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The same list with idTags; statuses that 1.6 does not know are Invalid."""
    converted: dict[str, Any] = {"listVersion": payload["versionNumber"], "updateType": payload["updateType"]}
    if "localAuthorizationList" in payload:
        converted["localAuthorizationList"] = [_entry(entry) for entry in payload["localAuthorizationList"]]
    return "SendLocalList", converted


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    """AuthorizationData; one without idTagInfo is to be removed."""
    converted: dict[str, Any] = {"idTag": id_tag(entry["idToken"])}
    info = entry.get("idTokenInfo")
    if info is not None:
        told = {"status": info["status"] if info["status"] in _STATUSES else "Invalid"}
        if "cacheExpiryDateTime" in info:
            told["expiryDate"] = info["cacheExpiryDateTime"]
        if "groupIdToken" in info:
            told["parentIdTag"] = id_tag(info["groupIdToken"])
        converted["idTagInfo"] = told
    return converted
