"""The envelope around every answer, and its status codes (transport_and_format: Response format; status_codes)."""

from decimal import Decimal
from enum import IntEnum
from typing import Any, Final

import msgspec

from services.domain.units import Millis, rfc3339


class Status(IntEnum):
    """OCPI status codes that this edge answers with, and those of hubs that it understands."""

    SUCCESS = 1000
    CLIENT_ERROR = 2000
    INVALID_PARAMETERS = 2001
    TOO_LITTLE_INFORMATION = 2002
    UNKNOWN_LOCATION = 2003
    UNKNOWN_TOKEN = 2004
    SERVER_ERROR = 3000
    CLIENT_UNUSABLE = 3001
    UNSUPPORTED_VERSION = 3002
    NO_ENDPOINTS = 3003
    UNKNOWN_RECEIVER = 4001
    FORWARDING_TIMEOUT = 4002
    NOT_CONNECTED = 4003


HUB_ERRORS: Final = range(4000, 5000)
"""What a hub says when it could not pass a message on (status_codes: 4xxx)."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)


def decoded(body: bytes) -> Any:
    """JSON that somebody sent, numbers exact; msgspec.DecodeError for whatever is none."""
    try:
        return _decoder.decode(body)
    except (RecursionError, ValueError) as error:
        raise msgspec.DecodeError(str(error)) from error


def encoded(value: Any) -> bytes:
    """JSON that we send without an envelope."""
    return _encoder.encode(value)


def success(data: Any, now_ms: Millis) -> bytes:
    """An answer that carries `data`: structs, dicts, lists; decimals become JSON numbers digit for digit."""
    return _encoder.encode({"data": data, "status_code": int(Status.SUCCESS), "timestamp": rfc3339(now_ms)})


def failure(status: Status, message: str, now_ms: Millis) -> bytes:
    """An answer without data that says what was wrong."""
    answer = {"status_code": int(status), "status_message": message, "timestamp": rfc3339(now_ms)}
    return _encoder.encode(answer)
