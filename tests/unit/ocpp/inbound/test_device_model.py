"""Blocks B and N: reports and monitor events."""

from typing import Any

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
