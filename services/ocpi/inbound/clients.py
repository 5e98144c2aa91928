"""Whom a hub is connected to (mod_hub_client_info): what it tells us, and what follows for who is behind it.

A party may have several roles at its hub, with a status each; objects are kept per party and role.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any, Final, NamedTuple

from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.domain.units import Millis, parse_rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, decoded, encoded
from services.ocpi.wire.model import V230, required_fields
from services.ocpi.wire.parties import Party, party_named
from services.ocpi.wire.versions import understand

MODULE: Final = "hubclientinfo"
MOST_CLIENTS: Final = 10_000
"""Of one hub."""

CONNECTED: Final = "CONNECTED"
OFFLINE: Final = "OFFLINE"
STATUSES: Final = (CONNECTED, OFFLINE, "PLANNED", "SUSPENDED")
"""ConnectionStatus, the better ones first."""

_NEEDED: Final = tuple(field.name for field in required_fields(V230, "ClientInfo"))
_SHOWN: Final = 3
_LONGEST_ROLE: Final = 36


class Standing(Enum):
    """Whether a partner can be told anything now."""

    HERE = "it can be asked"
    AWAY = "its hub says that it is offline"
    NEVER = "its hub does not know it, or is not connected to it any more or yet"


class Client(NamedTuple):
    """A party at a hub, in one role."""

    party: Party
    role: str
    status: str
    last_updated: Millis


class Change(NamedTuple):
    """The new state, None when nothing changes, and what was tolerated."""

    state: PartnerObject | None
    warnings: tuple[str, ...] = ()


def object_id(party: Party, role: str) -> str:
    return f"{'-'.join(party)}-{role}".lower()


def understood(body: Any, version: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A ClientInfo and what was tolerated; Refusal 2001 when it lacks something or has an unknown status."""
    reading = understand(body, "ClientInfo", version)
    value = dict(reading.value)
    missing = [name for name in _NEEDED if not value.get(name)]
    if missing:
        told = "; ".join(str(finding) for finding in reading.findings[:_SHOWN])
        raise _bad(f"ClientInfo cannot be without {', '.join(missing)} ({told})")
    if value["status"] not in STATUSES:
        raise _bad(f"status is none of {', '.join(STATUSES)}")
    party = party_named(str(value["country_code"]), str(value["party_id"]))
    if party is None or len(str(value["role"])) > _LONGEST_ROLE:
        raise _bad("country_code, party_id and role do not name a party")
    value |= party._asdict()
    return value, tuple(map(str, reading.findings))


def put(
    body: Any, party: Party, hub: Partner, version: str, known: Mapping[str, PartnerObject], now_ms: Millis
) -> Change:
    """PUT of one client by its hub; what is older than what is known changes nothing."""
    value, warnings = understood(body, version)
    if _party(value) != party:
        raise _bad("country_code and party_id are not those of the path")
    state = _state(value, hub, now_ms)
    before = known.get(state.key)
    if before is None and len(known) >= MOST_CLIENTS:
        raise Refusal(Status.CLIENT_ERROR, f"No more than {MOST_CLIENTS} clients of one hub are kept")
    if before is not None and not before.deleted and client(before).last_updated > client(state).last_updated:
        return Change(None, (*warnings, "/last_updated: older than what is known; ignored"))
    return Change(_after(state, before), warnings)


def listing(
    bodies: Iterable[Any], hub: Partner, known: Mapping[str, PartnerObject], now_ms: Millis
) -> tuple[list[PartnerObject], int]:
    """What a whole list of a hub's clients changes, and how many of them could not be used.

    Who is not in the list any more is no client (mod_hub_client_info: GET). Nothing is taken away by a list with
    objects that could not be used, since one of those may be meant.
    """
    listed: dict[str, PartnerObject] = {}
    unusable = 0
    for body in bodies:
        try:
            state = _state(understood(body, hub.version)[0], hub, now_ms)
            listed[state.key] = state
        except Refusal:
            unusable += 1
    changed = [_after(state, known.get(key)) for key, state in list(listed.items())[:MOST_CLIENTS]]
    gone = [] if unusable else [one for key, one in known.items() if key not in listed and not one.deleted]
    changed += [replace(one, deleted=True, updated_at=_later(one, now_ms)) for one in gone]
    same = {key: one.object_json for key, one in known.items() if not one.deleted}
    return [one for one in changed if one.deleted or same.get(one.key) != one.object_json], unusable


def client(state: PartnerObject) -> Client:
    """What is kept of a client."""
    value = decoded(state.object_json.encode())
    return Client(_party(value), value["role"], value["status"], parse_rfc3339(value["last_updated"]))


def shown(found: Sequence[PartnerObject]) -> dict[str, Any]:
    """GET of one party: of its roles the one that was updated last; Refusal with HTTP 404 when there is none."""
    if not found:
        raise Refusal(Status.CLIENT_ERROR, "This client is not known here", 404)
    latest = max(found, key=lambda one: client(one).last_updated)
    value: dict[str, Any] = decoded(latest.object_json.encode())
    return value


def _party(value: Mapping[str, Any]) -> Party:
    return Party(value["country_code"], value["party_id"])


def _state(value: dict[str, Any], hub: Partner, now_ms: Millis) -> PartnerObject:
    return PartnerObject(
        tenant=hub.tenant,
        module=MODULE,
        partner_id=hub.partner_id,
        object_id=object_id(_party(value), value["role"]),
        ours=False,
        deleted=False,
        object_json=encoded(value).decode(),
        updated_at=now_ms,
    )


def _after(state: PartnerObject, before: PartnerObject | None) -> PartnerObject:
    """Later than what is known: local copies go by the time."""
    return state if before is None else replace(state, updated_at=_later(before, state.updated_at))


def _later(before: PartnerObject, now_ms: Millis) -> Millis:
    return max(now_ms, before.updated_at + 1)


def _bad(message: str) -> Refusal:
    return Refusal(Status.INVALID_PARAMETERS, message)
