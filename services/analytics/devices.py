"""What stations tell about themselves as rows: variables, monitors, firmware, security. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from services.domain.device_model import is_secret, told_variables
from services.domain.events.common import ReportedVariable
from services.domain.events.station import (
    CommandAnswered,
    FirmwareStatusChanged,
    MonitorEventsReported,
    SecurityEventRaised,
    VariablesReported,
)

Row = Mapping[str, Any]

_TOLD: Final = ("mutability", "unit", "data_type", "min_limit", "max_limit", "values_list")


def reported(event: VariablesReported) -> list[Row]:
    """One row per attribute of a part of a report."""
    return [_variable(event, variable) for variable in event.variables]


def answered(event: CommandAnswered) -> list[Row]:
    """The variables in an answer: of GetVariables, or of GetConfiguration (OCPP 1.6). None in all others."""
    return [_variable(event, variable) for variable in told_variables(event.answer_json)]


def monitors(event: MonitorEventsReported) -> list[Row]:
    """One row per monitor that went off."""
    common: dict[str, Any] = {"tenant": event.tenant, "station_id": event.station_id, "event_id": event.event_id}
    common |= {"recorded_at": event.recorded_at}
    rows: list[Row] = []
    for place, monitor in enumerate(event.events):
        row = asdict(monitor)
        del row["cause"]
        rows.append({**common, **row, "event_place": place})
    return rows


def firmware(event: FirmwareStatusChanged) -> Row:
    """A step of a firmware update."""
    names = ("tenant", "station_id", "work", "status", "request_id", "event_id", "protocol", "recorded_at")
    return {name: getattr(event, name) for name in names}


def security(event: SecurityEventRaised) -> Row:
    """Something that the operator's security team should see."""
    names = ("tenant", "station_id", "type", "detail", "remote_address", "occurred_at", "event_id", "recorded_at")
    return {name: getattr(event, name) for name in names}


def _variable(event: VariablesReported | CommandAnswered, variable: ReportedVariable) -> Row:
    return {
        "tenant": event.tenant,
        "station_id": event.station_id,
        "component": variable.component,
        "component_instance": variable.component_instance or "",
        "evse_id": variable.evse_id or 0,
        "connector_id": variable.connector_id or 0,
        "variable": variable.variable,
        "variable_instance": variable.variable_instance or "",
        "attribute": variable.attribute,
        "value": None if is_secret(variable.variable) else variable.value,
        **{name: getattr(variable, name) for name in _TOLD},
        "event_id": event.event_id,
        "recorded_at": event.recorded_at,
    }
