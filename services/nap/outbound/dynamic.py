"""The dynamic half: EnergyInfrastructureStatusPublication of the AFIR recharging profile 01-00-00. Pure.

It is always whole: how every EVSE is, and what it costs there now. Objects are named as in the table.
"""

from collections.abc import Mapping
from typing import Any

from services.domain.equipment import Equipment, changed_at, status
from services.domain.events.common import Evse
from services.domain.units import Millis, rfc3339
from services.nap.outbound.rates import energy_rate_update
from services.nap.outbound.scene import Place, Publisher, Scene, point_id, site_id, station_id, table_id, version
from services.nap.outbound.static import PROFILE, head, table_version
from services.nap.outbound.words import STATUSES, known, word

_EXCHANGE = "snapshotPull"


def status_publication(scene: Scene, publisher: Publisher, now: Millis) -> dict[str, Any] | None:
    """The whole document; None while no location is public: there is no table that it could refer to."""
    if not scene.places:
        return None
    table = {
        "targetClass": "EnergyInfrastructureTable",
        "idG": table_id(scene.tenant),
        "versionG": table_version(scene),
    }
    publication = head(publisher, now) | {
        "tableReference": [table],
        "energyInfrastructureSiteStatus": [_site(scene, place, publisher, now) for place in scene.places],
    }
    exchange = {
        "exchangeContext": {
            "codedExchangeProtocol": word(_EXCHANGE),
            "exchangeSpecificationVersion": "3.0",
            "supplierOrCisRequester": {},
        },
        "dynamicInformation": {
            "exchangeStatus": word("online"),
            "messageGenerationTimestamp": rfc3339(now),
        },
    }
    payload = [PROFILE | {"aegiEnergyInfrastructureStatusPublication": publication}]
    return {"messageContainer": {"payload": payload, "exchangeInformation": exchange}}


Rates = Mapping[tuple[str, int], dict[str, Any]]
"""What it costs now, by station and EVSE."""


def _site(scene: Scene, place: Place, publisher: Publisher, now: Millis) -> dict[str, Any]:
    rates = _rates(scene, place, publisher, now)
    return known(
        {
            "reference": _reference(site_id(place.location), place.changed_at),
            "lastUpdated": rfc3339(changed_at(place.location, place.equipment)),
            "energyInfrastructureStationStatus": [
                _station(one, rates) for one in place.equipment if one.station.evses
            ],
        }
    )


def _rates(scene: Scene, place: Place, publisher: Publisher, now: Millis) -> Rates:
    """Made once for each tariff of the place."""
    made: dict[str, dict[str, Any]] = {}
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for one in place.equipment:
        for own in one.station.evses:
            tariff = scene.tariff(one, own)
            if tariff is None:
                continue
            if tariff.tariff_id not in made:
                terms = scene.terms(tariff, place.location, now)
                made[tariff.tariff_id] = energy_rate_update(tariff, terms, place.location, publisher.language, now)
            found[one.station.station_id, own.evse_id] = made[tariff.tariff_id]
    return found


def _station(one: Equipment, rates: Rates) -> dict[str, Any]:
    return {
        "reference": _reference(station_id(one), one.station.updated_at),
        "lastUpdated": rfc3339(one.changed_at),
        "isAvailable": any(status(one, own) == "AVAILABLE" for own in one.station.evses),
        "refillPointStatus": [
            {"aegiElectricChargingPointStatus": _point(one, own, rates)} for own in one.station.evses
        ],
    }


def _point(one: Equipment, own: Evse, rates: Rates) -> dict[str, Any]:
    told = {
        "reference": _reference(point_id(one, own), one.station.updated_at),
        "lastUpdated": rfc3339(one.changed_at),
        "status": word(STATUSES[status(one, own)]),
    }
    rate = rates.get((one.station.station_id, own.evse_id))
    return told | ({"energyRateUpdate": [rate]} if rate else {})


def _reference(identity: str, changed: Millis) -> dict[str, str]:
    return {"targetClass": "FacilityObject", "idG": identity, "versionG": version(changed)}
