"""Blocks B and N, the device model: NotifyReport and NotifyEvent (OCPP 2.0.1 and 2.1)."""

from typing import Any

from services.domain.events.common import MonitorEvent, ReportedVariable
from services.domain.events.station import MonitorEventsReported, VariablesReported
from services.ocpp.inbound import availability
from services.ocpp.inbound.reply import Context, Reply, canonical


def notify_report(payload: dict[str, Any], context: Context) -> Reply:
    """B07 and B08: a part of a report; `tbc` says that more follow."""
    variables = tuple(
        variable for entry in payload["reportData"] for variable in _reported(entry, context)
    ) if "reportData" in payload else ()  # fmt: skip
    event = VariablesReported(
        event_id=context.event_id("VariablesReported", canonical(payload)),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        request_id=context.whole(payload, "requestId"),
        seq_no=context.whole(payload, "seqNo") or 0,
        last=not payload.get("tbc", False),
        generated_at=context.time(payload, "generatedAt"),
        variables=variables,
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event,), durable=True)


def notify_event(payload: dict[str, Any], context: Context) -> Reply:
    """N07: monitors have gone off, or (G01) connectors have changed their status."""
    events = tuple([_monitor_event(entry, context) for entry in payload["eventData"]])
    said = [availability.connector_status(entry, context) for entry in payload["eventData"]]
    statuses = tuple([status for status in said if status is not None])
    event = MonitorEventsReported(
        event_id=context.event_id("MonitorEventsReported", canonical(payload)),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        seq_no=context.whole(payload, "seqNo") or 0,
        last=not payload.get("tbc", False),
        generated_at=context.time(payload, "generatedAt"),
        events=events,
        warnings=tuple(context.warnings),
        recorded_at=context.now_ms,
    )
    return Reply({}, (event, *statuses), durable=True)


def _reported(entry: dict[str, Any], context: Context) -> list[ReportedVariable]:
    """ReportDataType, one for each attribute."""
    characteristics = entry.get("variableCharacteristics", {})
    return [
        ReportedVariable(
            **component_variable(entry, context),
            attribute=attribute.get("type", "Actual"),
            value=_text(attribute.get("value")),
            mutability=attribute.get("mutability"),
            constant=attribute.get("constant", False),
            persistent=attribute.get("persistent", False),
            unit=characteristics.get("unit"),
            data_type=characteristics.get("dataType"),
            min_limit=_number_text(characteristics.get("minLimit")),
            max_limit=_number_text(characteristics.get("maxLimit")),
            values_list=characteristics.get("valuesList"),
        )
        for attribute in entry["variableAttribute"]
    ]


def _text(value: str | float | None) -> str | None:
    """A number instead of its text was tolerated by the schema check."""
    return value if value is None or isinstance(value, str) else repr(value)


def _number_text(number: float | None) -> str | None:
    return None if number is None else repr(number)


def _monitor_event(entry: dict[str, Any], context: Context) -> MonitorEvent:
    """EventDataType."""
    return MonitorEvent(
        **component_variable(entry, context),
        event_number=context.whole(entry, "eventId") or 0,
        occurred_at=context.time(entry),
        trigger=entry["trigger"],
        actual_value=entry["actualValue"],
        notification_type=entry["eventNotificationType"],
        cleared=entry.get("cleared", False),
        cause=context.whole(entry, "cause"),
        monitor_id=context.whole(entry, "variableMonitoringId"),
        severity=context.whole(entry, "severity"),
        transaction_id=entry.get("transactionId"),
        tech_code=entry.get("techCode"),
        tech_info=entry.get("techInfo"),
    )


def component_variable(entry: dict[str, Any], context: Context) -> dict[str, Any]:
    """ComponentType and VariableType in the words of the events."""
    component, variable = entry["component"], entry["variable"]
    evse = component.get("evse", {})
    return {
        "component": component["name"],
        "component_instance": component.get("instance"),
        "evse_id": context.whole(evse, "id"),
        "connector_id": context.whole(evse, "connectorId"),
        "variable": variable["name"],
        "variable_instance": variable.get("instance"),
    }
