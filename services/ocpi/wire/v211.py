"""OCPI 2.1.1 as what the tables do not say about how it differs from 2.3.0.

Its objects do not say whose they are; a session and a CDR carry their whole location; a token is known by its
`auth_id`, the later `contract_id`; costs are numbers without VAT.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.ocpi.wire import v221
from services.ocpi.wire.conversion import Bridges, Passage, Shape
from services.ocpi.wire.parties import Party, party_of
from services.ocpi.wire.strings import NOT_AVAILABLE

_SAME_PARKING = ("ON_STREET", "PARKING_GARAGE", "UNDERGROUND_GARAGE", "PARKING_LOT")
_PLACE = ("id", "name", "address", "city", "postal_code", "country", "coordinates")
_CONNECTOR = {"connector_standard": "standard", "connector_format": "format", "connector_power_type": "power_type"}
_WHOSE = ("country_code", "party_id")


def ours(new: Shape, _: Passage) -> Shape:
    """Whose an object is says the party that speaks (credentials: one party per connection)."""
    return {key: item for key, item in new.items() if key not in _WHOSE}


def theirs(old: Shape, passage: Passage) -> Shape:
    """An object of the party at the other end."""
    return _of(passage.scene.owner, old, passage)


def _of(owner: Party, old: Shape, passage: Passage) -> Shape:
    if passage.scene.partial or not owner.country_code:
        return old
    return {"country_code": owner.country_code, "party_id": owner.party_id} | old


def _renamed(value: Shape, names: Mapping[str, str]) -> Shape:
    return {names.get(key, key): item for key, item in value.items()}


def location(new: Shape, passage: Passage) -> Shape | None:
    """mod_locations: Location. In 2.1.1 everything is published."""
    if new.pop("publish", True) is False:
        passage.lost("publish", "2.1.1 publishes all locations")
        return None
    old = ours(new, passage)
    parking = old.pop("parking_type", None)
    if not passage.scene.partial:
        old["type"] = parking if parking in _SAME_PARKING else "OTHER" if parking else "UNKNOWN"
        if "postal_code" not in old:
            passage.assumed("postal_code", NOT_AVAILABLE)
            old["postal_code"] = NOT_AVAILABLE
    elif parking:
        old["type"] = parking if parking in _SAME_PARKING else "OTHER"
    return old


def new_location(old: Shape, passage: Passage) -> Shape:
    kind = old.pop("type", None)
    if kind in _SAME_PARKING:
        old["parking_type"] = kind
    if not passage.scene.partial:
        old["publish"] = True
    return theirs(old, passage)


def connector(new: Shape, passage: Passage) -> Shape:
    """mod_locations: Connector, with one tariff."""
    old = _renamed(new, {"max_voltage": "voltage", "max_amperage": "amperage"})
    tariff_ids = old.pop("tariff_ids", None)
    tariff_ids = tariff_ids if isinstance(tariff_ids, list | tuple) else []
    if tariff_ids:
        old["tariff_id"] = tariff_ids[0]
    if len(tariff_ids) > 1:
        passage.lost("tariff_ids", f"{len(tariff_ids)} tariffs, the first is told")
    return old


def new_connector(old: Shape, _: Passage) -> Shape:
    new = _renamed(old, {"voltage": "max_voltage", "amperage": "max_amperage"})
    if "tariff_id" in new:
        tariff_id = new.pop("tariff_id")
        new["tariff_ids"] = [] if tariff_id is None else [tariff_id]
    return new


def hours(new: Shape, _: Passage) -> Shape:
    """mod_locations: Hours is either twentyfourseven or regular hours."""
    if new.get("twentyfourseven") is True:
        return {key: item for key, item in new.items() if key != "regular_hours"}
    return {key: item for key, item in new.items() if key != "twentyfourseven"}


def new_hours(old: Shape, _: Passage) -> Shape:
    return {"twentyfourseven": False} | old


def session(new: Shape, passage: Passage) -> Shape | None:
    """mod_sessions: Session, with the location that the scene knows, narrowed to what was used."""
    old = ours(_charged(new, passage), passage)
    old = _renamed(old, {"start_date_time": "start_datetime", "end_date_time": "end_datetime"})
    used = {name: old.pop(name, None) for name in ("location_id", "evse_uid", "connector_id")}
    if passage.scene.partial and not any(used.values()):
        return old
    if passage.scene.location is None:
        passage.lost("location_id", "the location is not known, and 2.1.1 wants all of it")
        return None
    old["location"] = narrowed(passage.scene.location, used["evse_uid"], used["connector_id"])
    return old


def narrowed(whole: Mapping[str, Any], evse_uid: Any, connector_id: Any) -> Shape:
    """A location with only one EVSE and its one connector; all of them when those are not known."""
    evses = [evse for evse in whole.get("evses") or [] if evse.get("uid") == evse_uid]
    one = [
        {**evse, "connectors": [c for c in evse["connectors"] if c["id"] == connector_id] or evse["connectors"]}
        for evse in evses
    ]
    return {**whole, "evses": one or list(whole.get("evses") or [])}


def new_session(old: Shape, passage: Passage) -> Shape:
    new = _new_charged(
        _renamed(old, {"start_datetime": "start_date_time", "end_datetime": "end_date_time"}), passage
    )
    place = new.pop("location", None)
    if isinstance(place, Mapping):
        evse, plug = _used(place)
        new |= {"location_id": place.get("id"), "evse_uid": evse.get("uid"), "connector_id": plug.get("id")}
    return theirs(new, passage)


def cdr(new: Shape, passage: Passage) -> Shape:
    """mod_cdrs: CDR, with its location instead of a CdrLocation."""
    old = ours(_charged(new, passage), passage)
    old = _renamed(old, {"end_date_time": "stop_date_time"})
    place = old.pop("cdr_location", None)
    if isinstance(place, Mapping):
        old["location"] = _location_of(place, old.get("last_updated"), passage)
    return old


def _location_of(place: Mapping[str, Any], last_updated: Any, passage: Passage) -> Shape:
    """A location of 2.3.0 from what a CDR says about it."""
    known = passage.scene.location
    if known is not None and known.get("id") == place.get("id"):
        return narrowed(known, place.get("evse_uid"), place.get("connector_id"))
    passage.assumed("location", "voltage, amperage and status are not known from the CDR")
    plug = {"id": place.get("connector_id"), "max_voltage": 0, "max_amperage": 0, "last_updated": last_updated}
    plug |= {name: place[key] for key, name in _CONNECTOR.items() if key in place}
    evse = {
        "uid": place.get("evse_uid"),
        "evse_id": place.get("evse_id"),
        "status": "UNKNOWN",
        "connectors": [plug],
        "last_updated": last_updated,
    }
    return {name: place[name] for name in _PLACE if name in place} | {
        "evses": [evse],
        "last_updated": last_updated,
    }


def new_cdr(old: Shape, passage: Passage) -> Shape:
    new = _new_charged(_renamed(old, {"stop_date_time": "end_date_time"}), passage)
    place = new.pop("location", None)
    if isinstance(place, Mapping):
        evse, plug = _used(place)
        told = {name: place[name] for name in _PLACE if name in place}
        told |= {"evse_uid": evse.get("uid"), "evse_id": evse.get("evse_id"), "connector_id": plug.get("id")}
        told |= {key: plug.get(name) for key, name in _CONNECTOR.items()}
        new["cdr_location"] = {name: item for name, item in told.items() if item is not None}
    return theirs(new, passage)


def _used(place: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The EVSE and the connector of an embedded location, which holds but those that were used."""
    evse = _first(place.get("evses"))
    return evse, _first(evse.get("connectors"))


def _first(items: Any) -> Mapping[str, Any]:
    return items[0] if isinstance(items, list | tuple) and items and isinstance(items[0], Mapping) else {}


def _charged(new: Shape, passage: Passage) -> Shape:
    """What sessions and CDRs have in common: the contract, and a cost that is one number without VAT."""
    old = dict(new)
    token = old.pop("cdr_token", None)
    if isinstance(token, Mapping):
        old["auth_id"] = token.get("contract_id")
        passage.lost("cdr_token", "only its contract is told")
    cost = old.get("total_cost")
    if isinstance(cost, Mapping):
        old["total_cost"] = cost.get("before_taxes")
        if cost.get("taxes"):
            passage.lost("total_cost/taxes", "2.1.1 has costs without VAT")
    return old


def _new_charged(old: Shape, passage: Passage) -> Shape:
    new = dict(old)
    contract_id = new.pop("auth_id", None)
    if isinstance(contract_id, str):
        owner = passage.scene.token_owner if passage.scene.token_owner.party_id else party_of(contract_id)
        whose = owner or Party(NOT_AVAILABLE[:2], NOT_AVAILABLE)
        passage.assumed("cdr_token", "uid and type are not known")
        new["cdr_token"] = {
            "country_code": whose.country_code,
            "party_id": whose.party_id,
            "uid": NOT_AVAILABLE,
            "type": "OTHER",
            "contract_id": contract_id,
        }
    cost = new.get("total_cost")
    if isinstance(cost, int | Decimal):
        new["total_cost"] = {"before_taxes": cost}
    return new


def tariff(new: Shape, passage: Passage) -> Shape | None:
    old = v221.tariff(new, passage)
    return None if old is None else ours(old, passage)


def new_tariff(old: Shape, passage: Passage) -> Shape:
    return theirs(v221.new_tariff(old, passage), passage)


def token(new: Shape, passage: Passage) -> Shape:
    return _renamed(ours(new, passage), {"contract_id": "auth_id"})


def new_token(old: Shape, passage: Passage) -> Shape:
    scene = passage.scene
    return _of(scene.token_owner if scene.token_owner.party_id else scene.owner, _renamed(old, _CONTRACT), passage)


_CONTRACT = {"auth_id": "contract_id"}


def credentials(new: Shape, passage: Passage) -> Shape:
    """credentials: one party, whose role is not said."""
    old = dict(new)
    roles = old.pop("roles", None) or []
    if roles:
        old |= {name: item for name, item in roles[0].items() if name != "role"}
    if len(roles) > 1:
        passage.lost("roles", f"{len(roles)} roles, the first is told")
    return old


def new_credentials(old: Shape, passage: Passage) -> Shape:
    names = ("party_id", "country_code", "business_details")
    role = {"role": passage.scene.role} | {name: old[name] for name in names if name in old}
    passage.assumed("roles/0/role", passage.scene.role)
    return {name: item for name, item in old.items() if name not in names} | {"roles": [role]}


def reserve_now(new: Shape, passage: Passage) -> Shape | None:
    """mod_commands: ReserveNow; the id of a reservation is a number."""
    reservation_id = str(new.get("reservation_id"))
    if not (reservation_id.isascii() and reservation_id.isdecimal()):
        passage.lost("reservation_id", "2.1.1 has numbers only")
        return None
    return new | {"reservation_id": int(reservation_id)}


def new_reserve_now(old: Shape, _: Passage) -> Shape:
    return old | {"reservation_id": str(old["reservation_id"])} if "reservation_id" in old else old


def new_command_response(old: Shape, passage: Passage) -> Shape:
    passage.assumed("timeout", f"{COMMAND_TIMEOUT_S} s")
    return {"timeout": COMMAND_TIMEOUT_S} | old


COMMAND_TIMEOUT_S = 30
"""What a 2.1.1 partner that does not say how long a command may take is given."""

_RESULTS = {
    "CANCELED_RESERVATION": "ACCEPTED",
    "EVSE_OCCUPIED": "REJECTED",
    "EVSE_INOPERATIVE": "REJECTED",
    "FAILED": "REJECTED",
    "UNKNOWN_RESERVATION": "REJECTED",
}

DOWN = Bridges(
    objects={
        "Location": location,
        "Connector": connector,
        "Hours": hours,
        "EnvironmentalImpact": lambda new, _: _renamed(new, {"category": "source"}),
        "Session": session,
        "CDR": cdr,
        "Tariff": tariff,
        "TariffElement": v221.without("booking", "reservation", "min_current", "max_current"),
        "Token": token,
        "Credentials": credentials,
        "ReserveNow": reserve_now,
    },
    values={
        "TokenType": {"EMAID": "OTHER", "APP_USER": "OTHER", "AD_HOC_USER": "OTHER"},
        "AuthMethod": {"COMMAND": "AUTH_REQUEST"},
        "PowerType": {"AC_2_PHASE": "AC_1_PHASE", "AC_2_PHASE_SPLIT": "AC_1_PHASE"},
        "SessionStatus": {"RESERVATION": "PENDING"},
        "CommandResponseType": _RESULTS,
    },
    names={"CommandResult": "CommandResponse"},
)
UP = Bridges(
    objects={
        "Location": new_location,
        "Connector": new_connector,
        "Hours": new_hours,
        "EnvironmentalImpact": lambda old, _: _renamed(old, {"source": "category"}),
        "Session": new_session,
        "CDR": new_cdr,
        "Tariff": new_tariff,
        "Token": new_token,
        "Credentials": new_credentials,
        "ReserveNow": new_reserve_now,
        "CommandResponse": new_command_response,
    },
    values={"CommandResponseType": {"TIMEOUT": "REJECTED"}},
)
