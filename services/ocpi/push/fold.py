"""Folds what happens into what partners are to be told, an entry of `delivery.queue` for each of them.

Locations and tariffs are everybody's. A session is of the provider whose token it was started with, a record of
the provider that its contract names. Held records are nobody's until they are issued.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from services.domain.events.cdr import Cdr, CdrCredited, CdrIssued
from services.domain.events.common import CdrStatus, ChargeDetail
from services.domain.events.delivery import PushQueued
from services.domain.events.location import Location
from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.inbound.clients import Standing
from services.ocpi.outbound.places import evse_uid
from services.ocpi.push.receivers import CDRS, LOCATIONS, SESSIONS, TARIFFS, party, wants
from services.ocpi.wire.parties import Party, party_of


class Audience(NamedTuple):
    """Who there is, as far as is known: all partners, whose a token is (tenant, uid), a station (tenant, id), and
    how a partner stands with its hub."""

    partners: Callable[[], list[Partner]]
    owner: Callable[[str, str], Party | None]
    station: Callable[[str, str], Station | None]
    standing: Callable[[Partner], Standing] = lambda _: Standing.HERE


class Known(Struct, frozen=True, array_like=True):
    """What was last seen of a station, so that only what differs is told."""

    location_id: str = ""
    connected: bool | None = None
    statuses: tuple[tuple[int, int, str], ...] = ()
    """EVSE, connector, status."""


class Change(NamedTuple):
    """Of an object: what is told, and from when it is."""

    tenant: str
    module: str
    object_id: str
    version: int
    changed_at: Millis
    cause: Any
    part: str = ""
    station_id: str = ""
    state: Event | None = None
    owner: Party | None = None
    """Who alone is told; None: everybody."""


def fold(audience: Audience, encode: Callable[[Event], bytes], read: Read[Known], event: Any) -> Changes[Known]:
    """What one event gives partners to know."""
    known = read(event.key) or Known()
    after, changes = _noticed(audience, known, event)
    states = {} if after == known else {event.key: after}
    return Changes(states, [push for change in changes for push in _pushes(audience, encode, change)])


def _noticed(audience: Audience, known: Known, event: Any) -> tuple[Known, list[Change]]:
    match event:
        case Session():
            return known, _session(audience, event)
        case CdrIssued():
            return known, _cdr(event.detail, event.issued_at)
        case CdrCredited():
            return known, _cdr(event.detail, event.credited_at)
        case Station():
            return replace(known, location_id=event.location_id or ""), _station(known, event)
        case StationStatus():
            return _status(audience, known, event)
        case Connection():
            return _connection(audience, known, event)
        case Location():
            return known, [_whole(event, LOCATIONS, event.location_id)]
        case Tariff():
            return known, [_whole(event, TARIFFS, event.tariff_id)]
        case EnergyPriceAnnounced():
            return known, _price(event)
    return known, []


def _session(audience: Audience, event: Session) -> list[Change]:
    owner = audience.owner(event.tenant, event.id_token.value) if event.id_token else None
    if owner is None:
        return []
    told = Change(event.tenant, SESSIONS, event.session_id, event.version, event.updated_at, event)
    return [told._replace(state=event, owner=owner)]


def _cdr(detail: ChargeDetail, issued_at: Millis) -> list[Change]:
    """An issued record, or one that takes another back: each is told once, as it was issued."""
    owner = party_of(detail.contract_id or "")
    if owner is None:
        return []
    state = Cdr(
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        status=CdrStatus.ISSUED,
        detail=detail,
        version=1,
        updated_at=issued_at,
    )
    return [Change(detail.tenant, CDRS, detail.cdr_id, 1, issued_at, state, state=state, owner=owner)]


def _price(event: EnergyPriceAnnounced) -> list[Change]:
    """The tariff changes when a price begins to hold, and when it ends; of one place it is not told (tariffs)."""
    if event.location_id is not None:
        return []
    return [
        Change(event.tenant, TARIFFS, event.tariff_id, at, max(at, event.recorded_at), event)
        for at in (event.starts_at, event.ends_at)
    ]


def _station(known: Known, event: Station) -> list[Change]:
    """A location changes with its stations; one that has moved changes two."""
    places = dict.fromkeys(place for place in (event.location_id, known.location_id) if place)
    return [_whole(event, LOCATIONS, place)._replace(station_id=event.station_id) for place in places]


def _status(audience: Audience, known: Known, event: StationStatus) -> tuple[Known, list[Change]]:
    """The EVSEs of which a connector is not as before."""
    statuses = tuple((one.evse_id, one.connector_id, one.status) for one in event.connectors)
    changed = {evse_id for evse_id, _, _ in set(statuses) ^ set(known.statuses)}
    return replace(known, statuses=statuses), _evses(audience, event, event.updated_at, changed)


def _connection(audience: Audience, known: Known, event: Connection) -> tuple[Known, list[Change]]:
    """All EVSEs, since nothing is known of those of a station that is away."""
    changed = {0} if event.connected != known.connected else set[int]()
    return replace(known, connected=event.connected), _evses(audience, event, event.since, changed)


def _evses(
    audience: Audience, event: StationStatus | Connection, changed_at: Millis, changed: set[int]
) -> list[Change]:
    """EVSEs by their numbers; 0 is the whole station."""
    station = audience.station(event.tenant, event.station_id)
    if station is None or not station.location_id:
        return []
    whole = Change(event.tenant, LOCATIONS, station.location_id, changed_at, changed_at, event)
    return [
        whole._replace(
            part=evse_uid(evse.evse_uid, station.station_id, evse.evse_id, []), station_id=event.station_id
        )
        for evse in station.evses
        if changed & {0, evse.evse_id}
    ]


def _whole(event: Location | Tariff | Station, module: str, object_id: str) -> Change:
    return Change(event.tenant, module, object_id, event.updated_at, event.updated_at, event)


def _pushes(audience: Audience, encode: Callable[[Event], bytes], change: Change) -> Iterator[PushQueued]:
    """An entry per partner who may see it."""
    state: bytes | None = None
    for partner in audience.partners():
        if not wants(partner, change.tenant, change.module, change.changed_at):
            continue
        if change.owner not in (None, party(partner)) or audience.standing(partner) is Standing.NEVER:
            continue
        if change.state is not None and state is None:
            state = encode(change.state)
        yield _push(change, partner, state)


def _push(change: Change, partner: Partner, state: bytes | None) -> PushQueued:
    cause = (
        change.cause.FULL_NAME,
        change.cause.key,
        change.module,
        change.object_id,
        change.part,
        change.version,
    )
    return PushQueued(
        push_id=derived_id("push", partner.tenant, partner.partner_id, *cause),
        tenant=change.tenant,
        partner_id=partner.partner_id,
        module=change.module,
        object_id=change.object_id,
        part=change.part,
        station_id=change.station_id,
        cause=change.cause.FULL_NAME,
        version=change.version,
        changed_at=change.changed_at,
        state=state,
    )
