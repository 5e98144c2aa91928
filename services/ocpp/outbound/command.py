"""A command on its way to a station and back: the CALL that it becomes, and what the answer means."""

from typing import Any, Final, NamedTuple

import orjson

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested, CommandSent
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp.outbound import rules
from services.ocpp.outbound.operations import CONVERTED_V16, OPERATIONS, NotPossible
from services.ocpp.outbound.v16 import rules as rules_v16
from services.ocpp.wire.faults import V16, V201, Refused
from services.ocpp.wire.frames import CallError, CallResult
from services.ocpp.wire.schemas import deviations, tolerated, validator

__all__ = ["NotPossible", "Request", "Stamp", "answered", "request", "result"]

_DONE: Final = frozenset(
    {"Accepted", "AcceptedCanceled", "Deleted", "RebootRequired", "Scheduled", "Unlocked", "Unpublished"}
)
"""Words of answers that mean that the station does, or has done, what it was asked."""

_LISTED: Final = ("setVariableResult", "setMonitoringResult", "clearMonitoringResult", "clearTariffsResult")
"""Answers that have a status for each thing asked; done means that none of them was refused."""


_MAX_SHOWN: Final = 200


class Request(NamedTuple):
    """The CALL that a command becomes in one OCPP version."""

    action: str
    payload: dict[str, Any]


class Stamp(NamedTuple):
    """Who says so, and when."""

    edge_id: str
    epoch: int
    now_ms: Millis


def request(command: CommandRequested, protocol: str) -> Request:
    """The CALL for a command; NotPossible when its payload is wrong or the version cannot say it.

    The payload is that of the newest version (2.0.1, for its additions 2.1), or the station's own: OCPP 1.6 has
    other fields for many operations, and both are understood.
    """
    try:
        payload = orjson.loads(command.payload_json)
    except orjson.JSONDecodeError as error:
        raise NotPossible(f"payload_json is not JSON: {error.msg}") from None
    if _is_too_deep(payload):
        raise NotPossible("the request is nested too deeply")
    if protocol == V16 and command.operation in CONVERTED_V16 and not _is_native(command.operation, payload):
        _check(V201, command.operation, payload)
        action, converted = CONVERTED_V16[command.operation](payload)
    elif command.operation in OPERATIONS[protocol]:
        action, converted = command.operation, payload
    else:
        raise NotPossible(f"{command.operation} is no operation of {protocol}")
    _check(protocol, action, converted)
    wrong = (rules_v16 if protocol == V16 else rules).broken(action, converted)
    if wrong is not None:
        raise NotPossible(wrong)
    return Request(action, converted)


def answered(
    command: CommandRequested,
    action: str,
    protocol: str,
    frame: CallResult | CallError,
    stamp: Stamp,
) -> CommandAnswered:
    """What the station's answer to our CALL of `action` means for the command."""
    if isinstance(frame, CallError):
        return result(command, CommandOutcome.FAILED, stamp, detail=f"{frame.code}: {frame.description}")
    try:
        text = orjson.dumps(frame.payload).decode()
    except orjson.JSONEncodeError:
        said = f"the answer does not fit {action}: it is nested too deeply"
        return result(command, CommandOutcome.FAILED, stamp, detail=said)
    try:
        tolerated(validator(protocol, action, answer=True), frame.payload)
    except Refused as error:
        detail = f"the answer does not fit {action}: {error.description}"
        return result(command, CommandOutcome.FAILED, stamp, detail=detail, answer_json=text)
    status = _word(frame.payload)
    outcome = CommandOutcome.ACCEPTED if _is_done(frame.payload) else CommandOutcome.REJECTED
    return result(command, outcome, stamp, status=status, answer_json=text)


def sent(command: CommandRequested, stamp: Stamp, answer_by: Millis) -> CommandSent:
    """To be durable before the CALL leaves: a command is sent once, even if its sender dies."""
    return CommandSent(
        event_id=derived_id("CommandSent", command.tenant, command.station_id, command.command_id),
        command_id=command.command_id,
        tenant=command.tenant,
        station_id=command.station_id,
        operation=command.operation,
        edge_id=stamp.edge_id,
        epoch=stamp.epoch,
        answer_by=answer_by,
        recorded_at=stamp.now_ms,
    )


def result(
    command: CommandRequested | CommandSent,
    outcome: CommandOutcome,
    stamp: Stamp,
    **said: str | None,
) -> CommandAnswered:
    """The result of a command. There is one per command, so its id follows from the command alone."""
    return CommandAnswered(
        event_id=derived_id("CommandAnswered", command.tenant, command.station_id, command.command_id),
        command_id=command.command_id,
        tenant=command.tenant,
        station_id=command.station_id,
        operation=command.operation,
        outcome=outcome,
        edge_id=stamp.edge_id,
        epoch=stamp.epoch,
        recorded_at=stamp.now_ms,
        **said,
    )


def _is_too_deep(payload: Any) -> bool:
    """Whether JSON writers, ours first, refuse to write it (254 levels)."""
    try:
        orjson.dumps(payload)
    except orjson.JSONEncodeError:
        return True
    return False


def _is_native(operation: str, payload: Any) -> bool:
    """Whether it is an OCPP 1.6 payload, and not at the same time one of 2.0.1 that says more."""
    if operation not in OPERATIONS[V16] or not validator(V16, operation).is_valid(payload):
        return False
    return not validator(V201, operation).is_valid(payload)


def _is_done(payload: dict[str, Any]) -> bool:
    """Answers without a status are what was asked for."""
    words = [_word(payload)]
    for name in _LISTED:
        listed = payload.get(name)
        words += [_word(entry) for entry in listed] if isinstance(listed, list) else []
    return all(word is None or word in _DONE for word in words)


def _word(said: Any) -> str | None:
    """The status in an answer, or in an entry of one. Fields that the schema does not know may hold anything."""
    if not isinstance(said, dict):
        return None
    word = said.get("attributeStatus", said.get("status"))
    return word if isinstance(word, str) else None


def _check(protocol: str, action: str, payload: Any) -> None:
    """Strict: what we say is as the schema has it, to the letter."""
    try:
        for error in deviations(validator(protocol, action), payload):
            place = ".".join(str(step) for step in error.instance_path) or "payload"
            raise NotPossible(f"{place} does not fit {action} of {protocol}: {error.message[:_MAX_SHOWN]}")
    except Refused as error:
        raise NotPossible(error.description) from None
