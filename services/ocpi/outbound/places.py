"""Where it was charged: EVSEs and connectors of the registry, and locations as a CDR froze them.

OCPP 1.6 knows connectors only. Each is an EVSE of its own in OCPI, with one connector, "1" (roaming: one OCPP
connector is one EVSE).
"""

from services.domain.equipment import connectors
from services.domain.events.common import CdrLocation, ChargeDetail, Connector, Evse
from services.domain.events.station import Station
from services.ocpi.wire import v230
from services.ocpi.wire.strings import NOT_AVAILABLE, ci_text, coordinate, text

_UNKNOWN_EVSE = Evse(evse_id=0, evse_uid="")


def evse_of(station: Station | None, evse_id: int | None) -> Evse | None:
    """The registry's entry of an EVSE."""
    evses = station.evses if station else ()
    return next((evse for evse in evses if evse.evse_id == evse_id), None)


def evse_uid(uid: str | None, station_id: str, evse_id: int | None, warnings: list[str]) -> str:
    """EVSE.uid: as registered, else made of the station's identity and the EVSE's number."""
    return ci_text(uid or f"{station_id}-{evse_id or 0}", 36, "evse_uid", warnings)


def connector_id(protocol: str, number: int | None) -> str:
    """Connector.id in its EVSE."""
    return "1" if protocol.startswith("ocpp1.") else str(number or 1)


def _connector(own: Evse, told_id: str) -> Connector:
    """The connector of an EVSE that was used, else its first."""
    known = connectors(own)
    return next((one for one in known if str(one.connector_id) == told_id), known[0])


def cdr_location(detail: ChargeDetail, station: Station | None, warnings: list[str]) -> v230.CdrLocation:
    """Location, EVSE and connector of a CDR. What the record does not know says `#NA`, which is a warning."""
    evse = evse_of(station, detail.evse_id)
    if evse is None:
        warnings.append("cdr_location: EVSE not in the registry, its connector is assumed")
        evse = _UNKNOWN_EVSE
    place = detail.location or _unknown_place(warnings)
    used = connector_id(detail.protocol, detail.connector_id)
    plug = _connector(evse, used)
    return v230.CdrLocation(
        id=ci_text(place.location_id, 36, "cdr_location.id", warnings),
        name=text(place.name, 255, "cdr_location.name", warnings) if place.name else None,
        address=text(place.address, 45, "cdr_location.address", warnings),
        city=text(place.city, 45, "cdr_location.city", warnings),
        postal_code=text(place.postal_code, 10, "cdr_location.postal_code", warnings)
        if place.postal_code
        else None,
        country=text(place.country, 3, "cdr_location.country", warnings),
        coordinates=v230.GeoLocation(
            latitude=coordinate(place.latitude, 2, "cdr_location.latitude", warnings),
            longitude=coordinate(place.longitude, 3, "cdr_location.longitude", warnings),
        ),
        evse_uid=evse_uid(detail.evse_uid, detail.station_id, detail.evse_id, warnings),
        evse_id=ci_text(detail.evse_uid or "", 48, "cdr_location.evse_id", warnings),
        connector_id=used,
        connector_standard=plug.connector_standard,
        connector_format=plug.connector_format,
        connector_power_type=plug.power_type,
    )


def _unknown_place(warnings: list[str]) -> CdrLocation:
    warnings.append("cdr_location: the station had no location")
    return CdrLocation(
        location_id=NOT_AVAILABLE,
        name="",
        address=NOT_AVAILABLE,
        city=NOT_AVAILABLE,
        postal_code="",
        country=NOT_AVAILABLE,
        latitude="",
        longitude="",
        time_zone="",
    )
