"""BootNotification of OCPP 1.6."""

from typing import Any

import pytest

from services.domain.events.station import StationBooted
from services.ocpp.inbound.v16.provisioning import boot_notification
from tests.unit.ocpp.circumstances import V16, context, fits

LEAST = {"chargePointVendor": "Wattlog", "chargePointModel": "Sim AC 11"}


def booted(**more: Any) -> StationBooted:
    (event,) = boot_notification(LEAST | more, context(V16)).events
    assert isinstance(event, StationBooted)
    return event


class TestBootNotification:
    def test_is_told_as_2_0_1_does(self) -> None:
        event = booted(firmwareVersion="1.2", iccid="8949", imsi="2620", meterType="M", meterSerialNumber="MS")
        assert (event.vendor, event.model, event.firmware_version) == ("Wattlog", "Sim AC 11", "1.2")
        assert (event.iccid, event.imsi, event.boot_reason, event.protocol) == ("8949", "2620", None, V16)

    @pytest.mark.parametrize(
        ("said", "serial_number"),
        [
            ({"chargePointSerialNumber": "A", "chargeBoxSerialNumber": "B"}, "A"),
            ({"chargeBoxSerialNumber": "B"}, "B"),
            ({}, None),
        ],
    )
    def test_finds_the_serial_number_under_either_name(
        self, said: dict[str, str], serial_number: str | None
    ) -> None:
        assert booted(**said).serial_number == serial_number

    def test_is_accepted_when_durable(self) -> None:
        reply = boot_notification(LEAST, context(V16))
        assert reply.durable
        assert reply.payload["status"] == "Accepted"
        assert fits(V16, "BootNotification", reply)
