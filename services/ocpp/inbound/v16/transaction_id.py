"""The transactionId that we gave a station and that it gives back."""

from typing import Any, Final

from services.ocpp.wire.faults import Fault, Refused

_INT64: Final = 0x7FFF_FFFF_FFFF_FFFF


def transaction_id(payload: dict[str, Any]) -> str | None:
    """As text, the way events carry it; Refused when it is no 64-bit number, so that it could not be meant."""
    value = payload.get("transactionId")
    if value is None:
        return None
    if not -_INT64 <= value <= _INT64:
        raise Refused(Fault.PROPERTY, "transactionId is out of range")
    return str(int(value))
