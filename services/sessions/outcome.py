"""What the facts of a session come to: energy, end, and what is doubtful about them."""

from decimal import Decimal
from typing import NamedTuple

from services.domain.events.common import IdToken
from services.domain.units import Millis
from services.sessions import registers, seq_nos
from services.sessions.state import UNPROVEN, Reading, Session, Start

ZERO = Decimal(0)

CONFLICT = "CONFLICT"
ESTIMATED_END = "ESTIMATED_END"
ID_REUSED = "ID_REUSED"
METER_DECREASED = "METER_DECREASED"
METER_GAP = "METER_GAP"
NOT_AUTHORIZED = "NOT_AUTHORIZED"
NO_ENERGY = "NO_ENERGY"
NO_START_REGISTER = "NO_START_REGISTER"
NO_STOP_REGISTER = "NO_STOP_REGISTER"
SEQ_GAP = "SEQ_GAP"
SIGNED_VALUES_LEFT_OUT = "SIGNED_VALUES_LEFT_OUT"
TIME_REVERSED = "TIME_REVERSED"
UNKNOWN_TRANSACTION_ID = "UNKNOWN_TRANSACTION_ID"
WARNINGS = "WARNINGS"


class Outcome(NamedTuple):
    """The end of a session as it is billed; whatever differs here is worth a new revision."""

    started_at: Millis
    ended_at: Millis
    meter_start_wh: Decimal | None
    meter_stop_wh: Decimal | None
    energy_wh: Decimal
    estimated: bool
    token: IdToken | None
    evse_id: int | None
    connector_id: int | None
    reservation_id: int | None


def meter_start(session: Session) -> Decimal | None:
    """The register at the start: as the station said it, else its first reading."""
    if session.start is not None and session.start.meter_wh is not None:
        return session.start.meter_wh
    first = session.registers.first
    return None if first is None else first.wh


def meter_now(session: Session) -> Decimal | None:
    """The register as it is known last: as the station said it at the end, else its last reading."""
    if session.end is not None and session.end.meter_wh is not None:
        return session.end.meter_wh
    last = session.registers.last
    return None if last is None else last.wh


def energy(session: Session) -> Decimal:
    """Wh charged so far. Zero without a start, without two registers, and when the register fell."""
    begun, now = meter_start(session), meter_now(session)
    if begun is None or session.start is None or now is None or now <= begun:
        return ZERO
    return now - begun


def outcome(session: Session) -> Outcome | None:
    """How the session ended; None while it has no start, or no end at all.

    A session that was overtaken by the next one on its connector ended with its last reading, as an estimate.
    """
    start, end, place, holder = session.start, session.end, session.place, session.holder
    if start is None or (end is None and not session.overtaken):
        return None
    return Outcome(
        started_at=start.at,
        ended_at=_last_heard_at(session, start) if end is None else end.at,
        meter_start_wh=meter_start(session),
        meter_stop_wh=meter_now(session),
        energy_wh=energy(session),
        estimated=end is None,
        token=None if holder is None else holder.token,
        evse_id=None if place is None else place.evse_id,
        connector_id=None if place is None else place.connector_id,
        reservation_id=session.reservation_id,
    )


def _last_heard_at(session: Session, start: Start) -> Millis:
    last = session.registers.last
    return start.at if last is None else max(start.at, last.at)


def flags(session: Session, result: Outcome | None) -> tuple[str, ...]:
    """What is doubtful, in alphabetical order; most of it only shows at the end."""
    said = _standing(session)
    if result is None and not seq_nos.has_gap(session.seq_nos):
        return said
    found = [*said]
    if seq_nos.has_gap(session.seq_nos):
        found.append(SEQ_GAP)
    if result is not None:
        found += _meter_flags(session, result) + _time_flags(result)
    return tuple(sorted(found))


def _standing(session: Session) -> tuple[str, ...]:
    """The flags that are kept; NOT_AUTHORIZED only while no other token was accepted."""
    if NOT_AUTHORIZED in session.flags and session.holder is not None and session.holder.rank < UNPROVEN:
        return tuple([flag for flag in session.flags if flag != NOT_AUTHORIZED])
    return session.flags


def ends(result: Outcome) -> tuple[Reading, Reading] | None:
    """The readings that a session lies between; None if one of its registers is not known."""
    if result.meter_start_wh is None or result.meter_stop_wh is None:
        return None
    return Reading(result.started_at, result.meter_start_wh), Reading(result.ended_at, result.meter_stop_wh)


def _meter_flags(session: Session, result: Outcome) -> list[str]:
    found = []
    if result.energy_wh == 0:
        found.append(NO_ENERGY)
    if session.start is not None and session.start.meter_wh is None:
        found.append(NO_START_REGISTER)
    if session.end is not None and session.end.meter_wh is None:
        found.append(NO_STOP_REGISTER)
    between = ends(result)
    if between is not None and registers.decreased(session.registers, *between):
        found.append(METER_DECREASED)
    if registers.has_gap(session.registers, result.started_at, result.ended_at):
        found.append(METER_GAP)
    return found


def _time_flags(result: Outcome) -> list[str]:
    found = []
    if result.estimated:
        found.append(ESTIMATED_END)
    if result.ended_at < result.started_at:
        found.append(TIME_REVERSED)
    return found
