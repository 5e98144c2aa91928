"""A request to ask many stations the same, to the events that begin it. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
import orjson
from msgspec import Meta, Struct

from services.console.inbound.commands import check_payload
from services.console.inbound.selection import Selection
from services.console.wire.problems import Problem
from services.domain.events.common import FleetStatus
from services.domain.events.fleet import (
    FleetOperation,
    FleetRequested,
    FleetResumed,
    FleetStationsNamed,
    FleetStopped,
)
from services.domain.events.operator import Operator
from services.domain.events.station import Boot, Station
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis

_DAY_S: Final = 86_400
_NAMED_AT_ONCE: Final = 2_000
"""Station ids in one event: far from what Kafka takes as one message."""
_MAX_SHOWN: Final = 5


class Selector(Struct, forbid_unknown_fields=True):
    """All that is named must fit; `all` must be said to mean every station."""

    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    location: str | None = None
    all: bool = False


class FleetOrder(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /fleet: what is asked of whom, and how fast."""

    operation: str
    payload: dict[str, Any] = {}
    stations: Annotated[list[str], Meta(max_length=100_000)] | None = None
    selector: Selector | None = None
    pace_per_s: Annotated[float, Meta(gt=0, le=1000)] = 5.0
    max_in_flight: Annotated[int, Meta(ge=1, le=10_000)] = 50
    max_failures_percent: Annotated[int, Meta(ge=0, le=100)] | None = 20
    if_offline: Literal["wait", "skip"] = "wait"
    timeout_s: Annotated[int, Meta(ge=1, le=600)] = 60
    deadline_s: Annotated[int, Meta(ge=1, le=6 * _DAY_S)] = _DAY_S


EXAMPLE: Final = {
    "operation": "UpdateFirmware",
    "payload": {
        "requestId": 7,
        "firmware": {
            "location": "https://ops.example.com/firmware/acme-1.5.bin",
            "retrieveDateTime": "2026-10-01T00:00:00Z",
        },
    },
    "selector": {"vendor": "ACME", "firmware": "1.4.2"},
    "pace_per_s": 2.5,
    "max_in_flight": 50,
    "max_failures_percent": 10,
    "if_offline": "wait",
    "timeout_s": 60,
    "deadline_s": _DAY_S,
}


@dataclass(frozen=True, slots=True)
class Stations:
    """The registry and what is known of the last boots, by key."""

    registry: Mapping[str, Station] | Any
    boot: Callable[[str], Boot | None]


def order_of(body: bytes) -> FleetOrder:
    """The body; Problem 400 when it is not JSON, 422 with the place of what does not fit."""
    try:
        order = msgspec.json.decode(body, type=FleetOrder)
        orjson.dumps(order.payload)
        return order
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from None
    except orjson.JSONEncodeError as error:
        raise Problem(422, f"payload: {error}") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}") from None


def begin(
    order: FleetOrder, operator: Operator, stations: Stations, unique: str, now_ms: Millis
) -> tuple[FleetRequested, list[Event]]:
    """The operation and the events that begin it; Problem 422 when nobody is meant or the payload fits nobody."""
    check_payload(order.operation, order.payload, None)
    names = _meant(order, operator.tenant, stations)
    tenant = operator.tenant
    fleet_id = derived_id("fleet", tenant, operator.operator_id, unique)
    requested = FleetRequested(
        event_id=derived_id("FleetRequested", tenant, fleet_id),
        tenant=tenant,
        fleet_id=fleet_id,
        operation=order.operation,
        payload_json=orjson.dumps(order.payload).decode(),
        stations_total=len(names),
        pace_per_minute=max(1, round(order.pace_per_s * 60)),
        max_in_flight=order.max_in_flight,
        max_failures_percent=order.max_failures_percent,
        if_offline=order.if_offline,
        timeout_s=order.timeout_s,
        deadline_at=now_ms + order.deadline_s * 1000,
        requested_by=operator.operator_id,
        requested_at=now_ms,
    )
    named = [
        FleetStationsNamed(
            event_id=derived_id("FleetStationsNamed", tenant, fleet_id, part),
            tenant=tenant,
            fleet_id=fleet_id,
            part=part,
            station_ids=tuple(names[part * _NAMED_AT_ONCE : (part + 1) * _NAMED_AT_ONCE]),
        )
        for part in range(-(-len(names) // _NAMED_AT_ONCE))
    ]
    return requested, [requested, *named]


def _meant(order: FleetOrder, tenant: str, stations: Stations) -> Sequence[str]:
    if (order.stations is None) is (order.selector is None):
        raise Problem(422, "name either `stations` or a `selector`")
    if order.stations is not None:
        names = list(dict.fromkeys(order.stations))
        unknown = [name for name in names if f"{tenant}/{name}" not in stations.registry]
        if unknown:
            some = ", ".join(repr(name) for name in unknown[:_MAX_SHOWN])
            raise Problem(422, f"{len(unknown)} of the stations are not registered, e.g. {some}")
    else:
        assert order.selector is not None
        wanted = order.selector
        if not (wanted.all or any((wanted.vendor, wanted.model, wanted.firmware, wanted.location))):
            raise Problem(422, 'the selector names nothing: say {"all": true} to mean every station')
        selection = Selection(wanted.vendor, wanted.model, wanted.firmware, wanted.location)
        names = selection.of(tenant, stations.registry.items(), stations.boot)
    if not names:
        raise Problem(422, "no station is meant by that")
    return names


def same_order(known: FleetOperation | FleetRequested, again: FleetRequested) -> bool:
    """Whether a repeated Idempotency-Key asks for the same again; who is meant may have changed since."""
    return (known.operation, known.payload_json, known.requested_by) == (
        again.operation, again.payload_json, again.requested_by,
    )  # fmt: skip


def stop(state: FleetOperation, operator: Operator, now_ms: Millis) -> FleetStopped | None:
    """Ask nobody else; None when it is stopped already. Problem 409 when it is over."""
    _refuse_finished(state)
    if state.status is FleetStatus.STOPPED:
        return None
    return FleetStopped(
        event_id=derived_id("FleetStopped", state.tenant, state.fleet_id, operator.operator_id, now_ms),
        tenant=state.tenant,
        fleet_id=state.fleet_id,
        reason=f"stopped by {operator.operator_id}",
        stopped_by=operator.operator_id,
        recorded_at=now_ms,
    )


def resume(state: FleetOperation, operator: Operator, now_ms: Millis) -> FleetResumed | None:
    """Go on asking; None when it runs. Problem 409 when it is over."""
    _refuse_finished(state)
    if state.status is not FleetStatus.STOPPED:
        return None
    return FleetResumed(
        event_id=derived_id("FleetResumed", state.tenant, state.fleet_id, operator.operator_id, now_ms),
        tenant=state.tenant,
        fleet_id=state.fleet_id,
        resumed_by=operator.operator_id,
        recorded_at=now_ms,
    )


def _refuse_finished(state: FleetOperation) -> None:
    if state.status is FleetStatus.FINISHED:
        raise Problem(409, f"{state.fleet_id} is finished")
