"""Reservations whose time is over: which of them no session used.

A session uses a reservation when it names its number, or is of the same token at the same station in its time:
many stations never name it. Both come in any order, so both are remembered, under the number and under the token.
"""

from collections.abc import Iterator
from typing import cast

from msgspec.structs import replace

from services.domain.events.reservation import ReservationEnded
from services.domain.events.session import ReservationExpired, ReservationUsed
from services.domain.folding import Event, Read
from services.domain.ids import derived_id
from services.domain.tokens import normalise_uid
from services.domain.units import Millis
from services.sessions.state import UNPROVEN, Ended, Session, Start, State, Use, Uses

EARLY_MS: Millis = 600_000
"""A station's clock may be behind ours by so much."""

_MOST_USES = 50
_MOST_ENDED = 20

Written = tuple[dict[str, State | None], list[Event]]


def number_key(tenant: str, station_id: str, number: int) -> str:
    return f"reservation:{tenant}/{station_id}/{number}"


def token_key(tenant: str, station_id: str, uid: str) -> str:
    return f"reservations-of:{tenant}/{station_id}/{normalise_uid(uid)}"


def begins_anew(old: Session | None, new: Session) -> bool:
    """Whether a session has started, or a started one has become one that may use another reservation."""
    return new.start is not None and (
        old is None
        or old.start is not new.start
        or old.reservation_id != new.reservation_id
        or old.holder is not new.holder
    )


def used(read: Read[State], session: Session, start: Start, recorded_at: Millis) -> Written:
    """What a session that has started says of reservations; one that was told to have expired is withdrawn."""
    states: dict[str, State | None] = {}
    withdrawn: dict[str, Event] = {}
    for key in _keys_of(session):
        known = cast(Uses | None, read(key)) or Uses()
        use = Use(start.at, session.session_id)
        if use in known.uses:
            continue
        named = key.startswith("reservation:")
        late = [one for one in known.ended if not one.used and _in_time(one, start.at, named=named)]
        for one in late:
            withdrawn[one.session_id] = _withdrawal(session, one, recorded_at)
        ended = tuple(replace(one, used=True) if one in late else one for one in known.ended)
        states[key] = Uses(tuple(sorted({*known.uses, use})[-_MOST_USES:]), ended)
    return states, list(withdrawn.values())


def over(read: Read[State], event: ReservationEnded) -> Written:
    """What the end of a reservation leads to: it has expired, unless a session is known that used it."""
    session_id = derived_id(
        "reservation", event.tenant, event.partner_id, event.reservation_id, event.reserved_from
    )
    keys = [number_key(event.tenant, event.station_id, event.reservation_number)]
    if event.id_token is not None:
        keys.append(token_key(event.tenant, event.station_id, event.id_token.value))
    all_known = [cast(Uses | None, read(key)) or Uses() for key in keys]
    if any(one.session_id == session_id for one in all_known[0].ended):
        return {}, []
    ended = Ended(event.reserved_from, event.expires_at, session_id)
    is_used = any(
        _in_time(ended, use.at, named=known is all_known[0]) for known in all_known for use in known.uses
    )
    ended = replace(ended, used=is_used)
    states: dict[str, State | None] = {
        key: replace(known, ended=tuple(sorted({*known.ended, ended})[-_MOST_ENDED:]))
        for key, known in zip(keys, all_known, strict=True)
    }
    return states, [] if is_used else [_expired(event, session_id)]


def _keys_of(session: Session) -> Iterator[str]:
    """Those of the number that it names and of the token that it was allowed by."""
    if session.reservation_id is not None:
        yield number_key(session.tenant, session.station_id, session.reservation_id)
    if session.holder is not None and session.holder.rank < UNPROVEN:
        yield token_key(session.tenant, session.station_id, session.holder.token.value)


def _in_time(one: Ended, started_at: Millis, *, named: bool) -> bool:
    """Who names the number may be late by the same as early: the station had let it in."""
    late_ms = EARLY_MS if named else 0
    return one.reserved_from - EARLY_MS <= started_at <= one.expires_at + late_ms


def _withdrawal(session: Session, one: Ended, recorded_at: Millis) -> ReservationUsed:
    return ReservationUsed(
        event_id=derived_id("ReservationUsed", one.session_id),
        tenant=session.tenant,
        session_id=one.session_id,
        station_id=session.station_id,
        used_by=session.session_id,
        recorded_at=recorded_at,
    )


def _expired(event: ReservationEnded, session_id: str) -> ReservationExpired:
    return ReservationExpired(
        event_id=derived_id("ReservationExpired", session_id),
        tenant=event.tenant,
        session_id=session_id,
        station_id=event.station_id,
        partner_id=event.partner_id,
        reservation_id=event.reservation_id,
        reservation_number=event.reservation_number,
        evse_id=event.evse_id,
        id_token=event.id_token,
        reserved_from=event.reserved_from,
        expires_at=event.expires_at,
        recorded_at=event.recorded_at,
    )
