"""OCPP 2.0.1, block H: reservation."""

from typing import Any

import pytest

from services.domain.events.station import ReservationStatusChanged
from tests.conformance.reusable_states import VALID, accepted, ahead, connector_is, rejected
from tests.conformance.stations import Station

GROUP = {"idToken": "GROUP1", "type": "Central"}


def reservation(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": number, "expiryDateTime": ahead(3600), "idToken": VALID} | more


async def reserved(station: Station, number: int = 1, **more: Any) -> None:
    """The reusable state Reserved."""
    await accepted(station, "ReserveNow", reservation(number, evseId=1, **more))
    await connector_is(station, "Reserved")


async def ends(station: Station, number: int, status: str) -> None:
    """The station ends the reservation by itself."""
    said = {"reservationId": number, "reservationUpdateStatus": status}
    assert await station.call("ReservationStatusUpdate", said) == {}
    (ended,) = await station.recorded(ReservationStatusChanged)
    assert (ended.reservation_id, ended.status) == (number, status)


async def test_tc_h_01_reserve_a_specific_evse(station201: Station) -> None:
    await reserved(station201)


async def test_tc_h_07_reservation_that_is_not_used_expires(station201: Station) -> None:
    await reserved(station201, 7, expiryDateTime=ahead(60))
    await connector_is(station201, "Available")
    await ends(station201, 7, "Expired")


async def test_tc_h_08_reserve_an_unspecified_evse(station201: Station) -> None:
    await accepted(station201, "ReserveNow", reservation())
    await connector_is(station201, "Reserved")


async def test_tc_h_14_as_many_reservations_as_evses(station201: Station) -> None:
    for number in (1, 2):
        await accepted(station201, "ReserveNow", reservation(number))
    for evse_id in (1, 2):
        await connector_is(station201, "Reserved", evse_id)


async def test_tc_h_15_reserve_a_type_of_connector(station201: Station) -> None:
    await accepted(station201, "ReserveNow", reservation(connectorType="cCCS2"))
    await connector_is(station201, "Reserved")


async def test_tc_h_17_cancel_a_reservation(station201: Station) -> None:
    await reserved(station201, 17)
    await accepted(station201, "CancelReservation", {"reservationId": 17})
    await connector_is(station201, "Available")


async def test_tc_h_19_reserve_for_a_group(station201: Station) -> None:
    await reserved(station201, groupIdToken=GROUP)


async def test_tc_h_20_faulted_station_removes_the_reservation(station201: Station) -> None:
    await reserved(station201, 20)
    await connector_is(station201, "Faulted")
    await ends(station201, 20, "Removed")


@pytest.mark.parametrize("status", ["Rejected", "Faulted", "Occupied", "Unavailable"])
async def test_tc_h_22_station_does_not_reserve(station201: Station, status: str) -> None:
    await rejected(station201, "ReserveNow", reservation(evseId=1), {"status": status})
