"""The keys of one metering point: candidates, approved by two operators, superseded, revoked. All pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.domain.units import Millis

Versions = tuple[MeterKeyVersion, ...]

APPROVERS: Final = 2
"""Operators who must vouch for a key, each a different one."""

MAX_CANDIDATES: Final = 20
"""Of a point. A station that shows ever new keys pushes out its own oldest ones."""

_PROVING = (MeterKeyStatus.APPROVED, MeterKeyStatus.SUPERSEDED)


def find(versions: Versions, key_id: str) -> MeterKeyVersion | None:
    return next((one for one in versions if one.key_id == key_id), None)


def shown(versions: Versions, key: MeterKeyVersion) -> Versions:
    """The station showed this key at `key.first_seen_at`. It stays as it is known but for what was not known."""
    known = find(versions, key.key_id)
    if known is None:
        return _bounded((*versions, replace(key, shown_at=key.first_seen_at)))
    told = replace(
        known,
        shown_at=key.first_seen_at if known.shown_at is None else known.shown_at,
        meter_serial=known.meter_serial or key.meter_serial,
        format=known.format or key.format,
    )
    return _with(versions, told)


def entered(versions: Versions, key: MeterKeyVersion) -> Versions:
    """An operator entered this key. What is said of a candidate replaces what the station said; of a key that was
    approved or revoked nothing is changed."""
    known = find(versions, key.key_id)
    if known is None:
        return _bounded((*versions, key))
    if known.status is not MeterKeyStatus.CANDIDATE:
        return versions
    told = replace(
        key,
        first_seen_at=known.first_seen_at,
        shown_at=known.shown_at,
        approved_by=known.approved_by,
        meter_serial=key.meter_serial or known.meter_serial,
        format=key.format or known.format,
    )
    # What was vouched for is what was known then.
    return _with(versions, replace(told, approved_by=()) if _told_otherwise(known, told) else told)


def approved(versions: Versions, key_id: str, operator: str, at: Millis) -> Versions:
    """One more operator vouches for a candidate. The second one puts it in force in place of the key before."""
    known = find(versions, key_id)
    if known is None or known.status is not MeterKeyStatus.CANDIDATE or operator in known.approved_by:
        return versions
    vouched = replace(known, approved_by=(*known.approved_by, operator))
    if len(vouched.approved_by) < APPROVERS:
        return _with(versions, vouched)
    others = [one for one in versions if one.status is MeterKeyStatus.APPROVED]
    since = vouched.valid_from
    if since is None and others:
        since = at if vouched.shown_at is None else vouched.shown_at
    in_force = replace(vouched, status=MeterKeyStatus.APPROVED, valid_from=since)
    changed = _with(versions, in_force)
    for other in others:
        changed = _with(changed, replace(other, status=MeterKeyStatus.SUPERSEDED, valid_to=_earlier(other, since)))
    return changed


def revoked(versions: Versions, key_id: str, operator: str, reason: str) -> Versions:
    """The key proves nothing any more, whenever it was used."""
    known = find(versions, key_id)
    if known is None or known.status is MeterKeyStatus.REVOKED:
        return versions
    return _with(versions, replace(known, status=MeterKeyStatus.REVOKED, revoked_by=operator, reason=reason))


def billing_stopped(versions: Versions) -> bool:
    """Whether the station shows another key than the approved one, and nobody has said yet what that is."""
    in_force = any(one.status in _PROVING for one in versions)
    return in_force and any(
        one.status is MeterKeyStatus.CANDIDATE and one.shown_at is not None for one in versions
    )


def in_force(versions: Sequence[MeterKeyVersion], since: Millis, until: Millis) -> list[MeterKeyVersion]:
    """The keys that prove what was signed at any time between, newest first."""
    found = [
        one
        for one in versions
        if one.status in _PROVING
        and (one.valid_from is None or one.valid_from <= until)
        and (one.valid_to is None or one.valid_to >= since)
    ]
    return sorted(
        found, key=lambda one: (one.status is MeterKeyStatus.APPROVED, one.valid_from or 0), reverse=True
    )


def candidate(
    key_id: str, public_key: str, curve: str, source: MeterKeySource, at: Millis, meter_serial: str | None = None,
    format: str = "",
) -> MeterKeyVersion:  # fmt: skip
    """A key that nobody has vouched for."""
    return MeterKeyVersion(
        key_id=key_id, public_key=public_key, curve=curve, source=source, first_seen_at=at,
        meter_serial=meter_serial, format=format, status=MeterKeyStatus.CANDIDATE,
    )  # fmt: skip


def _earlier(other: MeterKeyVersion, since: Millis | None) -> Millis | None:
    ends = [at for at in (other.valid_to, since) if at is not None]
    return min(ends, default=None)


def _told_otherwise(known: MeterKeyVersion, told: MeterKeyVersion) -> bool:
    names = ("meter_serial", "valid_from", "valid_to", "calibration_expires_at")
    return any(getattr(known, name) != getattr(told, name) for name in names)


def _with(versions: Versions, changed: MeterKeyVersion) -> Versions:
    return tuple([changed if one.key_id == changed.key_id else one for one in versions])


def _bounded(versions: Versions) -> Versions:
    open_ids = [
        one.key_id
        for one in versions
        if one.status is MeterKeyStatus.CANDIDATE and not one.approved_by and one.shown_at is not None
    ]
    surplus = set(open_ids[:-MAX_CANDIDATES])
    return tuple([one for one in versions if one.key_id not in surplus]) if surplus else versions
