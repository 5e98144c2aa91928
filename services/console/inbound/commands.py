"""A request to tell a station something, to the command that goes into the log."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.console.wire.payloads import misfit, operations
from services.console.wire.problems import Problem
from services.domain.events.operator import Operator
from services.domain.events.station import CommandRequested, Connection, Station
from services.domain.ids import derived_id
from services.domain.units import Millis

_MAX_KEY: Final = 255


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, and within how long."""

    operator: Operator
    operation: str
    payload: dict[str, Any]
    timeout_s: int
    now_ms: Millis
    unique: str
    """The request's Idempotency-Key; without one, something random."""


def payload_of(body: bytes) -> dict[str, Any]:
    """The body as a JSON object, {} when it is empty; Problem 400 when it is neither."""
    if not body.strip():
        return {}
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(
            400, f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    if not isinstance(payload, dict):
        raise Problem(422, "the body must be a JSON object: the operation's payload")
    return payload


def unique_of(header: str | None, random: str) -> str:
    """What tells a request from others: its Idempotency-Key, else `random`; Problem 400 for a key that is none."""
    if header is None:
        return f"\x1f{random}"
    if not (0 < len(header) <= _MAX_KEY and header.isascii() and header.isprintable()):
        raise Problem(400, f"Idempotency-Key must be 1 to {_MAX_KEY} printable ASCII characters")
    return header


def check_payload(operation: str, payload: dict[str, Any], protocol: str | None) -> None:
    """Problem 422 when no OCPP version has the operation, or none takes the payload."""
    known = operations()
    if operation not in known:
        raise Problem(422, f"{operation!r} is no operation that stations have: see `operations`", operations=known)
    wrong = misfit(operation, payload, protocol)
    if wrong is not None:
        raise Problem(422, wrong)


def command(
    asked: Asked, station: Station, connection: Connection | None, refuse_offline: bool
) -> CommandRequested:
    """The command; Problem 409 when the station cannot get it, 422 when it makes no sense."""
    check_payload(asked.operation, asked.payload, connection.protocol if connection else None)
    if not station.enabled:
        raise Problem(409, f"{station.station_id} is disabled: enable it with `wattlog station enable`")
    if refuse_offline and not (connection and connection.connected):
        raise Problem(
            409,
            f"{station.station_id} is not connected: ask with if_offline=queue to have it wait for the station",
        )
    tenant, station_id = station.tenant, station.station_id
    command_id = derived_id("command", tenant, station_id, asked.operator.operator_id, asked.unique)
    return CommandRequested(
        event_id=derived_id("CommandRequested", tenant, command_id),
        command_id=command_id,
        tenant=tenant,
        station_id=station_id,
        operation=asked.operation,
        payload_json=orjson.dumps(asked.payload).decode(),
        requested_by=f"operator:{asked.operator.operator_id}",
        requested_at=asked.now_ms,
        deadline_at=asked.now_ms + asked.timeout_s * 1000,
    )


def same_request(known: CommandRequested, again: CommandRequested) -> bool:
    """Whether a repeated Idempotency-Key asks for what it asked for before."""
    return (known.operation, orjson.loads(known.payload_json)) == (
        again.operation,
        orjson.loads(again.payload_json),
    )
