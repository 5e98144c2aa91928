"""EVSEs and connectors that CPOs tell us one by one: parts of a location that we keep (mod_locations: Receiver
Interface)."""

from collections.abc import Callable, Mapping
from typing import Any

from services.domain.units import parse_rfc3339
from services.ocpi.inbound import received as objects
from services.ocpi.inbound.received import LOCATIONS, Kept, Outcome, Received
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.envelope import Status, encoded

_LEVELS = (("evses", "uid", "EVSE"), ("connectors", "id", "Connector"))
"""Where members are, what they are known by, and what they are called."""

Make = Callable[[Mapping[str, Any] | None, str], tuple[dict[str, Any], tuple[str, ...]]]
"""A member from the one before and its object's name, with what there is to say."""


def member(whole: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
    """The EVSE, or the connector of an EVSE, at `path`; None when there is none."""
    found: Mapping[str, Any] | None = whole
    for (members, identity, _), wanted in zip(_LEVELS, path, strict=False):
        found = _one(found or {}, members, identity, wanted)
    return None if found is None else dict(found)


def whole(location_id: str, path: tuple[str, ...], received: Received, known: Kept | None) -> Outcome:
    """PUT of an EVSE or connector, a new one or in the place of the one that is there."""

    def made(_: Mapping[str, Any] | None, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        return objects.understood(received, name)

    return _with(location_id, path, received, known, made)


def part(location_id: str, path: tuple[str, ...], received: Received, known: Kept | None) -> Outcome:
    """PATCH of an EVSE or connector; Refusal with HTTP 404 when it is not here."""

    def made(before: Mapping[str, Any] | None, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
        if before is None:
            raise objects.unknown(LOCATIONS)
        changes, findings = objects.understood(received, name, partial=True)
        return objects.patched(before, changes, name, received), findings

    return _with(location_id, path, received, known, made)


def _with(location_id: str, path: tuple[str, ...], received: Received, known: Kept | None, make: Make) -> Outcome:
    if known is None:
        raise objects.unknown(LOCATIONS)
    location = known.value
    before = member(location, path)
    _, identity, name = _LEVELS[len(path) - 1]
    value, findings = make(before, name)
    objects.check_needed(value, (identity, "last_updated"), findings)
    if str(value[identity]).lower() != path[-1].lower():
        raise Refusal(Status.INVALID_PARAMETERS, f"{identity} is not the one of the path")
    if before is not None and _time(before) > _time(value):
        return Outcome(findings=(*findings, objects.OLDER))
    changed = _replaced(location, path, value)
    text = encoded(changed).decode()
    if text == known.object_json:
        return Outcome(findings=findings)
    return objects.of_location(location_id, changed, received, findings, created=before is None)


def _replaced(whole: Mapping[str, Any], path: tuple[str, ...], value: dict[str, Any], level: int = 0) -> Any:
    """A copy with the member at `path`; what is around it is as new as it is (mod_locations: last_updated)."""
    if level == len(path):
        return value
    members, identity, _ = _LEVELS[level]
    before = _one(whole, members, identity, path[level])
    if before is None and level < len(path) - 1:
        raise objects.unknown(LOCATIONS)
    inner = _replaced(before or {}, path, value, level + 1)
    listed = list(whole.get(members, ()))
    if before is None:
        listed.append(inner)
    else:
        listed = [inner if one is before else one for one in listed]
    newest = max(whole, inner, key=_time)["last_updated"]
    return {**whole, members: listed, "last_updated": newest}


def _one(whole: Mapping[str, Any], members: str, identity: str, wanted: str) -> Mapping[str, Any] | None:
    found = (one for one in whole.get(members, ()) if str(one.get(identity, "")).lower() == wanted.lower())
    return next(found, None)


def _time(value: Mapping[str, Any]) -> int:
    return parse_rfc3339(value["last_updated"]) if "last_updated" in value else 0
