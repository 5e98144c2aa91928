"""Core profile of OCPP 1.6."""

from services.domain.events.common import CommandOutcome
from services.domain.events.station import ConnectorStatusChanged, StationBooted
from tests.conformance.stations import V16, Csms, Station

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


async def test_tc_001_csms_cold_boot(csms: Csms) -> None:
    async with csms.station(V16) as station:
        booted = await station.call("BootNotification", BOOT)
        assert booted["status"] == "Accepted"
        for connector_id in (0, 1, 2):
            said = {"connectorId": connector_id, "errorCode": "NoError", "status": "Available"}
            assert await station.call("StatusNotification", said) == {}
        (boot,) = await station.recorded(StationBooted)
        assert (boot.vendor, boot.model, boot.registration_status) == ("Vendor", "Model", "Accepted")
        told = await station.recorded(ConnectorStatusChanged, 3)
        assert [(event.connector_id, event.status) for event in told] == [
            (0, "Available"), (1, "Available"), (2, "Available"),
        ]  # fmt: skip


async def test_tc_013_csms_hard_reset(station16: Station) -> None:
    told = await station16.commanded("Reset", {"type": "Immediate"}, {"status": "Accepted"})
    assert told.payload == {"type": "Hard"}
    assert told.result.outcome is CommandOutcome.ACCEPTED
