"""Block F, remote control: starting and stopping transactions from afar."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp.wire.faults import V16, V201, Refused
from services.ocpp.wire.frames import CallError, CallResult
from services.ocpp.wire.schemas import tolerated, validator

_MAX_ID_TAG_LENGTH: Final = 20


class NotPossible(Exception):
    """The command cannot be put to this station, and why."""


class Request(NamedTuple):
    """The CALL that a command becomes in one OCPP version."""

    action: str
    payload: dict[str, Any]


class Outbound(NamedTuple):
    """One operation in one OCPP version: its action, and how the 2.0.1 payload is told in it."""

    action: str
    convert: Callable[[dict[str, Any]], dict[str, Any]]


def request(command: CommandRequested, protocol: str) -> Request:
    """The CALL for a command; NotPossible when its payload is wrong or the version cannot say it."""
    outbound = OUTBOUND[protocol].get(command.operation)
    if outbound is None:
        raise NotPossible(f"{command.operation} is not supported")
    try:
        payload = orjson.loads(command.payload_json)
        _check(V201, command.operation, payload)
        converted = outbound.convert(payload)
        _check(protocol, outbound.action, converted)
    except orjson.JSONDecodeError as error:
        raise NotPossible(f"payload_json is not JSON: {error.msg}") from None
    except Refused as error:
        raise NotPossible(f"payload_json does not fit {command.operation}: {error.description}") from None
    return Request(outbound.action, converted)


def answered(
    command: CommandRequested,
    protocol: str,
    frame: CallResult | CallError,
    edge_id: str,
    epoch: int,
    now_ms: Millis,
) -> CommandAnswered:
    """What the station's answer means for the command."""
    if isinstance(frame, CallError):
        detail = f"{frame.code}: {frame.description}"
        return result(command, CommandOutcome.FAILED, edge_id, epoch, now_ms, detail=detail)
    action = OUTBOUND[protocol][command.operation].action
    text = orjson.dumps(frame.payload).decode()
    try:
        tolerated(validator(protocol, action, answer=True), frame.payload)
    except Refused as error:
        detail = f"the answer does not fit {action}: {error.description}"
        return result(command, CommandOutcome.FAILED, edge_id, epoch, now_ms, detail=detail, answer_json=text)
    status = frame.payload["status"]
    outcome = CommandOutcome.ACCEPTED if status == "Accepted" else CommandOutcome.REJECTED
    return result(command, outcome, edge_id, epoch, now_ms, status=status, answer_json=text)


def result(
    command: CommandRequested,
    outcome: CommandOutcome,
    edge_id: str,
    epoch: int,
    now_ms: Millis,
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
        edge_id=edge_id,
        epoch=epoch,
        recorded_at=now_ms,
        **said,
    )


def _check(protocol: str, action: str, payload: Any) -> None:
    schema = validator(protocol, action)
    if not schema.is_valid(payload):
        tolerated(schema, payload)


def _same(payload: dict[str, Any]) -> dict[str, Any]:
    return payload


def _remote_start_v16(payload: dict[str, Any]) -> dict[str, Any]:
    """RemoteStartTransaction (5.11): which connector, which idTag. Charging profiles are not converted."""
    if "chargingProfile" in payload:
        raise NotPossible("a charging profile cannot be sent to an OCPP 1.6 station")
    id_tag = payload["idToken"]["idToken"]
    if len(id_tag) > _MAX_ID_TAG_LENGTH:
        raise NotPossible(f"token has {len(id_tag)} characters, OCPP 1.6 allows {_MAX_ID_TAG_LENGTH}")
    converted = {"idTag": id_tag}
    if "evseId" in payload:
        converted["connectorId"] = payload["evseId"]
    return converted


def _remote_stop_v16(payload: dict[str, Any]) -> dict[str, Any]:
    """RemoteStopTransaction (5.12): 1.6 numbers its transactions."""
    try:
        return {"transactionId": int(payload["transactionId"])}
    except ValueError:
        raise NotPossible("OCPP 1.6 transaction ids are numbers") from None


OUTBOUND: Final[Mapping[str, Mapping[str, Outbound]]] = {
    V201: {
        "RequestStartTransaction": Outbound("RequestStartTransaction", _same),
        "RequestStopTransaction": Outbound("RequestStopTransaction", _same),
    },
    V16: {
        "RequestStartTransaction": Outbound("RemoteStartTransaction", _remote_start_v16),
        "RequestStopTransaction": Outbound("RemoteStopTransaction", _remote_stop_v16),
    },
}
"""By sub-protocol and operation (a 2.0.1 action)."""
