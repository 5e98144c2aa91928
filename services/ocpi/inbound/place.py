"""A location as an operator writes it down (an OCPI Location), for the registry: the place and its EVSEs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.equipment import CAPABILITIES, power_w
from services.domain.events.common import (
    Connector,
    EnergyMix,
    EnergySource,
    EnvironmentalImpact,
    Evse,
    EvseParking,
    ExceptionalPeriod,
    LocalText,
    OpeningTimes,
    Organisation,
    ParkingPlace,
    RegularHours,
)
from services.domain.events.location import Location
from services.domain.units import Millis, parse_rfc3339, rfc3339
from services.ocpi.wire.findings import Kind
from services.ocpi.wire.model import V230
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import read

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_END: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", re.ASCII)
_LATITUDE: Final = re.compile(r"-?[0-9]{1,2}\.[0-9]{5,7}", re.ASCII)
_LONGITUDE: Final = re.compile(r"-?[0-9]{1,3}\.[0-9]{5,7}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_HUGE: Final = Decimal(100_000)
_EVERYTHING: Final = Decimal(100)
_PARKING: Final = frozenset(ParkingPlace.__slots__) - {"parking_id", "vehicle_types"}
_NOT_KEPT: Final = {
    "": ("images", "related_locations", "publish_allowed_to"),
    "/evses": ("images", "status_schedule", "accepted_service_providers"),
    "/evses/connectors": ("terms_and_conditions",),
    "/parking_places": ("images", "standards", "apds_reference"),
}
"""Fields of OCPI that the registry has no place for."""


@dataclass(frozen=True)
class NotAPlace(Exception):
    """A location that cannot be registered: each reason names the field that it is about."""

    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "; ".join(self.reasons)


class ToldEvse(NamedTuple):
    """What is said about the EVSE with this id (uid or evse_id); `evse` without number and EVSE-ID."""

    uid: str
    evse: Evse
    connectors_told: bool

    def upon(self, own: Evse) -> Evse:
        """The registered EVSE as it is from now on."""
        said = replace(self.evse, evse_id=own.evse_id, evse_uid=own.evse_uid)
        if self.connectors_told:
            return said
        return replace(
            said,
            connectors=own.connectors,
            connector_standard=own.connector_standard,
            power_type=own.power_type,
            max_power_w=own.max_power_w,
        )


class Place(NamedTuple):
    """A location, what is said about its EVSEs, and what was tolerated."""

    location: Location
    evses: tuple[ToldEvse, ...]
    warnings: tuple[str, ...]


def place(told: Any, tenant: str, owner: Party, now: Millis) -> Place:
    """Read a location; whose it is, when it changed and how its EVSEs are need not be said.

    Raises NotAPlace with all reasons.
    """
    if not isinstance(told, dict):
        raise NotAPlace(("a location is a JSON object",))
    reading = read(_completed(told, owner, now), "Location", V230)
    value = reading.value
    broken = [str(finding) for finding in reading.broken if finding.kind is not Kind.CORRECTED]
    wrong = broken or list(_wrong(value))
    if wrong:
        raise NotAPlace(tuple(wrong))
    corrected = [str(finding) for finding in reading.findings if finding.kind is not Kind.UNKNOWN_FIELD]
    unknown = [f"{one.pointer}: not kept" for one in reading.findings if one.kind is Kind.UNKNOWN_FIELD]
    warnings = (*corrected, *unknown, *_not_kept(value), *_doubtful(value))
    bare = {
        str(_id(one)) for one in told.get("evses") or [] if isinstance(one, dict) and not one.get("connectors")
    }
    evses = tuple(_evse(one, one["uid"] not in bare) for one in value.get("evses") or [])
    return Place(_location(value, tenant, now), evses, warnings)


def merged(known: Any, change: Any) -> Any:
    """A JSON Merge Patch (RFC 7396): what is not mentioned stays, null removes; lists are replaced as a whole."""
    if not isinstance(change, dict):
        return change
    result = dict(known) if isinstance(known, dict) else {}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _completed(told: Mapping[str, Any], owner: Party, now: Millis) -> dict[str, Any]:
    """With what OCPI wants and the registry knows better."""
    at = {"last_updated": rfc3339(now)}
    evses = told.get("evses")
    if isinstance(evses, list):
        evses = [_completed_evse(one, at) for one in evses]
    party = {"country_code": owner.country_code, "party_id": owner.party_id, "publish": True}
    return party | dict(told) | at | ({} if evses is None else {"evses": evses})


def _completed_evse(told: Any, at: dict[str, str]) -> Any:
    if not isinstance(told, dict):
        return told
    plugs = told.get("connectors") or [_unnamed_connector()]
    if isinstance(plugs, list):
        plugs = [at | one if isinstance(one, dict) else one for one in plugs]
    known = {"uid": _id(told)} if _id(told) else {}
    return {**known, **told, "status": "UNKNOWN", "connectors": plugs, **at}


def _id(told: Mapping[str, Any]) -> Any:
    return told.get("uid") or told.get("evse_id")


def _unnamed_connector() -> dict[str, Any]:
    """Stands in for the connectors of an EVSE that keeps those it has."""
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 16,
    }


def _wrong(value: Mapping[str, Any]) -> Iterable[str]:
    """What OCPI's types permit and no location can be."""
    for name in ("address", "city"):
        if not value[name].strip():
            yield f"/{name}: it is empty"
    if not _COUNTRY.fullmatch(value["country"]):
        yield f"/country: {value['country']!r} is no ISO 3166-1 alpha-3 code like DEU"
    try:
        ZoneInfo(value["time_zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"/time_zone: {value['time_zone']!r} is no time zone like Europe/Berlin"
    yield from _misplaced(value.get("coordinates"), "")
    yield from _never_open(value.get("opening_times"))
    yield from _unbelievable(value)
    parking = {one["id"] for one in value.get("parking_places") or []}
    seen: set[str] = set()
    for number, evse in enumerate(value.get("evses") or []):
        where = f"/evses/{number}"
        yield from _misplaced(evse.get("coordinates"), where)
        if evse["uid"].lower() in seen:
            yield f"{where}/uid: {evse['uid']} is there twice"
        seen.add(evse["uid"].lower())
        for one in evse.get("parking") or []:
            if one["parking_id"] not in parking:
                yield f"{where}/parking: {one['parking_id']!r} is not among parking_places"
        yield from _misnumbered(evse["connectors"], where)


def _misplaced(coordinates: Mapping[str, str] | None, where: str) -> Iterable[str]:
    for name, form, most in (("latitude", _LATITUDE, 90), ("longitude", _LONGITUDE, 180)):
        said = coordinates[name] if coordinates else "0.00000"
        if not form.fullmatch(said) or abs(Decimal(said)) > most:
            yield f"{where}/coordinates/{name}: {said!r} is no {name} with 5 to 7 decimals like 53.543000"


def _misnumbered(plugs: Iterable[Mapping[str, Any]], where: str) -> Iterable[str]:
    seen: set[str] = set()
    for number, one in enumerate(plugs):
        pointer = f"{where}/connectors/{number}"
        if not (one["id"].isdecimal() and one["id"].isascii() and 0 < int(one["id"][:9]) < 100):
            yield f"{pointer}/id: {one['id']!r} is not its number in the EVSE, from 1"
        if one["id"] in seen:
            yield f"{pointer}/id: {one['id']!r} is there twice"
        seen.add(one["id"])
        for name in ("max_voltage", "max_amperage", "max_electric_power"):
            if not 0 < one.get(name, 1) < 2**31:
                yield f"{pointer}/{name}: {one[name]} is no such number"


def _never_open(hours: Mapping[str, Any] | None) -> Iterable[str]:
    if hours is None:
        return
    if not hours["twentyfourseven"] and not (hours.get("regular_hours") or hours.get("exceptional_openings")):
        yield "/opening_times: neither twentyfourseven nor regular_hours: it would never open"
    for number, one in enumerate(hours.get("regular_hours") or []):
        where = f"/opening_times/regular_hours/{number}"
        if not 1 <= one["weekday"] <= 7:
            yield f"{where}/weekday: {one['weekday']} is none from 1 (Monday) to 7 (Sunday)"
        for name, form in (("period_begin", _TIME), ("period_end", _END)):
            if not form.fullmatch(one[name]):
                yield f"{where}/{name}: {one[name]!r} is no time of the day like 08:00"
    for name in ("exceptional_openings", "exceptional_closings"):
        for number, one in enumerate(hours.get(name) or []):
            if parse_rfc3339(one["period_end"]) <= parse_rfc3339(one["period_begin"]):
                yield f"/opening_times/{name}/{number}: it ends before it begins"


def _unbelievable(value: Mapping[str, Any]) -> Iterable[str]:
    """Numbers that nobody measures: negative, huge, or finer than they are kept."""
    mix = value.get("energy_mix") or {}
    for list_name, name, places in (("energy_sources", "percentage", 4), ("environ_impact", "amount", 6)):
        for number, one in enumerate(mix.get(list_name) or []):
            if not _measured(one[name], places):
                yield f"/energy_mix/{list_name}/{number}/{name}: {one[name]} is no such number"
    for number, one in enumerate(value.get("parking_places") or []):
        for name in sorted(_PARKING & one.keys()):
            if isinstance(_exact(one[name]), Decimal) and not _measured(one[name], 3):
                yield f"/parking_places/{number}/{name}: {one[name]} is no such number"


def _measured(number: Decimal | int, places: int) -> bool:
    said = Decimal(number)
    return 0 <= said < _HUGE and said == round(said, places)


def _not_kept(value: Mapping[str, Any]) -> Iterable[str]:
    evses = value.get("evses") or []
    parts = {
        "": [value],
        "/evses": evses,
        "/evses/connectors": [plug for evse in evses for plug in evse["connectors"]],
        "/parking_places": value.get("parking_places") or [],
    }
    for where, names in _NOT_KEPT.items():
        for name in names:
            if any(name in part for part in parts[where]):
                yield f"{where}/{name}: not kept"


def _doubtful(value: Mapping[str, Any]) -> Iterable[str]:
    mix = value.get("energy_mix") or {}
    sources = mix.get("energy_sources") or []
    if sources and sum(Decimal(one["percentage"]) for one in sources) != _EVERYTHING:
        yield "/energy_mix/energy_sources: they do not add up to 100"
    hours = value.get("opening_times") or {}
    if hours.get("twentyfourseven") and hours.get("regular_hours"):
        yield "/opening_times/regular_hours: it is open all the time"


def _location(value: Mapping[str, Any], tenant: str, now: Millis) -> Location:
    return Location(
        tenant=tenant,
        location_id=value["id"],
        country_code=value["country_code"].upper(),
        party_id=value["party_id"].upper(),
        name=value.get("name") or "",
        address=value["address"],
        city=value["city"],
        postal_code=value.get("postal_code") or "",
        country=value["country"],
        latitude=value["coordinates"]["latitude"],
        longitude=value["coordinates"]["longitude"],
        time_zone=value["time_zone"],
        state=value.get("state"),
        publish=value["publish"],
        parking_type=value.get("parking_type"),
        opening_times=_opening_times(value.get("opening_times")),
        charging_when_closed=value.get("charging_when_closed"),
        directions=_directions(value),
        facilities=tuple(value.get("facilities") or ()),
        operator=_organisation(value.get("operator")),
        suboperator=_organisation(value.get("suboperator")),
        owner=_organisation(value.get("owner")),
        help_phone=value.get("help_phone"),
        energy_mix=_energy_mix(value.get("energy_mix")),
        parking_places=tuple(_parking_place(one) for one in value.get("parking_places") or ()),
        updated_at=now,
    )


def _directions(value: Mapping[str, Any]) -> tuple[LocalText, ...]:
    return tuple(LocalText(language=one["language"], text=one["text"]) for one in value.get("directions") or ())


def _organisation(value: Mapping[str, Any] | None) -> Organisation | None:
    return Organisation(name=value["name"], website=value.get("website")) if value else None


def _opening_times(value: Mapping[str, Any] | None) -> OpeningTimes | None:
    if value is None:
        return None
    periods = {
        name: tuple(
            ExceptionalPeriod(
                period_begin=parse_rfc3339(one["period_begin"]), period_end=parse_rfc3339(one["period_end"])
            )
            for one in value.get(name) or ()
        )
        for name in ("exceptional_openings", "exceptional_closings")
    }
    regular = tuple(
        RegularHours(weekday=one["weekday"], period_begin=one["period_begin"], period_end=one["period_end"])
        for one in value.get("regular_hours") or ()
    )
    return OpeningTimes(twentyfourseven=value["twentyfourseven"], regular_hours=regular, **periods)


def _energy_mix(value: Mapping[str, Any] | None) -> EnergyMix | None:
    if value is None:
        return None
    return EnergyMix(
        is_green_energy=value["is_green_energy"],
        energy_sources=tuple(
            EnergySource(source=one["source"], percentage=Decimal(one["percentage"]))
            for one in value.get("energy_sources") or ()
        ),
        environ_impact=tuple(
            EnvironmentalImpact(category=one["category"], amount=Decimal(one["amount"]))
            for one in value.get("environ_impact") or ()
        ),
        supplier_name=value.get("supplier_name"),
        energy_product_name=value.get("energy_product_name"),
    )


def _parking_place(value: Mapping[str, Any]) -> ParkingPlace:
    told = {name: _exact(value[name]) for name in _PARKING if value.get(name) is not None}
    return ParkingPlace(parking_id=value["id"], vehicle_types=tuple(value["vehicle_types"]), **told)


def _exact(value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _evse(value: Mapping[str, Any], connectors_told: bool) -> ToldEvse:
    plugs = tuple(_connector(one) for one in value["connectors"])
    coordinates = value.get("coordinates") or {}
    evse = Evse(
        evse_id=0,
        evse_uid="",
        connector_standard=plugs[0].connector_standard,
        power_type=plugs[0].power_type,
        max_power_w=max(power_w(one) for one in plugs),
        connectors=plugs,
        capabilities=tuple(one for one in value.get("capabilities") or () if one not in CAPABILITIES),
        parking_restrictions=tuple(value.get("parking_restrictions") or ()),
        parking=tuple(
            EvseParking(parking_id=one["parking_id"], evse_position=one.get("evse_position"))
            for one in value.get("parking") or ()
        ),
        floor_level=value.get("floor_level"),
        physical_reference=value.get("physical_reference"),
        latitude=coordinates.get("latitude"),
        longitude=coordinates.get("longitude"),
        directions=_directions(value),
    )
    return ToldEvse(value["uid"], evse, connectors_told)


def _connector(value: Mapping[str, Any]) -> Connector:
    return Connector(
        connector_id=int(value["id"]),
        connector_standard=value["standard"],
        connector_format=value["format"],
        power_type=value["power_type"],
        max_voltage_v=value["max_voltage"],
        max_amperage_a=value["max_amperage"],
        max_power_w=value.get("max_electric_power"),
        tariff_ids=tuple(value.get("tariff_ids") or ()),
        capabilities=tuple(value.get("capabilities") or ()),
    )
