"""What Regulation (EU) 2023/1804, Article 20(2) asks operators to publish, and is not known here. Pure."""

from collections.abc import Iterable

from services.domain.equipment import Equipment
from services.domain.events.common import Evse
from services.nap.outbound.scene import Place, Scene
from services.nap.outbound.words import CONNECTORS, evse_id


def gaps(scene: Scene) -> list[str]:
    """One sentence each, in the order of places; empty when everything is there."""
    return [f"{place.location.location_id}: {gap}" for place in scene.places for gap in _of(scene, place)]


def _of(scene: Scene, place: Place) -> Iterable[str]:
    where = place.location
    if where.opening_times is None:
        yield "opening_times are not said"
    if where.operator is None:
        yield "no operator is named, ours is published"
    if not where.help_phone:
        yield "help_phone is not said, there is nobody to call"
    if where.energy_mix is None:
        yield "energy_mix is not said: is all of it renewable?"
    if not where.parking_places:
        yield "parking_places are not said: are there any for persons with disabilities?"
    if not place.equipment:
        yield "no station stands there"
    for one in place.equipment:
        for own in one.station.evses:
            yield from (f"{_named(one, own)}: {gap}" for gap in _of_evse(scene, one, own))


def _of_evse(scene: Scene, one: Equipment, own: Evse) -> Iterable[str]:
    if evse_id(own.evse_uid) is None:
        yield "its id is no EVSE-ID of ISO 15118-2 and is left out"
    if scene.tariff(one, own) is None:
        yield "there is no price for those without a contract"
    if own.connector_standard not in CONNECTORS:
        yield f"{own.connector_standard} is published as another connector"


def _named(one: Equipment, own: Evse) -> str:
    return own.evse_uid or f"{one.station.station_id} EVSE {own.evse_id}"
