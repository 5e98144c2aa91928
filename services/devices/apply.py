"""What stations are asked so that they become as wanted: commands to one, operations on many. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from services.domain.device_model import ACTUAL
from services.domain.events.common import DeviceDrift, DriftReason
from services.domain.events.device import Device
from services.domain.events.fleet import FleetRequested, FleetStationsNamed
from services.domain.events.station import CommandRequested
from services.domain.ids import derived_id
from services.domain.units import Millis

REQUESTED_BY: Final = "device-apply"
NAMED_AT_ONCE: Final = 1000
"""Stations in one event of an operation."""

_DAY_MS: Final = 86_400_000


class Ask(NamedTuple):
    """An operation and its payload, in the words of the stations' version."""

    operation: str
    payload_json: str


class Pace(NamedTuple):
    """How many stations are asked in a minute, how many at once, and how long each has to answer."""

    per_minute: int = 300
    in_flight: int = 50
    timeout_s: int = 60


def asks(device: Device) -> list[Ask]:
    """What would mend a station's drift; what it has as read only is left out."""
    mendable = [one for one in device.drift if one.reason is not DriftReason.READ_ONLY]
    if not mendable:
        return []
    if device.protocol is not None and not device.protocol.startswith("ocpp2"):
        return [_ask("ChangeConfiguration", {"key": one.variable, "value": one.wanted}) for one in mendable]
    return [_ask("SetVariables", {"setVariableData": [_set(one) for one in mendable]})]


def commands(device: Device, now_ms: Millis, timeout_s: int) -> list[CommandRequested]:
    """The commands to one station."""
    found = []
    for number, ask in enumerate(asks(device)):
        command_id = derived_id("device apply", device.tenant, device.station_id, now_ms, number)
        found.append(
            CommandRequested(
                event_id=derived_id("CommandRequested", device.tenant, command_id),
                command_id=command_id,
                tenant=device.tenant,
                station_id=device.station_id,
                operation=ask.operation,
                payload_json=ask.payload_json,
                requested_by=REQUESTED_BY,
                requested_at=now_ms,
                deadline_at=now_ms + timeout_s * 1000,
            )
        )
    return found


def operations(
    devices: Iterable[Device], now_ms: Millis, pace: Pace
) -> list[tuple[FleetRequested, list[FleetStationsNamed]]]:
    """Operations on many stations, one for each thing that some of them are to be asked."""
    meant: dict[Ask, list[Device]] = {}
    for device in devices:
        for ask in asks(device):
            meant.setdefault(ask, []).append(device)
    return [_operation(ask, found, now_ms, pace) for ask, found in meant.items()]


def _operation(
    ask: Ask, devices: Sequence[Device], now_ms: Millis, pace: Pace
) -> tuple[FleetRequested, list[FleetStationsNamed]]:
    tenant, names = devices[0].tenant, sorted(device.station_id for device in devices)
    fleet_id = derived_id("fleet", tenant, REQUESTED_BY, ask.operation, ask.payload_json, now_ms)
    requested = FleetRequested(
        event_id=derived_id("FleetRequested", tenant, fleet_id),
        tenant=tenant,
        fleet_id=fleet_id,
        operation=ask.operation,
        payload_json=ask.payload_json,
        stations_total=len(names),
        pace_per_minute=pace.per_minute,
        max_in_flight=pace.in_flight,
        max_failures_percent=20,
        if_offline="wait",
        timeout_s=pace.timeout_s,
        deadline_at=now_ms + _DAY_MS,
        requested_by=REQUESTED_BY,
        requested_at=now_ms,
    )
    named = [
        FleetStationsNamed(
            event_id=derived_id("FleetStationsNamed", tenant, fleet_id, part),
            tenant=tenant,
            fleet_id=fleet_id,
            part=part,
            station_ids=tuple(names[part * NAMED_AT_ONCE : (part + 1) * NAMED_AT_ONCE]),
        )
        for part in range(-(-len(names) // NAMED_AT_ONCE))
    ]
    return requested, named


def _ask(operation: str, payload: dict[str, Any]) -> Ask:
    return Ask(operation, msgspec.json.encode(payload).decode())


def _set(drift: DeviceDrift) -> dict[str, Any]:
    """SetVariableDataType."""
    component: dict[str, Any] = {"name": drift.component}
    if drift.component_instance:
        component["instance"] = drift.component_instance
    if drift.evse_id is not None:
        component["evse"] = {"id": drift.evse_id}
        if drift.connector_id is not None:
            component["evse"]["connectorId"] = drift.connector_id
    variable = {"name": drift.variable}
    if drift.variable_instance:
        variable["instance"] = drift.variable_instance
    found = {"component": component, "variable": variable, "attributeValue": drift.wanted}
    return found if drift.attribute == ACTUAL else found | {"attributeType": drift.attribute}
