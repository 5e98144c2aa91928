"""Block B: BootNotification and Heartbeat."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.common import RegistrationStatus
from services.domain.events.station import StationBooted
from services.ocpp.inbound.provisioning import boot_notification, heartbeat
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V16, V201, context, fits, registered_as

BOOT: dict[str, Any] = {
    "reason": "PowerUp",
    "chargingStation": {
        "model": "Sim DC 150",
        "vendorName": "Wattlog",
        "serialNumber": "SN-1",
        "firmwareVersion": "1.2.3",
        "modem": {"iccid": "8949", "imsi": "2620"},
    },
}


class TestBootNotification:
    def test_accepts_and_records_who_introduced_itself(self) -> None:
        reply = boot_notification(BOOT, context())
        (event,) = reply.events
        assert event == StationBooted(
            event_id=event.event_id,  # type: ignore[attr-defined]
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            vendor="Wattlog",
            model="Sim DC 150",
            serial_number="SN-1",
            firmware_version="1.2.3",
            iccid="8949",
            imsi="2620",
            boot_reason="PowerUp",
            registration_status="Accepted",
            recorded_at=NOW,
        )
        assert reply.payload == {"currentTime": "2026-09-21T14:13:20.000Z", "interval": 284, "status": "Accepted"}

    def test_answers_only_when_that_is_durable(self) -> None:
        assert boot_notification(BOOT, context()).durable

    def test_needs_no_more_than_the_specification_does(self) -> None:
        least = {"reason": "Unknown", "chargingStation": {"model": "M", "vendorName": "V"}}
        (event,) = boot_notification(least, context()).events
        assert isinstance(event, StationBooted)
        assert (event.serial_number, event.firmware_version, event.iccid, event.imsi) == (None, None, None, None)

    def test_tells_boots_apart_and_a_repetition_not(self) -> None:
        first, again = (boot_notification(BOOT, context(message_id="m1")).events[0] for _ in range(2))
        other = boot_notification(BOOT, context(message_id="m2")).events[0]
        later = boot_notification(BOOT, context(message_id="m1", epoch=8)).events[0]
        assert first == again
        assert len({first.event_id, other.event_id, later.event_id}) == 3  # type: ignore[attr-defined]

    @pytest.mark.parametrize("protocol", [V16, V201])
    @pytest.mark.parametrize("status", RegistrationStatus)
    def test_answer_fits_both_versions(self, protocol: str, status: RegistrationStatus) -> None:
        reply = boot_notification(BOOT, context(protocol, edge=registered_as(status)))
        assert fits(protocol, "BootNotification", reply)

    @pytest.mark.parametrize(
        ("status", "said", "interval"),
        [
            (RegistrationStatus.ACCEPTED, "Accepted", 284),
            (RegistrationStatus.PENDING, "Pending", 59),
            (RegistrationStatus.REJECTED, "Rejected", 59),
        ],
    )
    def test_tells_what_the_registry_says_and_when_to_come_back(
        self, status: RegistrationStatus, said: str, interval: int
    ) -> None:
        reply = boot_notification(BOOT, context(edge=registered_as(status)))
        assert (reply.payload["status"], reply.payload["interval"]) == (said, interval)
        (event,) = reply.events
        assert isinstance(event, StationBooted)
        assert event.registration_status == said


class TestInterval:
    def test_differs_between_stations_by_up_to_a_tenth(self) -> None:
        intervals = {
            boot_notification(BOOT, replace(context(), station_id=f"CP{number}")).payload["interval"]
            for number in range(200)
        }
        assert intervals <= set(range(270, 301))
        assert len(intervals) > 20


class TestHeartbeat:
    @pytest.mark.parametrize("protocol", [V16, V201])
    def test_tells_the_time_from_memory(self, protocol: str) -> None:
        reply = heartbeat({}, context(protocol))
        assert reply.payload == {"currentTime": "2026-09-21T14:13:20.000Z"}
        assert not reply.durable
        assert reply.events == ()
        assert fits(protocol, "Heartbeat", reply)
