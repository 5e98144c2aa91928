"""Locations for partners, from the registry and what stations say (mod_locations: Location, EVSE, Connector)."""

from collections.abc import Sequence
from typing import Any

from services.domain.equipment import Equipment, capabilities, changed_at, connectors, status
from services.domain.events.common import (
    Connector,
    EnergyMix,
    Evse,
    ExceptionalPeriod,
    LocalText,
    OpeningTimes,
    Organisation,
    ParkingPlace,
)
from services.domain.events.location import Location
from services.domain.events.station import Station
from services.domain.units import rfc3339
from services.ocpi.outbound.places import evse_uid
from services.ocpi.wire.strings import ci_text, coordinate, text

_PARKING = (
    "max_vehicle_weight",
    "max_vehicle_height",
    "max_vehicle_length",
    "max_vehicle_width",
    "parking_space_length",
    "parking_space_width",
    "dangerous_goods_allowed",
    "direction",
    "drive_through",
    "time_limit",
    "roofed",
    "lighting",
    "refrigeration_outlet",
    "physical_reference",
)


def location(
    place: Location, equipment: Sequence[Equipment], operator: str, warnings: list[str]
) -> dict[str, Any]:
    """A location with all EVSEs of its stations. What does not fit is added to `warnings`."""
    run_by = place.operator or Organisation(name=operator)
    return _known(
        {
            "country_code": place.country_code,
            "party_id": place.party_id,
            "id": ci_text(place.location_id, 36, "id", warnings),
            "publish": place.publish,
            "name": _text(place.name, 255, "name", warnings),
            "address": text(place.address, 255, "address", warnings),
            "city": text(place.city, 45, "city", warnings),
            "postal_code": _text(place.postal_code, 10, "postal_code", warnings),
            "state": _text(place.state, 45, "state", warnings),
            "country": text(place.country, 3, "country", warnings),
            "coordinates": _coordinates(place.latitude, place.longitude, warnings),
            "parking_type": place.parking_type,
            "evses": [evse(one, own, warnings) for one in equipment for own in one.station.evses],
            "parking_places": [_parking_place(one) for one in place.parking_places],
            "directions": _directions(place.directions, warnings),
            "operator": _organisation(run_by, "operator", warnings),
            "suboperator": _organisation(place.suboperator, "suboperator", warnings),
            "owner": _organisation(place.owner, "owner", warnings),
            "facilities": list(place.facilities),
            "time_zone": text(place.time_zone, 255, "time_zone", warnings),
            "opening_times": _opening_times(place.opening_times),
            "charging_when_closed": place.charging_when_closed,
            "energy_mix": _energy_mix(place.energy_mix),
            "help_phone": ci_text(place.help_phone, 25, "help_phone", warnings) if place.help_phone else None,
            "last_updated": rfc3339(changed_at(place, equipment)),
        }
    )


def evse(equipment: Equipment, own: Evse, warnings: list[str]) -> dict[str, Any]:
    """One EVSE with its connectors."""
    station = equipment.station
    placed = own.latitude is not None and own.longitude is not None
    return _known(
        {
            "uid": evse_uid(own.evse_uid, station.station_id, own.evse_id, warnings),
            "evse_id": ci_text(own.evse_uid, 48, "evse_id", warnings) if own.evse_uid else None,
            "status": status(equipment, own),
            "capabilities": capabilities(equipment, own),
            "connectors": [connector(station, one) for one in connectors(own)],
            "floor_level": _text(own.floor_level, 4, "floor_level", warnings),
            "coordinates": _coordinates(own.latitude or "", own.longitude or "", warnings) if placed else None,
            "physical_reference": _text(own.physical_reference, 16, "physical_reference", warnings),
            "directions": _directions(own.directions, warnings),
            "parking_restrictions": list(own.parking_restrictions),
            "parking": [
                _known({"parking_id": one.parking_id, "evse_position": one.evse_position}) for one in own.parking
            ],
            "last_updated": rfc3339(equipment.changed_at),
        }
    )


def connector(station: Station, own: Connector) -> dict[str, Any]:
    """mod_locations: Connector. What drivers are shown to cost is the station's tariff unless it has its own."""
    tariffs = own.tariff_ids or ((station.tariff_id,) if station.tariff_id else ())
    return _known(
        {
            "id": str(own.connector_id),
            "standard": own.connector_standard,
            "format": own.connector_format,
            "power_type": own.power_type,
            "max_voltage": own.max_voltage_v,
            "max_amperage": own.max_amperage_a,
            "max_electric_power": own.max_power_w,
            "tariff_ids": [tariff_id[:36] for tariff_id in tariffs],
            "capabilities": list(own.capabilities),
            "last_updated": rfc3339(station.updated_at),
        }
    )


def _known(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None and value != []}


def _text(value: str | None, most: int, field: str, warnings: list[str]) -> str | None:
    return text(value, most, field, warnings) if value else None


def _coordinates(latitude: str, longitude: str, warnings: list[str]) -> dict[str, str]:
    return {
        "latitude": coordinate(latitude, 2, "coordinates.latitude", warnings),
        "longitude": coordinate(longitude, 3, "coordinates.longitude", warnings),
    }


def _organisation(one: Organisation | None, field: str, warnings: list[str]) -> dict[str, Any] | None:
    if one is None:
        return None
    return _known({"name": text(one.name, 100, f"{field}.name", warnings), "website": one.website})


def _directions(texts: Sequence[LocalText], warnings: list[str]) -> list[dict[str, str]]:
    return [{"language": one.language, "text": text(one.text, 512, "directions.text", warnings)} for one in texts]


def _opening_times(times: OpeningTimes | None) -> dict[str, Any] | None:
    if times is None:
        return None
    return _known(
        {
            "twentyfourseven": times.twentyfourseven,
            "regular_hours": [
                {"weekday": one.weekday, "period_begin": one.period_begin, "period_end": one.period_end}
                for one in times.regular_hours
            ],
            "exceptional_openings": [_period(one) for one in times.exceptional_openings],
            "exceptional_closings": [_period(one) for one in times.exceptional_closings],
        }
    )


def _period(one: ExceptionalPeriod) -> dict[str, str]:
    return {"period_begin": rfc3339(one.period_begin), "period_end": rfc3339(one.period_end)}


def _energy_mix(mix: EnergyMix | None) -> dict[str, Any] | None:
    if mix is None:
        return None
    return _known(
        {
            "is_green_energy": mix.is_green_energy,
            "energy_sources": [{"source": one.source, "percentage": one.percentage} for one in mix.energy_sources],
            "environ_impact": [{"category": one.category, "amount": one.amount} for one in mix.environ_impact],
            "supplier_name": mix.supplier_name,
            "energy_product_name": mix.energy_product_name,
        }
    )


def _parking_place(one: ParkingPlace) -> dict[str, Any]:
    return _known(
        {
            "id": one.parking_id,
            "vehicle_types": list(one.vehicle_types),
            "restricted_to_type": one.restricted_to_type,
            "reservation_required": one.reservation_required,
        }
        | {name: getattr(one, name) for name in _PARKING}
    )
