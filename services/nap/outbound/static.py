"""The static half: EnergyInfrastructureTablePublication of the AFIR recharging profile 01-00-00. Pure.

A location is a site, a station a station, an EVSE a refill point.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from services.domain.equipment import Equipment, capabilities, connectors, power_w
from services.domain.events.common import Connector, EnergyMix, Evse, Organisation, ParkingPlace
from services.domain.events.location import Location
from services.domain.units import Millis, rfc3339
from services.nap.outbound.hours import operating_hours, utc_offset
from services.nap.outbound.rates import energy_rate
from services.nap.outbound.scene import (
    Place,
    Publisher,
    Scene,
    identity,
    point_id,
    site_id,
    station_id,
    table_id,
    version,
)
from services.nap.outbound.words import (
    CONNECTORS,
    FACILITIES,
    IDENTIFICATION,
    PLUG_AND_CHARGE,
    SITES,
    USERS,
    VEHICLES,
    address_lines,
    country,
    evse_id,
    identifier,
    known,
    text,
    word,
    words,
)

PROFILE: Final = {
    "modelBaseVersionG": "3",
    "profileNameG": "AFIR Energy Infrastructure",
    "profileVersionG": "01-00-00",
}
_PER_METRE: Final = Decimal(100)
_PER_TONNE: Final = Decimal(1000)
_IMPACTS: Final = {"CARBON_DIOXIDE": "carbonDioxideImpact", "NUCLEAR_WASTE": "nuclearWasteImpact"}


def head(publisher: Publisher, now: Millis) -> dict[str, Any]:
    """What both publications begin with."""
    return {
        "lang": publisher.language,
        "publicationTime": rfc3339(now),
        "publicationCreator": {"country": publisher.country_code, "nationalIdentifier": publisher.creator},
        "headerInformation": {
            "confidentiality": word("noRestriction"),
            "informationStatus": word("test" if publisher.test else "real"),
        },
    }


def table_version(scene: Scene) -> str:
    """Of the table: changes when any of it does."""
    changes = [one.changed_at for one in scene.places]
    changes += [one.updated_at for one in scene.tariffs.values()]
    return version(max(changes, default=0))


def table_publication(scene: Scene, publisher: Publisher, now: Millis) -> dict[str, Any] | None:
    """The whole document; None while no location is public, which the profile has no document for."""
    if not scene.places:
        return None
    table = {
        "idG": table_id(scene.tenant),
        "versionG": table_version(scene),
        "tableName": publisher.name,
        "energyInfrastructureSite": [_site(scene, place, publisher, now) for place in scene.places],
    }
    publication = head(publisher, now) | {"energyInfrastructureTable": [table]}
    return {"payload": PROFILE | {"aegiEnergyInfrastructureTablePublication": publication}}


def _site(scene: Scene, place: Place, publisher: Publisher, now: Millis) -> dict[str, Any]:
    where, lang = place.location, publisher.language
    operator = where.operator or Organisation(name=publisher.name)
    party = f"{where.country_code}*{where.party_id}"
    return known(
        {
            "idG": site_id(where),
            "versionG": version(place.changed_at),
            "name": text(where.name, lang) if where.name else None,
            "lastUpdated": rfc3339(place.changed_at),
            "accessibility": words(_accessibility(where.parking_places)),
            "additionalInformation": [text(one.text, one.language) for one in where.directions],
            "typeOfSite": word(SITES.get(where.parking_type, "other")) if where.parking_type else None,
            "exclusiveUsers": words(_users(place)),
            "operatingHours": operating_hours(where, now),
            "locationReference": {"locPointLocation": _point(where, publisher, now)},
            "owner": _organisation(where.owner, lang) if where.owner else None,
            "operator": _organisation(operator, lang, party),
            "helpdesk": _organisation(operator, lang, phone=where.help_phone) if where.help_phone else None,
            "dedicatedParkingSpaces": [_parking(where, one, lang) for one in where.parking_places],
            "supplementalFacility": [_facility(where, one) for one in where.facilities if one in FACILITIES],
            "energyInfrastructureStation": [
                _station(scene, place, one, lang, now) for one in place.equipment if one.station.evses
            ],
        }
    )


def _point(where: Location, publisher: Publisher, now: Millis) -> dict[str, Any]:
    lang = publisher.language
    coordinates = _coordinates(where.latitude, where.longitude)
    address = {
        "postcode": where.postal_code or None,
        "city": text(where.city, lang),
        "countryCode": country(where.country, publisher.country_code),
        "addressLine": address_lines(where.address, lang),
    }
    facility = {"timeZone": utc_offset(where, now), "address": known(address)}
    return {
        "coordinatesForDisplay": coordinates,
        "locLocationExtensionG": {"FacilityLocation": facility},
        "pointByCoordinates": {"pointCoordinates": coordinates},
    }


def _coordinates(latitude: str, longitude: str) -> dict[str, Decimal]:
    return {"latitude": Decimal(latitude), "longitude": Decimal(longitude)}


def _organisation(one: Organisation, lang: str, party: str = "", phone: str | None = None) -> dict[str, Any]:
    unit = {"contactInformation": [{"afacContactInformation": {"telephoneNumber": phone}}]} if phone else None
    return {
        "afacAnOrganisation": known(
            {
                "name": text(one.name, lang),
                "linkToGeneralInformation": one.website,
                "organisationUnit": [unit] if unit else None,
                "externalIdentifier": [identifier(party, "operatorId")] if party else None,
            }
        )
    }


def _accessibility(places: Iterable[ParkingPlace]) -> Iterable[str]:
    return ("disabilityAccessible" for one in places if "DISABLED" in one.vehicle_types)


def _users(place: Place) -> list[str]:
    """Whoever alone may charge there: what holds of every EVSE."""
    evses = [own for one in place.equipment for own in one.station.evses]
    shared = set.intersection(*(set(own.parking_restrictions) for own in evses)) if evses else set()
    return [USERS[one] for one in sorted(shared) if one in USERS] or ["allUsers"]


def _parking(where: Location, one: ParkingPlace, lang: str) -> dict[str, Any]:
    """One space. OCPI measures in centimetres and kilograms, the profile in metres and tonnes."""
    vehicles = words(VEHICLES[name] for name in one.vehicle_types if name in VEHICLES)
    limits = known(
        {
            "vehicleType": vehicles,
            "grossWeightCharacteristic": _at_most(
                "grossVehicleWeight", one.max_vehicle_weight, _PER_TONNE, typeOfWeight=word("maximumPermitted")
            ),
            "heightCharacteristic": _at_most("vehicleHeight", one.max_vehicle_height),
            "lengthCharacteristic": _at_most("vehicleLength", one.max_vehicle_length),
            "widthCharacteristic": _at_most("vehicleWidth", one.max_vehicle_width),
        }
    )
    size = known({"length": _metres(one.parking_space_length), "width": _metres(one.parking_space_width)})
    amenities = known({"illuminated": one.lighting, "roofed": one.roofed})
    minutes = None if one.time_limit is None else text(f"{one.time_limit.normalize():f} min", lang)
    return known(
        {
            "idG": identity("parking", where.tenant, where.location_id, one.parking_id),
            "versionG": version(where.updated_at),
            "name": text(one.physical_reference, lang) if one.physical_reference else None,
            "accessibility": words(_accessibility([one])),
            "additionalInformation": [minutes] if minutes else None,
            "applicableForVehicles": [limits] if limits else None,
            "dimension": size or None,
            "amenities": amenities or None,
            "numberOfSpaces": 1,
            "userSpecific": words(["personsWithDisabilities"]) if "DISABLED" in one.vehicle_types else None,
        }
    )


def _at_most(name: str, limit: Decimal | None, unit: Decimal = _PER_METRE, **more: Any) -> list[dict[str, Any]]:
    if limit is None:
        return []
    return [{"comparisonOperator": word("lessThanOrEqualTo"), name: limit / unit} | more]


def _metres(centimetres: Decimal | None) -> Decimal | None:
    return None if centimetres is None else centimetres / _PER_METRE


def _facility(where: Location, name: str) -> dict[str, Any]:
    told = {
        "idG": identity("facility", where.tenant, where.location_id, name),
        "versionG": version(where.updated_at),
        "serviceFacilityType": word(FACILITIES[name]),
    }
    return {"afacSupplementalServiceFacility": told}


def _station(scene: Scene, place: Place, one: Equipment, lang: str, now: Millis) -> dict[str, Any]:
    station = one.station
    can = sorted({name for own in station.evses for name in capabilities(one, own)})
    plugs = [plug for own in station.evses for plug in connectors(own)]
    means = [IDENTIFICATION[name] for name in can if name in IDENTIFICATION]
    return {
        "idG": station_id(one),
        "versionG": version(station.updated_at),
        "lastUpdated": rfc3339(station.updated_at),
        "totalMaximumPower": sum(max(power_w(plug) for plug in connectors(own)) for own in station.evses),
        "authenticationAndIdentificationMethods": words([*means, *(["plc"] if _plug_and_charge(plugs) else [])]),
        "numberOfRefillPoints": len(station.evses),
        "serviceType": [{"serviceType": word("unattended")}],
        "refillPoint": [
            {"aegiElectricChargingPoint": _refill_point(scene, place, one, own, lang, now)}
            for own in station.evses
        ],
    }


def _plug_and_charge(plugs: Iterable[Connector]) -> bool:
    return any(PLUG_AND_CHARGE & set(plug.capabilities) for plug in plugs)


def _refill_point(scene: Scene, place: Place, one: Equipment, own: Evse, lang: str, now: Millis) -> dict[str, Any]:
    plugs = connectors(own)
    spelled = evse_id(own.evse_uid)
    can = capabilities(one, own)
    auto = _plug_and_charge(plugs)
    placed = own.latitude is not None and own.longitude is not None
    point = _coordinates(own.latitude or "0", own.longitude or "0")
    return known(
        {
            "idG": point_id(one, own),
            "versionG": version(one.station.updated_at),
            "name": text(own.physical_reference, lang) if own.physical_reference else None,
            "lastUpdated": rfc3339(one.station.updated_at),
            "accessibility": words(_accessible(place, own)),
            "additionalInformation": [text(found.text, found.language) for found in own.directions],
            "deliveryUnit": word("kWh"),
            "reservation": word("optional" if "RESERVABLE" in can else "notAvailable"),
            "currentType": word("dc" if any(plug.power_type == "DC" for plug in plugs) else "ac"),
            "usageType": words(["electricVehicle"]),
            "vehicleToGridCommunicationType": words(["iso15118"]) if auto else None,
            "numberOfConnectors": len(plugs),
            "availableVoltage": sorted({plug.max_voltage_v for plug in plugs}),
            "availableChargingPower": sorted({power_w(plug) for plug in plugs}),
            "smartRechargingServices": words(["remoteMonitoring", *(["plugAndCharge"] if auto else [])]),
            "externalIdentifier": [identifier(spelled, "evseId")] if spelled else None,
            "locationReference": {"locPointLocation": {"pointByCoordinates": {"pointCoordinates": point}}}
            if placed
            else None,
            "connector": [_connector(plug) for plug in plugs],
            "electricEnergy": _energy(scene, place, one, own, lang, now),
        }
    )


def _accessible(place: Place, own: Evse) -> Iterable[str]:
    near = {one.parking_id for one in own.parking}
    if "DISABLED" in own.parking_restrictions:
        return ("disabilityAccessible",)
    return _accessibility(one for one in place.location.parking_places if one.parking_id in near)


def _connector(plug: Connector) -> dict[str, Any]:
    kind = CONNECTORS.get(plug.connector_standard)
    return known(
        {
            "connectorType": word(kind or "other"),
            "otherConnector": None if kind else plug.connector_standard,
            "connectorFormat": word(_format(plug)),
            "maxPowerAtSocket": power_w(plug),
            "voltage": plug.max_voltage_v,
            "maximumCurrent": plug.max_amperage_a,
        }
    )


def _format(plug: Connector) -> str:
    if plug.connector_format != "CABLE":
        return "socket"
    return "otherCable" if plug.power_type == "DC" else "cableMode3"


def _energy(scene: Scene, place: Place, one: Equipment, own: Evse, lang: str, now: Millis) -> list[dict[str, Any]]:
    """What comes out, and what somebody without a contract pays for it."""
    tariff = scene.tariff(one, own)
    told = _mix(place.location.energy_mix, lang)
    if tariff is not None:
        told["energyRate"] = [energy_rate(tariff, place.location, capabilities(one, own), lang, now)]
    return [told] if told else []


def _mix(mix: EnergyMix | None, lang: str) -> dict[str, Any]:
    if mix is None:
        return {}
    impacts = {_IMPACTS[one.category]: one.amount for one in mix.environ_impact if one.category in _IMPACTS}
    name = mix.energy_product_name or mix.supplier_name
    return (
        known({"energyProductName": text(name, lang) if name else None, "isGreenEnergy": mix.is_green_energy})
        | impacts
    )
