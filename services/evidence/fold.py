"""Folds what happens at a station into the keys of its meters, and into verdicts on what these signed.

Keys and verdicts are one fold, so that a verdict always follows from keys that are known, and a key that is
approved later is put to the sessions that wait for it.
"""

from collections.abc import Iterable
from typing import Any

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion, MeterValue
from services.domain.events.evidence import RecordVerified, SessionToVerify, SessionVerified
from services.domain.events.meterkey import (
    MeterKeyAdded,
    MeterKeyApproved,
    MeterKeyFound,
    MeterKeyRevoked,
    MeterKeys,
)
from services.domain.events.station import CommandAnswered, DataTransferred, VariablesReported
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id, session_id
from services.domain.meter_key import identity, key_id
from services.domain.units import Millis
from services.evidence.meter_keys import versions as keys
from services.evidence.meter_keys.candidates import Candidate, candidates
from services.evidence.meter_keys.versions import Versions
from services.evidence.state import MAX_WAITING, Point, State, Station, Waiting, session_key, station_key
from services.evidence.verdict import ANOTHER_KEY_MAY_HELP, VERIFIER, Look, carried_key, judged, looks

Transaction = TransactionStarted | TransactionUpdated | TransactionEnded
NOWHERE = 0
"""EVSE of sessions that name none; no key belongs to it."""

Decision = MeterKeyAdded | MeterKeyApproved | MeterKeyRevoked


def fold(read: Read[State], event: Any) -> Changes[State]:
    """What one event of the station's streams changes."""
    match event:
        case TransactionStarted() | TransactionUpdated() | TransactionEnded():
            return _signed(read, event)
        case SessionToVerify():
            return _ended(read, event)
        case MeterKeyAdded() | MeterKeyApproved() | MeterKeyRevoked():
            return _decided(read, event)
        case VariablesReported() | CommandAnswered() | DataTransferred():
            return _told(read, event)
    return Changes()


class _Work:
    """The station's state while one event is worked on, and what becomes of it."""

    def __init__(self, read: Read[State], tenant: str, station_id: str, at: Millis) -> None:
        self._read, self.tenant, self.station_id, self.at = read, tenant, station_id, at
        found = read(station_key(tenant, station_id))
        self._before = found if isinstance(found, Station) else Station()
        self.points = dict(self._before.points)
        self.states: dict[str, State | None] = {}
        self.events: list[Event] = []

    def evse(self, told: int | None) -> int | None:
        """Where it was measured: as told, or the only metering point that is known."""
        return next(iter(self.points)) if told is None and len(self.points) == 1 else told

    def point(self, evse_id: int) -> Point:
        return self.points.get(evse_id, Point())

    def put(self, evse_id: int, versions: Versions) -> None:
        """The keys of a point from now on; what waits for them is judged again when they prove something else."""
        before = self.point(evse_id)
        if versions == before.versions:
            return
        self.points[evse_id] = point = Point(versions, before.version + 1, before.waiting)
        self.events.append(_keys(self, evse_id, point))
        if _proving(versions) != _proving(before.versions):
            for waiting in before.waiting:
                found = self._read(session_key(waiting))
                if isinstance(found, Waiting):
                    self.judge(evse_id, found.session)

    def show(self, shown: Candidate, format: str = "") -> None:
        """The station showed a key."""
        known = identity(shown.public_key)
        if known is None:
            return
        one = key_id(self.tenant, self.station_id, shown.evse_id, known.x)
        before = self.point(shown.evse_id).versions
        is_new = keys.find(before, one) is None
        told = keys.candidate(
            one, shown.public_key, known.curve, shown.source, self.at, shown.meter_serial, format
        )
        after = keys.shown(before, told)
        if is_new:
            changed = keys.billing_stopped(after) and not keys.billing_stopped(before)
            self.events.append(_found(self, shown, one, changed=changed))
        self.put(shown.evse_id, after)

    def judge(self, evse_id: int, session: SessionToVerify) -> None:
        """Publish the verdict, and keep the session for as long as another key may change it."""
        point = self.point(evse_id)
        verdict = judged(session, point.versions)
        self.events.append(
            SessionVerified(
                event_id=derived_id(
                    "SessionVerified", session.session_id, session.revision, point.version, VERIFIER
                ),
                tenant=session.tenant,
                session_id=session.session_id,
                session_revision=session.revision,
                station_id=session.station_id,
                evse_id=session.evse_id,
                outcome=verdict.outcome,
                findings=verdict.findings,
                messages=verdict.messages,
                energy_kwh=None if verdict.energy_kwh is None else f"{verdict.energy_kwh:f}",
                time_billable=verdict.time_billable,
                records=tuple([value.sha256 for value in session.signed_meter_values]),
                key_id=verdict.key_id,
                keys_version=point.version,
                verifier=VERIFIER,
                recorded_at=self.at,
            )
        )
        self._keep_waiting(evse_id, point, session, not ANOTHER_KEY_MAY_HELP.isdisjoint(verdict.findings))

    def _keep_waiting(self, evse_id: int, point: Point, session: SessionToVerify, waits: bool) -> None:
        key = session_key(session.session_id)
        others = tuple([one for one in point.waiting if one != session.session_id])
        if not waits and len(others) == len(point.waiting):
            return
        waiting = (*others, session.session_id) if waits else others
        for dropped in waiting[:-MAX_WAITING]:
            self.states[session_key(dropped)] = None
        self.states[key] = Waiting(session) if waits else None
        self.points[evse_id] = Point(point.versions, point.version, waiting[-MAX_WAITING:])

    def changes(self) -> Changes[State]:
        if self.points != self._before.points:
            self.states[station_key(self.tenant, self.station_id)] = Station(self.points)
        return Changes(self.states, self.events)


def _signed(read: Read[State], event: Transaction) -> Changes[State]:
    """Signed values while the session runs: are they true, and do they bring a key?"""
    if not any(value.signed_meter_values for value in event.meter_values):
        return Changes()
    work = _Work(read, event.tenant, event.station_id, event.recorded_at)
    evse_id = work.evse(event.evse_id)
    if evse_id is not None:
        _carried(work, evse_id, event.meter_values)
    versions = () if evse_id is None else work.point(evse_id).versions
    for value in event.meter_values:
        since = min(value.sampled_at, event.recorded_at)
        proving = keys.in_force(versions, since, event.recorded_at)
        for signed in value.signed_meter_values:
            for number, look in enumerate(looks(signed, proving)):
                work.events.append(
                    _record(event, evse_id, value.sampled_at, signed.sha256, signed.context, number, look)
                )
    return work.changes()


def _carried(work: _Work, evse_id: int, values: Iterable[MeterValue]) -> None:
    for value in values:
        for signed in value.signed_meter_values:
            known = identity(signed.public_key) if signed.public_key else None
            if known is not None and _is_shown(work, evse_id, known.x):
                continue
            found = carried_key(signed)
            if found is not None:
                text, verified = found
                shown = Candidate(evse_id, text, MeterKeySource.SIGNED_VALUE, verified.meter_serial)
                work.show(shown)


def _is_shown(work: _Work, evse_id: int, x: str) -> bool:
    one = keys.find(work.point(evse_id).versions, key_id(work.tenant, work.station_id, evse_id, x))
    return one is not None and one.shown_at is not None


def _ended(read: Read[State], event: SessionToVerify) -> Changes[State]:
    known = read(session_key(event.session_id))
    if isinstance(known, Waiting) and known.session.revision > event.revision:
        return Changes()
    work = _Work(read, event.tenant, event.station_id, event.recorded_at)
    work.judge(work.evse(event.evse_id) or NOWHERE, event)
    return work.changes()


def _decided(read: Read[State], event: Decision) -> Changes[State]:
    match event:
        case MeterKeyAdded():
            work = _Work(read, event.tenant, event.station_id, event.added_at)
            known = identity(event.public_key)
            if known is not None:
                work.put(event.evse_id, keys.entered(work.point(event.evse_id).versions, _entered(event, *known)))
        case MeterKeyApproved():
            work = _Work(read, event.tenant, event.station_id, event.approved_at)
            before = work.point(event.evse_id).versions
            work.put(event.evse_id, keys.approved(before, event.key_id, event.approved_by, event.approved_at))
        case MeterKeyRevoked():
            work = _Work(read, event.tenant, event.station_id, event.revoked_at)
            before = work.point(event.evse_id).versions
            work.put(event.evse_id, keys.revoked(before, event.key_id, event.revoked_by, event.reason))
    return work.changes()


def _told(read: Read[State], event: VariablesReported | CommandAnswered | DataTransferred) -> Changes[State]:
    found = candidates(event)
    if not found:
        return Changes()
    work = _Work(read, event.tenant, event.station_id, event.recorded_at)
    for one in found:
        work.show(one)
    return work.changes()


def _proving(versions: Versions) -> tuple[list[MeterKeyVersion], bool]:
    return keys.in_force(versions, 0, 2**62), keys.billing_stopped(versions)


def _entered(event: MeterKeyAdded, x: str, curve: str) -> MeterKeyVersion:
    return MeterKeyVersion(
        key_id=key_id(event.tenant, event.station_id, event.evse_id, x),
        public_key=event.public_key,
        meter_serial=event.meter_serial,
        curve=curve,
        format=event.format,
        status=MeterKeyStatus.CANDIDATE,
        source=event.source,
        first_seen_at=event.added_at,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
        calibration_expires_at=event.calibration_expires_at,
    )


def _keys(work: _Work, evse_id: int, point: Point) -> MeterKeys:
    return MeterKeys(
        tenant=work.tenant,
        station_id=work.station_id,
        evse_id=evse_id,
        versions=point.versions,
        billing_stopped=keys.billing_stopped(point.versions),
        version=point.version,
        updated_at=work.at,
    )


def _found(work: _Work, shown: Candidate, one: str, *, changed: bool) -> MeterKeyFound:
    return MeterKeyFound(
        event_id=derived_id("MeterKeyFound", one),
        tenant=work.tenant,
        station_id=work.station_id,
        evse_id=shown.evse_id,
        key_id=one,
        public_key=shown.public_key,
        meter_serial=shown.meter_serial,
        source=shown.source,
        changed=changed,
        found_at=work.at,
    )


def _record(
    event: Transaction, evse_id: int | None, sampled_at: Millis, sha256: str, context: str, number: int, look: Look
) -> RecordVerified:
    transaction, verified = event.transaction_id, look.verified
    last = verified.readings[-1] if verified.readings else None
    return RecordVerified(
        event_id=derived_id(
            "RecordVerified", event.tenant, event.station_id, evse_id, sha256, number, look.key_id, VERIFIER
        ),
        tenant=event.tenant,
        station_id=event.station_id,
        evse_id=evse_id,
        transaction_id=transaction,
        session_id=None if transaction is None else session_id(event.tenant, event.station_id, transaction),
        sha256=sha256,
        signature_no=number,
        context=context,
        format=look.format,
        signature=look.status,
        findings=tuple(dict.fromkeys(one.code.name for one in verified.findings)),
        key_id=look.key_id,
        meter_serial=verified.meter_serial,
        gateway_serial=verified.gateway_serial,
        pagination=verified.pagination,
        register_kwh=None if last is None else f"{last.kwh:f}",
        verifier=VERIFIER,
        sampled_at=sampled_at,
        recorded_at=event.recorded_at,
    )
