"""The asynchronous result of whatever a partner has asked of a station: the object, and its name."""

from typing import Any

from services.domain.events.station import CommandAnswered
from services.ocpi.outbound import charging_profiles, command_results
from services.ocpi.wire.kinds import CLEAR_PROFILE, GET_PROFILE, SET_PROFILE, UPDATE_PROFILE


def of(command: str, answer: CommandAnswered | None) -> tuple[str, dict[str, Any]]:
    """By PartnerCommandTaken.command; `answer` None: the station has not answered in time."""
    if command == SET_PROFILE:
        return "ChargingProfileResult", charging_profiles.result(answer)
    if command == CLEAR_PROFILE:
        return "ClearProfileResult", charging_profiles.result(answer)
    if command in (GET_PROFILE, UPDATE_PROFILE):
        return "ActiveChargingProfileResult", charging_profiles.active_result(answer)
    return "CommandResult", command_results.result(answer)
