"""What the edge knows without asking: partners, tokens, stations and tariffs, kept up to date from Kafka."""

import threading
from collections import defaultdict
from typing import Any

from services.domain.equipment import Equipment
from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.chargingprofile import PartnerProfile
from services.domain.events.location import Location
from services.domain.events.partner import Partner, PartnerCommandTaken, PartnerExchange, PartnerRegistered
from services.domain.events.partnerobject import PartnerObject
from services.domain.events.reservation import Reservation, ReservationEnded
from services.domain.events.settlement import CdrStepRequested
from services.domain.events.station import (
    CommandAnswered,
    CommandRequested,
    Connection,
    ReservationStatusChanged,
    Station,
    StationStatus,
)
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.events.token import Token, TokenRegistered
from services.domain.hubs import behind
from services.domain.providers import Providers
from services.domain.tokens import normalise_uid, token_key
from services.domain.units import Millis
from services.ocpi.clients import Clients
from services.ocpi.inbound.clients import Standing
from services.ocpi.inbound.succession import Succession
from services.ocpi.wire.parties import Party, party_of
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tariff_book import TariffBook
from services.runtime.view import View

TOPICS = (
    AuthorizationRequested.TOPIC,
    AuthorizationAnswered.TOPIC,
    CommandRequested.TOPIC,
    CommandAnswered.TOPIC,
    PartnerCommandTaken.TOPIC,
    PartnerExchange.TOPIC,
    Reservation.TOPIC,
    ReservationEnded.TOPIC,
    PartnerProfile.TOPIC,
    PartnerObject.TOPIC,
    ChargingPreferencesSet.TOPIC,
    ReservationStatusChanged.TOPIC,
    TokenRegistered.TOPIC,
    Partner.TOPIC,
    PartnerRegistered.TOPIC,
    Token.TOPIC,
    Station.TOPIC,
    Tariff.TOPIC,
    EnergyPriceAnnounced.TOPIC,
    Location.TOPIC,
    StationStatus.TOPIC,
    Connection.TOPIC,
    CdrStepRequested.TOPIC,
)


class Holders:
    """Which tokens belong to which provider, by the contracts that they stand for. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: dict[str, tuple[str, str]] = {}
        self._uids: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def changed(self, key: str, token: Token | None) -> None:
        """Take note of a token's new state; None: it is gone."""
        uid = key.partition("/")[2]
        owner = owner_of(token) if token else None
        with self._lock:
            before = self._owner.pop(key, None)
            if before is not None:
                self._uids[before].discard(uid)
            if token is not None and owner is not None:
                self._owner[key] = (token.tenant, owner.prefix)
                self._uids[token.tenant, owner.prefix].add(uid)

    def uids(self, tenant: str, party: Party) -> list[str]:
        """The uids of a provider's tokens."""
        with self._lock:
            return sorted(self._uids.get((tenant, party.prefix), ()))


def owner_of(token: Token) -> Party | None:
    """The provider who keeps a token by OCPI, else the one that its contract names."""
    if token.owner_party_id:
        return Party(token.owner_country_code, token.owner_party_id)
    return party_of(token.contract_id)


class Directory:
    """Local copies of state topics."""

    def __init__(self, kafka: KafkaSettings, codec: Codec) -> None:
        self._holders = Holders()
        self.providers = Providers()
        """Whom to ask about which token."""
        self.clients = Clients()
        """Whom hubs are connected to."""
        self.succession = Succession()
        self._partners: View[Partner] = View(kafka, codec, Partner.TOPIC, self._partner_changed)
        self._tokens: View[Token] = View(kafka, codec, Token.TOPIC, self._holders.changed)
        self._stations: View[Station] = View(kafka, codec, Station.TOPIC)
        self._book = TariffBook(kafka, codec)
        self._locations: View[Location] = View(kafka, codec, Location.TOPIC)
        self._statuses: View[StationStatus] = View(kafka, codec, StationStatus.TOPIC)
        self._connections: View[Connection] = View(kafka, codec, Connection.TOPIC)
        self._objects: View[PartnerObject] = View(kafka, codec, PartnerObject.TOPIC, self.clients.changed)
        self._profiles: View[PartnerProfile] = View(kafka, codec, PartnerProfile.TOPIC)
        self._reservations: View[Reservation] = View(kafka, codec, Reservation.TOPIC)

    def start(self) -> None:
        for view in self._views:
            view.start()

    async def wait_caught_up(self, timeout_s: float = 60.0) -> None:
        """Return when everything that was there has been read; TimeoutError names the topic that was not."""
        for view in self._views:
            await view.wait_caught_up(timeout_s)

    def stop(self) -> None:
        for view in self._views:
            view.stop()

    @property
    def _views(self) -> tuple[View[Any], ...]:
        return (
            self._partners,
            self._tokens,
            self._stations,
            *self._book.views,
            self._locations,
            self._statuses,
            self._connections,
            self._objects,
            self._profiles,
            self._reservations,
        )

    def _partner_changed(self, key: str, partner: Partner | None) -> None:
        self.providers.changed(key, partner)
        self.succession.take(key, partner)

    def partner(self, key: str) -> Partner | None:
        """By its key in partner.state; a party behind a hub as it is reached through that."""
        return self.providers.partner(key)

    def partners(self) -> list[Partner]:
        return self.providers.partners()

    def behind(self, hub: Partner, party: Party) -> Partner | None:
        """The party that a hub may speak for, as it is reached."""
        return behind(self.partners(), hub, *party)

    def all_behind(self, hub: Partner) -> list[Partner]:
        """The parties that a hub may speak for; of a partner that is no hub, nobody."""
        return [one for one in self.partners() if (one.tenant, one.hub) == (hub.tenant, hub.partner_id)]

    def standing(self, partner: Partner) -> Standing:
        """Whether a partner can be told anything, as its hub says."""
        return self.clients.standing(partner)

    def owns_locations(self, tenant: str, party: Party) -> bool:
        """Whether locations of ours are of that party."""
        return any(Party(place.country_code, place.party_id) == party for place in self.locations(tenant))

    def token_uids(self, tenant: str, party: Party) -> list[str]:
        """The uids of a provider's tokens, normalised."""
        return self._holders.uids(tenant, party)

    def contract_of(self, tenant: str, uid: str) -> str:
        """The contract that a token stands for; "" when it is not in the whitelist."""
        token = self.token(tenant, uid)
        return token.contract_id if token else ""

    def token(self, tenant: str, uid: str) -> Token | None:
        return self._tokens.get(token_key(tenant, normalise_uid(uid)))

    def owner(self, tenant: str, uid: str) -> Party | None:
        """The provider of a token."""
        token = self.token(tenant, uid)
        return owner_of(token) if token else None

    def connected(self, tenant: str, station_id: str) -> bool:
        connection = self._connections.get(f"{tenant}/{station_id}")
        return connection is not None and connection.connected

    def reservation(self, tenant: str, partner_id: str, reservation_id: str) -> Reservation | None:
        """A partner's, by the id that it gave it, in lower case."""
        return self._reservations.get(f"{tenant}/{partner_id}/{reservation_id}")

    def reservations(self, tenant: str, station_id: str) -> list[Reservation]:
        """All that were ever made at a station."""
        found = (one for _, one in self._reservations.items())
        return [one for one in found if (one.tenant, one.station_id) == (tenant, station_id)]

    def all_reservations(self) -> list[Reservation]:
        """Those of all partners."""
        return [one for _, one in self._reservations.items()]

    def object(self, key: str) -> PartnerObject | None:
        """An object that is kept as it was sent, deleted or not."""
        return self._objects.get(key)

    def objects(self, tenant: str, module: str) -> list[PartnerObject]:
        """Those of a module that are not deleted, of all partners."""
        found = (one for _, one in self._objects.items() if not one.deleted)
        return [one for one in found if (one.tenant, one.module) == (tenant, module)]

    def partner_profile(self, key: str) -> PartnerProfile | None:
        return self._profiles.get(key)

    def partner_profiles(self, tenant: str, station_id: str) -> list[PartnerProfile]:
        """Those at a station whose partners are told of changes."""
        found = (one for _, one in self._profiles.items() if one.active)
        return [one for one in found if (one.tenant, one.station_id) == (tenant, station_id)]

    def station(self, tenant: str, station_id: str) -> Station | None:
        return self._stations.get(f"{tenant}/{station_id}")

    def places(self, tenant: str) -> list[tuple[Location, list[Equipment]]]:
        """All locations with what stands there."""
        standing: defaultdict[str, list[Equipment]] = defaultdict(list)
        for key, station in self._stations.items():
            if station.tenant == tenant and station.location_id:
                standing[station.location_id].append(self._equipment(key, station))
        return [
            (place, sorted(standing[place.location_id], key=lambda one: one.station.station_id))
            for _, place in self._locations.items()
            if place.tenant == tenant
        ]

    def place(self, tenant: str, location_id: str) -> tuple[Location, list[Equipment]] | None:
        """One location with what stands there; its id is compared without regard to case (types: CiString)."""
        found = (place for place in self.places(tenant) if place[0].location_id.lower() == location_id.lower())
        return next(found, None)

    def equipment(self, tenant: str, station_id: str) -> Equipment | None:
        """A station with what is known about it now."""
        station = self.station(tenant, station_id)
        return self._equipment(f"{tenant}/{station_id}", station) if station else None

    def location(self, tenant: str, location_id: str) -> Location | None:
        """By its id as it is registered."""
        return self._locations.get(f"{tenant}/{location_id}")

    def locations(self, tenant: str) -> list[Location]:
        return [place for _, place in self._locations.items() if place.tenant == tenant]

    def tariff(self, tenant: str, tariff_id: str) -> Tariff | None:
        return self._book.tariffs.get(f"{tenant}/{tariff_id}")

    def _equipment(self, key: str, station: Station) -> Equipment:
        return Equipment(station, self._statuses.get(key), self._connections.get(key))

    def tariffs(self, tenant: str) -> list[Tariff]:
        return [tariff for _, tariff in self._book.tariffs.items() if tariff.tenant == tenant]

    def tariff_at(self, tenant: str, tariff_id: str, now: Millis) -> Tariff | None:
        """The tariff as it is for sessions that start now."""
        known = self.tariff(tenant, tariff_id)
        return None if known is None else self._book.at(known, now)

    def is_announced(self, tenant: str, tariff_id: str, at: Millis) -> bool:
        """Whether a price is known that begins or ends then."""
        return any(at in (one.starts_at, one.ends_at) for one in self._book.prices(f"{tenant}/{tariff_id}"))

    def tariffs_at(self, tenant: str, now: Millis) -> list[Tariff]:
        """With the prices that are announced for now, but for those of single locations."""
        return [self._book.at(tariff, now) for tariff in self.tariffs(tenant)]

    def currency_of(self, station: Station | None, otherwise: str) -> str:
        """The currency of the station's tariff."""
        tariff = self._book.tariffs.get(f"{station.tenant}/{station.tariff_id}") if station else None
        return tariff.terms.currency if tariff else otherwise
