"""OCPP 2.0.1, block B: provisioning."""

from typing import Any

import orjson
import pytest

from services.domain.events.common import CommandOutcome, RegistrationStatus
from services.domain.events.station import ConnectorStatusChanged, StationBooted, VariablesReported
from tests.conformance.metered201 import Metered, boot, connectors_are
from tests.conformance.reusable_states import at
from tests.conformance.stations import V201, CallError, Commanded, Csms, Station

ACCEPTED = {"status": "Accepted"}
OFFLINE_THRESHOLD = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
AUTHORIZE_REMOTE_START = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "AuthorizeRemoteStart"}}
PROFILE = {
    "configurationSlot": 1,
    "connectionData": {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": "wss://csms.example/ocpp",
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    },
}


async def test_tc_b_01_cold_boot_accepted(csms: Csms) -> None:
    async with csms.station(V201) as station:
        booted = await boot(station)
        assert booted["status"] == "Accepted"
        assert booted["interval"] > 0
        await connectors_are(station)
        (event,) = await station.recorded(StationBooted)
        assert (event.boot_reason, event.registration_status) == ("PowerUp", "Accepted")


async def test_tc_b_02_cold_boot_pending(csms: Csms) -> None:
    name = next(csms.names)
    await csms.register(name, registration=RegistrationStatus.PENDING)
    async with csms.station(V201, name) as station:
        booted = await boot(station)
        assert booted["status"] == "Pending"
        assert booted["interval"] > 0
        asked = {"getVariableData": [OFFLINE_THRESHOLD]}
        told = await station.commanded("GetVariables", asked, got(OFFLINE_THRESHOLD, value="60"))
        assert told.result.outcome is CommandOutcome.ACCEPTED
        await csms.register(name, registration=RegistrationStatus.ACCEPTED, updated_at=2)
        await station.expect("TriggerMessage", {"status": "NotImplemented"})
        assert (await boot(station))["status"] == "Accepted"
        await connectors_are(station)
        events = await station.recorded(StationBooted, 2)
        assert [event.registration_status for event in events] == ["Pending", "Accepted"]


async def test_tc_b_06_get_variables_single_value(station201: Station) -> None:
    asked = {"getVariableData": [OFFLINE_THRESHOLD]}
    told = await station201.commanded("GetVariables", asked, got(OFFLINE_THRESHOLD, value="60"))
    assert told.payload == asked
    assert values(told) == ["60"]


async def test_tc_b_07_get_variables_multiple_values(station201: Station) -> None:
    asked = {"getVariableData": [OFFLINE_THRESHOLD, AUTHORIZE_REMOTE_START | {"attributeType": "Actual"}]}
    answer = {
        "getVariableResult": [
            OFFLINE_THRESHOLD | {"attributeStatus": "Accepted", "attributeValue": "60"},
            AUTHORIZE_REMOTE_START | {"attributeStatus": "Accepted", "attributeValue": "true"},
        ]
    }
    told = await station201.commanded("GetVariables", asked, answer)
    assert told.payload == asked
    assert values(told) == ["60", "true"]


async def test_tc_b_08_get_variables_limited_to_maximum(station201: Station) -> None:
    limit = data_control("ItemsPerMessage", "GetVariables")
    await station201.commanded("GetVariables", {"getVariableData": [limit]}, got(limit, value="4"))
    five = [
        data_control(name, instance)
        for name in ("ItemsPerMessage", "BytesPerMessage")
        for instance in ("GetReport", "GetVariables")
    ] + [AUTHORIZE_REMOTE_START]
    command_id = await station201.csms.ask(station201.name, "GetVariables", {"getVariableData": five})
    first = await station201.expect("GetVariables", got(*five[:4], value="4"))
    second = await station201.expect("GetVariables", got(five[4], value="true"))
    assert (first["getVariableData"], second["getVariableData"]) == (five[:4], five[4:])
    result = await station201.csms.edge.result(command_id)
    assert values(Commanded({}, result)) == ["4", "4", "4", "4", "true"]


async def test_tc_b_09_set_variables_single_value(station201: Station) -> None:
    asked = {"setVariableData": [OFFLINE_THRESHOLD | {"attributeValue": "123"}]}
    told = await station201.commanded("SetVariables", asked, was_set(OFFLINE_THRESHOLD))
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_b_10_set_variables_multiple_values(station201: Station) -> None:
    asked = {
        "setVariableData": [
            OFFLINE_THRESHOLD | {"attributeValue": "123"},
            AUTHORIZE_REMOTE_START | {"attributeValue": "false"},
        ]
    }
    told = await station201.commanded("SetVariables", asked, was_set(OFFLINE_THRESHOLD, AUTHORIZE_REMOTE_START))
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
    one_refused = was_set(OFFLINE_THRESHOLD, AUTHORIZE_REMOTE_START)
    one_refused["setVariableResult"][1]["attributeStatus"] = "Rejected"
    assert (
        await station201.commanded("SetVariables", asked, one_refused)
    ).result.outcome is CommandOutcome.REJECTED


async def test_tc_b_12_get_base_report_configuration_inventory(station201: Station) -> None:
    await base_report(station201, "ConfigurationInventory")


async def test_tc_b_13_get_base_report_full_inventory(station201: Station) -> None:
    await base_report(station201, "FullInventory")


async def test_tc_b_14_get_base_report_summary_inventory(station201: Station) -> None:
    await base_report(station201, "SummaryInventory")


async def test_tc_b_18_get_custom_report(station201: Station) -> None:
    state = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
    asked = {"requestId": 8, "componentCriteria": ["Problem"], "componentVariable": [state]}
    told = await station201.commanded("GetReport", asked, {"status": "EmptyResultSet"})
    assert told.payload == asked
    assert (told.result.outcome, told.result.status) == (CommandOutcome.REJECTED, "EmptyResultSet")
    asked = asked | {"requestId": 9, "componentCriteria": ["Available"]}
    told = await station201.commanded("GetReport", asked, ACCEPTED)
    assert told.payload == asked
    await report(station201, 9, 0, False, state, "Available")
    (event,) = await station201.recorded(VariablesReported)
    (variable,) = event.variables
    assert (event.request_id, event.last) == (9, True)
    assert (variable.component, variable.evse_id, variable.variable, variable.value) == (
        "EVSE", 1, "AvailabilityState", "Available",
    )  # fmt: skip


async def test_tc_b_20_reset_charging_station_on_idle(csms: Csms, station201: Station) -> None:
    told = await station201.commanded("Reset", {"type": "OnIdle"}, ACCEPTED)
    assert told.payload == {"type": "OnIdle"}
    assert told.result.outcome is CommandOutcome.ACCEPTED
    await station201.leave()
    async with csms.station(V201, station201.name) as again:
        assert (await boot(again, "RemoteReset"))["status"] == "Accepted"
        await connectors_are(again)
        events = await again.recorded(StationBooted, 2)
        assert events[1].boot_reason == "RemoteReset"


async def test_tc_b_21_reset_charging_station_with_transaction_on_idle(csms: Csms, station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    told = await station201.commanded("Reset", {"type": "OnIdle"}, {"status": "Scheduled"})
    assert told.payload == {"type": "OnIdle"}
    assert (told.result.outcome, told.result.status) == (CommandOutcome.ACCEPTED, "Scheduled")
    await ended_on_idle(charging)
    await station201.leave()
    async with csms.station(V201, station201.name) as again:
        assert (await boot(again, "ScheduledReset"))["status"] == "Accepted"
        await connectors_are(again)


async def test_tc_b_22_reset_charging_station_with_transaction_immediate(csms: Csms, station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    told = await station201.commanded("Reset", {"type": "Immediate"}, ACCEPTED)
    assert told.payload == {"type": "Immediate"}
    await ended_immediately(charging)
    await station201.leave()
    async with csms.station(V201, station201.name) as again:
        assert (await boot(again, "RemoteReset"))["status"] == "Accepted"
        await connectors_are(again, "Occupied", "Available")


async def test_tc_b_25_reset_evse_without_transaction(station201: Station) -> None:
    told = await station201.commanded("Reset", {"type": "OnIdle", "evseId": 1}, ACCEPTED)
    assert told.payload == {"type": "OnIdle", "evseId": 1}
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_b_26_reset_evse_with_transaction_on_idle(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    told = await station201.commanded("Reset", {"type": "OnIdle", "evseId": 1}, {"status": "Scheduled"})
    assert told.payload == {"type": "OnIdle", "evseId": 1}
    await ended_on_idle(charging)


async def test_tc_b_27_reset_evse_with_transaction_immediate(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    told = await station201.commanded("Reset", {"type": "Immediate", "evseId": 1}, ACCEPTED)
    assert told.payload == {"type": "Immediate", "evseId": 1}
    await ended_immediately(charging)


@pytest.mark.parametrize("registration", [RegistrationStatus.PENDING, RegistrationStatus.REJECTED])
async def test_tc_b_30_security_error_before_acceptance(csms: Csms, registration: RegistrationStatus) -> None:
    name = next(csms.names)
    await csms.register(name, registration=registration)
    async with csms.station(V201, name) as station:
        assert (await boot(station))["status"] == registration.capitalize()
        said = {"timestamp": at(0), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
        with pytest.raises(CallError) as refused:
            await station.call("StatusNotification", said)
        assert refused.value.code == "SecurityError"
        assert station.told(ConnectorStatusChanged) == []


async def test_tc_b_31_trigger_boot_notification_while_pending(csms: Csms) -> None:
    name = next(csms.names)
    await csms.register(name, registration=RegistrationStatus.PENDING)
    async with csms.station(V201, name) as station:
        assert (await boot(station))["status"] == "Pending"
        await csms.register(name, registration=RegistrationStatus.ACCEPTED, updated_at=2)
        heard = await station.expect("TriggerMessage", ACCEPTED)
        assert heard == {"requestedMessage": "BootNotification"}
        assert (await boot(station, "Triggered"))["status"] == "Accepted"
        await connectors_are(station)


async def test_tc_b_42_set_network_profile_accepted(station201: Station) -> None:
    told = await station201.commanded("SetNetworkProfile", PROFILE, ACCEPTED)
    assert told.payload == PROFILE
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_b_44_set_network_profile_failed(station201: Station) -> None:
    told = await station201.commanded("SetNetworkProfile", PROFILE, {"status": "Failed"})
    assert (told.result.outcome, told.result.status) == (CommandOutcome.REJECTED, "Failed")


def data_control(name: str, instance: str) -> dict[str, Any]:
    return {"component": {"name": "DeviceDataCtrlr"}, "variable": {"name": name, "instance": instance}}


def got(*variables: dict[str, Any], value: str) -> dict[str, Any]:
    said = {"attributeStatus": "Accepted", "attributeValue": value}
    return {"getVariableResult": [variable | said for variable in variables]}


def was_set(*variables: dict[str, Any]) -> dict[str, Any]:
    return {"setVariableResult": [variable | {"attributeStatus": "Accepted"} for variable in variables]}


def values(told: Commanded) -> list[str]:
    """What an operator reads from the result of GetVariables."""
    assert told.result.outcome is CommandOutcome.ACCEPTED
    results = orjson.loads(told.result.answer_json or "")["getVariableResult"]
    return [result["attributeValue"] for result in results]


async def base_report(station: Station, base: str) -> None:
    """A report of two parts, all of which is there to be shown."""
    asked = {"requestId": 7, "reportBase": base}
    told = await station.commanded("GetBaseReport", asked, ACCEPTED)
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
    await report(station, 7, 0, True, OFFLINE_THRESHOLD, "60")
    await report(station, 7, 1, False, AUTHORIZE_REMOTE_START, "true")
    parts = await station.recorded(VariablesReported, 2)
    assert [(part.request_id, part.seq_no, part.last) for part in parts] == [(7, 0, False), (7, 1, True)]
    assert [(v.component, v.variable, v.value) for part in parts for v in part.variables] == [
        ("OCPPCommCtrlr", "OfflineThreshold", "60"),
        ("AuthCtrlr", "AuthorizeRemoteStart", "true"),
    ]


async def report(
    station: Station, request_id: int, seq_no: int, more: bool, variable: dict[str, Any], value: str
) -> None:
    said = {
        "requestId": request_id,
        "generatedAt": at(0),
        "seqNo": seq_no,
        "tbc": more,
        "reportData": [variable | {"variableAttribute": [{"value": value}]}],
    }
    assert await station.call("NotifyReport", said) == {}


async def ended_on_idle(charging: Metered) -> None:
    told = await charging.event("StopAuthorized", token="VALID1", state="EVConnected")
    assert told["idTokenInfo"]["status"] == "Accepted"
    assert await charging.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}
    await charging.is_over("EVDisconnected")


async def ended_immediately(charging: Metered) -> None:
    assert await charging.ended("ResetCommand", "ImmediateReset", state="EVConnected") == {}
    await charging.is_over("ImmediateReset")
