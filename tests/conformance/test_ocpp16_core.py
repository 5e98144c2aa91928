"""Core profile of OCPP 1.6: sessions, remote control, configuration, power failures and time offline."""

import orjson
import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.station import ConnectorStatusChanged, DataTransferred, StationBooted
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.units import parse_rfc3339
from tests.conformance.conftest import VENDOR
from tests.conformance.station16 import (
    accepted,
    again,
    at,
    authorize,
    boot,
    charging,
    meter,
    rejected,
    session,
    start,
    start_answered,
    status,
    stop,
    stop_by,
    unplugged,
    words,
)
from tests.conformance.stations import V16, Csms, Station

ACCEPTED = {"status": "Accepted"}
REMOTE_START = {"idToken": {"idToken": "VALID1", "type": "Central"}, "remoteStartId": 1, "evseId": 1}
REMOTE_START_16 = {"idTag": "VALID1", "connectorId": 1}


async def test_tc_001_csms_cold_boot(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        for connector_id in (0, 1, 2):
            await status(station, "Available", connector_id)
        assert "currentTime" in await station.call("Heartbeat", {})
        (booted,) = await station.recorded(StationBooted)
        assert (booted.vendor, booted.model, booted.registration_status) == ("Vendor", "Model", "Accepted")
        assert await words(station, 3) == [(0, "Available"), (1, "Available"), (2, "Available")]


async def test_tc_003_csms_session_plugged_in_first(station16: Station) -> None:
    await status(station16, "Preparing")
    assert await authorize(station16) == ACCEPTED
    number = await start(station16)
    await status(station16, "Charging")
    await meter(station16, number)
    assert await authorize(station16) == ACCEPTED
    await stop_by(station16, number)
    await unplugged(station16)
    await session(station16, number, "Local", readings=1)
    told = [word for connector_id, word in await words(station16, 7) if connector_id == 1]
    assert told == ["Available", "Preparing", "Charging", "Finishing", "Available"]


async def test_tc_004_1_csms_session_identified_first(station16: Station) -> None:
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Preparing")
    number = await start(station16)
    await status(station16, "Charging")
    await stop_by(station16, number)
    await unplugged(station16)
    await session(station16, number, "Local")
    occasions = [event.occasion for event in await station16.recorded(AuthorizationDecided, 3)]
    assert sorted(occasions) == ["Authorize", "StartTransaction", "StopTransaction"]


async def test_tc_004_2_csms_nobody_plugs_in(station16: Station) -> None:
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Preparing")
    await status(station16, "Available")
    assert (await words(station16, 5))[3:] == [(1, "Preparing"), (1, "Available")]
    assert station16.told(TransactionStarted) == []


async def test_tc_005_1_csms_cable_pulled_at_the_vehicle(station16: Station) -> None:
    number = await charging(station16)
    await status(station16, "SuspendedEV")
    await stop(station16, number, "EVDisconnected")
    await unplugged(station16)
    await session(station16, number, "EVDisconnected")


async def test_tc_007_csms_session_of_a_cached_id(station16: Station) -> None:
    await status(station16, "Preparing")
    number = await start(station16)
    await status(station16, "Charging")
    await stop_by(station16, number)
    await unplugged(station16)
    await session(station16, number, "Local")
    decided = await station16.recorded(AuthorizationDecided, 2)
    assert {event.occasion for event in decided} == {"StartTransaction", "StopTransaction"}


async def test_tc_010_csms_remote_start_when_plugged_in(station16: Station) -> None:
    await status(station16, "Preparing")
    accepted(
        await station16.commanded("RequestStartTransaction", REMOTE_START, ACCEPTED, "RemoteStartTransaction"),
        REMOTE_START_16,
    )
    assert await authorize(station16) == ACCEPTED
    number = await start(station16)
    await status(station16, "Charging")
    await stop_by(station16, number)
    await unplugged(station16)
    await session(station16, number, "Local")


async def test_tc_011_1_csms_remote_start_before_plugging_in(station16: Station) -> None:
    accepted(await station16.commanded("RemoteStartTransaction", REMOTE_START_16, ACCEPTED), REMOTE_START_16)
    await status(station16, "Preparing")
    assert await authorize(station16) == ACCEPTED
    number = await start(station16)
    await status(station16, "Charging")
    await stop_by(station16, number)
    await unplugged(station16)
    await session(station16, number, "Local")


async def test_tc_011_2_csms_remote_start_and_nobody_plugs_in(station16: Station) -> None:
    accepted(
        await station16.commanded("RequestStartTransaction", REMOTE_START, ACCEPTED, "RemoteStartTransaction"),
        REMOTE_START_16,
    )
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Preparing")
    await status(station16, "Available")
    assert (await words(station16, 5))[3:] == [(1, "Preparing"), (1, "Available")]
    assert station16.told(TransactionStarted) == []


async def test_tc_012_csms_remote_stop(station16: Station) -> None:
    number = await charging(station16)
    accepted(
        await station16.commanded(
            "RequestStopTransaction", {"transactionId": str(number)}, ACCEPTED, "RemoteStopTransaction"
        ),
        {"transactionId": number},
    )
    await stop(station16, number, "Remote")
    await unplugged(station16)
    await session(station16, number, "Remote")


@pytest.mark.parametrize("asked", ["Immediate", "Hard"])
async def test_tc_013_csms_hard_reset(csms: Csms, asked: str) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        accepted(await station.commanded("Reset", {"type": asked}, ACCEPTED), {"type": "Hard"})
    async with again(csms, station.name) as station:
        await status(station, "Available")
        assert len(await station.recorded(StationBooted, 2)) == 2


@pytest.mark.parametrize("asked", ["OnIdle", "Soft"])
async def test_tc_014_csms_soft_reset(csms: Csms, asked: str) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        number = await charging(station)
        accepted(await station.commanded("Reset", {"type": asked}, ACCEPTED), {"type": "Soft"})
        await stop(station, number, "SoftReset")
    async with again(csms, station.name) as station:
        await status(station, "Available")
        await session(station, number, "SoftReset")
        assert len(await station.recorded(StationBooted, 2)) == 2


UNLOCK = {"evseId": 1, "connectorId": 1}


async def test_tc_017_1_csms_unlock_a_socket_without_session(station16: Station) -> None:
    told = await station16.commanded("UnlockConnector", UNLOCK, {"status": "Unlocked"})
    accepted(told, {"connectorId": 1})
    assert told.result.status == "Unlocked"


async def test_tc_017_2_csms_unlock_a_fixed_cable(station16: Station) -> None:
    told = await station16.commanded("UnlockConnector", UNLOCK, {"status": "NotSupported"})
    rejected(told, {"connectorId": 1}, "NotSupported")


async def test_tc_018_1_csms_unlock_during_a_session(station16: Station) -> None:
    number = await charging(station16)
    told = await station16.commanded("UnlockConnector", UNLOCK, {"status": "Unlocked"})
    accepted(told, {"connectorId": 1})
    await stop(station16, number, "UnlockCommand")
    await unplugged(station16)
    await session(station16, number, "UnlockCommand")


async def test_tc_019_1_csms_all_configuration_keys(station16: Station) -> None:
    answer = {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]}
    report = {"requestId": 1, "reportBase": "FullInventory"}
    told = await station16.commanded("GetBaseReport", report, answer, "GetConfiguration")
    accepted(told, {})
    assert orjson.loads(told.result.answer_json or "") == answer
    accepted(await station16.commanded("GetConfiguration", {}, answer), {})


async def test_tc_019_2_csms_one_configuration_key(station16: Station) -> None:
    wanted = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "SupportedFeatureProfiles"}}
    found = {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"}
    told = await station16.commanded(
        "GetVariables", {"getVariableData": [wanted]}, {"configurationKey": [found]}, "GetConfiguration"
    )
    accepted(told, {"key": ["SupportedFeatureProfiles"]})
    assert orjson.loads(told.result.answer_json or "") == {"configurationKey": [found]}


SAMPLED = {
    "setVariableData": [
        {
            "component": {"name": "SampledDataCtrlr"},
            "variable": {"name": "MeterValueSampleInterval"},
            "attributeValue": "60",
        }
    ]
}
SAMPLED_16 = {"key": "MeterValueSampleInterval", "value": "60"}


@pytest.mark.parametrize("word", ["Accepted", "RebootRequired"])
async def test_tc_021_csms_change_configuration(station16: Station, word: str) -> None:
    told = await station16.commanded("SetVariables", SAMPLED, {"status": word}, "ChangeConfiguration")
    accepted(told, SAMPLED_16)
    assert told.result.status == word


async def _not_authorized(station: Station, id_tag: str, word: str) -> None:
    await status(station, "Preparing")
    assert (await authorize(station, id_tag))["status"] == word
    await status(station, "Available")
    (decided,) = await station.recorded(AuthorizationDecided)
    assert (decided.token_uid, decided.status) == (id_tag, word)
    assert decided.reason
    assert station.told(TransactionStarted) == []


async def test_tc_023_1_csms_authorize_invalid(station16: Station) -> None:
    await _not_authorized(station16, "NOBODY", "Invalid")


async def test_tc_023_2_csms_authorize_expired(station16: Station) -> None:
    await _not_authorized(station16, "EXPIRED1", "Expired")


async def test_tc_023_3_csms_authorize_blocked(station16: Station) -> None:
    await _not_authorized(station16, "BLOCKED1", "Blocked")


async def test_tc_024_csms_lock_failure(station16: Station) -> None:
    await status(station16, "Preparing")
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Faulted", error="ConnectorLockFailure")
    told = (await station16.recorded(ConnectorStatusChanged, 5))[-1]
    assert (told.connector_id, told.status, told.error_code) == (1, "Faulted", "ConnectorLockFailure")
    assert station16.told(TransactionStarted) == []


async def test_tc_026_csms_remote_start_rejected(station16: Station) -> None:
    told = await station16.commanded(
        "RequestStartTransaction", REMOTE_START, {"status": "Rejected"}, "RemoteStartTransaction"
    )
    rejected(told, REMOTE_START_16)


async def test_tc_028_csms_remote_stop_rejected(station16: Station) -> None:
    number = await charging(station16)
    told = await station16.commanded(
        "RequestStopTransaction", {"transactionId": str(number)}, {"status": "Rejected"}, "RemoteStopTransaction"
    )
    rejected(told, {"transactionId": number})
    await stop_by(station16, number)
    await session(station16, number, "Local")


async def test_tc_030_csms_unlock_fails(station16: Station) -> None:
    told = await station16.commanded("UnlockConnector", UNLOCK, {"status": "UnlockFailed"})
    rejected(told, {"connectorId": 1}, "UnlockFailed")


async def test_tc_031_csms_unlock_an_unknown_connector(station16: Station) -> None:
    elsewhere = {"evseId": 9, "connectorId": 1}
    told = await station16.commanded("UnlockConnector", elsewhere, {"status": "NotSupported"})
    rejected(told, {"connectorId": 9}, "NotSupported")


async def test_tc_032_1_csms_power_failure_ends_transactions(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        number = await charging(station)
        await meter(station, number)
        station.socket.transport.abort()
    async with again(csms, station.name) as station:
        await status(station, "Available")
        await stop(station, number, "PowerLoss", at(-1))
        await session(station, number, "PowerLoss", readings=1)
        (ended,) = await station.recorded(TransactionEnded)
        assert ended.ended_at < ended.recorded_at - 50_000


async def test_tc_037_1_csms_offline_start_of_a_valid_id(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
        await status(station, "Preparing")
    async with csms.station(V16, station.name) as station:
        when = at(-5)
        number = await start(station, when=when)
        await status(station, "Charging")
        (started,) = await station.recorded(TransactionStarted)
        assert (started.started_at, started.authorization_status) == (parse_rfc3339(when), "Accepted")
        await stop_by(station, number)
        await session(station, number, "Local")


async def test_tc_037_3_csms_offline_start_of_an_invalid_id(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
    async with csms.station(V16, station.name) as station:
        started = await start_answered(station, "NOBODY", at(-5))
        assert started["idTagInfo"]["status"] == "Invalid"
        await status(station, "Charging")
        await stop(station, started["transactionId"], "DeAuthorized")
        await unplugged(station)
        (start_event,) = await station.recorded(TransactionStarted)
        (end_event,) = await station.recorded(TransactionEnded)
        assert start_event.authorization_status == "Invalid"
        assert (end_event.transaction_id, end_event.stopped_reason) == (start_event.transaction_id, "DeAuthorized")


async def test_tc_039_csms_offline_transaction(csms: Csms) -> None:
    async with csms.station(V16) as station:
        await boot(station)
    began, over = at(-30), at(-10)
    async with csms.station(V16, station.name) as station:
        number = await start(station, when=began)
        await stop(station, number, "Local", over)
        await status(station, "Available")
        await session(station, number, "Local")
        (started,) = await station.recorded(TransactionStarted)
        (ended,) = await station.recorded(TransactionEnded)
        assert (started.started_at, ended.ended_at) == (parse_rfc3339(began), parse_rfc3339(over))
        assert station.told(TransactionUpdated) == []


async def test_tc_040_1_csms_configuration_key_not_supported(station16: Station) -> None:
    unknown = {"key": "NoSuchKey", "value": "1"}
    told = await station16.commanded("ChangeConfiguration", unknown, {"status": "NotSupported"})
    rejected(told, unknown, "NotSupported")


async def test_tc_040_2_csms_configuration_value_rejected(station16: Station) -> None:
    told = await station16.commanded("SetVariables", SAMPLED, {"status": "Rejected"}, "ChangeConfiguration")
    rejected(told, SAMPLED_16)


async def test_tc_061_csms_clear_the_cache(station16: Station) -> None:
    accepted(await station16.commanded("ClearCache", {}, ACCEPTED), {})
    rejected(await station16.commanded("ClearCache", {}, {"status": "Rejected"}), {})


async def test_tc_064_csms_data_transfer_to_us(station16: Station) -> None:
    answered = await station16.call("DataTransfer", {"vendorId": VENDOR, "messageId": "M1", "data": "D1"})
    assert answered["status"] == "Accepted"
    unknown = await station16.call("DataTransfer", {"vendorId": "com.example", "messageId": "M1", "data": "D2"})
    assert unknown["status"] == "UnknownVendorId"
    told = await station16.recorded(DataTransferred, 2)
    assert [(event.vendor_id, event.message_id, event.data) for event in told] == [
        (VENDOR, "M1", "D1"), ("com.example", "M1", "D2"),
    ]  # fmt: skip
