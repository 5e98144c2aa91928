"""Folds what stations tell and are asked into their device model; says when it drifts. Pure."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from services.devices import monitors, reports
from services.devices.after_boot import AfterBoot, command_after
from services.devices.answers import NEEDS_PAYLOAD, REPORTS, values_set, without_secrets
from services.devices.drift import drift_of
from services.devices.state import Early, Station, name_of, with_variables
from services.domain.device_model import told_object, told_variables, whole
from services.domain.events.common import CommandOutcome
from services.domain.events.device import DeviceDriftChanged, DeviceReported, DeviceWanted
from services.domain.events.station import (
    CommandAnswered,
    CommandRequested,
    MonitorEventsReported,
    ReportReceived,
    StationBooted,
    VariablesReported,
)
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.units import Millis

MAX_WAITING: Final = 10
"""Commands whose answers, and answers whose commands, are waited for."""

MAX_WAITING_CHARACTERS: Final = 8_000
"""Of each; what is longer is not waited for, and shows in the next report."""

_ANSWERED: Final = NEEDS_PAYLOAD | REPORTS | {"GetVariables", "GetConfiguration", "ClearVariableMonitoring"}

T = TypeVar("T")

Input = (
    StationBooted | VariablesReported | MonitorEventsReported | ReportReceived
    | CommandRequested | CommandAnswered | DeviceWanted
)  # fmt: skip


def folding(after_boot: AfterBoot) -> Callable[[Read[Station], object], Changes[Station]]:
    """The fold of a process that asks stations for reports `after_boot`."""

    def fold(read: Read[Station], event: object) -> Changes[Station]:
        match event:
            case StationBooted():
                return _booted(read, event, after_boot)
            case VariablesReported():
                return _reported(read, event)
            case MonitorEventsReported():
                return _went_off(read, event)
            case ReportReceived(operation="NotifyMonitoringReport"):
                known = read(event.key) or Station()
                told = monitors.reported(known.monitors, told_object(event.payload_json))
                return _next(known, replace(known, monitors=told), event, event.recorded_at)
            case CommandRequested() if event.operation in NEEDS_PAYLOAD | REPORTS:
                return _asked(read, event)
            case CommandAnswered() if event.operation in _ANSWERED:
                return _answered(read, event)
            case DeviceWanted():
                return _wanted(read, event)
        return Changes()

    return fold


def _booted(read: Read[Station], event: StationBooted, after_boot: AfterBoot) -> Changes[Station]:
    known = read(event.key) or Station()
    if event.recorded_at <= known.booted_at:
        return Changes()
    told = replace(
        known, protocol=event.protocol, vendor=event.vendor, model=event.model, firmware=event.firmware_version,
        booted_at=event.recorded_at, refused=(),
    )  # fmt: skip
    changes = _next(known, told, event, event.recorded_at)
    command = command_after(event, known, after_boot)
    return changes if command is None else Changes(changes.states, [*changes.events, command])


def _reported(read: Read[Station], event: VariablesReported) -> Changes[Station]:
    known = read(event.key) or Station()
    told, shown = reports.with_part(known, event)
    if told is known:
        return Changes()
    told = replace(told, protocol=known.protocol or event.protocol)
    report = reports.report_of(told, event.request_id)
    if report is None or not report.complete:
        return _next(known, told, event, event.recorded_at, shown=shown)
    completed = DeviceReported(
        event_id=derived_id("DeviceReported", event.tenant, event.event_id),
        tenant=event.tenant,
        station_id=event.station_id,
        request_id=report.request_id,
        operation=report.operation,
        report_base=report.base,
        parts=len(report.seen),
        variables=len(told.variables),
        recorded_at=event.recorded_at,
    )
    changes = _next(known, told, event, event.recorded_at)
    return Changes(changes.states, [*changes.events, completed])


def _went_off(read: Read[Station], event: MonitorEventsReported) -> Changes[Station]:
    known = read(event.key) or Station()
    told = monitors.went_off(known.monitors, event.events)
    if told == known.monitors:
        return Changes()
    # Periodic events come all the time: others see when an alert begins or ends.
    shown = monitors.alerts(told) != monitors.alerts(known.monitors)
    return _next(known, replace(known, monitors=told), event, event.recorded_at, shown=shown)


def _asked(read: Read[Station], event: CommandRequested) -> Changes[Station]:
    known = read(event.key) or Station()
    payload = told_object(event.payload_json)
    if event.operation in REPORTS:
        base = payload.get("reportBase")
        told = reports.asked_for(
            known, whole(payload.get("requestId")), event.operation, base if isinstance(base, str) else None,
            event.requested_at,
        )  # fmt: skip
        return _next(known, told, event, event.requested_at)
    if event.command_id in known.settled or event.command_id in known.asked:
        return Changes()
    early = known.early.get(event.command_id)
    if early is None:
        if len(event.payload_json) > MAX_WAITING_CHARACTERS:
            return Changes()
        asked = _latest(known.asked | {event.command_id: without_secrets(event.payload_json)})
        return Changes({event.key: replace(known, asked=asked)})
    told = _set(known, event, payload, told_object(early.answer_json), early.at)
    return _next(known, told, event, early.at)


def _answered(read: Read[Station], event: CommandAnswered) -> Changes[Station]:
    known = read(event.key) or Station()
    answer = told_object(event.answer_json)
    if event.operation in NEEDS_PAYLOAD:
        return _answered_set(known, event, answer)
    told = with_variables(known, told_variables(event.answer_json), event.recorded_at)
    if event.operation == "ClearVariableMonitoring":
        told = replace(told, monitors=monitors.cleared(told.monitors, answer))
    if event.operation in REPORTS and (
        event.outcome is not CommandOutcome.ACCEPTED or "configurationKey" in answer
    ):
        told = replace(told, reports=tuple(one for one in told.reports if one.seen))
    return _next(known, told, event, event.recorded_at)


def _answered_set(known: Station, event: CommandAnswered, answer: dict[str, Any]) -> Changes[Station]:
    """The answer says whether, the command says what."""
    asked = known.asked.get(event.command_id)
    if event.command_id in known.settled:
        return Changes()
    if asked is None:
        if not answer or event.command_id in known.early or len(event.answer_json or "") > MAX_WAITING_CHARACTERS:
            return Changes()
        early = _latest(known.early | {event.command_id: Early(event.answer_json or "", event.recorded_at)})
        return Changes({event.key: replace(known, early=early)})
    told = _set(known, event, told_object(asked), answer, event.recorded_at)
    return _next(known, told, event, event.recorded_at)


def _set(
    known: Station, event: CommandRequested | CommandAnswered, payload: dict[str, Any], answer: dict[str, Any],
    at: Millis,
) -> Station:  # fmt: skip
    """Command and answer have been read: neither is needed any more."""
    settled = replace(
        known,
        asked={name: text for name, text in known.asked.items() if name != event.command_id},
        early={name: early for name, early in known.early.items() if name != event.command_id},
        settled=(*known.settled, event.command_id)[-MAX_WAITING:],
    )
    if event.operation == "SetVariableMonitoring":
        return replace(settled, monitors=monitors.answered(known.monitors, payload, answer))
    taken, refused = values_set(payload, answer)
    names = {name_of(one) for one in taken}
    left = [name for name in known.refused if name not in names]
    added = [name_of(one) for one in refused if name_of(one) not in left]
    return replace(with_variables(settled, taken, at), refused=tuple([*left, *added]))


def _wanted(read: Read[Station], event: DeviceWanted) -> Changes[Station]:
    known = read(event.key) or Station()
    if (event.template_id, event.variables) == (known.template_id, known.wanted):
        return Changes()
    told = replace(
        known, template_id=event.template_id, wanted=event.variables, wanted_at=event.updated_at, refused=()
    )
    return _next(known, told, event, max(event.updated_at, known.booted_at))


def _next(known: Station, told: Station, event: Input, now_ms: Millis, *, shown: bool = True) -> Changes[Station]:
    """The state, what others see of it, and what is new in its drift; that waits for the end of a report."""
    if not reports.in_progress(told):
        told = replace(told, drift=drift_of(told))
    if told == known:
        return Changes()
    events: list[Event] = []
    if told.drift != known.drift:
        events.append(_drift_changed(known, told, event, now_ms))
    if shown or events:
        events.insert(0, told.shown(event.tenant, event.station_id, now_ms))
    return Changes({event.key: told}, events)


def _drift_changed(known: Station, told: Station, event: Input, now_ms: Millis) -> DeviceDriftChanged:
    cause = getattr(event, "event_id", "") or f"wanted {told.template_id} {told.wanted_at}"
    before = set(known.drift)
    return DeviceDriftChanged(
        event_id=derived_id("DeviceDriftChanged", event.tenant, event.station_id, cause),
        tenant=event.tenant,
        station_id=event.station_id,
        template_id=told.template_id,
        drift=told.drift,
        new=tuple(one for one in told.drift if one not in before),
        recorded_at=now_ms,
    )


def _latest(waiting: dict[str, T]) -> dict[str, T]:
    return dict(list(waiting.items())[-MAX_WAITING:])
