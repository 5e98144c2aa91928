"""Monitors that are set in a station, and which of them are in alert (block N). Pure."""

from dataclasses import replace
from typing import Any, Final

from services.domain.device_model import entries, place, text, whole
from services.domain.events.common import DeviceMonitor, MonitorEvent
from services.domain.units import Millis

MAX_MONITORS: Final = 200

_MAX_SHOWN: Final = 100

Monitors = dict[int, DeviceMonitor]


def reported(known: Monitors, payload: dict[str, Any]) -> Monitors:
    """NotifyMonitoringReportRequest."""
    found = dict(known)
    for entry in entries(payload.get("monitor")):
        where = place(entry)
        for monitor in entries(entry.get("variableMonitoring")):
            number = whole(monitor.get("id"))
            if where is not None and number is not None:
                _put(found, number, where, monitor)
    return found


def answered(known: Monitors, payload: dict[str, Any], answer: dict[str, Any]) -> Monitors:
    """SetVariableMonitoringResponse, with the values that were asked for, in the same order (N04.FR.03)."""
    found = dict(known)
    for asked, result in zip(
        entries(payload.get("setMonitoringData")), entries(answer.get("setMonitoringResult")), strict=False
    ):
        where, number = place(result) or place(asked), whole(result.get("id"))
        if where is not None and number is not None and result.get("status") == "Accepted":
            _put(found, number, where, asked)
    return found


def cleared(known: Monitors, answer: dict[str, Any]) -> Monitors:
    """ClearVariableMonitoringResponse."""
    results = entries(answer.get("clearMonitoringResult"))
    gone = {whole(result.get("id")) for result in results if result.get("status") in ("Accepted", "NotFound")}
    return {number: monitor for number, monitor in known.items() if number not in gone}


def went_off(known: Monitors, events: tuple[MonitorEvent, ...]) -> Monitors:
    """NotifyEvent: what monitors that we know, or not yet, have said last."""
    found = dict(known)
    for event in events:
        if event.monitor_id is None:
            continue
        before = found.get(event.monitor_id)
        if before is not None and (before.occurred_at or 0) > event.occurred_at:
            continue
        if before is None:
            _put(found, event.monitor_id, _where(event), {"severity": event.severity, "type": event.trigger})
        if event.monitor_id in found:
            found[event.monitor_id] = replace(
                found[event.monitor_id],
                alert=not event.cleared,
                actual_value=event.actual_value[:_MAX_SHOWN],
                occurred_at=event.occurred_at,
            )
    return found


def alerts(known: Monitors) -> set[int]:
    """Monitors that are in alert."""
    return {number for number, monitor in known.items() if monitor.alert}


def _put(found: Monitors, number: int, where: dict[str, Any], monitor: dict[str, Any]) -> None:
    before = found.get(number)
    if before is None and len(found) >= MAX_MONITORS:
        return
    value = monitor.get("value")
    last: dict[str, Any] = {}
    if before is not None:
        last = {"alert": before.alert, "actual_value": before.actual_value, "occurred_at": before.occurred_at}
    found[number] = DeviceMonitor(
        monitor_id=number,
        **where,
        type=text(monitor.get("type")) or "",
        value=None if value is None else str(value)[:_MAX_SHOWN],
        severity=whole(monitor.get("severity")),
        **last,
    )


def _where(event: MonitorEvent) -> dict[str, Millis | str | None]:
    names = ("component", "component_instance", "evse_id", "connector_id", "variable", "variable_instance")
    return {name: getattr(event, name) for name in names}
