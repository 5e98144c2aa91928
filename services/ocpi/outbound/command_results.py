"""How a command ended, for the partner that gave it (mod_commands: CommandResult)."""

from typing import Any, Final

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered

TIMEOUT: Final = "TIMEOUT"

_RESULTS: Final = {
    CommandOutcome.ACCEPTED: "ACCEPTED",
    CommandOutcome.REJECTED: "REJECTED",
    CommandOutcome.TIMED_OUT: TIMEOUT,
    CommandOutcome.EXPIRED: TIMEOUT,
    CommandOutcome.UNREACHABLE: "EVSE_INOPERATIVE",
}


def response(result: str, timeout_s: int, message: str = "") -> dict[str, Any]:
    """What is said at once: ACCEPTED means that the station is asked, not that it does it."""
    told: dict[str, Any] = {"result": result, "timeout": timeout_s}
    return told | ({"message": [{"language": "en", "text": message}]} if message else {})


def result(answer: CommandAnswered | None) -> dict[str, Any]:
    """What is said later; None: the station has not answered in time."""
    if answer is None:
        return {"result": TIMEOUT}
    return {"result": _RESULTS.get(answer.outcome, "FAILED")}
