"""OCPP 2.0.1, block N: monitoring, logs and what a station knows about a customer."""

from typing import Any

import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.station import LogStatusChanged
from tests.conformance.reusable_states import (
    VALID,
    accepted,
    at,
    event_data,
    notified,
    payload_of,
    rejected,
    reported,
)
from tests.conformance.stations import Station

STATION_POWER = {"component": {"name": "ChargingStation"}, "variable": {"name": "Power"}}
STATION_STATE = {"component": {"name": "ChargingStation"}, "variable": {"name": "AvailabilityState"}}
EVSE_STATE = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "AvailabilityState"}}
CERTIFICATE = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a" * 64,
    "issuerKeyHash": "b" * 64,
    "serialNumber": "1f",
}
EVSE_STATE_CHANGED: dict[str, Any] = {
    "component": EVSE_STATE["component"],
    "variable": "AvailabilityState",
    "value": "Occupied",
}
EMPTY = {"status": "EmptyResultSet"}


async def reports_monitors(station: Station, request_id: int, *monitored: dict[str, Any], kind: str) -> None:
    """NotifyMonitoringReport, a part for each variable: answered, recorded, and shown as the station said it."""
    for number, variable in enumerate(monitored):
        monitor = {"id": 100 + number, "transaction": False, "value": 1, "type": kind, "severity": 8}
        part = {
            "requestId": request_id,
            "seqNo": number,
            "tbc": number < len(monitored) - 1,
            "generatedAt": at(0),
            "monitor": [variable | {"variableMonitoring": [monitor]}],
        }
        answer, event = await reported(station, "NotifyMonitoringReport", part)
        assert answer == {}
        assert (event.request_id, event.seq_no, event.last) == (request_id, number, not part["tbc"])
        assert payload_of(event)["monitor"] == part["monitor"]


async def clears_a_monitor(station: Station) -> None:
    done = {"clearMonitoringResult": [{"id": 9, "status": "Accepted"}]}
    await accepted(station, "ClearVariableMonitoring", {"id": [9]}, done)


async def monitoring_report(
    station: Station, empty: dict[str, Any], full: dict[str, Any], kind: str, *monitored: dict[str, Any]
) -> None:
    """Asks twice: nothing fits the first time, and the second time the monitors are reported."""
    await clears_a_monitor(station)
    await rejected(station, "GetMonitoringReport", {"requestId": 1} | empty, EMPTY)
    await accepted(station, "GetMonitoringReport", {"requestId": 2} | full)
    await reports_monitors(station, 2, *monitored, kind=kind)


async def sets_monitors(station: Station, *variables: dict[str, Any]) -> None:
    monitors = [{"value": 1, "type": "Delta", "severity": 8} | variable for variable in variables]
    results = [
        {"id": number, "status": "Accepted", "type": "Delta", "severity": 8} | variable
        for number, variable in enumerate(variables, 1)
    ]
    asked = {"setMonitoringData": monitors}
    told = await accepted(station, "SetVariableMonitoring", asked, {"setMonitoringResult": results})
    assert [result["id"] for result in payload_of(told.result)["setMonitoringResult"]] == [
        result["id"] for result in results
    ]


async def log_is(station: Station, request_id: int, *statuses: str) -> None:
    before = len(station.told(LogStatusChanged))
    for status in statuses:
        said = {"status": status, "requestId": request_id}
        assert await station.call("LogStatusNotification", said) == {}
    told = (await station.recorded(LogStatusChanged, before + len(statuses)))[before:]
    assert [(event.status, event.request_id) for event in told] == [(status, request_id) for status in statuses]


def log(request_id: int, kind: str = "DiagnosticsLog") -> dict[str, Any]:
    where = {"remoteLocation": "https://logs.example/upload"}
    return {"requestId": request_id, "logType": kind, "log": where}


def customer(report: bool, clear: bool, **who: Any) -> dict[str, Any]:
    return {"requestId": 27, "report": report, "clear": clear} | (who or {"idToken": VALID})


async def tells_about_the_customer(station: Station, asked: dict[str, Any], data: str) -> None:
    await accepted(station, "CustomerInformation", asked)
    part = {"requestId": 27, "data": data, "seqNo": 0, "generatedAt": at(0), "tbc": False}
    answer, event = await reported(station, "NotifyCustomerInformation", part)
    assert answer == {}
    assert (event.request_id, event.last, payload_of(event)["data"]) == (27, True, data)


async def test_tc_n_01_monitors_by_criteria(station201: Station) -> None:
    empty = {"monitoringCriteria": ["DeltaMonitoring"]}
    full = {"monitoringCriteria": ["ThresholdMonitoring"]}
    await monitoring_report(station201, empty, full, "UpperThreshold", STATION_POWER, EVSE_STATE)


async def test_tc_n_02_monitors_by_variable(station201: Station) -> None:
    empty, full = {"componentVariable": [STATION_POWER]}, {"componentVariable": [EVSE_STATE]}
    await monitoring_report(station201, empty, full, "Delta", EVSE_STATE)


async def test_tc_n_03_monitors_by_criteria_and_variable(station201: Station) -> None:
    empty = {"monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [EVSE_STATE]}
    full = {"monitoringCriteria": ["ThresholdMonitoring"], "componentVariable": [STATION_POWER]}
    await monitoring_report(station201, empty, full, "UpperThreshold", STATION_POWER)


@pytest.mark.parametrize("base", ["All", "FactoryDefault", "HardWiredOnly"])
async def test_tc_n_05_monitoring_base(station201: Station, base: str) -> None:
    await accepted(station201, "SetMonitoringBase", {"monitoringBase": base})


async def test_tc_n_08_set_a_monitor(station201: Station) -> None:
    await sets_monitors(station201, EVSE_STATE)


async def test_tc_n_09_set_several_monitors(station201: Station) -> None:
    await sets_monitors(station201, EVSE_STATE, STATION_STATE)


async def test_tc_n_16_monitoring_level(station201: Station) -> None:
    await accepted(station201, "SetMonitoringLevel", {"severity": 4})


async def test_tc_n_17_monitoring_level_is_rejected(station201: Station) -> None:
    await rejected(station201, "SetMonitoringLevel", {"severity": 4}, {"status": "Rejected"})


async def test_tc_n_18_no_more_monitors_at_once_than_the_station_takes(station201: Station) -> None:
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
    }
    two = {"getVariableResult": [limit | {"attributeStatus": "Accepted", "attributeValue": "2"}]}
    told = await station201.commanded("GetVariables", {"getVariableData": [limit]}, two)
    assert payload_of(told.result) == two
    command_id = await station201.csms.edge.ask(
        station201.name, "ClearVariableMonitoring", {"id": [1, 2, 3, 4, 5]}
    )
    results = []
    for ids in ([1, 2], [3, 4], [5]):
        part = [{"id": number, "status": "Accepted"} for number in ids]
        heard = await station201.expect("ClearVariableMonitoring", {"clearMonitoringResult": part})
        assert heard == {"id": ids}
        results += part
    result = await station201.csms.edge.result(command_id)
    assert result.outcome is CommandOutcome.ACCEPTED
    assert payload_of(result) == {"clearMonitoringResult": results}


async def test_tc_n_21_monitor_goes_off(station201: Station) -> None:
    alert = event_data(**EVSE_STATE_CHANGED, trigger="Alerting", variableMonitoringId=1, severity=3)
    (told,) = (await notified(station201, alert)).events
    assert (told.trigger, told.monitor_id, told.severity) == ("Alerting", 1, 3)


async def test_tc_n_24_periodic_events(station201: Station) -> None:
    for number in range(1, 4):
        power = {"component": {"name": "ChargingStation"}, "variable": "Power", "value": str(1000 * number)}
        (told,) = (await notified(station201, event_data(**power, trigger="Periodic"))).events
        assert (told.trigger, told.actual_value) == ("Periodic", str(1000 * number))


async def test_tc_n_25_diagnostics_log(station201: Station) -> None:
    await accepted(station201, "GetLog", log(25), {"status": "Accepted", "filename": "log.gz"})
    await log_is(station201, 25, "Uploading", "Uploaded")


async def test_tc_n_27_customer_is_known(station201: Station) -> None:
    await tells_about_the_customer(station201, customer(True, False), "three sessions")


async def test_tc_n_28_customer_is_not_known(station201: Station) -> None:
    await tells_about_the_customer(station201, customer(True, False), "")


async def test_tc_n_29_customer_information_is_rejected(station201: Station) -> None:
    await rejected(station201, "CustomerInformation", customer(True, False), {"status": "Rejected"})


async def test_tc_n_30_clear_and_report_known_customer(station201: Station) -> None:
    await tells_about_the_customer(station201, customer(True, True), "three sessions")


async def test_tc_n_31_clear_and_report_unknown_customer(station201: Station) -> None:
    await tells_about_the_customer(station201, customer(True, True), "")


async def test_tc_n_32_clear_without_report(station201: Station) -> None:
    await tells_about_the_customer(station201, customer(False, True), "")


async def test_tc_n_34_log_is_refused(station201: Station) -> None:
    await rejected(station201, "GetLog", log(34), {"status": "Rejected"})


async def test_tc_n_35_security_log(station201: Station) -> None:
    await accepted(station201, "GetLog", log(35, "SecurityLog"), {"status": "Accepted", "filename": "log.gz"})
    await log_is(station201, 35, "Uploading", "Uploaded")


async def test_tc_n_36_a_newer_request_cancels_the_one_under_way(station201: Station) -> None:
    await accepted(station201, "GetLog", log(1), {"status": "Accepted", "filename": "1.gz"})
    await log_is(station201, 1, "Uploading")
    await accepted(station201, "GetLog", log(2), {"status": "AcceptedCanceled", "filename": "2.gz"})
    await log_is(station201, 1, "AcceptedCanceled")
    await log_is(station201, 2, "Uploading", "Uploaded")


async def test_tc_n_44_monitor_cannot_be_cleared(station201: Station) -> None:
    refused = {"clearMonitoringResult": [{"id": 44, "status": "Rejected"}]}
    await rejected(station201, "ClearVariableMonitoring", {"id": [44]}, refused)


async def test_tc_n_46_customer_is_taken_off_the_local_list(station201: Station) -> None:
    first = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [
        {"idToken": VALID, "idTokenInfo": {"status": "Accepted"}}
    ]}  # fmt: skip
    await accepted(station201, "SendLocalList", first)
    await tells_about_the_customer(station201, customer(True, True), "three sessions")
    # An entry without idTokenInfo removes the token (D01.FR.16).
    change = {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": [{"idToken": VALID}]}
    await accepted(station201, "SendLocalList", change)


async def test_tc_n_47_all_monitors(station201: Station) -> None:
    await accepted(station201, "GetMonitoringReport", {"requestId": 47})
    await reports_monitors(station201, 47, STATION_POWER, STATION_STATE, EVSE_STATE, kind="Delta")


async def test_tc_n_48_variable_that_cannot_be_read(station201: Station) -> None:
    password = {"component": {"name": "SecurityCtrlr"}, "variable": "BasicAuthPassword", "value": ""}
    (told,) = (await notified(station201, event_data(**password))).events
    assert told.actual_value == ""


async def test_tc_n_49_threshold_is_cleared_after_a_reboot(station201: Station) -> None:
    cleared = event_data(**EVSE_STATE_CHANGED, cleared=True, trigger="Alerting", variableMonitoringId=1)
    (told,) = (await notified(station201, cleared)).events
    assert told.cleared


async def test_tc_n_50_periodic_monitor(station201: Station) -> None:
    (told,) = (await notified(station201, event_data(**EVSE_STATE_CHANGED, trigger="Periodic"))).events
    assert told.trigger == "Periodic"


async def test_tc_n_60_monitors_by_criteria_and_variables(station201: Station) -> None:
    both = [STATION_STATE, EVSE_STATE]
    empty = {"monitoringCriteria": ["ThresholdMonitoring"], "componentVariable": both}
    full = {"monitoringCriteria": ["DeltaMonitoring"], "componentVariable": both}
    await monitoring_report(station201, empty, full, "Delta", *both)


async def test_tc_n_62_customer_by_identifier(station201: Station) -> None:
    asked = customer(True, True, customerIdentifier="OpenChargeAlliance")
    await tells_about_the_customer(station201, asked, "three sessions")


async def test_tc_n_63_customer_by_certificate(station201: Station) -> None:
    await tells_about_the_customer(
        station201, customer(True, True, customerCertificate=CERTIFICATE), "one session"
    )
