"""Folds ended sessions into charge detail records: at any time one that counts per session, and none is edited.

A record is held while the end of its session is doubtful, or its signed meter values do not prove it where they
must, and issued under the same id when that is over. What was issued is only ever taken back by a credit record
and replaced by one of the next revision, or by nothing when an operator says so. A verdict that turns bad later
stops the delivery of a record: it stays issued, with the reason.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from services.cdrs import evidence
from services.cdrs.correction import MOST_WAITING, corrected_end, corrected_quote, is_late, is_lawful
from services.cdrs.detail import charge_detail
from services.cdrs.evidence import Verdict
from services.cdrs.expired import expired_detail
from services.cdrs.lookups import Lookups
from services.cdrs.quoting import Quote, quote_of
from services.domain.events.cdr import Cdr, CdrCorrectionRequested, CdrCredited, CdrHeld, CdrIssued
from services.domain.events.cdrhold import CdrHold
from services.domain.events.common import CdrStatus, ChargeDetail
from services.domain.events.evidence import EvidenceRejected, EvidenceReleased, SessionVerified
from services.domain.events.session import ReservationExpired, ReservationUsed, SessionEnded, SessionStarted
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.tariff.session import ClockState
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
    "reservation_id",
)
"""What a session's end and a record of it have in common, and what a record is replaced for."""


class Record(Struct, frozen=True, array_like=True):
    """The record of a session that counts, under its session id; new fields go to the end, with a default.

    `session_revision` is that of the last SessionEnded which was looked at, `version` counts the changes of the
    record (not of the ones it replaced). There is no `detail` while only the verdict or the quote is known, and no
    quote once there is a detail with its terms.
    """

    session_revision: int
    status: CdrStatus
    version: int
    detail: ChargeDetail | None
    held_reason: str | None = None
    verdict: Verdict | None = None
    quote: Quote | None = None
    issued_at: Millis | None = None
    waiting: tuple[CdrCorrectionRequested, ...] = ()


_NOTHING = Record(0, CdrStatus.UNKNOWN, 0, None)


def fold(lookups: Lookups, read: Read[Record], event: Any) -> Changes[Record]:
    """What one event of session.events, evidence.events or cdr.commands changes."""
    changes = _folded(lookups, read, event)
    record = changes.states.get(event.session_id) if changes.states else None
    return changes if record is None or not record.waiting else _now_corrected(lookups, record, changes)


def _folded(lookups: Lookups, read: Read[Record], event: Any) -> Changes[Record]:
    match event:
        case CdrCorrectionRequested():
            return _asked(lookups, read(event.session_id), event)
        case SessionStarted():
            return _started(lookups, read(event.session_id), event)
        case SessionEnded():
            return _ended(lookups, read(event.session_id), event)
        case ReservationExpired():
            return _expired(lookups, read(event.session_id), event)
        case ReservationUsed():
            return _used_after_all(read(event.session_id), event)
        case SessionVerified() | EvidenceReleased() | EvidenceRejected():
            return _judged(lookups, read(event.session_id), event)
    return Changes()


def _started(lookups: Lookups, known: Record | None, event: SessionStarted) -> Changes[Record]:
    """What the session will cost is settled now; the first time counts."""
    if known is not None and (known.detail is not None or known.quote is not None):
        return Changes()
    quote = quote_of(lookups, event)
    if quote is None:
        return Changes()
    return Changes({event.session_id: msgspec.structs.replace(known or _NOTHING, quote=quote)})


def _ended(lookups: Lookups, known: Record | None, event: SessionEnded) -> Changes[Record]:
    if known is None or known.detail is None:
        return _stand(lookups, event, 1, 1, known or _NOTHING)
    if event.revision <= known.session_revision:
        return Changes()
    if known.status is CdrStatus.CREDITED:
        # An operator has said that it is not billed.
        return Changes({event.session_id: msgspec.structs.replace(known, session_revision=event.revision)})
    same, verdict = _billed(known.detail) == _billed(event), known.verdict
    if same and verdict is not None and verdict.session_revision == known.session_revision:
        verdict = msgspec.structs.replace(verdict, session_revision=event.revision)
    reason = hold_reason(event) or _evidence_reason(lookups, event, verdict)
    # A verdict does not take back what was issued.
    stays = known.held_reason == reason if known.status is CdrStatus.HELD else hold_reason(event) is None
    if same and stays:
        seen = msgspec.structs.replace(known, session_revision=event.revision, verdict=verdict)
        return Changes({event.session_id: seen})
    quote = Quote(known.detail.agreement_id, known.detail.tariff)
    told = msgspec.structs.replace(known, verdict=verdict, quote=quote)
    if known.status is CdrStatus.HELD:
        return _stand(lookups, event, known.detail.revision, known.version + 1, told)
    replaced = _stand(lookups, event, known.detail.revision + 1, 1, told)
    why = f"revision {event.revision} of the session differs"
    return Changes(replaced.states, [*_credit(known, known.detail, why, event.recorded_at), *replaced.events])


def _expired(lookups: Lookups, known: Record | None, event: ReservationExpired) -> Changes[Record]:
    """Nothing was measured, so there is nothing to prove: it is issued at once, or never."""
    if known is not None and known.session_revision:
        return Changes()
    detail = expired_detail(lookups, event)
    record = msgspec.structs.replace(known or _NOTHING, session_revision=1, version=1, detail=detail)
    if detail is None:
        return Changes({event.session_id: record})
    return _announced(record, detail, None, event.recorded_at)


def _used_after_all(known: Record | None, event: ReservationUsed) -> Changes[Record]:
    if known is None or known.detail is None or known.status is not CdrStatus.ISSUED:
        return Changes()
    return _taken_back(known, known.detail, f"session {event.used_by} used the reservation", event.recorded_at)


def _judged(lookups: Lookups, known: Record | None, event: evidence.Told) -> Changes[Record]:
    """A verdict, or what an operator decided instead, on a session that has a record or will have one."""
    verdict = evidence.verdict_of(event)
    if known is None:
        return Changes({event.session_id: msgspec.structs.replace(_NOTHING, verdict=verdict)})
    if not verdict.outranks(known.verdict):
        return Changes()
    reason = evidence.reason_of(verdict, known.session_revision)
    told = msgspec.structs.replace(known, verdict=verdict)
    if known.status is CdrStatus.ISSUED and verdict.session_revision == known.session_revision:
        return _doubted(lookups, told, event, reason)
    if known.held_reason not in evidence.REASONS or verdict.session_revision != known.session_revision:
        return Changes({event.session_id: told})
    if known.detail is None or known.held_reason == reason:
        return Changes({event.session_id: told})
    detail = _by_proven_clock(known.detail) if verdict.proves_time_of(known.session_revision) else known.detail
    judged = msgspec.structs.replace(told, version=known.version + 1, detail=detail)
    return _announced(judged, detail, reason, evidence.told_at(event))


def _doubted(lookups: Lookups, told: Record, event: evidence.Told, reason: str | None) -> Changes[Record]:
    """A verdict on a record that was issued: where the law asks for proof, a bad one stops its delivery.

    A better one, or an operator who releases it, lets it go on; one who rejects it takes it back.
    """
    detail = told.detail
    seen = Changes({event.session_id: told})
    if detail is None or reason == told.held_reason or not _under_law(lookups, detail.tenant, detail.station_id):
        return seen
    at = evidence.told_at(event)
    if isinstance(event, EvidenceRejected):
        return _taken_back(told, detail, event.reason, at)
    standing = msgspec.structs.replace(told, version=told.version + 1, held_reason=reason)
    state = _state(detail, CdrStatus.ISSUED, standing.version, at, standing.issued_at, reason)
    held = [] if reason is None else [_held(detail, standing.version, reason, at)]
    hold = CdrHold(tenant=detail.tenant, cdr_id=detail.cdr_id, reason=reason, updated_at=at)
    return Changes({event.session_id: standing}, [*held, state, hold])


def _asked(lookups: Lookups, known: Record | None, asked: CdrCorrectionRequested) -> Changes[Record]:
    """A correction is for one record. It waits when that is not issued yet, and is nothing when it is late."""
    known = known or _NOTHING
    if known.detail is not None and known.detail.cdr_id == asked.cdr_id and known.status is CdrStatus.ISSUED:
        return _corrected(lookups, known, known.detail, asked)
    if known.status is CdrStatus.CREDITED or (known.detail is not None and is_late(known.detail, asked.cdr_id)):
        return Changes()
    if len(known.waiting) >= MOST_WAITING or asked in known.waiting:
        return Changes()
    return Changes({asked.session_id: msgspec.structs.replace(known, waiting=(*known.waiting, asked))})


def _now_corrected(lookups: Lookups, record: Record, changes: Changes[Record]) -> Changes[Record]:
    """What waited for a record is done once it is issued."""
    detail = record.detail
    found = [asked for asked in record.waiting if detail is not None and asked.cdr_id == detail.cdr_id]
    if detail is None or record.status is not CdrStatus.ISSUED or not found:
        return changes
    left = tuple([asked for asked in record.waiting if asked is not found[0]])
    after = _corrected(lookups, msgspec.structs.replace(record, waiting=left), detail, found[0])
    both = Changes(after.states, [*changes.events, *after.events])
    now = after.states[detail.session_id]
    return both if now is None or not now.waiting else _now_corrected(lookups, now, both)


def _corrected(
    lookups: Lookups, known: Record, detail: ChargeDetail, asked: CdrCorrectionRequested
) -> Changes[Record]:
    if not is_lawful(lookups, detail, asked):
        return Changes({detail.session_id: known})
    if not asked.replace:
        return _taken_back(known, detail, asked.reason, asked.requested_at)
    end = corrected_end(detail, asked, known.session_revision)
    other = charge_detail(lookups, end, detail.revision + 1, corrected_quote(lookups, detail, asked))
    record = msgspec.structs.replace(known, version=1, detail=other, quote=None)
    issued = _announced(record, other, None, asked.requested_at)
    return Changes(issued.states, [*_credit(known, detail, asked.reason, asked.requested_at), *issued.events])


def _taken_back(known: Record, detail: ChargeDetail, reason: str, at: Millis) -> Changes[Record]:
    """Credited, with nothing in its place."""
    credited = msgspec.structs.replace(
        known, status=CdrStatus.CREDITED, version=known.version + 1, held_reason=None
    )
    return Changes({detail.session_id: credited}, _credit(known, detail, reason, at))


def _by_proven_clock(detail: ChargeDetail) -> ChargeDetail:
    lines = tuple(replace(line, clock_unproven=False) for line in detail.price_lines)
    return replace(detail, price_lines=lines)


def hold_reason(event: SessionEnded) -> str | None:
    """Why nobody should be billed for this yet; None if they should."""
    if event.estimated:
        return ESTIMATED_END
    start, stop = event.meter_start_wh, event.meter_stop_wh
    if start is not None and stop is not None and stop < start:
        return METER_DECREASED
    return None


def _evidence_reason(lookups: Lookups, event: SessionEnded, verdict: Verdict | None) -> str | None:
    """Why the signed meter values keep the record from being issued, where the law asks for them."""
    if not _under_law(lookups, event.tenant, event.station_id):
        return None
    return evidence.reason_of(verdict, event.revision)


def _under_law(lookups: Lookups, tenant: str, station_id: str) -> bool:
    station = lookups.station(f"{tenant}/{station_id}")
    return station is not None and station.calibration_law


def _billed(told: SessionEnded | ChargeDetail) -> list[Any]:
    return [getattr(told, name) for name in _BILLED]


def _stand(lookups: Lookups, event: SessionEnded, revision: int, version: int, known: Record) -> Changes[Record]:
    """The record that counts from now on, held or issued, under the terms and with the verdict that are known."""
    proven = known.verdict is not None and known.verdict.proves_time_of(event.revision)
    clock = ClockState.SYNCHRONISED if proven else ClockState.UNKNOWN
    detail = charge_detail(lookups, event, revision, known.quote, clock)
    reason = hold_reason(event) or _evidence_reason(lookups, event, known.verdict)
    record = Record(event.revision, CdrStatus.UNKNOWN, version, detail, None, known.verdict, waiting=known.waiting)
    return _announced(record, detail, reason, event.recorded_at)


def _announced(record: Record, detail: ChargeDetail, reason: str | None, at: Millis) -> Changes[Record]:
    """The record held for a reason, or issued, and told so."""
    announced: Event
    if reason is None:
        announced = CdrIssued(
            event_id=derived_id("CdrIssued", detail.cdr_id),
            tenant=detail.tenant,
            cdr_id=detail.cdr_id,
            detail=detail,
            issued_at=at,
        )
    else:
        announced = _held(detail, record.version, reason, at)
    status = CdrStatus.ISSUED if reason is None else CdrStatus.HELD
    issued_at = at if reason is None else None
    standing = msgspec.structs.replace(record, status=status, held_reason=reason, issued_at=issued_at)
    state = _state(detail, status, record.version, at, issued_at, reason)
    return Changes({detail.session_id: standing}, [announced, state])


def _held(detail: ChargeDetail, version: int, reason: str, at: Millis) -> CdrHeld:
    return CdrHeld(
        event_id=derived_id("CdrHeld", detail.cdr_id, version),
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        detail=detail,
        reason=reason,
        held_at=at,
    )


def _credit(known: Record, taken: ChargeDetail, reason: str, at: Millis) -> list[Event]:
    """Takes an issued record back: all its data again, with the total costs negative (OCPI 2.2.1, 10.1.1)."""
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
        reason=reason,
        credited_at=at,
    )
    stopped = known.held_reason is not None
    goes_on = [CdrHold(tenant=taken.tenant, cdr_id=taken.cdr_id, updated_at=at)] if stopped else []
    return [
        credited,
        _state(taken, CdrStatus.CREDITED, known.version + 1, at, known.issued_at),
        _state(credit, CdrStatus.ISSUED, 1, at, at),
        *goes_on,
    ]


def _negative(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else ZERO - amount


def _state(
    detail: ChargeDetail,
    status: CdrStatus,
    version: int,
    updated_at: Millis,
    issued_at: Millis | None,
    held_reason: str | None = None,
) -> Cdr:
    return Cdr(
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        status=status,
        held_reason=held_reason,
        detail=detail,
        version=version,
        updated_at=updated_at,
        issued_at=issued_at,
    )
