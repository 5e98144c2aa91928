"""How a command ended, for the partner that gave it (mod_commands: CommandResult)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered

TIMEOUT: Final = "TIMEOUT"
FAILED: Final = "FAILED"
CANCELED_RESERVATION: Final = "CANCELED_RESERVATION"

_RESULTS: Final = {
    CommandOutcome.ACCEPTED: "ACCEPTED",
    CommandOutcome.REJECTED: "REJECTED",
    CommandOutcome.TIMED_OUT: TIMEOUT,
    CommandOutcome.EXPIRED: TIMEOUT,
    CommandOutcome.UNREACHABLE: "EVSE_INOPERATIVE",
}

_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("ReserveNow", "Occupied"): "EVSE_OCCUPIED",
    ("ReserveNow", "Faulted"): "EVSE_INOPERATIVE",
    ("ReserveNow", "Unavailable"): "EVSE_INOPERATIVE",
    ("CancelReservation", "Rejected"): "UNKNOWN_RESERVATION",
    ("UnlockConnector", "NotSupported"): "NOT_SUPPORTED",
}
"""What the word of a station says more exactly (ReserveNowStatusEnumType and the like)."""

_UNABLE: Final = re.compile(r"NotSupported:|NotImplemented:|\w+ is no operation of ")
"""How the detail of a command begins that the station, or its version of OCPP, does not know."""


def response(result: str, timeout_s: int, message: str = "") -> dict[str, Any]:
    """What is said at once: ACCEPTED means that the station is asked, not that it does it."""
    told: dict[str, Any] = {"result": result, "timeout": timeout_s}
    return told | ({"message": [{"language": "en", "text": message}]} if message else {})


def result(answer: CommandAnswered | None) -> dict[str, Any]:
    """What is said later; None: the station has not answered in time."""
    if answer is None:
        return {"result": TIMEOUT}
    if unable(answer):
        return {"result": "NOT_SUPPORTED"}
    word = _WORDS.get((answer.operation, answer.status or ""))
    return {"result": word or _RESULTS.get(answer.outcome, FAILED)}


def unable(answer: CommandAnswered) -> bool:
    """Whether the station does not know the operation."""
    return answer.outcome is CommandOutcome.FAILED and _UNABLE.match(answer.detail or "") is not None
