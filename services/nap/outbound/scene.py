"""What a publication is made of: places that are public, what stands there, and what it costs. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.domain.equipment import Equipment, connectors
from services.domain.events.common import Evse, RegistrationStatus, TariffTerms
from services.domain.events.location import Location
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.ids import derived_id
from services.domain.tariff.announced import terms_at
from services.domain.units import Millis

_FOR_ANYBODY = ("AD_HOC_PAYMENT", None)
"""Types of tariffs that somebody without a contract pays, the plainest first; null is for all."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes: `name` runs what names no operator, `creator` is how the access point knows us."""

    country_code: str
    creator: str
    name: str
    language: str = "de"
    test: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A location and the stations there."""

    location: Location
    equipment: tuple[Equipment, ...]

    @property
    def changed_at(self) -> Millis:
        """When its static data changed; what stations say does not count."""
        return max([self.location.updated_at, *(one.station.updated_at for one in self.equipment)])


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything of one operator at a moment. Tariffs by their id, announced prices by that of their tariff."""

    tenant: str
    places: tuple[Place, ...]
    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    announced: Mapping[str, Sequence[EnergyPriceAnnounced]] = field(default_factory=dict)

    def tariff(self, equipment: Equipment, own: Evse) -> Tariff | None:
        """What somebody without a contract pays at an EVSE: the first tariff that is there for them."""
        station = equipment.station
        named = [name for plug in connectors(own) for name in plug.tariff_ids]
        ids = [*named, *([station.tariff_id] if station.tariff_id else [])]
        known = [self.tariffs[name] for name in ids if name in self.tariffs]
        found = (one for kind in _FOR_ANYBODY for one in known if one.terms.type == kind)
        return next(found, None)

    def terms(self, tariff: Tariff, location: Location, now: Millis) -> TariffTerms:
        """With the price that is announced for this place and moment."""
        prices = self.announced.get(tariff.tariff_id, ())
        return terms_at(tariff.terms, prices, location.location_id, now)


def public(
    tenant: str,
    locations: Sequence[Location],
    equipment: Sequence[Equipment],
) -> tuple[Place, ...]:
    """Places that may be published, with the stations that are in operation; in the order of their ids."""
    shown = sorted(
        (one for one in locations if one.publish and one.tenant == tenant), key=lambda one: one.location_id
    )
    there: defaultdict[str | None, list[Equipment]] = defaultdict(list)
    for one in sorted(equipment, key=lambda one: one.station.station_id):
        if one.station.registration is RegistrationStatus.ACCEPTED:
            there[one.station.location_id].append(one)
    return tuple(Place(one, tuple(there[one.location_id])) for one in shown)


def identity(kind: str, *of: Any) -> str:
    """An id that stays and tells nothing: what stations log in with is not published."""
    return derived_id("nap", kind, *of).upper()


def version(changed_at: Millis) -> str:
    """Of an object: grows with every change."""
    return str(changed_at)


def site_id(location: Location) -> str:
    return identity("site", location.tenant, location.location_id)


def station_id(equipment: Equipment) -> str:
    return identity("station", equipment.station.tenant, equipment.station.station_id)


def point_id(equipment: Equipment, own: Evse) -> str:
    return identity("point", equipment.station.tenant, equipment.station.station_id, own.evse_id)


def rate_id(tariff: Tariff, location: Location) -> str:
    """Of a price at a place, where it may be announced for that place alone."""
    return identity("rate", tariff.tenant, tariff.tariff_id, location.location_id)


def table_id(tenant: str) -> str:
    return identity("table", tenant)
