"""Block N: how far uploads of logs have got."""

from typing import Any

import pytest

from services.domain.events.station import LogStatusChanged
from services.ocpp.inbound.diagnostics import diagnostics_status, log_status
from services.ocpp.inbound.reply import Reply
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V16, V21, V201, context, fits


def changed(reply: Reply) -> LogStatusChanged:
    (event,) = reply.events
    assert isinstance(event, LogStatusChanged)
    return event


class TestLogStatus:
    def test_records_the_stations_word(self) -> None:
        event = changed(log_status({"status": "PermissionDenied", "requestId": 7}, context()))
        assert event == LogStatusChanged(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            log="Log",
            status="PermissionDenied",
            request_id=7,
            recorded_at=NOW,
        )

    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    def test_is_answered_when_that_is_durable(self, protocol: str) -> None:
        reply = log_status({"status": "Uploaded"}, context(protocol))
        assert reply.durable
        assert fits(protocol, "LogStatusNotification", reply)
        assert changed(reply).request_id is None

    def test_is_another_one_each_time_it_is_said(self) -> None:
        payload = {"status": "Uploading", "requestId": 1}
        first = changed(log_status(payload, context(message_id="a")))
        assert first == changed(log_status(payload, context(message_id="a")))
        assert first.event_id != changed(log_status(payload, context(message_id="b"))).event_id

    @pytest.mark.parametrize("number", [2**31, -(2**31)])
    def test_leaves_out_a_request_id_that_cannot_be_ours(self, number: Any) -> None:
        event = changed(log_status({"status": "Idle", "requestId": number}, context()))
        assert (event.request_id, len(event.warnings)) == (None, 1)


class TestDiagnosticsStatus:
    @pytest.mark.parametrize("status", ["Idle", "Uploaded", "UploadFailed", "Uploading"])
    def test_is_told_apart_from_a_log(self, status: str) -> None:
        reply = diagnostics_status({"status": status}, context(V16))
        event = changed(reply)
        assert (event.log, event.status, event.request_id) == ("Diagnostics", status, None)
        assert event.event_id != changed(log_status({"status": status}, context(V16))).event_id
        assert reply.durable
        assert fits(V16, "DiagnosticsStatusNotification", reply)
