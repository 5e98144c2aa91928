"""OCPP 2.0.1, block K: charging profiles (those that an EV negotiates are in test_ocpp201_k_iso15118.py)."""

from typing import Any

import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.station import ReportReceived
from services.domain.events.transaction import TransactionStarted, TransactionUpdated
from tests.conformance.reusable_states import (
    VALID,
    Charging,
    accepted,
    ahead,
    at,
    payload_of,
    rejected,
    reported,
)
from tests.conformance.stations import CallError, Station

CRITERIA = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 1}


def schedule(limit: float, **more: Any) -> dict[str, Any]:
    period = {"startPeriod": 0, "limit": limit, "numberPhases": 3}
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]} | more


def profile(number: int = 1, limit: float = 6.0, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": ahead(0),
        "validTo": ahead(3600),
        "chargingSchedule": [schedule(limit, startSchedule=ahead(0), duration=3600)],
    } | more


def tx_profile(transaction_id: str | None, limit: float = 7.0) -> dict[str, Any]:
    named = {"transactionId": transaction_id} if transaction_id else {}
    return {
        "id": 60,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule(limit)],
    } | named


async def is_set(station: Station, evse_id: int, **more: Any) -> None:
    await accepted(station, "SetChargingProfile", {"evseId": evse_id, "chargingProfile": profile(**more)})


async def reports(
    station: Station, request_id: int, evse_id: int, tbc: bool = False, **more: Any
) -> ReportReceived:
    """The station reports a charging profile: it is answered and recorded whole."""
    message = {
        "requestId": request_id,
        "chargingLimitSource": "CSO",
        "evseId": evse_id,
        "chargingProfile": [profile(**more)],
        "tbc": tbc,
    }
    answer, event = await reported(station, "ReportChargingProfiles", message)
    assert answer == {}
    assert (event.request_id, event.last) == (request_id, not tbc)
    return event


async def asks_for_profiles(station: Station, number: int, asked: dict[str, Any]) -> None:
    await accepted(station, "GetChargingProfiles", {"requestId": number} | asked)
    await reports(station, number, asked.get("evseId", 1))


async def composite_schedule(station: Station, evse_id: int, unit: str) -> None:
    answer = {
        "status": "Accepted",
        "schedule": {
            "evseId": evse_id,
            "duration": 300,
            "scheduleStart": at(0),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10 if unit == "A" else 10_000}],
        },
    }
    asked = {"evseId": evse_id, "duration": 300, "chargingRateUnit": unit}
    told = await accepted(station, "GetCompositeSchedule", asked, answer)
    assert payload_of(told.result)["schedule"] == answer["schedule"]


async def test_tc_k_01_default_profile_of_an_evse(station201: Station) -> None:
    await is_set(station201, 1)


async def test_tc_k_02_transaction_profile_without_transaction(station201: Station) -> None:
    asked = {"evseId": 1, "chargingProfile": tx_profile("no-such-transaction")}
    await rejected(station201, "SetChargingProfile", asked, {"status": "Rejected"})


async def test_tc_k_03_maximum_of_the_station(station201: Station) -> None:
    await is_set(station201, 0, limit=8.0, chargingProfilePurpose="ChargingStationMaxProfile")


async def test_tc_k_04_replace_a_profile_by_its_id(station201: Station) -> None:
    for limit in (8.0, 6.0):
        await is_set(station201, 1, number=4, limit=limit)


async def test_tc_k_05_clear_a_profile_by_its_id(station201: Station) -> None:
    asked = {"requestId": 5, "evseId": 1, "chargingProfile": {}}
    await accepted(station201, "GetChargingProfiles", asked)
    event = await reports(station201, 5, 1, number=55)
    (known,) = payload_of(event)["chargingProfile"]
    await accepted(station201, "ClearChargingProfile", {"chargingProfileId": known["id"]})


async def test_tc_k_06_clear_a_profile_by_level_and_purpose(station201: Station) -> None:
    await accepted(station201, "ClearChargingProfile", {"chargingProfileCriteria": CRITERIA | {"evseId": 1}})


async def test_tc_k_08_clear_a_profile_that_is_not_there(station201: Station) -> None:
    asked = {"chargingProfileCriteria": CRITERIA | {"evseId": 1}}
    await rejected(station201, "ClearChargingProfile", asked, {"status": "Unknown"})


async def test_tc_k_10_default_profile_of_all_evses(station201: Station) -> None:
    await is_set(station201, 0)


async def test_tc_k_15_station_does_not_support_profiles(station201: Station) -> None:
    asked = {"evseId": 1, "chargingProfile": profile()}
    told = await station201.commanded("SetChargingProfile", asked, CallError("NotSupported", "no profiles here"))
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.FAILED
    assert told.result.detail == "NotSupported: no profiles here"


async def test_tc_k_19_recurring_profile(station201: Station) -> None:
    await is_set(station201, 1, chargingProfileKind="Recurring", recurrencyKind="Daily")


async def test_tc_k_29_profiles_of_the_station(station201: Station) -> None:
    await Charging(station201).started()
    criteria = {"chargingProfilePurpose": "TxDefaultProfile"}
    await accepted(station201, "GetChargingProfiles", {"requestId": 29, "evseId": 0, "chargingProfile": criteria})
    await reports(station201, 29, 0)


async def test_tc_k_30_profiles_of_an_evse(station201: Station) -> None:
    await asks_for_profiles(station201, 30, {"evseId": 1, "chargingProfile": {}})


async def test_tc_k_31_profiles_of_everything(station201: Station) -> None:
    await accepted(station201, "GetChargingProfiles", {"requestId": 31, "chargingProfile": {}})
    for evse_id in (1, 2):
        event = await reports(station201, 31, evse_id, tbc=evse_id == 1, number=evse_id)
        assert payload_of(event)["evseId"] == evse_id


async def test_tc_k_32_profile_by_its_id(station201: Station) -> None:
    await asks_for_profiles(station201, 32, {"chargingProfile": {"chargingProfileId": [1]}})


async def test_tc_k_33_profiles_of_an_evse_and_level(station201: Station) -> None:
    await asks_for_profiles(station201, 33, {"evseId": 1, "chargingProfile": {"stackLevel": 1}})


async def test_tc_k_34_profiles_of_an_evse_and_source(station201: Station) -> None:
    await asks_for_profiles(station201, 34, {"evseId": 1, "chargingProfile": {"chargingLimitSource": ["CSO"]}})


async def test_tc_k_35_profiles_of_an_evse_and_purpose(station201: Station) -> None:
    asked = {"chargingProfilePurpose": "TxDefaultProfile"}
    await asks_for_profiles(station201, 35, {"evseId": 1, "chargingProfile": asked})


async def test_tc_k_36_profiles_of_an_evse_purpose_and_level(station201: Station) -> None:
    await asks_for_profiles(station201, 36, {"evseId": 1, "chargingProfile": CRITERIA})


async def test_tc_k_37_remote_start_with_a_profile(station201: Station) -> None:
    asked = {"remoteStartId": 37, "idToken": VALID, "evseId": 1, "chargingProfile": tx_profile(None)}
    await accepted(station201, "RequestStartTransaction", asked)
    charging = Charging(station201)
    answer = await charging.tell("RemoteStart", "Started", idToken=VALID, info={"remoteStartId": 37})
    assert answer["idTokenInfo"]["status"] == "Accepted"
    (started,) = await station201.recorded(TransactionStarted)
    assert (started.remote_start_id, started.transaction_id) == (37, charging.transaction_id)


@pytest.mark.parametrize("unit", ["A", "W"])
async def test_tc_k_43_composite_schedule_of_an_evse(station201: Station, unit: str) -> None:
    await composite_schedule(station201, 1, unit)


@pytest.mark.parametrize("unit", ["A", "W"])
async def test_tc_k_44_composite_schedule_of_the_station(station201: Station, unit: str) -> None:
    await composite_schedule(station201, 0, unit)


async def test_tc_k_48_external_limit_is_set(station201: Station) -> None:
    limit = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1}
    answer, event = await reported(station201, "NotifyChargingLimit", limit)
    assert answer == {}
    assert payload_of(event) == limit


async def test_tc_k_50_external_limit_is_released(station201: Station) -> None:
    answer, event = await reported(station201, "ClearedChargingLimit", {"chargingLimitSource": "EMS"})
    assert (answer, payload_of(event)) == ({}, {"chargingLimitSource": "EMS"})


async def test_tc_k_51_external_limit_is_released_while_charging(station201: Station) -> None:
    charging = await Charging(station201).started()
    answer, _ = await reported(station201, "ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1})
    assert answer == {}
    assert await charging.tell("ChargingRateChanged") == {}
    assert isinstance(charging.events()[-1], TransactionUpdated)


async def test_tc_k_52_external_constraints_are_reported(station201: Station) -> None:
    asked = {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
    await accepted(station201, "GetChargingProfiles", {"requestId": 52, "chargingProfile": asked})
    event = await reports(station201, 52, 0, chargingProfilePurpose="ChargingStationExternalConstraints")
    (told,) = payload_of(event)["chargingProfile"]
    assert told["chargingProfilePurpose"] == "ChargingStationExternalConstraints"


async def test_tc_k_60_transaction_profile_while_charging(station201: Station) -> None:
    charging = await Charging(station201).started()
    asked = {"evseId": 1, "chargingProfile": tx_profile(charging.transaction_id)}
    await accepted(station201, "SetChargingProfile", asked)


async def test_tc_k_70_profiles_on_two_levels(station201: Station) -> None:
    for level in (1, 2):
        await is_set(station201, 1, number=70 + level, stackLevel=level)
