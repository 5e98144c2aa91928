"""Ids derived from their causes: doing anything twice yields the same id (idempotent by content)."""

import hashlib
import hmac
from uuid import UUID

NAMESPACE = UUID("6f0c7a2e-7f0b-5a53-9a52-0d8d5d1f6f11")
"""Namespace of every id that Wattlog derives. Never change it: all ids of all history depend on it."""

_NAMESPACE_BYTES = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""RFC 9562, 4.1: the two highest bits of this digit are 1 and 0."""

MAX_TRANSACTION_ID_V16 = 0x7FFF_FFFF


def derived_id(kind: str, *causes: str | int | None) -> str:
    """UUIDv5 of `kind` and its causes; None and "" are told apart, and no two lists of causes collide."""
    name = "\x1f".join([kind, *["\x00" if cause is None else str(cause) for cause in causes]])
    # uuid.uuid5, written out: a third of its time, and every message needs some.
    h = hashlib.sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"


def session_id(tenant: str, station_id: str, transaction_id: str) -> str:
    """The session of a station's transaction, the same from whichever of its messages it is computed.

    Upper and lower case are alike in it, as in any identifierString of OCPP 2.0.1.
    """
    return derived_id("session", tenant, station_id, transaction_id.casefold())


def transaction_id_v16(secret: bytes, start_key: str) -> int:
    """OCPP 1.6 transactionId (1 to 2^31-1) as a keyed hash of the content key of a StartTransaction.

    The same from any pod without a database, and not enumerable by a station. Two transactions of one station
    that hash alike are told apart by their start key in the session fold.
    """
    digest = hmac.digest(secret, start_key.encode(), hashlib.sha256)
    return int.from_bytes(digest[:4], "big") % MAX_TRANSACTION_ID_V16 + 1
