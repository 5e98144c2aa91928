"""The ids of messages that partners send us (transport_and_format: Unique message IDs)."""

from typing import Final

REQUEST_ID: Final = "X-Request-ID"
CORRELATION_ID: Final = "X-Correlation-ID"

_LONGEST: Final = 256


def usable_id(text: str) -> str:
    """An id as it can be repeated; "" for what is none."""
    return text if text.isascii() and text.isprintable() and len(text) <= _LONGEST else ""
