"""Block L, firmware management: UpdateFirmware (5.19), or SignedUpdateFirmware (whitepaper 4.11)."""

from typing import Any

_RETRIES = ("retries", "retryInterval")


def update_firmware(payload: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Signed where the payload has a signature; the plain message has no request id and no install time."""
    firmware = payload["firmware"]
    retries = {name: payload[name] for name in _RETRIES if name in payload}
    if "signature" in firmware and "signingCertificate" in firmware:
        return "SignedUpdateFirmware", {"requestId": payload["requestId"], "firmware": firmware, **retries}
    told = {"location": firmware["location"], "retrieveDate": firmware["retrieveDateTime"], **retries}
    return "UpdateFirmware", told
