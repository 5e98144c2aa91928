"""Commands of partners as operations of stations (mod_commands: Receiver Interface).

What is asked for is an OCPP 2.0.1 operation; the edge of the stations says it in their version.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.domain.events.common import Evse
from services.domain.events.reservation import Reservation
from services.domain.events.session import Session
from services.domain.events.station import Station
from services.ocpi.inbound import reservations
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.reservations import Asking
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.parties import Party
from services.ocpi.wire.versions import understand

REJECTED: Final = "REJECTED"
UNKNOWN_SESSION: Final = "UNKNOWN_SESSION"

OBJECTS: Final[Mapping[str, str]] = {
    "START_SESSION": "StartSession",
    "STOP_SESSION": "StopSession",
    "UNLOCK_CONNECTOR": "UnlockConnector",
    "RESERVE_NOW": "ReserveNow",
    "CANCEL_RESERVATION": "CancelReservation",
}

_TOKEN_TYPES: Final = {"RFID": "ISO14443", "EMAID": "eMAID"}
"""To OCPP 2.0.1 IdTokenEnumType; what no reader reads is Central."""
_SHOWN: Final = 3


class NotDone(Exception):
    """A command that is not passed on: the CommandResponse says why."""

    def __init__(self, result: str, message: str) -> None:
        super().__init__(message)
        self.result = result
        self.message = message


@dataclass(frozen=True, slots=True)
class Outlet:
    """An EVSE with its station, and whether that can be asked now."""

    station: Station
    evse: Evse
    connected: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Where commands are looked up.

    `session`: one of the partner's own; `connected`: by station id; `keeps`: whether a token is the partner's;
    `reservation`: one of the partner's own; `numbers`: those that other reservations have at a station.
    """

    outlets: Callable[[str], Sequence[Outlet] | None]
    session: Callable[[str], Session | None]
    connected: Callable[[str], bool]
    keeps: Callable[[str], bool]
    reservation: Callable[[str], Reservation | None]
    numbers: Callable[[str], Container[int]]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a station is asked, and what has to be known before it is."""

    station_id: str
    action: str
    payload: dict[str, Any]
    reservation: Reservation | None = None


def body_of(command: str, body: Any, version: str, owner: Party) -> dict[str, Any]:
    """What is asked for, in 2.3.0; Refusal 2001 when something is missing or cannot be understood."""
    if command not in OBJECTS:
        raise Refusal(Status.INVALID_PARAMETERS, "There is no such command")
    if version == "2.1.1" and command == "CANCEL_RESERVATION":
        raise Refusal(Status.INVALID_PARAMETERS, "There is no such command in 2.1.1")
    reading = understand(body, OBJECTS[command], version, Scene(owner=owner))
    needed = ("response_url", *_NEEDED.get(command, ()))
    missing = [name for name in needed if name not in reading.value]
    if "token" in reading.value:
        missing += [f"token.{name}" for name in ("uid", "type") if name not in reading.value["token"]]
    if missing:
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise Refusal(Status.INVALID_PARAMETERS, f"{command} cannot be without {', '.join(missing)} ({told})")
    return reading.value


_NEEDED: Final = {
    "START_SESSION": ("token", "location_id"),
    "STOP_SESSION": ("session_id",),
    "UNLOCK_CONNECTOR": ("location_id", "evse_uid", "connector_id"),
    "RESERVE_NOW": ("token", "expiry_date", "reservation_id", "location_id"),
    "CANCEL_RESERVATION": ("reservation_id",),
}


def operation(
    command: str, asked: Mapping[str, Any], known: Known, asking: Asking, remote_start_id: int
) -> Operation:
    """The operation of a command; NotDone when it is not to be, Refusal 2003 for a location that is not here."""
    if command == "START_SESSION":
        return _start(asked, known, remote_start_id)
    if command == "STOP_SESSION":
        return _stop(asked, known)
    if command == "RESERVE_NOW":
        return _reserve(asked, known, asking)
    if command == "CANCEL_RESERVATION":
        return _cancel(asked, known, asking)
    outlet = _outlet(asked, known)
    return Operation(
        outlet.station.station_id, "UnlockConnector", {"evseId": outlet.evse.evse_id, "connectorId": 1}
    )


def _start(asked: Mapping[str, Any], known: Known, remote_start_id: int) -> Operation:
    outlet = _outlet(asked, known)
    payload = {
        "remoteStartId": remote_start_id,
        "idToken": _id_token(asked["token"], known),
        "evseId": outlet.evse.evse_id,
    }
    return Operation(outlet.station.station_id, "RequestStartTransaction", payload)


def _stop(asked: Mapping[str, Any], known: Known) -> Operation:
    session = known.session(asked["session_id"])
    if session is None:
        raise NotDone(UNKNOWN_SESSION, "You have no such session here")
    if session.ended_at is not None:
        raise NotDone(REJECTED, "The session has ended")
    if not known.connected(session.station_id):
        raise NotDone(REJECTED, "The station is away")
    return Operation(session.station_id, "RequestStopTransaction", {"transactionId": session.transaction_id})


def _id_token(token: Mapping[str, Any], known: Known) -> dict[str, str]:
    if not known.keeps(token["uid"]):
        raise NotDone(REJECTED, "The token is not known here: push it first")
    return id_token(token)


def id_token(token: Mapping[str, Any]) -> dict[str, str]:
    """IdTokenType of OCPP 2.0.1 of a token of OCPI."""
    return {"idToken": token["uid"], "type": _TOKEN_TYPES.get(token["type"], "Central")}


def _reserve(asked: Mapping[str, Any], known: Known, asking: Asking) -> Operation:
    """A new reservation, or another end or token for one that stands at the same station."""
    station_id, evse_id = _to_reserve(asked, known)
    expires_at = reservations.expiry(asked, asking.now_ms)
    if expires_at is None:
        raise NotDone(REJECTED, "expiry_date is over, or more than a week away")
    reservation_id = reservations.known_as(asked["reservation_id"])
    before = known.reservation(reservation_id)
    stands = before is not None and reservations.standing(before, asking.now_ms)
    if before is not None and stands and before.station_id != station_id:
        raise NotDone(REJECTED, "This reservation is at another station: cancel it first")
    new = Reservation(
        tenant=asking.tenant,
        partner_id=asking.partner_id,
        reservation_id=reservation_id,
        number=before.number
        if before is not None and stands
        else reservations.number(asking, reservation_id, known.numbers(station_id)),
        status=before.status if before is not None and stands else reservations.REQUESTED,
        location_id=asked["location_id"],
        station_id=station_id,
        evse_id=evse_id,
        token_uid=asked["token"]["uid"],
        version=asking.version,
        response_url=asked["response_url"],
        expires_at=expires_at,
        updated_at=asking.now_ms,
        active_at=before.active_at if before is not None and stands else None,
        agreed_until=reservations.agreed_until(before) if before is not None and stands else None,
    )
    payload = reservations.reserve_payload(new, _id_token(asked["token"], known))
    return Operation(station_id, "ReserveNow", payload, new)


def _to_reserve(asked: Mapping[str, Any], known: Known) -> tuple[str, int | None]:
    """The station, and its EVSE when one is named or there is only one."""
    outlets = known.outlets(asked["location_id"]) or ()
    stations = {one.station.station_id for one in outlets}
    if "evse_uid" in asked or len(outlets) < 2 or len(stations) > 1:
        outlet = _outlet(asked, known)
        return outlet.station.station_id, outlet.evse.evse_id
    _check_there(outlets[0])
    return outlets[0].station.station_id, None


def _cancel(asked: Mapping[str, Any], known: Known, asking: Asking) -> Operation:
    found = known.reservation(reservations.known_as(asked["reservation_id"]))
    if found is None or not reservations.standing(found, asking.now_ms):
        raise NotDone(REJECTED, "You have no such reservation here")
    if not known.connected(found.station_id):
        raise NotDone(REJECTED, "The station is away")
    return Operation(found.station_id, "CancelReservation", {"reservationId": found.number}, found)


def _outlet(asked: Mapping[str, Any], known: Known) -> Outlet:
    """The EVSE that is meant; without one, the only one that there is."""
    outlets = known.outlets(asked["location_id"])
    if outlets is None:
        raise Refusal(Status.UNKNOWN_LOCATION, "No such location here")
    uid = asked.get("evse_uid")
    if uid is None and len(outlets) != 1:
        raise NotDone(REJECTED, "The location has several EVSEs: say which one")
    found = [one for one in outlets if uid is None or one.evse.evse_uid.lower() == uid.lower()]
    if not found:
        raise Refusal(Status.UNKNOWN_LOCATION, "No such EVSE here")
    _check_there(found[0])
    return found[0]


def _check_there(outlet: Outlet) -> None:
    if not outlet.station.enabled or not outlet.connected:
        raise NotDone(REJECTED, "The station is away")
