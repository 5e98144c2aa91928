"""Firmware management profile of OCPP 1.6: updates and diagnostics."""

import orjson

from services.domain.events.station import FirmwareStatusChanged, LogStatusChanged, StationBooted
from tests.conformance.station16 import accepted, again, boot, status
from tests.conformance.stations import V16, Csms, Station

WHEN, WHERE = "2026-09-21T14:13:20Z", "https://firmware.example/v2.bin"
UPDATE = {
    "requestId": 1,
    "retries": 2,
    "retryInterval": 60,
    "firmware": {"location": WHERE, "retrieveDateTime": WHEN},
}
UPDATE_16 = {"location": WHERE, "retrieveDate": WHEN, "retries": 2, "retryInterval": 60}
DIAGNOSTICS = {"location": "https://logs.example/", "startTime": WHEN, "stopTime": WHEN, "retries": 1}


async def _firmware(station: Station, *words: str) -> None:
    for word in words:
        assert await station.call("FirmwareStatusNotification", {"status": word}) == {}


async def _recorded(station: Station, *words: str) -> None:
    told = await station.recorded(FirmwareStatusChanged, len(words))
    assert [(event.work, event.status) for event in told] == [("Update", word) for word in words]


async def test_tc_044_1_csms_firmware_is_installed(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        accepted(await station.commanded("UpdateFirmware", UPDATE, {}), UPDATE_16)
        await _firmware(station, "Downloading", "Downloaded")
        await status(station, "Unavailable")
        await _firmware(station, "Installing")
    async with again(csms, station.name) as station:
        await status(station, "Available")
        await _firmware(station, "Installed")
        await _recorded(station, "Downloading", "Downloaded", "Installing", "Installed")
        assert len(await station.recorded(StationBooted, 2)) == 2


async def test_tc_044_2_csms_firmware_cannot_be_downloaded(station16: Station) -> None:
    accepted(await station16.commanded("UpdateFirmware", UPDATE, {}), UPDATE_16)
    await _firmware(station16, "Downloading", "DownloadFailed")
    await _recorded(station16, "Downloading", "DownloadFailed")


async def test_tc_044_3_csms_firmware_cannot_be_installed(station16: Station) -> None:
    accepted(await station16.commanded("UpdateFirmware", UPDATE_16, {}), UPDATE_16)
    await _firmware(station16, "Downloading", "Downloaded", "Installing", "InstallationFailed")
    await _recorded(station16, "Downloading", "Downloaded", "Installing", "InstallationFailed")


async def _diagnostics(station: Station, *words: str) -> None:
    answer = {"fileName": "diagnostics.zip"}
    told = await station.commanded("GetDiagnostics", DIAGNOSTICS, answer)
    accepted(told, DIAGNOSTICS)
    assert orjson.loads(told.result.answer_json or "") == answer
    for word in words:
        assert await station.call("DiagnosticsStatusNotification", {"status": word}) == {}
    events = await station.recorded(LogStatusChanged, len(words))
    assert [(event.log, event.status) for event in events] == [("Diagnostics", word) for word in words]


async def test_tc_045_1_csms_diagnostics(station16: Station) -> None:
    await _diagnostics(station16, "Uploading", "Uploaded")


async def test_tc_045_2_csms_diagnostics_cannot_be_uploaded(station16: Station) -> None:
    await _diagnostics(station16, "Uploading", "UploadFailed")
