"""The JSON of requests, no more of it than is good for us."""

from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request

from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, decoded

MOST_BYTES: Final = 1024 * 1024


async def json_of(request: Request) -> Any:
    """What was sent; Refusal with HTTP 413 or 400 for too much and for what is no JSON (transport_and_format)."""
    return parsed(await bytes_of(request))


def parsed(body: bytes) -> Any:
    """The JSON of a body; Refusal with HTTP 400 when it is none."""
    try:
        return decoded(body)
    except msgspec.DecodeError as error:
        raise Refusal(Status.INVALID_PARAMETERS, "The body is no JSON", 400) from error


async def bytes_of(request: Request) -> bytes:
    """What was sent, byte for byte; Refusal with HTTP 413 for too much and 400 for half of it."""
    read = bytearray()
    try:
        async for part in request.stream():
            read += part
            if len(read) > MOST_BYTES:
                raise Refusal(Status.CLIENT_ERROR, f"The body has more than {MOST_BYTES} bytes", 413)
    except ClientDisconnect as error:
        raise Refusal(Status.CLIENT_ERROR, "The body is not whole", 400) from error
    return bytes(read)
