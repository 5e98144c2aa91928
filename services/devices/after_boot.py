"""Asking a station for all its variables when it has booted: off unless a setting says when. Pure."""

from enum import StrEnum

import msgspec

from services.devices.state import Station
from services.domain.events.station import CommandRequested, StationBooted
from services.domain.ids import derived_id
from services.domain.units import Millis

REQUESTED_BY = "devices"
WITHIN_MS: Millis = 300_000


class AfterBoot(StrEnum):
    """When a station is asked: never, when it is new or has other firmware, or each time."""

    OFF = "off"
    CHANGED = "changed"
    ALWAYS = "always"


def command_after(event: StationBooted, before: Station, when: AfterBoot) -> CommandRequested | None:
    """GetBaseReport (1.6: GetConfiguration) to a station whose registration is accepted, if it is time."""
    if when is AfterBoot.OFF or event.registration_status != "Accepted":
        return None
    same = before.booted_at and before.firmware == event.firmware_version and before.model == event.model
    if when is AfterBoot.CHANGED and same:
        return None
    return report_command(
        event.tenant, event.station_id, event.protocol, event.event_id, event.recorded_at, WITHIN_MS
    )


def report_command(
    tenant: str, station_id: str, protocol: str, cause: str, now_ms: Millis, within_ms: Millis
) -> CommandRequested:
    """What asks a station for everything; `cause` makes it one command however often it is made."""
    command_id = derived_id("device report", tenant, station_id, cause)
    operation, payload = "GetConfiguration", "{}"
    if protocol.startswith("ocpp2"):
        operation = "GetBaseReport"
        asked = {"requestId": request_id(command_id), "reportBase": "FullInventory"}
        payload = msgspec.json.encode(asked).decode()
    return CommandRequested(
        event_id=derived_id("CommandRequested", tenant, command_id),
        command_id=command_id,
        tenant=tenant,
        station_id=station_id,
        operation=operation,
        payload_json=payload,
        requested_by=REQUESTED_BY,
        requested_at=now_ms,
        deadline_at=now_ms + within_ms,
    )


def request_id(command_id: str) -> int:
    """Numbers the report: positive, 28 bits."""
    return int(command_id[:7], 16) + 1
