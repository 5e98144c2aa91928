"""Smart charging profile of OCPP 1.6."""

from typing import Any

import orjson
import pytest

from tests.conformance.station16 import accepted, authorize, charging, rejected, session, start, status, stop_by
from tests.conformance.stations import Commanded, Station

ACCEPTED = {"status": "Accepted"}
PERIODS = [{"startPeriod": 0, "limit": 6.0, "numberPhases": 3}, {"startPeriod": 300, "limit": 10.5}]
SCHEDULE = {"duration": 3600, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}


def _profile(purpose: str, **more: Any) -> dict[str, Any]:
    return {
        "id": 100,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative" if purpose == "TxProfile" else "Absolute",
        "chargingSchedule": [{"id": 1, **SCHEDULE}],
    } | more


def _profile_16(purpose: str, **more: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 100,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative" if purpose == "TxProfile" else "Absolute",
        "chargingSchedule": SCHEDULE,
    } | more


async def _set(station: Station, purpose: str, evse_id: int, word: str = "Accepted", **more: Any) -> Commanded:
    asked = {"evseId": evse_id, "chargingProfile": _profile(purpose, **more)}
    return await station.commanded("SetChargingProfile", asked, {"status": word})


async def test_tc_056_csms_default_profile(station16: Station) -> None:
    validity = {"validFrom": "2026-01-01T00:00:00Z", "validTo": "2030-01-01T00:00:00Z"}
    told = await _set(station16, "TxDefaultProfile", 1, **validity)
    accepted(told, {"connectorId": 1, "csChargingProfiles": _profile_16("TxDefaultProfile", **validity)})
    refused = await _set(station16, "TxDefaultProfile", 1, "NotSupported")
    rejected(refused, {"connectorId": 1, "csChargingProfiles": _profile_16("TxDefaultProfile")}, "NotSupported")


async def test_tc_057_csms_profile_of_a_transaction(station16: Station) -> None:
    number = await charging(station16)
    told = await _set(station16, "TxProfile", 1, transactionId=str(number))
    accepted(told, {"connectorId": 1, "csChargingProfiles": _profile_16("TxProfile", transactionId=number)})
    await stop_by(station16, number)
    await session(station16, number, "Local")


async def test_tc_059_csms_remote_start_with_a_profile(station16: Station) -> None:
    await status(station16, "Preparing")
    asked = {
        "idToken": {"idToken": "VALID1", "type": "Central"},
        "remoteStartId": 1,
        "evseId": 1,
        "chargingProfile": _profile("TxProfile"),
    }
    told = {"idTag": "VALID1", "connectorId": 1, "chargingProfile": _profile_16("TxProfile")}
    accepted(await station16.commanded("RequestStartTransaction", asked, ACCEPTED, "RemoteStartTransaction"), told)
    assert await authorize(station16) == ACCEPTED
    number = await start(station16)
    await status(station16, "Charging")
    await stop_by(station16, number)
    await session(station16, number, "Local")


async def test_tc_066_csms_composite_schedule(station16: Station) -> None:
    accepted(
        await _set(station16, "ChargingStationMaxProfile", 0),
        {"connectorId": 0, "csChargingProfiles": _profile_16("ChargePointMaxProfile")},
    )
    answer = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2026-09-21T14:13:20Z",
        "chargingSchedule": SCHEDULE,
    }
    asked = {"evseId": 1, "duration": 400, "chargingRateUnit": "A"}
    told = await station16.commanded("GetCompositeSchedule", asked, answer)
    accepted(told, {"connectorId": 1, "duration": 400, "chargingRateUnit": "A"})
    assert orjson.loads(told.result.answer_json or "") == answer


CRITERIA = {"evseId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
CRITERIA_16 = {"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"chargingProfileId": 100}, {"id": 100}), ({"chargingProfileCriteria": CRITERIA}, CRITERIA_16), ({}, {})],
    ids=["by id", "by criteria", "all"],
)
async def test_tc_067_csms_clear_profiles(station16: Station, asked: dict[str, Any], told: dict[str, Any]) -> None:
    accepted(
        await _set(station16, "TxDefaultProfile", 1),
        {"connectorId": 1, "csChargingProfiles": _profile_16("TxDefaultProfile")},
    )
    accepted(await station16.commanded("ClearChargingProfile", asked, ACCEPTED), told)
    rejected(await station16.commanded("ClearChargingProfile", asked, {"status": "Unknown"}), told, "Unknown")
