"""Locations for partners, from the registry and what stations say (mod_locations: Location, EVSE, Connector)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from services.domain.events.common import ConnectorStatus, Evse
from services.domain.events.location import Location
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.units import Millis, rfc3339
from services.ocpi.outbound.places import connector_format, evse_uid
from services.ocpi.wire.strings import ci_text, coordinate, text

CAPABILITIES: Final = ("REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE")
"""What partners can make use of here."""

PLANNED: Final = ("CHARGING_PREFERENCES_CAPABLE", "CHARGING_PROFILE_CAPABLE", "RESERVABLE")
"""What stations of OCPP 2.x are taken to be capable of besides. Others may be; they say so when they are asked."""

_STATUSES: Final = {
    "Available": "AVAILABLE",
    "Occupied": "CHARGING",
    "Reserved": "RESERVED",
    "Unavailable": "INOPERATIVE",
    "Faulted": "OUTOFORDER",
}
"""From OCPP 2.0.1 ConnectorStatusEnumType; CHARGING is "in use" in OCPI, whether or not current flows."""

_BEST_FIRST: Final = ("CHARGING", "RESERVED", "AVAILABLE", "INOPERATIVE", "OUTOFORDER", "UNKNOWN")
"""What an EVSE of several connectors is: in use when one is, available when one is."""

_WHOLE_STATION: Final = ("INOPERATIVE", "OUTOFORDER")
_VOLTS: Final = {"DC": 400}
_PHASES: Final = {"AC_3_PHASE": 3, "AC_2_PHASE": 2, "AC_2_PHASE_SPLIT": 2}


@dataclass(frozen=True, slots=True)
class Equipment:
    """A station with what is known about it now."""

    station: Station
    status: StationStatus | None = None
    connection: Connection | None = None

    @property
    def connected(self) -> bool:
        return self.connection is not None and self.connection.connected

    @property
    def changed_at(self) -> Millis:
        """When anything about it last became known."""
        times = [self.station.updated_at]
        times += [self.status.updated_at] if self.status else []
        times += [self.connection.since] if self.connection else []
        return max(times)


def changed_at(place: Location, equipment: Sequence[Equipment]) -> Millis:
    """A location changes when anything in it does (mod_locations: last_updated)."""
    return max([place.updated_at, *(one.changed_at for one in equipment)])


def location(
    place: Location, equipment: Sequence[Equipment], operator: str, warnings: list[str]
) -> dict[str, Any]:
    """A location with all EVSEs of its stations. What does not fit is added to `warnings`."""
    told: dict[str, Any] = {
        "country_code": place.country_code,
        "party_id": place.party_id,
        "id": ci_text(place.location_id, 36, "id", warnings),
        "publish": True,
        "name": text(place.name, 255, "name", warnings) if place.name else None,
        "address": text(place.address, 255, "address", warnings),
        "city": text(place.city, 45, "city", warnings),
        "postal_code": text(place.postal_code, 10, "postal_code", warnings) if place.postal_code else None,
        "country": text(place.country, 3, "country", warnings),
        "coordinates": {
            "latitude": coordinate(place.latitude, 2, "coordinates.latitude", warnings),
            "longitude": coordinate(place.longitude, 3, "coordinates.longitude", warnings),
        },
        "time_zone": text(place.time_zone, 255, "time_zone", warnings),
        "evses": [evse(one, own, warnings) for one in equipment for own in one.station.evses],
        "operator": {"name": text(operator, 100, "operator.name", warnings)},
        "last_updated": rfc3339(changed_at(place, equipment)),
    }
    return {name: value for name, value in told.items() if value not in (None, [])}


def evse(equipment: Equipment, own: Evse, warnings: list[str]) -> dict[str, Any]:
    """One EVSE with its one connector."""
    station = equipment.station
    told: dict[str, Any] = {"uid": evse_uid(own.evse_uid, station.station_id, own.evse_id, warnings)}
    if own.evse_uid:
        told["evse_id"] = ci_text(own.evse_uid, 48, "evse_id", warnings)
    return told | {
        "status": status(equipment, own),
        "capabilities": capabilities(equipment),
        "connectors": [connector(station, own)],
        "last_updated": rfc3339(equipment.changed_at),
    }


def capabilities(equipment: Equipment) -> list[str]:
    """mod_locations: Capability."""
    planned = equipment.connection is not None and equipment.connection.protocol.startswith("ocpp2.")
    return sorted([*CAPABILITIES, *(PLANNED if planned else ())])


def status(equipment: Equipment, own: Evse) -> str:
    """mod_locations: Status. A station that is away says nothing about its EVSEs."""
    if not equipment.station.enabled:
        return "INOPERATIVE"
    if not equipment.connected or equipment.status is None:
        return "UNKNOWN"
    connectors = equipment.status.connectors
    whole = [_status(one) for one in connectors if one.evse_id == 0]
    found = [_status(one) for one in connectors if one.evse_id == own.evse_id]
    out_of_use = [word for word in whole if word in _WHOLE_STATION]
    return min(out_of_use or found or ["UNKNOWN"], key=_BEST_FIRST.index)


def _status(said: ConnectorStatus) -> str:
    return _STATUSES.get(said.status, "UNKNOWN")


def connector(station: Station, own: Evse) -> dict[str, Any]:
    """mod_locations: Connector. The registry knows the power; current follows from it at the usual voltage."""
    volts = _VOLTS.get(own.power_type, 230)
    amperes = Decimal(own.max_power_w) / (volts * _PHASES.get(own.power_type, 1))
    told = {
        "id": "1",
        "standard": own.connector_standard,
        "format": connector_format(own),
        "power_type": own.power_type,
        "max_voltage": volts,
        "max_amperage": int(amperes.to_integral_value(ROUND_HALF_EVEN)),
        "max_electric_power": own.max_power_w,
        "last_updated": rfc3339(station.updated_at),
    }
    return told | ({"tariff_ids": [station.tariff_id[:36]]} if station.tariff_id else {})
