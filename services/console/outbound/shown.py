"""Stations and commands as operators are shown them: JSON objects with times in RFC 3339, and no secrets."""

from datetime import UTC, datetime
from typing import Any, Final

import orjson

from services.console.command_log import Entry
from services.domain.events.fleet import FleetOperation
from services.domain.events.station import Boot, Connection, Station
from services.domain.units import Millis

_GRACE_MS: Final = 120_000
"""A result may come so long after a command's deadline; later than that, no edge is there to tell it."""


def moment(at: Millis | None) -> str | None:
    """2026-09-21T14:13:20.000Z"""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def station(entry: Station, connection: Connection | None, boot: Boot | None) -> dict[str, Any]:
    """A registry entry without its password's hash, who holds the socket, and the last boot."""
    return {
        "station_id": entry.station_id,
        "enabled": entry.enabled,
        "connected": bool(connection and connection.connected),
        "vendor": boot.vendor if boot else entry.vendor,
        "model": boot.model if boot else entry.model,
        "firmware_version": boot.firmware_version if boot else None,
        "country_code": entry.country_code,
        "party_id": entry.party_id,
        "location_id": entry.location_id,
        "tariff_id": entry.tariff_id,
        "security_profile": entry.security_profile,
        "evses": [evse.to_record() for evse in entry.evses],
        "quirks": list(entry.quirks),
        "updated_at": moment(entry.updated_at),
        "connection": _connection(connection),
        "boot": _boot(boot),
    }


def _connection(connection: Connection | None) -> dict[str, Any] | None:
    """None for a station that has never been there."""
    if connection is None:
        return None
    return {
        "connected": connection.connected,
        "protocol": connection.protocol,
        "edge_id": connection.edge_id,
        "epoch": connection.epoch,
        "since": moment(connection.since),
    }


def _boot(boot: Boot | None) -> dict[str, Any] | None:
    if boot is None:
        return None
    told = boot.to_record() | {"booted_at": moment(boot.booted_at)}
    return {name: value for name, value in told.items() if name not in ("tenant", "station_id")}


def command(entry: Entry, connected: bool, now_ms: Millis) -> dict[str, Any]:
    """A command and how it stands: `requested`, `sent`, `answered`, or `unanswered` when nobody will tell."""
    told: dict[str, Any] = {"state": _state(entry, now_ms), "station_connected": connected}
    asked, sent, result = entry.asked, entry.sent, entry.result
    event = asked or sent or result
    if event is not None:
        told |= {"command_id": event.command_id, "station_id": event.station_id, "operation": event.operation}
    if asked is not None:
        told |= {
            "payload": orjson.loads(asked.payload_json),
            "requested_by": asked.requested_by,
            "requested_at": moment(asked.requested_at),
            "deadline_at": moment(asked.deadline_at),
        }
    if sent is not None:
        told |= {"sent_at": moment(sent.recorded_at), "sent_by": sent.edge_id}
    if result is not None:
        told["result"] = {
            "outcome": result.outcome.value,
            "status": result.status,
            "detail": result.detail,
            "answer": orjson.loads(result.answer_json) if result.answer_json else None,
            "edge_id": result.edge_id,
            "epoch": result.epoch,
            "recorded_at": moment(result.recorded_at),
        }
    return told


def _state(entry: Entry, now_ms: Millis) -> str:
    if entry.result is not None:
        return "answered"
    over = entry.asked is not None and now_ms > entry.asked.deadline_at + _GRACE_MS
    if over:
        return "unanswered"
    return "sent" if entry.sent else "requested"


def log(file: dict[str, Any]) -> dict[str, Any]:
    """An uploaded file; the number before its name is the request id of OCPP."""
    return {
        "name": file["name"],
        "request_id": int(file["name"].partition("-")[0]),
        "size_bytes": file["size_bytes"],
        "uploaded_at": moment(file["modified_ms"]),
    }


def fleet(state: FleetOperation, with_failures: bool = True) -> dict[str, Any]:
    """An operation on many stations: what, how far, and who did not do it."""
    counts = {name: getattr(state, name) for name in _COUNTS}
    told: dict[str, Any] = {
        "fleet_id": state.fleet_id,
        "status": state.status.value,
        "reason": state.reason,
        "operation": state.operation,
        "payload": orjson.loads(state.payload_json),
        "stations": state.stations_total,
        "done": sum(counts[name] for name in _COUNTS[2:]),
        **counts,
        "pace_per_s": state.pace_per_minute / 60,
        "max_in_flight": state.max_in_flight,
        "max_failures_percent": state.max_failures_percent,
        "if_offline": state.if_offline,
        "timeout_s": state.timeout_s,
        "deadline_at": moment(state.deadline_at),
        "requested_by": state.requested_by,
        "requested_at": moment(state.requested_at),
        "updated_at": moment(state.updated_at),
    }
    if with_failures:
        told["failures"] = [failure.to_record() for failure in state.failures]
        told["failures_not_shown"] = told["done"] - state.accepted - len(state.failures)
    return told


_COUNTS: Final = ("waiting", "asked", "accepted", "rejected", "failed", "timed_out", "expired", "unreachable")
