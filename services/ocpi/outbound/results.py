"""The asynchronous result of whatever a partner has asked of a station: the object, and its name."""

from typing import Any

from services.domain.events.station import CommandAnswered
from services.ocpi.outbound import command_results


def of(command: str, answer: CommandAnswered | None) -> tuple[str, dict[str, Any]]:
    """By PartnerCommandTaken.command; `answer` None: the station has not answered in time."""
    return "CommandResult", command_results.result(answer)
