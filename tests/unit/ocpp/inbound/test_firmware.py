"""Block L: how far updates and publications of firmware have got."""

from typing import Any

import pytest

from services.domain.events.station import FirmwareStatusChanged
from services.ocpp.inbound.firmware import firmware_status, publish_firmware_status
from services.ocpp.inbound.reply import Reply
from services.ocpp.wire.schemas import validator
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V16, V21, V201, context, fits


def changed(reply: Reply) -> FirmwareStatusChanged:
    (event,) = reply.events
    assert isinstance(event, FirmwareStatusChanged)
    return event


class TestFirmwareStatus:
    def test_records_the_stations_word(self) -> None:
        event = changed(firmware_status({"status": "Installed", "requestId": 7}, context()))
        assert event == FirmwareStatusChanged(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            work="Update",
            status="Installed",
            request_id=7,
            recorded_at=NOW,
        )

    @pytest.mark.parametrize(
        ("protocol", "action"),
        [
            (V16, "FirmwareStatusNotification"),
            (V16, "SignedFirmwareStatusNotification"),
            (V201, "FirmwareStatusNotification"),
            (V21, "FirmwareStatusNotification"),
        ],
    )
    def test_is_answered_when_that_is_durable_in_every_version(self, protocol: str, action: str) -> None:
        payload = {"status": "Downloading"}
        assert validator(protocol, action).is_valid(payload)
        reply = firmware_status(payload, context(protocol))
        assert reply.durable
        assert fits(protocol, action, reply)
        assert changed(reply).request_id is None

    def test_is_another_one_each_time_it_is_said(self) -> None:
        payload = {"status": "Downloading", "requestId": 1}
        first = changed(firmware_status(payload, context(message_id="a")))
        assert (
            first.event_id == changed(firmware_status(payload, context(message_id="a", now_ms=NOW + 5))).event_id
        )
        assert first.event_id != changed(firmware_status(payload, context(message_id="b"))).event_id
        assert first.event_id != changed(firmware_status(payload, context(message_id="a", epoch=8))).event_id

    @pytest.mark.parametrize("number", [2**31, -(2**40), 1e300])
    def test_leaves_out_a_request_id_that_cannot_be_ours(self, number: Any) -> None:
        event = changed(firmware_status({"status": "Idle", "requestId": number}, context()))
        assert event.request_id is None
        assert len(event.warnings) == 1


class TestPublishFirmwareStatus:
    def test_says_where_it_can_be_had(self) -> None:
        payload = {"status": "Published", "requestId": 3, "location": ["http://a/1", "ftp://a/1"]}
        reply = publish_firmware_status(payload, context())
        event = changed(reply)
        assert (event.work, event.status, event.request_id) == ("Publish", "Published", 3)
        assert event.locations == ("http://a/1", "ftp://a/1")
        assert fits(V201, "PublishFirmwareStatusNotification", reply)

    def test_is_no_update(self) -> None:
        payload = {"status": "Downloading", "requestId": 3}
        published = changed(publish_firmware_status(payload, context()))
        assert published.event_id != changed(firmware_status(payload, context())).event_id
        assert published.locations == ()
