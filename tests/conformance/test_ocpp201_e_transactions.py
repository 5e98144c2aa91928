"""OCPP 2.0.1, block E: transactions."""

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from tests.conformance.metered201 import Metered, authorize
from tests.conformance.reusable_states import at, connector_is
from tests.conformance.stations import V201, Csms, Station

HOUR_S = 3600
SIGNED = {
    "signedMeterData": "T0NNRnx7fXx7fQ==",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "encodingMethod": "OCMF",
    "publicKey": "MFkw",
}


async def test_tc_e_01_start_power_path_closed(station201: Station) -> None:
    charging = Metered(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector_is(station201, "Occupied")
    told = await charging.event("ChargingStateChanged", token="VALID1", state="SuspendedEVSE")
    assert told["idTokenInfo"]["status"] == "Accepted"
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    await charging.runs("Charging")


async def test_tc_e_02_start_energy_transfer(station201: Station) -> None:
    charging = Metered(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector_is(station201, "Occupied")
    told = await charging.event("ChargingStateChanged", token="VALID1", state="Charging")
    assert told["idTokenInfo"]["status"] == "Accepted"
    await charging.runs("Charging")


async def test_tc_e_03_local_start_cable_first(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected()
    await charging.started()
    await charging.runs("Charging")


async def test_tc_e_04_local_start_authorization_first(station201: Station) -> None:
    charging = Metered(station201)
    await charging.authorized()
    await charging.started()
    await charging.runs("Charging")


async def test_tc_e_07_stop_power_path_closed_local(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    assert await charging.ended("StopAuthorized", "Local") == {}
    await charging.is_over("Local")


async def test_tc_e_08_stop_energy_transfer_stopped(station201: Station) -> None:
    charging = Metered(station201)
    await charging.stop_authorized()
    assert await charging.ended("ChargingStateChanged", "Local", state="EVConnected") == {}
    await charging.is_over("Local")


async def test_tc_e_09_start_ev_connected(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected()
    session = await charging.session()
    assert (session.status, session.charging_state, session.id_token) == ("ACTIVE", "EVConnected", None)


async def test_tc_e_10_start_authorized_local(station201: Station) -> None:
    charging = Metered(station201)
    await charging.authorized()
    await charging.runs("Idle")


async def test_tc_e_11_start_data_signed(station201: Station) -> None:
    charging = Metered(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector_is(station201, "Occupied")
    begin = {"value": 0.0, "context": "Transaction.Begin", "signedMeterValue": SIGNED}
    told = await charging.event(
        "SignedDataReceived",
        token="VALID1",
        meterValue=[{"timestamp": at(0), "sampledValue": [begin]}],
    )
    assert told["idTokenInfo"]["status"] == "Accepted"
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    started = charging.events()[0]
    (signed,) = started.meter_values[0].signed_meter_values
    assert signed.signed_data == SIGNED["signedMeterData"].encode()
    assert (signed.encoding_method, signed.context) == ("OCMF", "Transaction.Begin")
    await charging.runs("Charging")


async def test_tc_e_12_start_parking_bay_occupied(station201: Station) -> None:
    charging = Metered(station201, evse_id=None)
    assert await charging.event("EVDetected") == {}
    session = await charging.session()
    assert (session.status, session.evse_id, session.id_token) == ("ACTIVE", None, None)


async def test_tc_e_14_stop_unplugged_at_station(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected_after()
    await charging.ev_disconnected()
    await charging.is_over("EVDisconnected")


async def test_tc_e_15_stop_authorized_local(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    told = await charging.ended("StopAuthorized", "Local", token="VALID1")
    assert told["idTokenInfo"]["status"] == "Accepted"
    await charging.is_over("Local")


async def test_tc_e_16_deauthorized_invalid_token(station201: Station) -> None:
    charging = Metered(station201)
    told = await charging.event("Authorized", token="NOBODY")
    assert told["idTokenInfo"]["status"] == "Invalid"
    assert await charging.ended("Deauthorized", "DeAuthorized") == {}
    session = await charging.session()
    assert (session.status, session.stopped_reason) == ("COMPLETED", "DeAuthorized")
    assert "NOT_AUTHORIZED" in session.quality_flags
    (decided,) = await station201.recorded(AuthorizationDecided)
    assert (decided.status, decided.occasion) == ("Invalid", "TransactionEvent")


async def test_tc_e_17_deauthorized_ev_side_disconnect(station201: Station) -> None:
    charging = Metered(station201)
    await charging.suspended()
    assert await charging.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}
    await charging.is_over("EVDisconnected")


async def test_tc_e_19_stop_parking_bay_unoccupied(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected_after()
    await connector_is(station201, "Available")
    assert await charging.event("EVCommunicationLost", state="Idle") == {}
    assert await charging.ended("EVDeparted", "Local") == {}
    await charging.is_over("Local")


async def test_tc_e_20_stop_unplugged_at_ev(station201: Station) -> None:
    charging = Metered(station201)
    await charging.suspended()
    await charging.ev_disconnected()
    await charging.is_over("EVDisconnected")


async def test_tc_e_21_stop_authorized_remote(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    asked = {"transactionId": charging.transaction_id}
    told = await station201.commanded("RequestStopTransaction", asked, {"status": "Accepted"})
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert await charging.ended("RemoteStop", "Remote") == {}
    await charging.is_over("Remote")


async def test_tc_e_22_stop_suspended_by_ev(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    assert await charging.ended("ChargingStateChanged", "StoppedByEV", state="SuspendedEV") == {}
    await charging.is_over("StoppedByEV")


async def test_tc_e_26_disconnected_at_ev_suspends(station201: Station) -> None:
    charging = Metered(station201)
    await charging.suspended()
    assert await charging.event("EVCommunicationLost", state="Idle") == {}
    await connector_is(station201, "Available")
    await charging.runs("Idle")
    assert await charging.event("CablePluggedIn", state="EVConnected") == {}
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    await charging.runs("Charging")


async def test_tc_e_29_status_ongoing_with_messages(csms: Csms, station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    await station201.leave()
    async with csms.station(V201, station201.name) as charging.station:
        await status(charging.station, charging.transaction_id, ongoing=True, queued=True)
        assert await charging.event("MeterValuePeriodic", offline=True) == {}
        assert charging.events()[-1].offline
        await charging.runs("Charging")


async def test_tc_e_30_status_ongoing_without_messages(station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    await status(station201, charging.transaction_id, ongoing=True, queued=False)


async def test_tc_e_31_status_ended_with_messages(csms: Csms, station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    last = charging.seq_no
    await station201.leave()
    async with csms.station(V201, station201.name) as charging.station:
        await connector_is(charging.station, "Available")
        charging.seq_no = last + 2
        assert await charging.ended("EVCommunicationLost", "EVDisconnected", state="Idle", offline=True) == {}
        await status(charging.station, charging.transaction_id, ongoing=False, queued=True)
        incomplete = await charging.session()
        assert (incomplete.status, incomplete.quality_flags) == ("COMPLETED", ("SEQ_GAP",))
        charging.seq_no = last
        assert await charging.event("StopAuthorized", state="Charging", offline=True) == {}
        assert await charging.event("ChargingStateChanged", state="EVConnected", offline=True) == {}
        await charging.is_over("EVDisconnected")


async def test_tc_e_33_status_of_all_with_messages(csms: Csms, station201: Station) -> None:
    charging = Metered(station201)
    await charging.started()
    await station201.leave()
    async with csms.station(V201, station201.name) as charging.station:
        await status(charging.station, None, ongoing=None, queued=True)
        assert await charging.event("MeterValuePeriodic", offline=True) == {}
        await charging.runs("Charging")


async def test_tc_e_34_status_of_all_without_messages(station201: Station) -> None:
    await status(station201, None, ongoing=None, queued=False)


async def test_tc_e_38_local_start_ev_not_ready(station201: Station) -> None:
    charging = Metered(station201)
    await charging.authorized()
    await charging.ev_connected()
    assert await charging.event("ChargingStateChanged", state="SuspendedEV") == {}
    await charging.runs("SuspendedEV")


async def test_tc_e_39_deauthorized_timeout(station201: Station) -> None:
    charging = Metered(station201)
    await charging.authorized()
    assert await charging.ended("EVConnectTimeout", "Timeout") == {}
    await charging.is_over("Timeout")


async def test_tc_e_53_seq_no_0_at_start(station201: Station) -> None:
    first = Metered(station201)
    second = Metered(station201, begins_s=HOUR_S)
    for charging in (first, second):
        assert charging.seq_no == -1
        await charging.started()
        await charging.ev_disconnected()
        await charging.is_over("EVDisconnected")
    assert (await first.session()).session_id != (await second.session()).session_id


async def status(station: Station, transaction_id: str | None, ongoing: bool | None, queued: bool) -> None:
    """GetTransactionStatus, asked and answered."""
    asked = {} if transaction_id is None else {"transactionId": transaction_id}
    answer = {"messagesInQueue": queued} | ({} if ongoing is None else {"ongoingIndicator": ongoing})
    told = await station.commanded("GetTransactionStatus", asked, answer)
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
