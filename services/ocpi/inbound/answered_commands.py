"""What CPOs say about our commands: at once, and at the response_url (mod_commands: CommandResponse,
CommandResult)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.versions import name_in, understand

ACCEPTED: Final = "ACCEPTED"
UNREADABLE: Final = "UNREADABLE"
"""An answer without a result."""
_LONGEST: Final = 200


class Said(NamedTuple):
    """A result and what is said with it."""

    result: str
    message: str


def response(data: Any, version: str) -> Said:
    """The answer at once; UNREADABLE when there is no result in it."""
    value = understand(data, "CommandResponse", version).value
    return Said(str(value.get("result", UNREADABLE)), _message(value))


def result(body: Any, version: str) -> Said:
    """What is posted to the response_url, which is not in an envelope; some put it into one all the same.

    Refusal 2001 when there is no result in it.
    """
    inner = body.get("data") if isinstance(body, Mapping) and "result" not in body else body
    value = understand(inner, name_in("CommandResult", version), version).value
    if "result" not in value:
        raise Refusal(Status.INVALID_PARAMETERS, "There is no result in it")
    return Said(str(value["result"]), _message(value))


def _message(value: Mapping[str, Any]) -> str:
    texts = (str(one["text"]) for one in value.get("message", ()) if isinstance(one, Mapping) and "text" in one)
    return " ".join(texts)[:_LONGEST]
