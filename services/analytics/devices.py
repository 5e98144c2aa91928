"""What stations tell about themselves as rows: variables, monitors, firmware, security. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

import orjson

from services.domain.events.common import ReportedVariable
from services.domain.events.station import (
    CommandAnswered,
    FirmwareStatusChanged,
    MonitorEventsReported,
    SecurityEventRaised,
    VariablesReported,
)

Row = Mapping[str, Any]

_SECRETS: Final = ("password", "authorizationkey", "secret", "privatekey")
_TOLD: Final = ("mutability", "unit", "data_type", "min_limit", "max_limit", "values_list")
_INT32: Final = range(-(2**31), 2**31)


def reported(event: VariablesReported) -> list[Row]:
    """One row per attribute of a part of a report."""
    return [_variable(event, variable) for variable in event.variables]


def answered(event: CommandAnswered) -> list[Row]:
    """The variables in an answer: of GetVariables, or of GetConfiguration (OCPP 1.6). None in all others."""
    try:
        answer = orjson.loads(event.answer_json or "null")
    except orjson.JSONDecodeError:
        return []
    if not isinstance(answer, dict):
        return []
    return [_variable(event, variable) for variable in (*_keys(answer), *_results(answer))]


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
        "value": None if _is_secret(variable.variable) else variable.value,
        **{name: getattr(variable, name) for name in _TOLD},
        "event_id": event.event_id,
        "recorded_at": event.recorded_at,
    }


def _keys(answer: dict[str, Any]) -> Iterator[ReportedVariable]:
    """GetConfiguration.conf, 1.6 7.29 KeyValue."""
    for entry in _entries(answer.get("configurationKey")):
        key = _text(entry.get("key"))
        if key:
            mutability = "ReadOnly" if entry.get("readonly") is True else "ReadWrite"
            yield ReportedVariable(
                component="", variable=key, value=_text(entry.get("value")), mutability=mutability
            )


def _results(answer: dict[str, Any]) -> Iterator[ReportedVariable]:
    """GetVariablesResponse; what the station does not know or tell is no variable of it."""
    for entry in _entries(answer.get("getVariableResult")):
        component, variable = _object(entry.get("component")), _object(entry.get("variable"))
        names = _text(component.get("name")), _text(variable.get("name"))
        if not names[0] or not names[1] or entry.get("attributeStatus") != "Accepted":
            continue
        evse = _object(component.get("evse"))
        yield ReportedVariable(
            component=names[0],
            component_instance=_text(component.get("instance")),
            evse_id=_whole(evse.get("id")),
            connector_id=_whole(evse.get("connectorId")),
            variable=names[1],
            variable_instance=_text(variable.get("instance")),
            attribute=_text(entry.get("attributeType")) or "Actual",
            value=_text(entry.get("attributeValue")),
        )


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value in _INT32 else None


def _is_secret(name: str) -> bool:
    lower = name.lower()
    return any(part in lower for part in _SECRETS)
