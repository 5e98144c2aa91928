"""The dynamic half: EnergyInfrastructureStatusPublication of the AFIR recharging profile 01-00-00. Pure.

It is always whole: how every EVSE is, and what it costs there now. Objects are named as in the table.
"""

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


def _site(scene: Scene, place: Place, publisher: Publisher, now: Millis) -> dict[str, Any]:
    return known(
        {
            "reference": _reference(site_id(place.location), place.changed_at),
            "lastUpdated": rfc3339(changed_at(place.location, place.equipment)),
            "energyInfrastructureStationStatus": [
                _station(scene, place, one, publisher, now) for one in place.equipment if one.station.evses
            ],
        }
    )


def _station(scene: Scene, place: Place, one: Equipment, publisher: Publisher, now: Millis) -> dict[str, Any]:
    return {
        "reference": _reference(station_id(one), one.station.updated_at),
        "lastUpdated": rfc3339(one.changed_at),
        "isAvailable": any(status(one, own) == "AVAILABLE" for own in one.station.evses),
        "refillPointStatus": [
            {"aegiElectricChargingPointStatus": _point(scene, place, one, own, publisher, now)}
            for own in one.station.evses
        ],
    }


def _point(
    scene: Scene, place: Place, one: Equipment, own: Evse, publisher: Publisher, now: Millis
) -> dict[str, Any]:
    tariff = scene.tariff(one, own)
    told = {
        "reference": _reference(point_id(one, own), one.station.updated_at),
        "lastUpdated": rfc3339(one.changed_at),
        "status": word(STATUSES[status(one, own)]),
    }
    if tariff is None:
        return told
    terms = scene.terms(tariff, place.location, now)
    rate = energy_rate_update(tariff, terms, place.location, publisher.language, now)
    return told | {"energyRateUpdate": [rate]}


def _reference(identity: str, changed: Millis) -> dict[str, str]:
    return {"targetClass": "FacilityObject", "idG": identity, "versionG": version(changed)}
