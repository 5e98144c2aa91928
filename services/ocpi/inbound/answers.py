"""What partners answer us, taken out of its envelope (transport_and_format: Response format)."""

from typing import Any, NamedTuple

import msgspec

from services.ocpi.wire.envelope import Status, decoded


class Told(NamedTuple):
    """What was in the envelope; `status_code` is 0 when there was none."""

    status_code: int
    message: str
    data: Any

    @property
    def succeeded(self) -> bool:
        return Status.SUCCESS <= self.status_code < Status.CLIENT_ERROR


def told(body: bytes) -> Told:
    """The answer; nothing but a status code 0 for what is no OCPI answer."""
    try:
        answer = decoded(body)
    except msgspec.DecodeError:
        return Told(0, "no JSON", None)
    if not isinstance(answer, dict):
        return Told(0, "no OCPI answer", None)
    code, message = answer.get("status_code"), answer.get("status_message")
    return Told(code if type(code) is int else 0, message if isinstance(message, str) else "", answer.get("data"))
