"""Blocks B and N: reports and monitor events."""

from typing import Any

import pytest

from services.domain.events.station import ConnectorStatusChanged, MonitorEventsReported, VariablesReported
from services.ocpp.inbound.device_model import notify_event, notify_report
from tests.unit.ocpp.circumstances import NOW, V201, context, fits
from tests.unit.ocpp.inbound.test_availability import monitored

EVENTS: dict[str, Any] = {"generatedAt": "2026-09-21T14:13:20Z", "seqNo": 0, "eventData": [monitored()]}
REPORT: dict[str, Any] = {
    "requestId": 5,
    "generatedAt": "2026-09-21T14:13:20Z",
    "seqNo": 1,
    "tbc": True,
    "reportData": [
        {
            "component": {"name": "OCPPCommCtrlr"},
            "variable": {"name": "OfflineThreshold"},
            "variableAttribute": [{"value": "60", "mutability": "ReadWrite"}, {"type": "Target"}],
            "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": False, "minLimit": 1.0},
        }
    ],
}


class TestNotifyEvent:
    def test_records_what_was_monitored_and_what_it_says_of_connectors(self) -> None:
        lock = monitored(
            component={"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}},
            variable={"name": "Problem"},
            actualValue="true",
        )
        reply = notify_event(EVENTS | {"eventData": [monitored(), lock]}, context())
        reported, status = reply.events
        assert isinstance(reported, MonitorEventsReported)
        assert [(e.component, e.variable, e.actual_value) for e in reported.events] == [
            ("Connector", "AvailabilityState", "Occupied"),
            ("ConnectorPlugRetentionLock", "Problem", "true"),
        ]
        assert isinstance(status, ConnectorStatusChanged)
        assert (status.evse_id, status.connector_id, status.status) == (2, 1, "Occupied")

    def test_is_answered_when_that_is_durable(self) -> None:
        reply = notify_event(EVENTS, context())
        assert reply.durable
        assert fits(V201, "NotifyEvent", reply)

    def test_keeps_the_value_of_what_is_no_status(self) -> None:
        (reported,) = notify_event(EVENTS | {"eventData": [monitored(actualValue="Lost")]}, context()).events
        assert isinstance(reported, MonitorEventsReported)
        assert reported.events[0].actual_value == "Lost"
        assert len(reported.warnings) == 1

    @pytest.mark.parametrize(("number", "kept", "warnings"), [(3.0, 3, 0), (2**31, 0, 2), (2**63, 0, 2)])
    def test_takes_numbers_that_are_odd(self, number: float, kept: int, warnings: int) -> None:
        odd = EVENTS | {"seqNo": number, "eventData": [monitored(eventId=number)]}
        reported = notify_event(odd, context()).events[0]
        assert isinstance(reported, MonitorEventsReported)
        assert repr((reported.seq_no, reported.events[0].event_number)) == repr((kept, kept))
        assert len(reported.warnings) == warnings


class TestNotifyReport:
    def test_records_a_part_of_a_report(self) -> None:
        reply = notify_report(REPORT, context())
        (event,) = reply.events
        assert isinstance(event, VariablesReported)
        assert (event.request_id, event.seq_no, event.last, event.generated_at) == (5, 1, False, NOW)
        assert [(v.variable, v.attribute, v.value, v.mutability, v.min_limit) for v in event.variables] == [
            ("OfflineThreshold", "Actual", "60", "ReadWrite", "1.0"),
            ("OfflineThreshold", "Target", None, None, "1.0"),
        ]
        assert reply.durable
        assert fits(V201, "NotifyReport", reply)

    def test_says_where_each_variable_is(self) -> None:
        component = {"name": "Connector", "instance": "A", "evse": {"id": 2, "connectorId": 1}}
        entry = {
            "component": component,
            "variable": {"name": "Available", "instance": "x"},
            "variableAttribute": [{"value": "true", "constant": True, "persistent": True}],
        }
        (event,) = notify_report(REPORT | {"reportData": [entry]}, context()).events
        assert isinstance(event, VariablesReported)
        (variable,) = event.variables
        assert (variable.component_instance, variable.evse_id, variable.connector_id) == ("A", 2, 1)
        assert (variable.variable_instance, variable.constant, variable.persistent) == ("x", True, True)
        assert (variable.data_type, variable.min_limit, variable.unit) == (None, None, None)

    def test_keeps_the_characteristics(self) -> None:
        characteristics = {
            "dataType": "decimal",
            "unit": "A",
            "minLimit": 6,
            "maxLimit": 32.5,
            "valuesList": "6,32.5",
        }
        entry = REPORT["reportData"][0] | {"variableCharacteristics": characteristics}
        (event,) = notify_report(REPORT | {"reportData": [entry]}, context()).events
        assert isinstance(event, VariablesReported)
        kept = event.variables[0]
        assert (kept.data_type, kept.unit, kept.values_list) == ("decimal", "A", "6,32.5")
        assert (kept.min_limit, kept.max_limit) == ("6", "32.5")

    @pytest.mark.parametrize(("value", "kept"), [(60, "60"), (0.5, "0.5"), ("", ""), ("on", "on"), (None, None)])
    def test_keeps_values_as_text(self, value: object, kept: str | None) -> None:
        entry = REPORT["reportData"][0] | {"variableAttribute": [{} if value is None else {"value": value}]}
        (event,) = notify_report(REPORT | {"reportData": [entry]}, context()).events
        assert isinstance(event, VariablesReported)
        assert event.variables[0].value == kept

    def test_may_be_empty_and_is_the_last_part_unless_it_says_otherwise(self) -> None:
        empty = {name: REPORT[name] for name in ("requestId", "generatedAt", "seqNo")}
        (event,) = notify_report(empty, context()).events
        assert isinstance(event, VariablesReported)
        assert (event.variables, event.last) == ((), True)

    def test_is_one_report_however_often_it_is_sent(self) -> None:
        first, again = (notify_report(REPORT, context(message_id=name)).events[0] for name in "ab")
        other = notify_report(REPORT | {"seqNo": 2}, context()).events[0]
        assert isinstance(first, VariablesReported)
        assert isinstance(again, VariablesReported)
        assert isinstance(other, VariablesReported)
        assert first.event_id == again.event_id != other.event_id

    @pytest.mark.parametrize("number", [2**31, 2**63, -(2**40)])
    def test_takes_part_numbers_that_cannot_be(self, number: int) -> None:
        (event,) = notify_report(REPORT | {"requestId": number, "seqNo": number}, context()).events
        assert isinstance(event, VariablesReported)
        assert (event.request_id, event.seq_no, len(event.warnings)) == (None, 0, 2)
