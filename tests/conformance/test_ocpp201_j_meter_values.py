"""OCPP 2.0.1, block J: meter values, clock-aligned and sampled, signed or not, in and outside of transactions."""

import hashlib
from decimal import Decimal
from itertools import pairwise
from typing import Any

from services.domain.events.common import MeterValue
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from tests.conformance.reusable_states import Charging, at, event_data, notified, sampled
from tests.conformance.stations import Station

INTERVAL_S = 60
SIGNED_DATA = "T0NNRnx7IkZWIjoiMS4wIiwiR0kiOiJTRUFMIEFHIn18eyJTQSI6IkVDRFNBIn0="


def signed(seconds: int) -> dict[str, Any]:
    """A SignedMeterValueType; each reading has data of its own."""
    return {
        "signedMeterData": f"{SIGNED_DATA}{seconds}",
        "signingMethod": "ECDSA-secp256r1-SHA256",
        "encodingMethod": "OCMF",
        "publicKey": "b2NhOmJhc2UxNjphc24xOjMwNTkzMDEz",
    }


def contexts(readings: tuple[MeterValue, ...]) -> list[str]:
    return [sample.context for reading in readings for sample in reading.sampled_values]


async def measured_without_transaction(station: Station, evse_ids: tuple[int, ...], rounds: int) -> None:
    """MeterValues and a periodic NotifyEvent of the fiscal meter, for each EVSE and interval."""
    for number in range(1, rounds + 1):
        for evse_id in evse_ids:
            reading = sampled("Sample.Clock", 1000.5 * number, INTERVAL_S * number)
            assert await station.call("MeterValues", {"evseId": evse_id, "meterValue": [reading]}) == {}
            meter = {"name": "FiscalMetering", "evse": {"id": evse_id}}
            (told,) = (
                await notified(
                    station, event_data(meter, "EnergyImport", str(1000.5 * number), trigger="Periodic")
                )
            ).events
            assert (told.trigger, told.component, told.evse_id) == ("Periodic", "FiscalMetering", evse_id)
    recorded = [
        event
        for event in await station.recorded(TransactionUpdated, rounds * len(evse_ids))
        if event.transaction_id is None
    ]
    assert [event.evse_id for event in recorded] == list(evse_ids) * rounds
    assert {context for event in recorded for context in contexts(event.meter_values)} == {"Sample.Clock"}
    times = [event.occurred_at for event in recorded if event.evse_id == evse_ids[0]]
    assert {later - earlier for earlier, later in pairwise(times)} == {INTERVAL_S * 1000}
    assert recorded[-1].meter_values[0].energy_register_wh == Decimal("1000.5") * rounds


async def ends_with(station: Station, context: str, sign: bool = False) -> TransactionEnded:
    """A transaction whose end brings all readings of it, the last one taken at the end."""
    charging = await Charging(station).started()
    readings = [
        sampled(
            context if seconds < 180 else "Transaction.End",
            seconds * 10,
            seconds,
            **({"signedMeterValue": signed(seconds)} if sign else {}),
        )
        for seconds in (60, 120, 180)
    ]
    ended = await charging.ev_disconnected(*readings)
    assert contexts(ended.meter_values) == [context, context, "Transaction.End"]
    assert [reading.energy_register_wh for reading in ended.meter_values] == [600, 1200, 1800]
    assert ended.meter_stop_wh == 1800
    return ended


def assert_signed_bytes_are_unchanged(ended: TransactionEnded) -> None:
    for seconds, reading in zip((60, 120, 180), ended.meter_values, strict=True):
        (kept,) = reading.signed_meter_values
        sent = signed(seconds)
        data = sent["signedMeterData"].encode()
        assert (kept.signed_data, kept.sha256) == (data, hashlib.sha256(data).hexdigest())
        assert (kept.signing_method, kept.encoding_method, kept.public_key) == (
            sent["signingMethod"], sent["encodingMethod"], sent["publicKey"],
        )  # fmt: skip


async def test_tc_j_01_clock_aligned_without_transaction(station201: Station) -> None:
    await measured_without_transaction(station201, (0, 1, 2), 3)


async def test_tc_j_02_clock_aligned_with_transaction(station201: Station) -> None:
    charging = await Charging(station201).started()
    for number in (1, 2):
        reading = sampled("Sample.Clock", 100 * number, INTERVAL_S * number)
        assert await charging.tell("MeterValueClock", meterValue=[reading], timestamp=at(number * 60)) == {}
        assert contexts(charging.events()[-1].meter_values) == ["Sample.Clock"]
    first, second = charging.events()[-2:]
    assert second.occurred_at - first.occurred_at == INTERVAL_S * 1000
    for evse_id in (0, 2):
        reading = sampled("Sample.Clock", 5000, INTERVAL_S)
        assert await station201.call("MeterValues", {"evseId": evse_id, "meterValue": [reading]}) == {}
        meter = {"name": "FiscalMetering", "evse": {"id": evse_id}}
        await notified(station201, event_data(meter, "EnergyImport", "5000", trigger="Periodic"))
    idle = [event for event in station201.told(TransactionUpdated) if event.transaction_id is None]
    assert [event.evse_id for event in idle] == [0, 2]


async def test_tc_j_03_clock_aligned_at_the_end(station201: Station) -> None:
    await ends_with(station201, "Sample.Clock")


async def test_tc_j_04_clock_aligned_and_signed(station201: Station) -> None:
    assert_signed_bytes_are_unchanged(await ends_with(station201, "Sample.Clock", sign=True))


async def test_tc_j_07_sampled_at_the_start_evse_known(station201: Station) -> None:
    charging = await Charging(station201).ev_connected(meterValue=[sampled("Transaction.Begin", 123, 0)])
    (started,) = charging.events()
    assert isinstance(started, TransactionStarted)
    assert (started.evse_id, started.meter_start_wh) == (1, 123)
    assert contexts(started.meter_values) == ["Transaction.Begin"]


async def test_tc_j_08_sampled_at_the_start_evse_not_known(station201: Station) -> None:
    charging = Charging(station201, evse_id=None)
    await charging.authorized()
    charging.evse_id = 1
    await charging.ev_connected(meterValue=[sampled("Transaction.Begin", 123, 10)])
    await charging.started()
    started, connected, _ = charging.events()
    assert isinstance(started, TransactionStarted)
    assert (started.evse_id, started.meter_start_wh, connected.evse_id) == (None, None, 1)
    assert contexts(connected.meter_values) == ["Transaction.Begin"]
    assert connected.meter_values[0].energy_register_wh == 123


async def test_tc_j_09_sampled_while_charging(station201: Station) -> None:
    charging = await Charging(station201).started()
    for number in (1, 2, 3):
        reading = sampled("Sample.Periodic", 250 * number, INTERVAL_S * number)
        answer = await charging.tell("MeterValuePeriodic", meterValue=[reading], timestamp=at(60 * number))
        assert answer == {}
    readings = [event.meter_values[0] for event in charging.events()[-3:]]
    assert [reading.energy_register_wh for reading in readings] == [250, 500, 750]
    assert contexts(tuple(readings)) == ["Sample.Periodic"] * 3
    assert readings[2].sampled_at - readings[1].sampled_at == INTERVAL_S * 1000


async def test_tc_j_10_sampled_at_the_end(station201: Station) -> None:
    await ends_with(station201, "Sample.Periodic")


async def test_tc_j_11_sampled_and_signed(station201: Station) -> None:
    assert_signed_bytes_are_unchanged(await ends_with(station201, "Sample.Periodic", sign=True))
