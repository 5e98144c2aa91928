"""OCPP 2.0.1, block G: availability."""

from typing import Any

from services.domain.events.common import CommandOutcome
from services.domain.events.station import ConnectorStatusChanged
from tests.conformance.metered201 import Metered, connectors_are
from tests.conformance.reusable_states import accepted, connector_is, event_data, notified
from tests.conformance.stations import Station

EVSE = {"evse": {"id": 1}}
CONNECTOR = {"evse": {"id": 1, "connectorId": 1}}


async def test_tc_g_03_evse_inoperative(station201: Station) -> None:
    await changes(station201, "Inoperative", EVSE)
    await connector_is(station201, "Unavailable")


async def test_tc_g_04_evse_operative(station201: Station) -> None:
    await changes(station201, "Inoperative", EVSE)
    await connector_is(station201, "Unavailable")
    await changes(station201, "Operative", EVSE)
    await connector_is(station201, "Available")


async def test_tc_g_05_station_inoperative(station201: Station) -> None:
    await changes(station201, "Inoperative", {})
    await connectors_are(station201, "Unavailable", "Unavailable")


async def test_tc_g_06_station_operative(station201: Station) -> None:
    await changes(station201, "Inoperative", {})
    await connectors_are(station201, "Unavailable", "Unavailable")
    await changes(station201, "Operative", {})
    await connectors_are(station201, "Available", "Available")


async def test_tc_g_07_connector_inoperative(station201: Station) -> None:
    await changes(station201, "Inoperative", CONNECTOR)
    await connector_is(station201, "Unavailable")


async def test_tc_g_08_connector_operative(station201: Station) -> None:
    await changes(station201, "Inoperative", CONNECTOR)
    await connector_is(station201, "Unavailable")
    await changes(station201, "Operative", CONNECTOR)
    await connector_is(station201, "Available")


async def test_tc_g_11_evse_with_transaction(station201: Station) -> None:
    await takes_effect_after_the_transaction(station201, EVSE, others=False)


async def test_tc_g_14_station_with_transaction(station201: Station) -> None:
    await takes_effect_after_the_transaction(station201, {}, others=True)


async def test_tc_g_17_connector_with_transaction(station201: Station) -> None:
    await takes_effect_after_the_transaction(station201, CONNECTOR, others=False)


async def test_tc_g_20_lock_failure(station201: Station) -> None:
    lock = {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}}
    (monitored,) = (await notified(station201, event_data(lock, "Problem", "true"))).events
    assert (monitored.component, monitored.variable, monitored.actual_value) == (
        "ConnectorPlugRetentionLock", "Problem", "true",
    )  # fmt: skip
    assert (monitored.evse_id, monitored.connector_id, monitored.trigger) == (1, 1, "Delta")
    assert {event.status for event in station201.told(ConnectorStatusChanged)} <= {"Available"}


async def changes(station: Station, status: str, place: dict[str, Any], answer: str = "Accepted") -> None:
    """The operator changes an availability; nothing but the place that was meant is named."""
    told = await accepted(station, "ChangeAvailability", {"operationalStatus": status} | place, {"status": answer})
    assert (told.result.outcome, told.result.status) == (CommandOutcome.ACCEPTED, answer)


async def takes_effect_after_the_transaction(station: Station, place: dict[str, Any], others: bool) -> None:
    charging = Metered(station)
    await charging.started()
    await changes(station, "Inoperative", place, "Scheduled")
    if others:
        await connector_is(station, "Unavailable", 2)
    await charging.ev_disconnected()
    await charging.is_over("EVDisconnected")
    await connector_is(station, "Unavailable")
