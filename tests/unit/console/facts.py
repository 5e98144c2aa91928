"""Operators, stations and commands that tests of the operations API speak of."""

from typing import Any

from services.console.inbound.keys import key_hash
from services.domain.events.common import CommandOutcome
from services.domain.events.operator import Operator
from services.domain.events.station import (
    Boot,
    CommandAnswered,
    CommandRequested,
    CommandSent,
    Connection,
    Station,
)

NOW = 1_790_000_000_000
KEY = "wattlog_key"


def operator(**changes: Any) -> Operator:
    values: dict[str, Any] = {
        "tenant": "wattlog", "operator_id": "control-room", "role": "operate", "key_hash": key_hash(KEY),
        "updated_at": 1,
    }  # fmt: skip
    return Operator(**(values | changes))


def station(station_id: str = "CP1", **changes: Any) -> Station:
    values: dict[str, Any] = {"tenant": "wattlog", "station_id": station_id, "updated_at": 1}
    return Station(**(values | changes))


def connection(connected: bool = True, protocol: str = "ocpp2.0.1") -> Connection:
    return Connection(
        tenant="wattlog",
        station_id="CP1",
        edge_id="edge-1",
        epoch=3,
        connected=connected,
        protocol=protocol,
        since=NOW,
    )


def boot(**changes: Any) -> Boot:
    values: dict[str, Any] = {
        "tenant": "wattlog", "station_id": "CP1", "protocol": "ocpp2.0.1", "vendor": "ACME", "model": "Fast",
        "firmware_version": "1.4", "registration_status": "Accepted", "booted_at": NOW,
    }  # fmt: skip
    return Boot(**(values | changes))


def requested(command_id: str = "c1", **changes: Any) -> CommandRequested:
    values: dict[str, Any] = {
        "event_id": f"e-{command_id}", "command_id": command_id, "tenant": "wattlog", "station_id": "CP1",
        "operation": "Reset", "payload_json": '{"type":"OnIdle"}', "requested_by": "operator:control-room",
        "requested_at": NOW, "deadline_at": NOW + 30_000,
    }  # fmt: skip
    return CommandRequested(**(values | changes))


def sent(command_id: str = "c1", **changes: Any) -> CommandSent:
    values: dict[str, Any] = {
        "event_id": f"s-{command_id}", "command_id": command_id, "tenant": "wattlog", "station_id": "CP1",
        "operation": "Reset", "edge_id": "edge-1", "epoch": 3, "answer_by": NOW + 30_050, "recorded_at": NOW + 50,
    }  # fmt: skip
    return CommandSent(**(values | changes))


def answered(command_id: str = "c1", **changes: Any) -> CommandAnswered:
    values: dict[str, Any] = {
        "event_id": f"a-{command_id}", "command_id": command_id, "tenant": "wattlog", "station_id": "CP1",
        "operation": "Reset", "outcome": CommandOutcome.ACCEPTED, "status": "Accepted",
        "answer_json": '{"status":"Accepted"}', "edge_id": "edge-1", "epoch": 3, "recorded_at": NOW + 100,
    }  # fmt: skip
    return CommandAnswered(**(values | changes))
