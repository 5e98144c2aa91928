"""OCPP 2.0.1, block E: transactions."""

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from services.domain.events.session import Session
from tests.conformance.stations import V201, Csms, Station
from tests.conformance.steps201 import AT, START_WH, T0_MS, WH_PER_EVENT, Charging, authorize, connector

HOUR_MS = 3_600_000
SIGNED = {
    "signedMeterData": "T0NNRnx7fXx7fQ==",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "encodingMethod": "OCMF",
    "publicKey": "MFkw",
}


async def test_tc_e_01_start_power_path_closed(station201: Station) -> None:
    charging = Charging(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector(station201, 1, "Occupied")
    told = await charging.event("ChargingStateChanged", token="VALID1", state="SuspendedEVSE", **charging.place)
    assert told["idTokenInfo"]["status"] == "Accepted"
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    await runs(charging, "Charging")


async def test_tc_e_02_start_energy_transfer(station201: Station) -> None:
    charging = Charging(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector(station201, 1, "Occupied")
    told = await charging.event("ChargingStateChanged", token="VALID1", state="Charging", **charging.place)
    assert told["idTokenInfo"]["status"] == "Accepted"
    await runs(charging, "Charging")


async def test_tc_e_03_local_start_cable_first(station201: Station) -> None:
    charging = Charging(station201)
    await charging.plugged_in()
    await charging.energy_transfer_started()
    await runs(charging, "Charging")


async def test_tc_e_04_local_start_authorization_first(station201: Station) -> None:
    charging = Charging(station201)
    await charging.authorized()
    await charging.energy_transfer_started()
    await runs(charging, "Charging")


async def test_tc_e_07_stop_power_path_closed_local(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    assert await charging.ended("StopAuthorized", "Local") == {}
    await ended(charging, "Local")


async def test_tc_e_08_stop_energy_transfer_stopped(station201: Station) -> None:
    charging = Charging(station201)
    await charging.stop_authorized()
    assert await charging.ended("ChargingStateChanged", "Local", state="EVConnected") == {}
    await ended(charging, "Local")


async def test_tc_e_09_start_ev_connected(station201: Station) -> None:
    charging = Charging(station201)
    await charging.plugged_in()
    session = await charging.session()
    assert (session.status, session.charging_state, session.id_token) == ("ACTIVE", "EVConnected", None)


async def test_tc_e_10_start_authorized_local(station201: Station) -> None:
    charging = Charging(station201)
    await charging.authorized()
    await runs(charging, None)


async def test_tc_e_11_start_data_signed(station201: Station) -> None:
    charging = Charging(station201)
    assert (await authorize(station201, "VALID1"))["status"] == "Accepted"
    await connector(station201, 1, "Occupied")
    begin = {"value": 0.0, "context": "Transaction.Begin", "signedMeterValue": SIGNED}
    told = await charging.event(
        "SignedDataReceived",
        token="VALID1",
        meterValue=[{"timestamp": AT, "sampledValue": [begin]}],
        **charging.place,
    )
    assert told["idTokenInfo"]["status"] == "Accepted"
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    started = (await charging.events())[0]
    (signed,) = started.meter_values[0].signed_meter_values
    assert signed.signed_data == SIGNED["signedMeterData"].encode()
    assert (signed.encoding_method, signed.context) == ("OCMF", "Transaction.Begin")
    await runs(charging, "Charging")


async def test_tc_e_12_start_parking_bay_occupied(station201: Station) -> None:
    charging = Charging(station201)
    assert await charging.event("EVDetected") == {}
    session = await charging.session()
    assert (session.status, session.evse_id, session.id_token) == ("ACTIVE", None, None)


async def test_tc_e_14_stop_unplugged_at_station(station201: Station) -> None:
    charging = Charging(station201)
    await charging.plugged_in_still()
    await charging.unplugged()
    await ended(charging, "EVDisconnected")


async def test_tc_e_15_stop_authorized_local(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    told = await charging.ended("StopAuthorized", "Local", token="VALID1")
    assert told["idTokenInfo"]["status"] == "Accepted"
    await ended(charging, "Local")


async def test_tc_e_16_deauthorized_invalid_token(station201: Station) -> None:
    charging = Charging(station201)
    told = await charging.event("Authorized", token="NOBODY", **charging.place)
    assert told["idTokenInfo"]["status"] == "Invalid"
    assert await charging.ended("Deauthorized", "DeAuthorized") == {}
    session = await charging.session()
    assert (session.status, session.stopped_reason) == ("COMPLETED", "DeAuthorized")
    assert "NOT_AUTHORIZED" in session.quality_flags
    (decided,) = await station201.recorded(AuthorizationDecided)
    assert (decided.status, decided.occasion) == ("Invalid", "TransactionEvent")


async def test_tc_e_17_deauthorized_ev_side_disconnect(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_suspended()
    assert await charging.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}
    await ended(charging, "EVDisconnected")


async def test_tc_e_19_stop_parking_bay_unoccupied(station201: Station) -> None:
    charging = Charging(station201)
    await charging.plugged_in_still()
    await connector(station201, 1, "Available")
    assert await charging.event("EVCommunicationLost", state="Idle") == {}
    assert await charging.ended("EVDeparted", "Local") == {}
    await ended(charging, "Local")


async def test_tc_e_20_stop_unplugged_at_ev(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_suspended()
    await charging.unplugged()
    await ended(charging, "EVDisconnected")


async def test_tc_e_21_stop_authorized_remote(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    asked = {"transactionId": charging.transaction_id}
    told = await station201.commanded("RequestStopTransaction", asked, {"status": "Accepted"})
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert await charging.ended("RemoteStop", "Remote") == {}
    await ended(charging, "Remote")


async def test_tc_e_22_stop_suspended_by_ev(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    assert await charging.ended("ChargingStateChanged", "StoppedByEV", state="SuspendedEV") == {}
    await ended(charging, "StoppedByEV")


async def test_tc_e_26_disconnected_at_ev_suspends(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_suspended()
    assert await charging.event("EVCommunicationLost", state="Idle") == {}
    await connector(station201, 1, "Available")
    await runs(charging, "Idle")
    assert await charging.event("CablePluggedIn", state="EVConnected") == {}
    assert await charging.event("ChargingStateChanged", state="Charging") == {}
    await runs(charging, "Charging")


async def test_tc_e_29_status_ongoing_with_messages(csms: Csms, station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    charging.station = await reconnected(csms, station201)
    await status(charging.station, charging.transaction_id, ongoing=True, queued=True)
    assert await charging.event("MeterValuePeriodic", offline=True) == {}
    assert (await charging.events())[-1].offline
    await runs(charging, "Charging")
    await charging.station.leave()


async def test_tc_e_30_status_ongoing_without_messages(station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    await status(station201, charging.transaction_id, ongoing=True, queued=False)


async def test_tc_e_31_status_ended_with_messages(csms: Csms, station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    charging.station = await reconnected(csms, station201)
    await connector(charging.station, 1, "Available")
    skipped = charging.seq_no
    assert (
        await charging.ended(
            "EVCommunicationLost", "EVDisconnected", state="Idle", seq_no=skipped + 2, offline=True
        )
        == {}
    )
    await status(charging.station, charging.transaction_id, ongoing=False, queued=True)
    incomplete = await charging.session()
    assert (incomplete.status, incomplete.quality_flags) == ("COMPLETED", ("SEQ_GAP",))
    assert await charging.event("StopAuthorized", seq_no=skipped, offline=True) == {}
    told = await charging.event("ChargingStateChanged", state="EVConnected", seq_no=skipped + 1, offline=True)
    assert told == {}
    await ended(charging, "EVDisconnected")
    await charging.station.leave()


async def test_tc_e_33_status_of_all_with_messages(csms: Csms, station201: Station) -> None:
    charging = Charging(station201)
    await charging.energy_transfer_started()
    charging.station = await reconnected(csms, station201)
    await status(charging.station, None, ongoing=None, queued=True)
    assert await charging.event("MeterValuePeriodic", offline=True) == {}
    await runs(charging, "Charging")
    await charging.station.leave()


async def test_tc_e_34_status_of_all_without_messages(station201: Station) -> None:
    await status(station201, None, ongoing=None, queued=False)


async def test_tc_e_38_local_start_ev_not_ready(station201: Station) -> None:
    charging = Charging(station201)
    await charging.authorized()
    await charging.plugged_in()
    assert await charging.event("ChargingStateChanged", state="SuspendedEV") == {}
    await runs(charging, "SuspendedEV")


async def test_tc_e_39_deauthorized_timeout(station201: Station) -> None:
    charging = Charging(station201)
    await charging.authorized()
    assert await charging.ended("EVConnectTimeout", "Timeout") == {}
    await ended(charging, "Timeout")


async def test_tc_e_53_seq_no_0_at_start(station201: Station) -> None:
    first = Charging(station201)
    second = Charging(station201, begins_ms=T0_MS + HOUR_MS)
    for charging in (first, second):
        assert charging.seq_no == 0
        await charging.energy_transfer_started()
        await charging.unplugged()
        await ended(charging, "EVDisconnected")
    assert (await first.session()).session_id != (await second.session()).session_id


async def runs(charging: Charging, state: str | None) -> None:
    session = await charging.session()
    assert (session.status, session.charging_state, session.quality_flags) == ("ACTIVE", state, ())
    assert is_paid_by(charging, session)


async def ended(charging: Charging, reason: str) -> None:
    """It is complete, has all of its energy, and nothing about it is doubtful."""
    session = await charging.session()
    assert (session.status, session.stopped_reason, session.quality_flags) == ("COMPLETED", reason, ())
    assert (session.evse_id, session.connector_id, session.meter_start_wh) == (charging.evse_id, 1, START_WH)
    assert session.energy_wh == (charging.seq_no - 1) * WH_PER_EVENT
    assert is_paid_by(charging, session)


def is_paid_by(charging: Charging, session: Session) -> bool:
    return session.id_token is not None and session.id_token.value == charging.token


async def reconnected(csms: Csms, station: Station) -> Station:
    """The station on a new connection, after its old one was closed."""
    await station.leave()
    return await csms.station(V201, station.name).__aenter__()


async def status(station: Station, transaction_id: str | None, ongoing: bool | None, queued: bool) -> None:
    """GetTransactionStatus, asked and answered."""
    asked = {} if transaction_id is None else {"transactionId": transaction_id}
    answer = {"messagesInQueue": queued} | ({} if ongoing is None else {"ongoingIndicator": ongoing})
    told = await station.commanded("GetTransactionStatus", asked, answer)
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED
