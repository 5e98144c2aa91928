"""What CPOs tell us as a provider (mod_locations, mod_tariffs, mod_sessions: Receiver Interface): what is kept.

Objects are kept as OCPI 2.3.0 has them, with the bytes as they came and everything there is to say about them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from services.domain.events.roaming import RoamingObject, RoamingReceived
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339, rfc3339
from services.ocpi.inbound.received_sessions import session_state
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import Status, decoded, encoded
from services.ocpi.wire.model import V211, V230, required_fields
from services.ocpi.wire.parties import Party
from services.ocpi.wire.versions import understand

LOCATIONS: Final = "locations"
TARIFFS: Final = "tariffs"
SESSIONS: Final = "sessions"

NAMES: Final[Mapping[str, str]] = {LOCATIONS: "Location", TARIFFS: "Tariff", SESSIONS: "Session"}
MOST_BYTES: Final = 450_000
"""Of one object: a record in Kafka holds it twice, and takes a million."""
OLDER: Final = "/last_updated: older than what is known; ignored"

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    LOCATIONS: ("id", "last_updated"),
    TARIFFS: ("id", "currency", "elements", "last_updated"),
    SESSIONS: ("id", "status", "kwh", "last_updated"),
}
_SHOWN: Final = 3


class Kept(NamedTuple):
    """What is known of an object: as OCPI 2.3.0 has it, and when its owner last changed it."""

    object_json: str
    last_updated: Millis

    @property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = decoded(self.object_json.encode())
        return found


@dataclass(frozen=True, slots=True)
class Received:
    """What came: from which partner about whose object, how, in which version, byte for byte, and when."""

    tenant: str
    partner_id: str
    owner: Party
    version: str
    method: str
    raw: bytes
    body: Any
    at: Millis

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be published (nothing when nothing changed), what is to be said, and why it is refused."""

    events: tuple[Event, ...] = ()
    created: bool = False
    findings: tuple[str, ...] = ()
    refusal: Refusal | None = None


def whole(module: str, object_id: str, received: Received, known: Kept | None) -> Outcome:
    """PUT: an object as it stands; Refusal 2001 when it cannot be used, or is not the one of the path."""
    value, findings = understood(received, NAMES[module])
    _check(value, module, object_id, received.owner, findings)
    return _kept(module, object_id, value, received, known, findings)


def part(module: str, object_id: str, received: Received, known: Kept | None) -> Outcome:
    """PATCH: some fields of an object; Refusal with HTTP 404 when it is not here.

    Lists are replaced, but for the charging periods of a session, which are added (mod_sessions: PATCH).
    """
    if known is None:
        raise unknown(module)
    value, findings = understood(received, NAMES[module], partial=True)
    before = known.value
    if module == SESSIONS and isinstance(value.get("charging_periods"), list):
        value["charging_periods"] = [*before.get("charging_periods", []), *value["charging_periods"]]
    merged = patched(before, value, NAMES[module], received)
    _check(merged, module, object_id, received.owner, findings)
    return _kept(module, object_id, merged, received, known, findings)


def taken_back(module: str, object_id: str, received: Received, known: Kept | None) -> Outcome:
    """DELETE of a tariff; Refusal with HTTP 404 when it is not here."""
    if known is None:
        raise unknown(module)
    state = _state(module, object_id, known.value, received, (), deleted=True)
    return Outcome((event(module, object_id, received, ()), state))


def of_location(
    location_id: str, value: dict[str, Any], received: Received, findings: tuple[str, ...], *, created: bool
) -> Outcome:
    """A location of which a part has changed."""
    state = _state(LOCATIONS, location_id, value, received, findings)
    return Outcome((event(LOCATIONS, location_id, received, findings), state), created, findings)


def patched(
    before: Mapping[str, Any], changes: Mapping[str, Any], name: str, received: Received
) -> dict[str, Any]:
    """An object with some fields changed, null taking an optional one away; Refusal 2001 without last_updated."""
    if "last_updated" not in changes and received.version != V211:
        raise Refusal(Status.INVALID_PARAMETERS, "A PATCH has to say last_updated")
    needed = {field.name for field in required_fields(V230, name)}
    removed = [key for key, item in changes.items() if item is None and key in needed]
    if removed:
        raise Refusal(Status.INVALID_PARAMETERS, f"{name} cannot be without {', '.join(removed)}")
    merged = {**before, "last_updated": rfc3339(received.at), **changes}
    return {key: item for key, item in merged.items() if item is not None}


def understood(received: Received, name: str, *, partial: bool = False) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body in 2.3.0, and what there is to say about it; Refusal with HTTP 413 when nobody could keep it."""
    if len(received.raw) > MOST_BYTES:
        raise Refusal(Status.CLIENT_ERROR, f"No object of more than {MOST_BYTES} bytes is kept", 413)
    reading = understand(received.body, name, received.version, Scene(owner=received.owner, partial=partial))
    return dict(reading.value), tuple(map(str, reading.findings))


def event(module: str, object_id: str, received: Received, findings: tuple[str, ...]) -> RoamingReceived:
    """That something came."""
    causes = (received.tenant, received.partner_id, module, object_id, received.method, received.sha256)
    return RoamingReceived(
        event_id=derived_id("RoamingReceived", *causes, received.at),
        tenant=received.tenant,
        partner_id=received.partner_id,
        module=module,
        object_id=object_id.lower(),
        method=received.method,
        version=received.version,
        received_json=received.raw.decode(errors="replace"),
        received_sha256=received.sha256,
        findings=findings,
        received_at=received.at,
    )


def unknown(module: str) -> Refusal:
    """The answer about what is not here, or not the partner's."""
    status = Status.UNKNOWN_LOCATION if module == LOCATIONS else Status.CLIENT_ERROR
    return Refusal(status, "You keep no such object here", 404)


def check_owner(value: Mapping[str, Any], owner: Party) -> None:
    """Refusal 2001 when an object says that it is somebody else's."""
    told = (str(value.get("country_code", "")).upper(), str(value.get("party_id", "")).upper())
    if told != owner:
        raise Refusal(Status.INVALID_PARAMETERS, "country_code and party_id are not yours")


def check_needed(value: Mapping[str, Any], needed: tuple[str, ...], findings: tuple[str, ...]) -> None:
    """Refusal 2001 that names what an object cannot be without."""
    missing = [name for name in needed if name not in value]
    if missing:
        told = "; ".join(findings[:_SHOWN])
        raise Refusal(Status.INVALID_PARAMETERS, f"It cannot be without {', '.join(missing)} ({told})")


def _check(value: Mapping[str, Any], module: str, object_id: str, owner: Party, findings: tuple[str, ...]) -> None:
    check_needed(value, _NEEDED[module], findings)
    if str(value["id"]).lower() != object_id.lower():
        raise Refusal(Status.INVALID_PARAMETERS, "id is not the one of the path")
    check_owner(value, owner)


def _kept(
    module: str,
    object_id: str,
    value: dict[str, Any],
    received: Received,
    known: Kept | None,
    findings: tuple[str, ...],
) -> Outcome:
    if known is not None and known.last_updated > parse_rfc3339(value["last_updated"]):
        return Outcome(findings=(*findings, OLDER))
    if known is not None and known.object_json == encoded(value).decode():
        return Outcome(findings=findings)
    state = _state(module, object_id, value, received, findings)
    return Outcome((event(module, object_id, received, findings), state), known is None, findings)


def _state(
    module: str,
    object_id: str,
    value: dict[str, Any],
    received: Received,
    findings: tuple[str, ...],
    *,
    deleted: bool = False,
) -> Event:
    kept = kept_fields(value, received, findings)
    if module == SESSIONS:
        return session_state(object_id, value, kept)
    return RoamingObject(module=module, object_id=object_id.lower(), deleted=deleted, **kept)


def kept_fields(value: Mapping[str, Any], received: Received, findings: tuple[str, ...]) -> dict[str, Any]:
    """What every state says of what was received."""
    return {
        "tenant": received.tenant,
        "partner_id": received.partner_id,
        "country_code": received.owner.country_code,
        "party_id": received.owner.party_id,
        "version": received.version,
        "object_json": encoded(value).decode(),
        "received_json": received.raw.decode(errors="replace"),
        "received_sha256": received.sha256,
        "findings": findings,
        "last_updated": parse_rfc3339(value["last_updated"]),
        "received_at": received.at,
    }
