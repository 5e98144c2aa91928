"""What a station of OCPP 1.6 says in nearly every case."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from services.domain.events.common import CommandOutcome
from services.domain.events.station import ConnectorStatusChanged
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from tests.conformance.stations import V16, Commanded, Csms, Station

BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


def at(minutes: float = 0) -> str:
    """The time so many minutes from now, as stations write it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


async def boot(station: Station) -> None:
    booted = await station.call("BootNotification", BOOT)
    assert booted["status"] == "Accepted"
    assert booted["interval"] > 0
    said = datetime.fromisoformat(booted["currentTime"])
    assert abs(said - datetime.now(UTC)) < timedelta(seconds=60)


async def status(station: Station, word: str, connector_id: int = 1, error: str = "NoError") -> None:
    said = {"connectorId": connector_id, "status": word, "errorCode": error, "timestamp": at()}
    assert await station.call("StatusNotification", said) == {}


async def authorize(station: Station, id_tag: str = "VALID1") -> dict[str, Any]:
    """The idTagInfo of an Authorize."""
    info: dict[str, Any] = (await station.call("Authorize", {"idTag": id_tag}))["idTagInfo"]
    return info


async def start(station: Station, id_tag: str = "VALID1", when: str | None = None, **more: Any) -> int:
    """Start a transaction that is accepted; its id."""
    started = await start_answered(station, id_tag, when, **more)
    assert started["idTagInfo"]["status"] == "Accepted"
    number: int = started["transactionId"]
    return number


async def start_answered(
    station: Station, id_tag: str = "VALID1", when: str | None = None, **more: Any
) -> dict[str, Any]:
    """The answer to a StartTransaction."""
    said = {"connectorId": 1, "idTag": id_tag, "meterStart": 1000, "timestamp": when or at()} | more
    return await station.call("StartTransaction", said)


async def meter(station: Station, transaction_id: int, wh: int = 1500) -> None:
    value = {"value": str(wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    said = {
        "connectorId": 1,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": at(), "sampledValue": [value]}],
    }
    assert await station.call("MeterValues", said) == {}


async def stop(station: Station, transaction_id: int, reason: str | None, when: str | None = None) -> None:
    """Stop a transaction without an idTag, as stations do on their own account."""
    said = {"transactionId": transaction_id, "meterStop": 2000, "timestamp": when or at()}
    assert await station.call("StopTransaction", said | ({"reason": reason} if reason else {})) == {}


async def stop_by(station: Station, transaction_id: int, id_tag: str = "VALID1") -> None:
    """Stop a transaction with the idTag that was presented."""
    said = {"transactionId": transaction_id, "meterStop": 2000, "timestamp": at(), "idTag": id_tag}
    stopped = await station.call("StopTransaction", said | {"reason": "Local"})
    assert stopped["idTagInfo"]["status"] == "Accepted"


async def charging(station: Station, id_tag: str = "VALID1") -> int:
    """A session that runs on connector 1; its transaction id."""
    await status(station, "Preparing")
    assert (await authorize(station, id_tag))["status"] == "Accepted"
    number = await start(station, id_tag)
    await status(station, "Charging")
    return number


async def unplugged(station: Station) -> None:
    await status(station, "Finishing")
    await status(station, "Available")


@asynccontextmanager
async def again(csms: Csms, name: str) -> AsyncIterator[Station]:
    """The station on a new connection, booted."""
    async with csms.station(V16, name) as station:
        await boot(station)
        yield station


async def words(station: Station, count: int) -> list[tuple[int | None, str]]:
    """Connector and status of all that is recorded of connectors, once there is so much of it."""
    told = await station.recorded(ConnectorStatusChanged, count)
    return [(event.connector_id, event.reported_status) for event in told]


async def session(station: Station, number: int, reason: str, readings: int = 0) -> None:
    """Recorded is one whole session of connector 1, 1 kWh of VALID1, in order, ended for this reason."""
    (ended,) = await station.recorded(TransactionEnded)
    assert (ended.transaction_id, ended.meter_stop_wh, ended.stopped_reason) == (str(number), 2000, reason)
    (started,) = await station.recorded(TransactionStarted)
    assert (started.transaction_id, started.connector_id, started.meter_start_wh) == (str(number), 1, 1000)
    assert (started.id_token.value if started.id_token else None) == "VALID1"
    told = station.told(TransactionStarted, TransactionUpdated, TransactionEnded)
    assert told[0] == started
    assert told[-1] == ended
    assert [event.transaction_id for event in told[1:-1]] == [str(number)] * readings


def accepted(told: Commanded, payload: dict[str, Any]) -> None:
    """The station was told this, and what it answered made the command a success."""
    assert told.payload == payload
    assert told.result.outcome is CommandOutcome.ACCEPTED


def rejected(told: Commanded, payload: dict[str, Any], word: str = "Rejected") -> None:
    """The station was told this, and refused it with this word."""
    assert told.payload == payload
    assert (told.result.outcome, told.result.status) == (CommandOutcome.REJECTED, word)
