"""The events that a change of a session is worth, and the session as the rest of the system sees it."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from services.domain.events import session as events
from services.domain.events.common import SessionStatus
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.sessions import registers, seq_nos
from services.sessions.outcome import Outcome, ends, energy, flags, meter_now, meter_start, outcome
from services.sessions.state import Session, SignedValues, Start

STOP_WITHOUT_START = "stop without a start"
UPDATE_WITHOUT_START = "meter values without a start"


class Cause(NamedTuple):
    """The transaction event that changed a session: its id, the station's time, and when we received it."""

    event_id: str
    occurred_at: Millis
    recorded_at: Millis


def announced(
    old: Session | None, new: Session, cause: Cause, *, signed_changed: bool, signed: Callable[[], SignedValues]
) -> tuple[Session, list[Event]]:
    """The session with its version and revision counted on, and the events to publish, in order.

    `old` is what was known before, None for nothing. `signed` reads the session's signed records.
    """
    if old is not None and is_running(old) and is_running(new) and not signed_changed:
        return _went_on(old, new, cause)
    result = outcome(new)
    ended_anew = result is not None and (signed_changed or old is None or outcome(old) != result)
    reason = _reason_to_suspend(new)
    published: list[Event] = []
    if new.start is not None and (old is None or old.start is None):
        published.append(_started(new, new.start, cause))
    if result is not None and ended_anew:
        published.append(_ended(new, result, signed(), cause))
    elif reason not in (None, new.suspended):
        published.append(_suspended(new, str(reason), cause))
    elif result is None and new.start is not None and old is not None and _moved(old, new):
        published.append(_updated(new, energy(new), cause))
    counted = replace(
        new, version=new.version + 1, revision=new.revision + ended_anew, suspended=reason or new.suspended
    )
    if old is None or _visible(old) != _visible(counted):
        published.append(_session(counted, result, energy(counted), cause))
    return counted, published


def is_running(session: Session) -> bool:
    """Whether it has started and not ended."""
    return session.start is not None and session.end is None and not session.overtaken


def _went_on(old: Session, new: Session, cause: Cause) -> tuple[Session, list[Event]]:
    """The most frequent change by far, made short: a running session that keeps running."""
    counted = replace(new, version=new.version + 1)
    energy_wh = energy(new)
    if _moved(old, new):
        return counted, [_updated(new, energy_wh, cause), _session(counted, None, energy_wh, cause)]
    if _visible(old) != _visible(new):
        return counted, [_session(counted, None, energy_wh, cause)]
    return counted, []


def _reason_to_suspend(session: Session) -> str | None:
    if session.start is not None:
        return None
    return UPDATE_WITHOUT_START if session.end is None else STOP_WITHOUT_START


def _moved(old: Session, new: Session) -> bool:
    """Whether energy or charging state of a running session went on."""
    if old.registers.last != new.registers.last or old.charging != new.charging:
        return True
    return meter_start(old) != meter_start(new)


def _visible(session: Session) -> tuple[object, ...]:
    """The facts behind the published session; the rest may change unseen."""
    return (
        session.start,
        session.end,
        session.overtaken,
        session.holder,
        session.place,
        meter_start(session),
        session.registers.last,
        session.charging,
        session.flags,
        seq_nos.has_gap(session.seq_nos),
    )


def _started(session: Session, start: Start, cause: Cause) -> events.SessionStarted:
    return events.SessionStarted(
        event_id=derived_id("SessionStarted", session.session_id),
        tenant=session.tenant,
        session_id=session.session_id,
        station_id=session.station_id,
        transaction_id=session.transaction_id,
        protocol=session.protocol,
        evse_id=None if session.place is None else session.place.evse_id,
        connector_id=None if session.place is None else session.place.connector_id,
        id_token=None if session.holder is None else session.holder.token,
        started_at=start.at,
        meter_start_wh=meter_start(session),
        recorded_at=cause.recorded_at,
    )


def _updated(session: Session, energy_wh: Decimal, cause: Cause) -> events.SessionUpdated:
    last, charging = session.registers.last, session.charging
    return events.SessionUpdated(
        event_id=cause.event_id,
        tenant=session.tenant,
        session_id=session.session_id,
        station_id=session.station_id,
        occurred_at=cause.occurred_at,
        energy_wh=energy_wh,
        energy_register_wh=None if last is None else last.wh,
        charging_state=None if charging is None else charging.state,
        recorded_at=cause.recorded_at,
    )


def _suspended(session: Session, reason: str, cause: Cause) -> events.SessionSuspended:
    return events.SessionSuspended(
        event_id=derived_id("SessionSuspended", session.session_id, reason),
        tenant=session.tenant,
        session_id=session.session_id,
        station_id=session.station_id,
        transaction_id=session.transaction_id,
        reason=reason,
        occurred_at=cause.occurred_at,
        recorded_at=cause.recorded_at,
    )


def _ended(session: Session, result: Outcome, signed: SignedValues, cause: Cause) -> events.SessionEnded:
    revision, between = session.revision + 1, ends(result)
    return events.SessionEnded(
        event_id=derived_id("SessionEnded", session.session_id, revision),
        tenant=session.tenant,
        session_id=session.session_id,
        revision=revision,
        station_id=session.station_id,
        transaction_id=session.transaction_id,
        protocol=session.protocol,
        evse_id=result.evse_id,
        connector_id=result.connector_id,
        id_token=result.token,
        started_at=result.started_at,
        ended_at=result.ended_at,
        meter_start_wh=result.meter_start_wh,
        meter_stop_wh=result.meter_stop_wh,
        energy_wh=result.energy_wh,
        stopped_reason=None if session.end is None else session.end.reason,
        estimated=result.estimated,
        periods=() if between is None else registers.periods(session.registers, *between),
        signed_meter_values=tuple(kept.value for kept in signed.values),
        quality_flags=flags(session, result),
        recorded_at=cause.recorded_at,
        reservation_id=result.reservation_id,
    )


def _session(session: Session, result: Outcome | None, energy_wh: Decimal, cause: Cause) -> events.Session:
    start, place, holder, charging = session.start, session.place, session.holder, session.charging
    if result is not None:
        status = SessionStatus.COMPLETED
    else:
        status = SessionStatus.SUSPENDED if start is None else SessionStatus.ACTIVE
    end = session.end
    return events.Session(
        tenant=session.tenant,
        session_id=session.session_id,
        station_id=session.station_id,
        transaction_id=session.transaction_id,
        protocol=session.protocol,
        status=status,
        evse_id=None if place is None else place.evse_id,
        connector_id=None if place is None else place.connector_id,
        id_token=None if holder is None else holder.token,
        started_at=None if start is None else start.at,
        ended_at=_ended_at(session, result),
        meter_start_wh=meter_start(session),
        energy_register_wh=meter_now(session),
        energy_wh=energy_wh,
        charging_state=None if charging is None else charging.state,
        stopped_reason=None if end is None else end.reason,
        quality_flags=flags(session, result),
        version=session.version,
        updated_at=cause.recorded_at,
    )


def _ended_at(session: Session, result: Outcome | None) -> Millis | None:
    if result is not None:
        return result.ended_at
    return None if session.end is None else session.end.at
