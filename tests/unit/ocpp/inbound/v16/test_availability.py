"""StatusNotification of OCPP 1.6."""

from typing import Any

import pytest

from services.domain.events.station import ConnectorStatusChanged
from services.ocpp.inbound.v16.availability import status_notification
from tests.unit.ocpp.circumstances import NOW, V16, context, fits

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": "2026-09-21T14:13:19Z"}


def changed(payload: dict[str, Any], **circumstances: Any) -> ConnectorStatusChanged:
    (event,) = status_notification(payload, context(V16, **circumstances)).events
    assert isinstance(event, ConnectorStatusChanged)
    return event


class TestStatusNotification:
    @pytest.mark.parametrize(
        ("reported", "status"),
        [
            ("Available", "Available"), ("Preparing", "Occupied"), ("Charging", "Occupied"),
            ("SuspendedEVSE", "Occupied"), ("SuspendedEV", "Occupied"), ("Finishing", "Occupied"),
            ("Reserved", "Reserved"), ("Unavailable", "Unavailable"), ("Faulted", "Faulted"),
        ],
    )  # fmt: skip
    def test_says_it_in_2_0_1_and_as_it_was_said(self, reported: str, status: str) -> None:
        event = changed(STATUS | {"status": reported})
        assert (event.status, event.reported_status) == (status, reported)

    def test_records_everything(self) -> None:
        more = {"errorCode": "GroundFailure", "info": "wet", "vendorId": "V", "vendorErrorCode": "E7"}
        event = changed(STATUS | more)
        assert (event.error_code, event.info, event.vendor_error_code) == ("GroundFailure", "wet", "E7")
        assert (event.evse_id, event.connector_id, event.occurred_at, event.recorded_at) == (1, 1, NOW - 1000, NOW)

    def test_knows_the_station_as_connector_0(self) -> None:
        event = changed(STATUS | {"connectorId": 0})
        assert (event.evse_id, event.connector_id) == (0, 0)

    def test_without_a_time_happened_now(self) -> None:
        untimed = {key: value for key, value in STATUS.items() if key != "timestamp"}
        event = changed(untimed)
        assert (event.occurred_at, event.warnings) == (NOW, ())
        assert event.event_id != changed(untimed, now_ms=NOW + 1).event_id

    def test_is_the_same_event_when_it_is_repeated(self) -> None:
        assert changed(STATUS, message_id="a") == changed(STATUS, message_id="b")

    def test_is_answered_from_memory(self) -> None:
        reply = status_notification(STATUS, context(V16))
        assert not reply.durable
        assert fits(V16, "StatusNotification", reply)

    @pytest.mark.parametrize("connector_id", [-1, 10**6, 10**12])
    def test_takes_strange_connectors(self, connector_id: int) -> None:
        event = changed(STATUS | {"connectorId": connector_id})
        assert event.connector_id == (connector_id if connector_id < 2**31 else None)
