"""Block G: StatusNotification of 2.0.1."""

from typing import Any

import pytest

from services.domain.events.station import ConnectorStatusChanged
from services.ocpp.inbound.availability import connector_status, status_notification
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V201, context, fits

STATUS: dict[str, Any] = {
    "timestamp": "2026-09-21T14:13:19Z",
    "connectorStatus": "Occupied",
    "evseId": 2,
    "connectorId": 1,
}


def changed(payload: dict[str, Any], **circumstances: Any) -> ConnectorStatusChanged:
    (event,) = status_notification(payload, context(**circumstances)).events
    assert isinstance(event, ConnectorStatusChanged)
    return event


class TestStatusNotification:
    def test_records_the_status(self) -> None:
        event = changed(STATUS)
        assert event == ConnectorStatusChanged(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            evse_id=2,
            connector_id=1,
            status="Occupied",
            reported_status="Occupied",
            occurred_at=NOW - 1000,
            recorded_at=NOW,
        )

    def test_is_answered_from_memory(self) -> None:
        reply = status_notification(STATUS, context())
        assert reply.payload == {}
        assert not reply.durable
        assert fits(V201, "StatusNotification", reply)

    def test_is_the_same_event_when_it_is_repeated(self) -> None:
        assert changed(STATUS, message_id="a").event_id == changed(STATUS, message_id="b", now_ms=NOW + 9).event_id

    @pytest.mark.parametrize(
        "change", [{"evseId": 1}, {"connectorId": 2}, {"connectorStatus": "Faulted"}, {"timestamp": "x"}]
    )
    def test_is_another_event_when_anything_differs(self, change: dict[str, Any]) -> None:
        assert changed(STATUS).event_id != changed(STATUS | change).event_id

    def test_says_what_it_could_not_use(self) -> None:
        event = changed(STATUS | {"timestamp": "222222017-10-27T19:10:11Z", "evseId": 10**10})
        assert (event.occurred_at, event.evse_id) == (NOW, None)
        assert len(event.warnings) == 2


def monitored(**changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "eventId": 1,
        "timestamp": "2026-09-21T14:13:19Z",
        "trigger": "Delta",
        "actualValue": "Occupied",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 2, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    return entry | changes


class TestConnectorStatus:
    def test_is_what_a_status_notification_would_have_said(self) -> None:
        assert connector_status(monitored(), context()) == changed(STATUS)

    @pytest.mark.parametrize(
        "change",
        [
            {"component": {"name": "EVSE", "evse": {"id": 2}}},
            {"component": {"name": "ChargingStation"}},
            {"component": {"name": "Connector"}},
            {"component": {"name": "Connector", "evse": {"id": 2}}},
            {"variable": {"name": "Problem"}},
        ],
    )
    def test_is_none_of_any_other_event(self, change: dict[str, Any]) -> None:
        assert connector_status(monitored(**change), context()) is None

    @pytest.mark.parametrize("value", ["", "occupied", "Suspended", "x" * 2500, "\x00", "<script>"])
    def test_is_none_of_a_value_that_is_no_status_and_says_so(self, value: str) -> None:
        circumstances = context()
        assert connector_status(monitored(actualValue=value), circumstances) is None
        assert len(circumstances.warnings) == 1
        assert len(circumstances.warnings[0]) < 100
