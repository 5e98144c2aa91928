"""Folds transaction events into sessions: finds the session that a message belongs to, and what it changes.

Every path is idempotent, and of two contradicting statements the first is kept; README.md has the rules.
"""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from services.domain.events.common import MeterValue
from services.domain.events.reservation import ReservationEnded
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Changes, Event, Read
from services.sessions import reserved, signed
from services.sessions.announce import Cause, announced, is_running
from services.sessions.facts import (
    Message,
    contradicts_end,
    contradicts_start,
    flagged,
    with_end,
    with_start,
    with_update,
)
from services.sessions.finding import (
    open_session,
    open_sessions,
    session_of_end,
    session_of_start,
    session_of_update,
)
from services.sessions.outcome import CONFLICT, SIGNED_VALUES_LEFT_OUT
from services.sessions.state import (
    Open,
    Session,
    SignedValues,
    State,
    Station,
    session_key,
    signed_key,
    station_key,
)


class _Work:
    """The states and events that one event leads to. Reads see what was written before."""

    def __init__(self, read: Read[State]) -> None:
        self.states: dict[str, State | None] = {}
        self.events: list[Event] = []
        self._read = read

    def read(self, key: str) -> State | None:
        return self.states[key] if key in self.states else self._read(key)


def fold(read: Read[State], event: Message | ReservationEnded) -> Changes[State]:
    """What one event of transaction.events or reservation.events changes."""
    if isinstance(event, ReservationEnded):
        return Changes(*reserved.over(read, event))
    work = _Work(read)
    if isinstance(event, TransactionUpdated):
        _update(work, event)
    elif isinstance(event, TransactionStarted):
        _start(work, event)
    else:
        _end(work, event)
    return Changes(work.states, work.events)


def _start(work: _Work, event: TransactionStarted) -> None:
    kept, session, states = session_of_start(work.read, event)
    work.states.update(states)
    cause = Cause(event.event_id, event.started_at, event.recorded_at)
    if contradicts_start(session.start, event):
        _keep(work, kept, flagged(session, CONFLICT), cause, ())
        return
    started = with_start(session, event)
    if session.start is None:
        _overtake_earlier(work, started, event, cause)
    _keep(work, kept, started, cause, event.meter_values)


def _update(work: _Work, event: TransactionUpdated) -> None:
    found = session_of_update(work.read, event)
    if found is None:
        return
    updated = with_update(found.session, event)
    cause = Cause(event.event_id, event.occurred_at, event.recorded_at)
    if updated.place is not found.session.place:
        _overtake_earlier(work, updated, event, cause)
    _keep(work, found.kept, updated, cause, event.meter_values)


def _end(work: _Work, event: TransactionEnded) -> None:
    kept, session, states = session_of_end(work.read, event)
    work.states.update(states)
    cause = Cause(event.event_id, event.ended_at, event.recorded_at)
    if contradicts_end(session.end, event):
        _keep(work, kept, flagged(session, CONFLICT), cause, ())
    else:
        _keep(work, kept, with_end(session, event), cause, event.meter_values)


def _overtake_earlier(work: _Work, session: Session, event: Message, cause: Cause) -> None:
    """A transaction that starts on a connector shows that the ones before it there are over."""
    if session.start is None or session.place is None:
        return
    for entry in open_sessions(work.read, event):
        if entry.evse_id == session.place.evse_id and entry.started_at < session.start.at:
            earlier = open_session(work.read, entry.session_id)
            _keep(work, earlier, replace(earlier, overtaken=True), cause, ())


def _keep(work: _Work, old: Session | None, new: Session, cause: Cause, values: Sequence[MeterValue]) -> None:
    """Write a session that changed, its signed records, and whether its station has it open; announce it."""
    key = signed_key(new.session_id)
    signed_changed = False
    if signed.carries_any(values):
        before = _signed(work, key)
        records = signed.merged(before, values)
        if records is not before:
            work.states[key] = records
            signed_changed = True
            new = flagged(new, SIGNED_VALUES_LEFT_OUT) if records.left_out else new
    if new is old and not signed_changed:
        return
    counted, published = announced(
        old, new, cause, signed_changed=signed_changed, signed=lambda: _signed(work, key)
    )
    work.states[session_key(new.session_id)] = counted
    work.events += published
    _keep_open(work, old, counted)
    if new.start is not None and reserved.begins_anew(old, new):
        states, withdrawn = reserved.used(work.read, new, new.start, cause.recorded_at)
        work.states.update(states)
        work.events += withdrawn


def _signed(work: _Work, key: str) -> SignedValues:
    return cast(SignedValues | None, work.read(key)) or SignedValues()


def _keep_open(work: _Work, old: Session | None, new: Session) -> None:
    """Bring the station's list of open sessions in line with a session that changed."""
    if old is not None and _stands_alike(old, new):
        return
    now = _entry(new)
    key = station_key(new.tenant, new.station_id)
    station = cast(Station | None, work.read(key)) or Station()
    entries = [entry for entry in station.open if entry.session_id != new.session_id]
    if now is not None:
        entries.append(now)
    if tuple(entries) != station.open:
        work.states[key] = Station(tuple(sorted(entries))) if entries else None


def _stands_alike(old: Session, new: Session) -> bool:
    """Whether the station's list says the same of both; what did not change is the same object."""
    return (
        old.start is new.start
        and old.end is new.end
        and old.overtaken is new.overtaken
        and old.place is new.place
        and old.holder is new.holder
    )


def _entry(session: Session) -> Open | None:
    """What the station's list says of a session; None unless it has started and not ended."""
    start, place, holder = session.start, session.place, session.holder
    if start is None or not is_running(session):
        return None
    return Open(
        started_at=start.at,
        session_id=session.session_id,
        evse_id=None if place is None else place.evse_id,
        token=None if holder is None else holder.token.value,
    )
