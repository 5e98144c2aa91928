"""OCPP 2.0.1, block F: remote control."""

from typing import Any

from services.domain.events.common import CommandOutcome
from services.domain.events.station import FirmwareStatusChanged, LogStatusChanged
from services.domain.events.transaction import TransactionStarted, TransactionUpdated
from tests.conformance.metered201 import Metered, authorize, id_token
from tests.conformance.reusable_states import ACCEPTED, accepted, connector_is, rejected, sampled
from tests.conformance.stations import Station

EVSE = {"id": 1, "connectorId": 1}
REMOTE_START_ID = 77
START = {"idToken": id_token("VALID1"), "remoteStartId": REMOTE_START_ID, "evseId": 1}
REMOTELY = {"remoteStartId": REMOTE_START_ID}


async def test_tc_f_01_remote_start_cable_first(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected()
    answer = ACCEPTED | {"transactionId": charging.transaction_id}
    assert_started_for(await accepted(station201, "RequestStartTransaction", START, answer))
    told = await charging.event("RemoteStart", token="VALID1", info=REMOTELY)
    assert told["idTokenInfo"]["status"] == "Accepted"
    charging.reached.add("Authorized")
    event = charging.events()[-1]
    assert isinstance(event, TransactionUpdated)
    assert event.remote_start_id == REMOTE_START_ID
    await charging.started()
    await charging.runs("Charging")


async def test_tc_f_02_remote_start_first_authorized(station201: Station) -> None:
    assert_started_for(await accepted(station201, "RequestStartTransaction", START))
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await goes_on_from_remote_start(Metered(station201))


async def test_tc_f_03_remote_start_first_not_authorized(station201: Station) -> None:
    assert_started_for(await accepted(station201, "RequestStartTransaction", START))
    await goes_on_from_remote_start(Metered(station201))


async def test_tc_f_04_remote_start_cable_timeout(station201: Station) -> None:
    charging = Metered(station201)
    assert_started_for(await accepted(station201, "RequestStartTransaction", START))
    await remotely_started(charging)
    assert await charging.event("EVConnectTimeout") == {}
    await charging.runs("Idle")
    assert await charging.ended("EVDeparted", "Timeout") == {}
    await charging.is_over("Timeout")


async def test_tc_f_06_unlock_connector(station201: Station) -> None:
    asked = {"evseId": 1, "connectorId": 1}
    await accepted(station201, "UnlockConnector", asked, {"status": "Unlocked"})


async def test_tc_f_11_trigger_meter_values_of_an_evse(station201: Station) -> None:
    await triggered(station201, "MeterValues", {"id": 1})
    await metered(station201, 1)


async def test_tc_f_12_trigger_meter_values_of_all_evses(station201: Station) -> None:
    await triggered(station201, "MeterValues")
    for evse_id in (1, 2):
        await metered(station201, evse_id)


async def test_tc_f_13_trigger_transaction_event_of_an_evse(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    await triggered(station201, "TransactionEvent", {"id": 1})
    await tells_when_triggered(charging)


async def test_tc_f_14_trigger_transaction_event_of_all_evses(station201: Station) -> None:
    first, second = Metered(station201), Metered(station201, 2, token=id_token("VALID2"))
    await first.started()
    await second.started()
    await triggered(station201, "TransactionEvent")
    await tells_when_triggered(first)
    await tells_when_triggered(second)


async def test_tc_f_15_trigger_log_status_idle(station201: Station) -> None:
    await triggered(station201, "LogStatusNotification")
    assert await station201.call("LogStatusNotification", {"status": "Idle"}) == {}
    (event,) = await station201.recorded(LogStatusChanged)
    assert event.status == "Idle"


async def test_tc_f_18_trigger_firmware_status_idle(station201: Station) -> None:
    await triggered(station201, "FirmwareStatusNotification")
    assert await station201.call("FirmwareStatusNotification", {"status": "Idle"}) == {}
    (event,) = await station201.recorded(FirmwareStatusChanged)
    assert event.status == "Idle"


async def test_tc_f_20_trigger_heartbeat(station201: Station) -> None:
    await triggered(station201, "Heartbeat")
    assert set(await station201.call("Heartbeat", {})) == {"currentTime"}


async def test_tc_f_23_trigger_status_available(station201: Station) -> None:
    await triggered(station201, "StatusNotification", EVSE)
    await connector_is(station201, "Available")


async def test_tc_f_24_trigger_status_occupied(station201: Station) -> None:
    await connector_is(station201, "Occupied")
    await triggered(station201, "StatusNotification", EVSE)
    await connector_is(station201, "Occupied")


async def test_tc_f_27_trigger_not_implemented(station201: Station) -> None:
    asked = {"requestedMessage": "SignV2GCertificate"}
    await rejected(station201, "TriggerMessage", asked, {"status": "NotImplemented"})


async def test_a_status_is_asked_of_a_connector_only(station201: Station) -> None:
    """F06.FR.13; not a case of its own."""
    asked = {"requestedMessage": "StatusNotification", "evse": {"id": 1}}
    assert (await station201.refused_by_us("TriggerMessage", asked)).outcome is CommandOutcome.FAILED


def assert_started_for(told: Any) -> None:
    assert told.payload["idToken"] == id_token("VALID1")


async def triggered(station: Station, message: str, evse: dict[str, int] | None = None) -> None:
    """The operator asks for a message, the station agrees."""
    await accepted(station, "TriggerMessage", {"requestedMessage": message} | ({"evse": evse} if evse else {}))


async def remotely_started(charging: Metered) -> None:
    told = await charging.event("RemoteStart", token="VALID1", info=REMOTELY)
    assert told["idTokenInfo"]["status"] == "Accepted"
    charging.reached.add("Authorized")
    event = charging.events()[-1]
    assert isinstance(event, TransactionStarted)
    assert event.remote_start_id == REMOTE_START_ID


async def goes_on_from_remote_start(charging: Metered) -> None:
    await remotely_started(charging)
    await charging.started()
    await charging.runs("Charging")


async def metered(station: Station, evse_id: int) -> None:
    """The station says an EVSE's readings, as it was asked to; they are recorded as that EVSE's."""
    before = len(station.told(TransactionUpdated))
    said = {"evseId": evse_id, "meterValue": [sampled("Trigger", 5000, 0)]}
    assert await station.call("MeterValues", said) == {}
    event = (await station.recorded(TransactionUpdated, before + 1))[-1]
    assert (event.evse_id, event.transaction_id) == (evse_id, None)
    assert event.meter_values[0].sampled_values[0].context == "Trigger"


async def tells_when_triggered(charging: Metered) -> None:
    readings = [sampled("Trigger", 1500, 60)]
    assert await charging.event("Trigger", state="Charging", meterValue=readings) == {}
    await charging.runs("Charging")
    event = charging.events()[-1]
    assert event.meter_values[0].sampled_values[0].context == "Trigger"
