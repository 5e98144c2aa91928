"""Folds ended sessions into charge detail records: at any time one that counts per session, and none is edited.

A record is held while the end of its session is doubtful, and issued under the same id when it no longer is. What
was issued is only ever taken back by a credit record and replaced by one of the next revision.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from msgspec import Struct

from services.cdrs.detail import Lookups, charge_detail
from services.domain.events.cdr import Cdr, CdrCredited, CdrHeld, CdrIssued
from services.domain.events.common import CdrStatus, ChargeDetail
from services.domain.events.session import SessionEnded
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.units import Millis

ESTIMATED_END = "ESTIMATED_END"
METER_DECREASED = "METER_DECREASED"
ZERO = Decimal(0)

_BILLED = (
    "started_at",
    "ended_at",
    "energy_wh",
    "meter_start_wh",
    "meter_stop_wh",
    "id_token",
    "evse_id",
    "connector_id",
    "signed_meter_values",
)
"""What a session's end and a record of it have in common, and what a record is replaced for."""


class Record(Struct, frozen=True, array_like=True):
    """The record of a session that counts, under its session id; new fields go to the end, with a default.

    `session_revision` is that of the last SessionEnded which was looked at, `version` counts the changes of the
    record (not of the ones it replaced).
    """

    session_revision: int
    status: CdrStatus
    version: int
    detail: ChargeDetail


def fold(lookups: Lookups, read: Read[Record], event: Any) -> Changes[Record]:
    """What one event of session.events changes; only ends do."""
    if not isinstance(event, SessionEnded):
        return Changes()
    known = read(event.session_id)
    if known is None:
        return _stand(lookups, event, revision=1, version=1)
    if event.revision <= known.session_revision:
        return Changes()
    if known.status is _status(event) and _billed(known.detail) == _billed(event):
        seen = Record(event.revision, known.status, known.version, known.detail)
        return Changes({event.session_id: seen})
    if known.status is CdrStatus.HELD:
        return _stand(lookups, event, revision=known.detail.revision, version=known.version + 1)
    replaced = _stand(lookups, event, revision=known.detail.revision + 1, version=1)
    return Changes(replaced.states, [*_credit(known, event), *replaced.events])


def hold_reason(event: SessionEnded) -> str | None:
    """Why nobody should be billed for this yet; None if they should."""
    if event.estimated:
        return ESTIMATED_END
    start, stop = event.meter_start_wh, event.meter_stop_wh
    if start is not None and stop is not None and stop < start:
        return METER_DECREASED
    return None


def _status(event: SessionEnded) -> CdrStatus:
    return CdrStatus.ISSUED if hold_reason(event) is None else CdrStatus.HELD


def _billed(told: SessionEnded | ChargeDetail) -> list[Any]:
    return [getattr(told, name) for name in _BILLED]


def _stand(lookups: Lookups, event: SessionEnded, revision: int, version: int) -> Changes[Record]:
    """The record that counts from now on, held or issued."""
    detail = charge_detail(lookups, event, revision)
    status, reason = _status(event), hold_reason(event)
    announced: Event
    if reason is None:
        announced = CdrIssued(
            event_id=derived_id("CdrIssued", detail.cdr_id),
            tenant=detail.tenant,
            cdr_id=detail.cdr_id,
            detail=detail,
            issued_at=event.recorded_at,
        )
    else:
        announced = CdrHeld(
            event_id=derived_id("CdrHeld", detail.cdr_id, version),
            tenant=detail.tenant,
            cdr_id=detail.cdr_id,
            detail=detail,
            reason=reason,
            held_at=event.recorded_at,
        )
    state = _state(detail, status, version, event.recorded_at, reason)
    return Changes({event.session_id: Record(event.revision, status, version, detail)}, [announced, state])


def _credit(known: Record, event: SessionEnded) -> list[Event]:
    """Takes an issued record back: all its data again, with the total costs negative (OCPI 2.2.1, 10.1.1)."""
    taken = known.detail
    credit = replace(
        taken,
        cdr_id=derived_id("cdr-credit", taken.session_id, taken.revision),
        credit=True,
        credit_reference_id=taken.cdr_id,
        total_cost_excl_vat=_negative(taken.total_cost_excl_vat),
        total_cost_incl_vat=_negative(taken.total_cost_incl_vat),
    )
    credited = CdrCredited(
        event_id=derived_id("CdrCredited", taken.cdr_id),
        tenant=taken.tenant,
        cdr_id=credit.cdr_id,
        detail=credit,
        credited_cdr_id=taken.cdr_id,
        reason=f"revision {event.revision} of the session differs",
        credited_at=event.recorded_at,
    )
    return [
        credited,
        _state(taken, CdrStatus.CREDITED, known.version + 1, event.recorded_at),
        _state(credit, CdrStatus.ISSUED, 1, event.recorded_at),
    ]


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else ZERO - amount


def _state(
    detail: ChargeDetail, status: CdrStatus, version: int, updated_at: Millis, held_reason: str | None = None
) -> Cdr:
    return Cdr(
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        status=status,
        held_reason=held_reason,
        detail=detail,
        version=version,
        updated_at=updated_at,
    )
