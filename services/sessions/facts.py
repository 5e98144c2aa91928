"""Adds what one message of a station says to what is known of its transaction; nothing is ever taken back."""

from msgspec.structs import replace

from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.units import Millis
from services.sessions import registers, seq_nos
from services.sessions.outcome import NOT_AUTHORIZED, WARNINGS
from services.sessions.registers import usable
from services.sessions.state import UNPROVEN, Charging, End, Holder, Place, Session, Start

Message = TransactionStarted | TransactionUpdated | TransactionEnded

_STARTED, _UPDATED, _ENDED = 0, 1, UNPROVEN
_ACCEPTED = "Accepted"


def with_start(session: Session, event: TransactionStarted) -> Session:
    """The session with what its start says; a start that is known is kept."""
    if session.start is None:
        start = Start(event.start_key, event.started_at, usable(event.meter_start_wh))
        session = _with_warnings(replace(session, start=start), event)
    return _with_decision(_with_message(session, event, event.started_at, _STARTED), event)


def with_update(session: Session, event: TransactionUpdated) -> Session:
    """The session with meter values and state of an update."""
    return _with_decision(_with_message(session, event, event.occurred_at, _UPDATED), event)


def with_end(session: Session, event: TransactionEnded) -> Session:
    """The session with what its end says; an end that is known is kept."""
    if session.end is None:
        end = End(event.ended_at, usable(event.meter_stop_wh), event.stopped_reason)
        session = _with_warnings(replace(session, end=end), event)
    return _with_message(session, event, event.ended_at, _ENDED)


def contradicts_start(known: Start | None, event: TransactionStarted) -> bool:
    """Whether the same transaction is said to have started at another time or register."""
    return known is not None and (known.at, known.meter_wh) != (event.started_at, usable(event.meter_start_wh))


def contradicts_end(known: End | None, event: TransactionEnded) -> bool:
    """Whether the same transaction is said to have ended at another time or register."""
    return known is not None and (known.at, known.meter_wh) != (event.ended_at, usable(event.meter_stop_wh))


def flagged(session: Session, flag: str) -> Session:
    """The session with a quality flag."""
    if flag in session.flags:
        return session
    return replace(session, flags=tuple(sorted({*session.flags, flag})))


def _with_warnings(session: Session, event: Message) -> Session:
    """Say so if the edge had to bend the start or end, e.g. to put its own time for one that is none."""
    return flagged(session, WARNINGS) if event.warnings else session


def _with_decision(session: Session, event: TransactionStarted | TransactionUpdated) -> Session:
    return flagged(session, NOT_AUTHORIZED) if _is_refused(event) else session


def _is_refused(event: Message) -> bool:
    """Whether the token in it was not accepted: who shows a wrong card first does not pay for the right one."""
    return not isinstance(event, TransactionEnded) and event.authorization_status not in (None, _ACCEPTED)


def _with_message(session: Session, event: Message, at: Millis, rank: int) -> Session:
    """What any message may say. The same object if it says nothing new, which is how a duplicate shows."""
    found = registers.merged(session.registers, event.meter_values)
    runs = session.seq_nos if event.seq_no is None else seq_nos.with_number(session.seq_nos, event.seq_no)
    charging = session.charging
    if event.charging_state is not None:
        charging = _charging(charging, event.charging_state, event.seq_no or 0)
    place, holder = session.place, session.holder
    if event.evse_id is not None and (place is None or (rank, at) < (place.rank, place.at)):
        place = Place(rank, at, event.evse_id, event.connector_id)
    standing = UNPROVEN if _is_refused(event) else rank
    if event.id_token is not None and (holder is None or (standing, at) < (holder.rank, holder.at)):
        holder = Holder(standing, at, event.id_token)
    reservation_id = _reservation_id(session, event)
    if (
        found is session.registers
        and runs is session.seq_nos
        and charging is session.charging
        and place is session.place
        and holder is session.holder
        and reservation_id == session.reservation_id
    ):
        return session
    return replace(
        session,
        registers=found,
        seq_nos=runs,
        charging=charging,
        place=place,
        holder=holder,
        reservation_id=reservation_id,
    )


def _reservation_id(session: Session, event: Message) -> int | None:
    said = None if isinstance(event, TransactionEnded) else event.reservation_id
    return min((one for one in (session.reservation_id, said) if one is not None), default=None)


def _charging(known: Charging | None, state: str, seq_no: int) -> Charging:
    if known is not None and seq_no <= known.seq_no:
        return known
    return Charging(seq_no, state)
