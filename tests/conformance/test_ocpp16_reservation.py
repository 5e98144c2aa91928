"""Reservation profile of OCPP 1.6."""

from typing import Any

from services.domain.events.transaction import TransactionStarted
from tests.conformance.station16 import (
    accepted,
    at,
    authorize,
    rejected,
    session,
    start,
    status,
    stop_by,
    unplugged,
    words,
)
from tests.conformance.stations import Station

ACCEPTED = {"status": "Accepted"}
NUMBER = 17


def _asked(**more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reservation as the command log has it, and as the station is told."""
    until = at(30)
    asked = {"id": NUMBER, "idToken": {"idToken": "VALID1", "type": "ISO14443"}, "expiryDateTime": until}
    told = {"reservationId": NUMBER, "idTag": "VALID1", "expiryDate": until}
    if "evse_id" in more:
        asked["evseId"] = more["evse_id"]
    if "group" in more:
        asked["groupIdToken"] = {"idToken": more["group"], "type": "Central"}
        told["parentIdTag"] = more["group"]
    return asked, told | {"connectorId": more.get("evse_id", 0)}


async def _reserved(station: Station, **more: Any) -> None:
    asked, told = _asked(**more)
    accepted(await station.commanded("ReserveNow", asked, ACCEPTED), told)
    await status(station, "Reserved", more.get("evse_id", 0))


async def _refused(station: Station, word: str) -> None:
    asked, told = _asked(evse_id=1)
    rejected(await station.commanded("ReserveNow", asked, {"status": word}), told, word)
    assert "Reserved" not in [said for _, said in await words(station, 3)]


async def _charged(station: Station, reservation_id: int) -> None:
    number = await start(station, reservationId=reservation_id)
    await status(station, "Charging")
    await stop_by(station, number)
    await unplugged(station)
    await session(station, number, "Local")
    (started,) = await station.recorded(TransactionStarted)
    assert started.reservation_id == reservation_id


async def test_tc_046_csms_reserved_connector_is_used(station16: Station) -> None:
    await _reserved(station16, evse_id=1)
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Preparing")
    await _charged(station16, NUMBER)


async def test_tc_047_csms_reservation_expires(station16: Station) -> None:
    await _reserved(station16, evse_id=1)
    await status(station16, "Available")
    assert (await words(station16, 5))[3:] == [(1, "Reserved"), (1, "Available")]


async def test_tc_048_1_csms_reserve_a_faulted_connector(station16: Station) -> None:
    await status(station16, "Faulted", error="OtherError")
    await _refused(station16, "Faulted")


async def test_tc_048_2_csms_reserve_an_occupied_connector(station16: Station) -> None:
    await status(station16, "Preparing")
    await _refused(station16, "Occupied")


async def test_tc_048_3_csms_reserve_an_unavailable_connector(station16: Station) -> None:
    told = {"connectorId": 1, "type": "Inoperative"}
    asked = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
    accepted(await station16.commanded("ChangeAvailability", asked, ACCEPTED), told)
    await status(station16, "Unavailable")
    await _refused(station16, "Unavailable")


async def test_tc_048_4_csms_reservation_rejected(station16: Station) -> None:
    await _refused(station16, "Rejected")


async def test_tc_049_csms_reserved_station_is_used(station16: Station) -> None:
    await _reserved(station16)
    assert await authorize(station16) == ACCEPTED
    await status(station16, "Preparing")
    await _charged(station16, NUMBER)


async def test_tc_051_csms_cancel_a_reservation(station16: Station) -> None:
    await _reserved(station16, evse_id=1)
    cancel = {"reservationId": NUMBER}
    accepted(await station16.commanded("CancelReservation", cancel, ACCEPTED), cancel)
    await status(station16, "Available")
    assert (await words(station16, 5))[3:] == [(1, "Reserved"), (1, "Available")]


async def test_tc_052_csms_cancel_rejected(station16: Station) -> None:
    await _reserved(station16, evse_id=1)
    cancel = {"reservationId": NUMBER + 1}
    rejected(await station16.commanded("CancelReservation", cancel, {"status": "Rejected"}), cancel)


async def test_tc_053_csms_reserved_for_a_group(station16: Station) -> None:
    await _reserved(station16, evse_id=1, group="GROUP1")
    info = await authorize(station16, "GROUPED1")
    assert (info["status"], info["parentIdTag"]) == ("Accepted", "GROUP1")
    await status(station16, "Preparing")
    number = await start(station16, "GROUPED1", reservationId=NUMBER)
    await status(station16, "Charging")
    await stop_by(station16, number, "GROUPED2")
    await unplugged(station16)
    (started,) = await station16.recorded(TransactionStarted)
    assert (started.reservation_id, started.id_token.value if started.id_token else None) == (NUMBER, "GROUPED1")
