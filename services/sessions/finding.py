"""Finds the session that a message belongs to; it can never be a session of another station."""

from functools import lru_cache
from typing import NamedTuple, cast

from msgspec.structs import replace

from services.domain import ids
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Read
from services.domain.units import Millis
from services.sessions.facts import Message, contradicts_end, flagged
from services.sessions.outcome import ID_REUSED, UNKNOWN_TRANSACTION_ID
from services.sessions.state import Joined, Namesake, Open, Session, State, Station, session_key, station_key

NO_IDS = frozenset({"0", "-1"})
"""What OCPP 1.6 stations send when they have not learned a transaction's id; Wattlog gives out neither."""

MAX_NAMESAKES = 20
"""Sessions under one id that late messages are told apart for; some stations call all of theirs the same."""

_session_id = lru_cache(maxsize=32_768)(ids.session_id)


class Found(NamedTuple):
    """A session as it is kept (None: not yet), the same as it is to be added to, and other states to write."""

    kept: Session | None
    session: Session
    states: dict[str, State]


def session_of_start(read: Read[State], event: TransactionStarted) -> Found:
    """The session that a start begins, or begins again.

    A transaction id that a station uses for another start gets a session of its own: an OCPP 1.6 id that two
    starts hash to, or an OCPP 2.0.1 id that is used again after its transaction has ended.
    """
    first_id = _session_id(event.tenant, event.station_id, event.transaction_id)
    first = cast(Session | None, read(session_key(first_id)))
    if first is None or first.start is None:
        return _found(first, event, first_id)
    causes: list[str | int] = [event.start_key]
    if first.start.start_key == event.start_key:
        if first.end is None or event.started_at <= first.end.at or event.started_at == first.start.at:
            return _found(first, event, first_id)
        causes.append(event.started_at)
    own_id = ids.derived_id("session", event.tenant, event.station_id, event.transaction_id, *causes)
    own = cast(Session | None, read(session_key(own_id)))
    if own is not None:
        return Found(own, own, {})
    namesakes = sorted([*first.namesakes, Namesake(event.started_at, own_id)])[-MAX_NAMESAKES:]
    return Found(
        None,
        flagged(_blank(event, own_id), ID_REUSED),
        {session_key(first_id): replace(first, namesakes=tuple(namesakes))},
    )


def session_of_update(read: Read[State], event: TransactionUpdated) -> Found | None:
    """The session that an update is about; None for OCPP 1.6 meter values outside of any session."""
    if event.transaction_id is None or _lacks_id(event):
        session = _on_connector(read, event)
        return None if session is None else Found(session, session, {})
    return _by_id(read, event, event.transaction_id, event.occurred_at)


def session_of_end(read: Read[State], event: TransactionEnded) -> Found:
    """The session that an end is about, be it one that has not started yet.

    OCPP 1.6 stations that have no id for a transaction that began offline end it with 0 or -1. If one open session
    alone fits, it is that; else the end gets a session of its own, which waits.
    """
    if not _lacks_id(event):
        return _by_id(read, event, event.transaction_id, event.ended_at)
    own_id = ids.derived_id("session", event.tenant, event.station_id, event.transaction_id, event.event_id)
    known = read(session_key(own_id))
    if known is not None:
        own = open_session(read, known.session_id) if isinstance(known, Joined) else cast(Session, known)
        return Found(own, own, {})
    fitting = [entry for entry in open_sessions(read, event) if _may_be_ended_by(entry, event)]
    if len(fitting) != 1:
        return Found(None, _blank(event, own_id), {})
    joined = open_session(read, fitting[0].session_id)
    return Found(
        joined,
        flagged(joined, UNKNOWN_TRANSACTION_ID),
        {session_key(own_id): Joined(joined.session_id)},
    )


def open_sessions(read: Read[State], event: Message) -> tuple[Open, ...]:
    """The sessions of the event's station that have started and not ended."""
    station = cast(Station | None, read(station_key(event.tenant, event.station_id)))
    return () if station is None else station.open


def open_session(read: Read[State], session_id: str) -> Session:
    """A session that another state names, and that is kept therefore."""
    return cast(Session, read(session_key(session_id)))


def _lacks_id(event: Message) -> bool:
    return event.transaction_id in NO_IDS and _is_16(event)


def _is_16(event: Message) -> bool:
    return event.protocol.startswith("ocpp1.")


def _on_connector(read: Read[State], event: TransactionUpdated) -> Session | None:
    """The session that was open on the connector at the time of the meter values.

    OCPP 2.0.1 sends what belongs to a transaction under its id only.
    """
    if not _is_16(event):
        return None
    begun = [
        entry
        for entry in open_sessions(read, event)
        if entry.evse_id == event.evse_id and entry.started_at <= event.occurred_at
    ]
    return open_session(read, max(begun).session_id) if begun else None


def _may_be_ended_by(entry: Open, event: TransactionEnded) -> bool:
    """Whether an end without id can mean this session: it began before, with the same token if one is given."""
    if entry.started_at > event.ended_at:
        return False
    if event.id_token is None:
        return True
    return entry.token is not None and entry.token.casefold() == event.id_token.value.casefold()


def _by_id(read: Read[State], event: Message, transaction_id: str, at: Millis) -> Found:
    first_id = _session_id(event.tenant, event.station_id, transaction_id)
    first = cast(Session | None, read(session_key(first_id)))
    if first is None or not first.namesakes:
        return _found(first, event, first_id)
    session = _among_namesakes(read, first, event, at)
    return Found(session, session, {})


def _among_namesakes(read: Read[State], first: Session, event: Message, at: Millis) -> Session:
    """The latest that had started by then; of an end, first one that it repeats, then one that is open."""
    later = [namesake for namesake in reversed(first.namesakes) if namesake.started_at <= at]
    begun = [*(open_session(read, namesake.session_id) for namesake in later), first]
    if isinstance(event, TransactionEnded):
        ended = [s for s in begun if s.end is not None and not contradicts_end(s.end, event)]
        begun = ended or [s for s in begun if s.end is None] or begun
    return begun[0]


def _found(kept: Session | None, event: Message, session_id: str) -> Found:
    return Found(kept, _blank(event, session_id) if kept is None else kept, {})


def _blank(event: Message, session_id: str) -> Session:
    return Session(session_id, event.tenant, event.station_id, event.transaction_id or "", event.protocol)
