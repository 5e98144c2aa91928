"""A change as the request that tells a partner of it, in its version, from what is known now."""

import hashlib
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from services.domain import proof_link
from services.domain.equipment import changed_at
from services.domain.events.cdr import Cdr
from services.domain.events.delivery import PushQueued
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.hubs import is_hub
from services.domain.units import Millis
from services.ocpi.directory import Directory
from services.ocpi.gate import SIGNED_DATA_PATH
from services.ocpi.outbound import cdrs, locations, sessions, tariffs
from services.ocpi.outbound.configuration import routing_headers
from services.ocpi.outbound.told import told
from services.ocpi.push import receivers
from services.ocpi.push.settings import PushSettings
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import encoded
from services.ocpi.wire.model import V211
from services.ocpi.wire.parties import Party, party_of
from services.runtime.codec import Codec


class Nothing(Enum):
    """Why there is nothing to send."""

    GONE = "there is no such object any more"
    NOT_THEIRS = "it is not the partner's to see"
    NOT_RECEIVED = "the partner has no endpoint for it"
    UNCHANGED = "the partner was told just that"
    NOT_TELLABLE = "the partner's version cannot tell it"


class Request(NamedTuple):
    """An HTTP request without its authorization. `last_updated` is the object's, in milliseconds."""

    method: str
    url: str
    body: bytes
    headers: dict[str, str]
    last_updated: Millis
    readable: bool
    """Whether the partner can be asked at this URL what it has."""

    @property
    def repeatable(self) -> bool:
        """Whether the same need not be told twice in a row."""
        return self.method != "POST"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(slots=True)
class Requests:
    """Makes requests from queued changes. What was lost on the way is in `warnings` until somebody takes it."""

    settings: PushSettings
    directory: Directory
    codec: Codec
    now_ms: Callable[[], Millis]
    held: Container[str] = ()
    """Keys of records that are issued, and must not be delivered now."""
    warnings: list[str] = field(default_factory=list)

    def of(self, push: PushQueued, partner: Partner) -> Request | Nothing:
        """The request, or why there is none."""
        url = receivers.endpoint(partner, push.module)
        if url is None:
            return Nothing.NOT_RECEIVED
        match push.module:
            case receivers.LOCATIONS if push.part:
                return self._evse(push, partner, url)
            case receivers.LOCATIONS:
                return self._location(push, partner, url)
            case receivers.TARIFFS:
                return self._tariff(push, partner, url)
            case receivers.SESSIONS:
                return self._session(push, partner, url)
        return self._cdr(push, partner, url)

    def is_held(self, push: PushQueued) -> bool:
        """Whether it is a record that waits for a better verdict."""
        return push.module == receivers.CDRS and f"{push.tenant}/{push.object_id}" in self.held

    def knows(self, push: PushQueued) -> bool:
        """Whether the local copies have come as far as the change; a request would not tell it otherwise."""
        seen = self._seen_at(push)
        return seen is None or seen >= push.changed_at

    def _seen_at(self, push: PushQueued) -> Millis | None:
        """When the copy of what changed is from; 0: there is none. None: it does not depend on one."""
        directory, tenant = self.directory, push.tenant
        equipment = directory.equipment(tenant, push.station_id) if push.station_id else None
        match push.cause:
            case Station.FULL_NAME:
                return equipment.station.updated_at if equipment else 0
            case StationStatus.FULL_NAME:
                return equipment.status.updated_at if equipment and equipment.status else 0
            case Connection.FULL_NAME:
                return equipment.connection.since if equipment and equipment.connection else 0
            case Location.FULL_NAME:
                place = directory.location(tenant, push.object_id)
                return place.updated_at if place else 0
            case Tariff.FULL_NAME:
                tariff = directory.tariff(tenant, push.object_id)
                return tariff.updated_at if tariff else 0
            case EnergyPriceAnnounced.FULL_NAME:
                return push.changed_at if directory.is_announced(tenant, push.object_id, push.version) else 0
        return None

    def _evse(self, push: PushQueued, partner: Partner, url: str) -> Request | Nothing:
        """Its status alone (mod_locations: PATCH Method)."""
        place = self.directory.location(push.tenant, push.object_id)
        one = self.directory.equipment(push.tenant, push.station_id)
        if place is None or one is None or one.station.location_id != push.object_id:
            return Nothing.GONE
        told_evses = (locations.evse(one, own, []) for own in one.station.evses)
        evse = next((evse for evse in told_evses if evse["uid"] == push.part), None)
        if evse is None:
            return Nothing.GONE
        whole = told(evse, "EVSE", partner.version, self.warnings)
        if whole is None:
            return Nothing.NOT_TELLABLE
        body = {name: whole[name] for name in ("status", "last_updated")}
        owner = Party(place.country_code, place.party_id)
        where = _url(url, owner, place.location_id, push.part)
        return self._request("PATCH", where, body, partner, one.changed_at)

    def _location(self, push: PushQueued, partner: Partner, url: str) -> Request | Nothing:
        place = self.directory.place(push.tenant, push.object_id)
        if place is None:
            return Nothing.GONE
        new = locations.location(*place, self.settings.ocpi_operator_name, self.warnings)
        body = told(new, "Location", partner.version, self.warnings)
        owner = Party(place[0].country_code, place[0].party_id)
        return self._put(body, _url(url, owner, new["id"]), partner, changed_at(*place))

    def _tariff(self, push: PushQueued, partner: Partner, url: str) -> Request | Nothing:
        known = self.directory.tariff_at(push.tenant, push.object_id, self.now_ms())
        if known is None:
            return Nothing.GONE
        new = tariffs.tariff(known.terms, self.settings.operator, known.updated_at)
        body = told(new, "Tariff", partner.version, self.warnings)
        return self._put(body, _url(url, self.settings.operator, new.id), partner, known.updated_at)

    def _session(self, push: PushQueued, partner: Partner, url: str) -> Request | Nothing:
        state: Session = self.codec.decode(push.state or b"")
        uid = state.id_token.value if state.id_token else ""
        if self.directory.owner(state.tenant, uid) != receivers.party(partner):
            return Nothing.NOT_THEIRS
        station = self.directory.station(state.tenant, state.station_id)
        contract_id = self.directory.contract_of(state.tenant, uid)
        currency = self.directory.currency_of(station, self.settings.ocpi_currency)
        new = sessions.session(state, contract_id, station, self.settings.operator, currency, self.warnings)
        body = told(new, "Session", partner.version, self.warnings, self._scene(station, partner.version))
        owner = Party(new.country_code, new.party_id)
        return self._put(body, _url(url, owner, new.id), partner, state.updated_at)

    def _cdr(self, push: PushQueued, partner: Partner, url: str) -> Request | Nothing:
        """mod_cdrs: POST Method. What the partner makes of it is at a URL that its answer names."""
        state: Cdr = self.codec.decode(push.state or b"")
        if party_of(state.detail.contract_id or "") != receivers.party(partner):
            return Nothing.NOT_THEIRS
        station = self.directory.station(state.tenant, state.detail.station_id)
        signed, identity = state.detail.signed_meter_values, (state.tenant, state.cdr_id)
        records = f"{self.settings.public_url}{SIGNED_DATA_PATH}{'/'.join(identity)}/{proof_link.secret(signed)}"
        new = cdrs.cdr(
            state, station, self.settings.ocpi_currency, records, self.warnings,
            carries_signed_data=partner.version != V211,
            driver_url=proof_link.link(self.settings.proof_public_url, *identity, signed),
        )  # fmt: skip
        body = told(new, "CDR", partner.version, self.warnings, self._scene(station, partner.version))
        if body is None:
            return Nothing.NOT_TELLABLE
        return self._request("POST", url, body, partner, state.updated_at)

    def _scene(self, station: Station | None, version: str) -> Scene:
        """2.1.1 wants sessions and CDRs with their whole location."""
        if version != V211 or station is None or not station.location_id:
            return Scene()
        place = self.directory.place(station.tenant, station.location_id)
        return Scene(location=locations.location(*place, self.settings.ocpi_operator_name, []) if place else None)

    def _put(
        self, body: dict[str, Any] | None, url: str, partner: Partner, last_updated: Millis
    ) -> Request | Nothing:
        if body is None:
            return Nothing.NOT_TELLABLE
        return self._request("PUT", url, body, partner, last_updated)

    def _request(
        self, method: str, url: str, body: dict[str, Any], partner: Partner, last_updated: Millis
    ) -> Request:
        headers = routing_headers(self.settings.operator, receivers.party(partner), partner.version)
        # What is broadcast cannot be asked for (transport_and_format: Broadcast Push), nor a record that is new.
        readable = method != "POST" and not is_hub(partner)
        return Request(method, url, encoded(body), headers, last_updated, readable)


_SAFE: Final = "*:@-._~"


def _url(endpoint: str, owner: Party, *ids: str) -> str:
    """`{endpoint}/{country_code}/{party_id}/{id}…`; ids may hold what means something in a URL."""
    return "/".join([endpoint, *(quote(part, safe=_SAFE) for part in (*owner, *ids))])
