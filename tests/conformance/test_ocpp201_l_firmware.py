"""OCPP 2.0.1, block L: firmware updates, and local controllers that publish firmware."""

from typing import Any

from services.domain.events.station import FirmwareStatusChanged, SecurityEventRaised, StationBooted
from tests.conformance.reusable_states import Charging, accepted, ahead, at, connector_is, rejected
from tests.conformance.stations import Station

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
LOCATION = "https://firmware.example/station-2.bin"
PUBLISHED_AT = "http://10.0.0.1/station-2.bin"
CHECKSUM = "d41d8cd98f00b204e9800998ecf8427e"
VERIFIED = ("Downloading", "Downloaded", "SignatureVerified")


def update(request_id: int = 1, **more: Any) -> dict[str, Any]:
    firmware = {
        "location": LOCATION,
        "retrieveDateTime": ahead(0),
        "signingCertificate": CERTIFICATE,
        "signature": "c2lnbmF0dXJl",
    }
    return {"requestId": request_id, "firmware": firmware | more}


async def firmware_is(station: Station, *statuses: str, request_id: int = 1) -> None:
    """The station tells how far it is: each is answered, and recorded in this order."""
    before = len(station.told(FirmwareStatusChanged))
    for status in statuses:
        said = {"status": status, "requestId": request_id}
        assert await station.call("FirmwareStatusNotification", said) == {}
    told = (await station.recorded(FirmwareStatusChanged, before + len(statuses)))[before:]
    assert [(event.work, event.status, event.request_id) for event in told] == [
        ("Update", status, request_id) for status in statuses
    ]


async def boots(station: Station) -> None:
    """The station comes back from the reboot that an update needs; all its connectors are available."""
    before = len(station.told(StationBooted))
    model = {"vendorName": "Vendor", "model": "Model", "firmwareVersion": "2"}
    booted = await station.call("BootNotification", {"reason": "FirmwareUpdate", "chargingStation": model})
    assert booted["status"] == "Accepted"
    event = (await station.recorded(StationBooted, before + 1))[-1]
    assert (event.boot_reason, event.firmware_version) == ("FirmwareUpdate", "2")
    for evse_id in (1, 2):
        await connector_is(station, "Available", evse_id)


async def installs(station: Station, request_id: int = 1, ends: str = "Installed") -> None:
    await firmware_is(station, "Installing", "InstallRebooting", request_id=request_id)
    await boots(station)
    await firmware_is(station, ends, request_id=request_id)


async def security_event(station: Station, kind: str) -> None:
    assert await station.call("SecurityEventNotification", {"type": kind, "timestamp": at(0)}) == {}
    (event,) = await station.recorded(SecurityEventRaised)
    assert event.type == kind


async def test_tc_l_01_update_is_installed(station201: Station) -> None:
    told = await accepted(station201, "UpdateFirmware", update())
    assert told.payload["firmware"]["signingCertificate"] == CERTIFICATE
    assert told.payload["firmware"]["signature"] == "c2lnbmF0dXJl"
    await firmware_is(station201, *VERIFIED)
    await installs(station201)


async def test_tc_l_02_installation_is_scheduled(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update(installDateTime=ahead(3600)))
    await firmware_is(station201, *VERIFIED, "InstallScheduled")
    await installs(station201)


async def test_tc_l_03_download_is_scheduled(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update(retrieveDateTime=ahead(3600)))
    await firmware_is(station201, "DownloadScheduled", *VERIFIED)
    await installs(station201)


async def test_tc_l_04_certificate_is_revoked(station201: Station) -> None:
    await rejected(station201, "UpdateFirmware", update(), {"status": "RevokedCertificate"})


async def test_tc_l_05_certificate_is_invalid(station201: Station) -> None:
    await rejected(station201, "UpdateFirmware", update(), {"status": "InvalidCertificate"})
    await security_event(station201, "InvalidFirmwareSigningCertificate")


async def test_tc_l_06_signature_is_invalid(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update())
    await firmware_is(station201, "Downloading", "Downloaded", "InvalidSignature")
    await security_event(station201, "InvalidFirmwareSignature")


async def test_tc_l_07_download_fails(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update())
    await firmware_is(station201, "Downloading", "DownloadFailed")


async def test_tc_l_08_verification_before_installation_fails(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update())
    await firmware_is(station201, *VERIFIED, "Installing", "InstallVerificationFailed")


async def test_tc_l_09_installation_fails(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update())
    await firmware_is(station201, *VERIFIED)
    await installs(station201, ends="InstallationFailed")


async def test_tc_l_10_a_newer_update_cancels_the_one_under_way(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update(1))
    await firmware_is(station201, "Downloading", request_id=1)
    await accepted(station201, "UpdateFirmware", update(2), {"status": "AcceptedCanceled"})
    await firmware_is(station201, *VERIFIED, request_id=2)
    await installs(station201, request_id=2)


async def test_tc_l_11_the_update_under_way_cannot_be_cancelled(station201: Station) -> None:
    await accepted(station201, "UpdateFirmware", update(1))
    await firmware_is(station201, "Downloading", request_id=1)
    await rejected(station201, "UpdateFirmware", update(2), {"status": "Rejected"})
    await firmware_is(station201, "Downloaded", "SignatureVerified", request_id=1)
    await installs(station201, request_id=1)


async def test_tc_l_13_update_waits_for_the_transaction(station201: Station) -> None:
    charging = await Charging(station201).started()
    told = await accepted(station201, "UpdateFirmware", update())
    assert told.payload["firmware"]["signingCertificate"] == CERTIFICATE
    await firmware_is(station201, "DownloadScheduled")
    await connector_is(station201, "Unavailable", evse_id=2)
    await charging.ev_disconnected()
    await firmware_is(station201, *VERIFIED)
    await installs(station201)


async def published(station: Station, *statuses: str) -> None:
    """A local controller is asked to publish firmware, and tells how that goes on."""
    asked = {"location": LOCATION, "checksum": CHECKSUM, "requestId": 17}
    await accepted(station, "PublishFirmware", asked)
    for status in statuses:
        where = {"location": [PUBLISHED_AT]} if status == "Published" else {}
        said = {"status": status, "requestId": 17, **where}
        assert await station.call("PublishFirmwareStatusNotification", said) == {}
    told = await station.recorded(FirmwareStatusChanged, len(statuses))
    assert [(event.work, event.status, event.request_id) for event in told] == [
        ("Publish", status, 17) for status in statuses
    ]


async def test_tc_l_17_firmware_is_published(station201: Station) -> None:
    await published(station201, "Downloading", "Downloaded", "ChecksumVerified", "Published")
    assert station201.told(FirmwareStatusChanged)[-1].locations == (PUBLISHED_AT,)


async def test_tc_l_19_checksum_is_wrong(station201: Station) -> None:
    await published(station201, "Downloading", "Downloaded", "InvalidChecksum")


async def test_tc_l_20_publishing_fails(station201: Station) -> None:
    await published(station201, "Downloading", "Downloaded", "ChecksumVerified", "PublishFailed")


async def test_tc_l_21_firmware_is_unpublished(station201: Station) -> None:
    await accepted(station201, "UnpublishFirmware", {"checksum": CHECKSUM}, {"status": "Unpublished"})


async def test_tc_l_22_there_is_no_firmware_to_unpublish(station201: Station) -> None:
    await rejected(station201, "UnpublishFirmware", {"checksum": CHECKSUM}, {"status": "NoFirmware"})


async def test_tc_l_23_firmware_is_being_downloaded(station201: Station) -> None:
    await rejected(station201, "UnpublishFirmware", {"checksum": CHECKSUM}, {"status": "DownloadOngoing"})


async def test_tc_l_24_download_of_what_is_to_be_published_fails(station201: Station) -> None:
    await published(station201, "Downloading", "DownloadFailed")
