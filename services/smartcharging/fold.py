"""Folds what EVs need and plan into the charging profiles that stations are asked to set for them.

(K15 to K17 of OCPP 2.0.1.) A state is a station's: which transaction each EVSE has, and what it was last offered.
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.station import CommandRequested, ReportReceived
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Changes, Read
from services.domain.ids import derived_id, session_id
from services.domain.units import Millis
from services.smartcharging import plan

OPERATION: Final = "SetChargingProfile"
BY: Final = "smartcharging"
WITHIN_MS: Final = 60_000
"""How long an EV waits for its schedule (K15.FR.08)."""

MAX_RENEGOTIATIONS: Final = 3
"""How often an EV that plans to take more is told again, until it says anew what it needs."""

_MAX_EVSE_ID: Final = 2**31 - 1

MAX_EVSES: Final = 100
"""EVSEs that are remembered of one station; those that were heard of longest ago are forgotten."""


_Said = TransactionStarted | TransactionUpdated | ReportReceived | ChargingPreferencesSet


class Needs(Struct, frozen=True, array_like=True):
    """The last that an EV said about what it needs, in which event, and when."""

    demand: plan.Demand
    event_id: str
    at: Millis


class Wish(Struct, frozen=True, array_like=True):
    """How the driver wants to be charged, as its provider says (OCPI ChargingPreferences)."""

    transaction_id: str
    profile_type: str
    departure_at: Millis | None
    energy_need_wh: str | None
    discharge_allowed: bool
    event_id: str


class Evse(Struct, frozen=True, array_like=True):
    """The transaction of an EVSE, and what it was last offered: ChargingProfileType as JSON."""

    transaction_id: str = ""
    """"" while the EV's needs are known and its transaction is not: they come by different streams."""
    needs: Needs | None = None
    profile_json: str = ""
    renegotiations: int = 0
    caused_by: str = ""
    """Id of the event that the last offer follows from."""
    wish: Wish | None = None


class Station(Struct, frozen=True, array_like=True):
    """The EVSEs of a station by id, under `{tenant}/{station_id}`."""

    evses: dict[int, Evse] = {}


def fold(read: Read[Station], event: object) -> Changes[Station]:
    """What one event of transaction.events, station.events, station.commands or charging.events changes."""
    match event:
        case TransactionStarted() | TransactionUpdated():
            return _goes_on(read, event)
        case TransactionEnded():
            return _ended(read, event)
        case ReportReceived(operation="NotifyEVChargingNeeds"):
            return _needs(read, event)
        case ReportReceived(operation="NotifyEVChargingSchedule"):
            return _planned(read, event)
        case ChargingPreferencesSet():
            return _wished(read, event)
        case CommandRequested(operation="SetChargingProfile") if event.requested_by != BY:
            return _told_by_others(read, event)
    return Changes()


def _goes_on(read: Read[Station], event: TransactionStarted | TransactionUpdated) -> Changes[Station]:
    if event.transaction_id is None or event.evse_id is None or event.offline:
        return Changes()
    known = read(event.key) or Station()
    before = known.evses.get(event.evse_id, Evse())
    if before.transaction_id == event.transaction_id:
        return Changes()
    # Needs that were told after this event are this transaction's, though they were read before it.
    needs = before.needs if before.needs is not None and before.needs.at >= event.recorded_at else None
    wish = before.wish if before.wish is not None and before.wish.transaction_id == event.transaction_id else None
    evse = Evse(event.transaction_id, needs, wish=wish)
    if needs is None:
        return _keep(known, event.key, event.evse_id, evse)
    return _offered(known, event.evse_id, evse, event)


def _ended(read: Read[Station], event: TransactionEnded) -> Changes[Station]:
    known = read(event.key) or Station()
    left = {}
    for evse_id, evse in known.evses.items():
        if evse.transaction_id != event.transaction_id:
            left[evse_id] = evse
        elif evse.needs is not None and evse.needs.at > event.recorded_at:
            left[evse_id] = Evse("", evse.needs)  # the next transaction's, read before this end
    if left == known.evses:
        return Changes()
    return Changes({event.key: Station(left) if left else None})


def _needs(read: Read[Station], event: ReportReceived) -> Changes[Station]:
    """K15.FR.07, K16.FR.12, K17.FR.07: an EV that says what it needs is offered a schedule."""
    payload = _object(event.payload_json)
    evse_id, demand = _evse_id(payload), plan.demand(payload.get("chargingNeeds", {}))
    if evse_id is None or demand is None or not _accepted(event):
        return Changes()
    known = read(event.key) or Station()
    before = known.evses.get(evse_id, Evse())
    if before.needs is not None and before.needs.event_id == event.event_id:
        return Changes()
    needs = Needs(demand, event.event_id, event.recorded_at)
    evse = Evse(before.transaction_id, needs, before.profile_json, wish=before.wish)
    if not evse.transaction_id:
        return _keep(known, event.key, evse_id, evse)
    return _offered(known, evse_id, evse, event)


def _planned(read: Read[Station], event: ReportReceived) -> Changes[Station]:
    """K15.FR.13: an EV that plans to take more than it was offered is offered that again."""
    known, evse_id = read(event.key) or Station(), _evse_id(_object(event.payload_json))
    evse = None if evse_id is None else known.evses.get(evse_id)
    if (
        evse is None
        or evse_id is None
        or not evse.profile_json
        or evse.caused_by == event.event_id
        or _accepted(event)
    ):
        return Changes()
    if evse.renegotiations >= MAX_RENEGOTIATIONS:
        return Changes()
    again = msgspec.structs.replace(evse, renegotiations=evse.renegotiations + 1, caused_by=event.event_id)
    command = _command(evse_id, again, event.event_id, event)
    return Changes(_keep(known, event.key, evse_id, again).states, [command])


def _wished(read: Read[Station], event: ChargingPreferencesSet) -> Changes[Station]:
    """A driver who says when it leaves is offered a schedule until then, once its EV has said what it needs."""
    known = read(event.key) or Station()
    before = known.evses.get(event.evse_id, Evse())
    if before.wish is not None and before.wish.event_id == event.event_id:
        return Changes()
    wish = Wish(
        event.transaction_id,
        event.profile_type,
        event.departure_at,
        None if event.energy_need_wh is None else str(event.energy_need_wh),
        event.discharge_allowed,
        event.event_id,
    )
    evse = msgspec.structs.replace(before, wish=wish)
    earlier = before.wish.departure_at if before.wish is not None else None
    ours = before.transaction_id == event.transaction_id and before.needs is not None
    if not ours or event.departure_at == earlier:
        return _keep(known, event.key, event.evse_id, evse)
    return _offered(known, event.evse_id, evse, event)


def _told_by_others(read: Read[Station], event: CommandRequested) -> Changes[Station]:
    """Somebody else has set the profile of a transaction: that is the offer now."""
    payload = _object(event.payload_json)
    profile, evse_id = payload.get("chargingProfile"), _evse_id(payload)
    if not isinstance(profile, dict) or profile.get("chargingProfilePurpose") != plan.PURPOSE:
        return Changes()
    known = read(event.key) or Station()
    evse = None if evse_id is None else known.evses.get(evse_id)
    if evse is None or evse_id is None or evse.transaction_id != profile.get("transactionId"):
        return Changes()
    text = msgspec.json.encode(profile).decode()
    if evse.profile_json == text:
        return Changes()
    told = msgspec.structs.replace(evse, profile_json=text, renegotiations=0, caused_by=event.event_id)
    return _keep(known, event.key, evse_id, told)


def _offered(known: Station, evse_id: int, evse: Evse, event: _Said) -> Changes[Station]:
    """Offer a transaction what its EV needs."""
    assert evse.needs is not None
    session = session_id(event.tenant, event.station_id, evse.transaction_id)
    departure_at = None if evse.wish is None else evse.wish.departure_at
    demand = plan.until(evse.needs.demand, departure_at)
    profile = plan.profile(demand, session, evse.transaction_id, event.recorded_at)
    text = msgspec.json.encode(profile).decode()
    cause = event.event_id if isinstance(event, ChargingPreferencesSet) else evse.needs.event_id
    offer = msgspec.structs.replace(evse, profile_json=text, caused_by=cause)
    command = _command(evse_id, offer, cause, event)
    return Changes(_keep(known, event.key, evse_id, offer).states, [command])


def _command(evse_id: int, offer: Evse, cause: str, event: _Said) -> CommandRequested:
    command_id = derived_id("charging-offer", event.tenant, event.station_id, offer.transaction_id, cause)
    payload = {"evseId": evse_id, "chargingProfile": msgspec.Raw(offer.profile_json.encode())}
    return CommandRequested(
        event_id=derived_id("CommandRequested", command_id),
        command_id=command_id,
        tenant=event.tenant,
        station_id=event.station_id,
        operation=OPERATION,
        payload_json=msgspec.json.encode(payload).decode(),
        requested_by=BY,
        requested_at=event.recorded_at,
        deadline_at=event.recorded_at + WITHIN_MS,
    )


def _keep(known: Station, key: str, evse_id: int, evse: Evse) -> Changes[Station]:
    others = [(other_id, other) for other_id, other in known.evses.items() if other_id != evse_id]
    return Changes({key: Station(dict([*others, (evse_id, evse)][-MAX_EVSES:]))})


def _evse_id(payload: dict[str, Any]) -> int | None:
    """Stations may write 1 as 1.0, and anything as large as they like."""
    found = payload.get("evseId")
    usable = isinstance(found, int | float) and not isinstance(found, bool) and 0 < found <= _MAX_EVSE_ID
    return int(found) if usable and found is not None else None


def _accepted(event: ReportReceived) -> bool:
    """What the station was answered; before answers were recorded, all were accepted."""
    return event.answer_json is None or bool(_object(event.answer_json).get("status") == "Accepted")


def _object(text: str) -> dict[str, Any]:
    """The edge has checked what stations say; what others ask may be anything."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
