"""Folds issued charge detail records, and the steps that are asked for, into how each record is settled.

Records and steps come from two streams, in no order between them: a step that is there first waits for its record.
Each step counts once, by its event id, so reading a stream again changes nothing.
"""

from dataclasses import replace
from typing import Any, cast

from msgspec import Struct

from services.domain.events.cdr import CdrCredited, CdrIssued
from services.domain.events.common import ChargeDetail, SettlementStep
from services.domain.events.common import SettlementStatus as Status
from services.domain.events.settlement import CdrStepRefused, CdrStepRequested, CdrStepTaken, Settlement
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.settlement.chain import Head, chain_key, chained
from services.settlement.life import STEPS, why_not

MAX_STEPS = 100
"""Steps that one record may be asked for; more is a machine gone wild."""

SYSTEM = "system"


class Entry(Struct, frozen=True, array_like=True, tag="record"):
    """A record's settlement under `{tenant}/{cdr_id}`; None until the record is issued.

    `seen`: the event ids of all steps asked for. `waiting`: those that came before the record.
    """

    settlement: Settlement | None = None
    seen: tuple[str, ...] = ()
    waiting: tuple[CdrStepRequested, ...] = ()


State = Entry | Head
"""Everything that the fold keeps."""


def fold(read: Read[State], event: Any) -> Changes[State]:
    """What one event of cdr.events or settlement.commands changes; held records are not settled."""
    match event:
        case CdrIssued():
            return _issued(read, event.detail, event.issued_at)
        case CdrCredited():
            changes = _issued(read, event.detail, event.credited_at)
            return Changes(changes.states, [*changes.events, _credit_of(event)])
        case CdrStepRequested():
            return _asked(_entry(read, event.key), event)
    return Changes()


def _entry(read: Read[State], key: str) -> Entry:
    return cast(Entry | None, read(key)) or Entry()


def _issued(read: Read[State], detail: ChargeDetail, issued_at: Millis) -> Changes[State]:
    key = f"{detail.tenant}/{detail.cdr_id}"
    entry = _entry(read, key)
    if entry.settlement is not None:
        return Changes()
    head, link = chained(cast(Head | None, read(chain_key(detail.tenant))) or Head(), detail)
    settlement = _settlement(detail, issued_at)
    events: list[Event] = []
    for step in sorted(entry.waiting, key=lambda waiting: (waiting.requested_at, waiting.event_id)):
        settlement, told = _stepped(settlement, step)
        events.append(told)
    states: dict[str, State | None] = {key: Entry(settlement, entry.seen), chain_key(detail.tenant): head}
    return Changes(states, [link, *events, settlement])


def _asked(entry: Entry, step: CdrStepRequested) -> Changes[State]:
    if step.event_id in entry.seen:
        return Changes()
    if len(entry.seen) >= MAX_STEPS:
        status = entry.settlement.status if entry.settlement else Status.UNKNOWN
        return Changes({}, [_refused(step, status, f"{MAX_STEPS} steps were asked for already")])
    seen = (*entry.seen, step.event_id)
    if entry.settlement is None:
        return Changes({step.key: Entry(None, seen, (*entry.waiting, step))})
    settlement, told = _stepped(entry.settlement, step)
    states: list[Event] = [] if settlement is entry.settlement else [settlement]
    return Changes({step.key: Entry(settlement, seen)}, [told, *states])


def _stepped(settlement: Settlement, step: CdrStepRequested) -> tuple[Settlement, Event]:
    """The settlement after a step, and the event that says so; the same object when it is refused."""
    why = why_not(settlement.status, step.step)
    if why is not None:
        return settlement, _refused(step, settlement.status, why)
    status = STEPS[step.step][1]
    invoice = step.reference if step.step is SettlementStep.INVOICE else settlement.invoice_reference
    taken = CdrStepTaken(
        event_id=derived_id("CdrStepTaken", step.event_id),
        tenant=step.tenant,
        cdr_id=step.cdr_id,
        step=step.step,
        from_status=settlement.status,
        status=status,
        reason=step.reason,
        reference=step.reference,
        requested_by=step.requested_by,
        requested_at=step.requested_at,
    )
    moved = replace(
        settlement,
        status=status,
        reason=step.reason or settlement.reason,
        invoice_reference=invoice or None,
        version=settlement.version + 1,
        updated_at=max(settlement.updated_at, step.requested_at),
    )
    return moved, taken


def _refused(step: CdrStepRequested, status: Status, why: str) -> CdrStepRefused:
    return CdrStepRefused(
        event_id=derived_id("CdrStepRefused", step.event_id),
        tenant=step.tenant,
        cdr_id=step.cdr_id,
        step=step.step,
        status=status,
        why=why,
        requested_by=step.requested_by,
        requested_at=step.requested_at,
    )


def _credit_of(event: CdrCredited) -> CdrStepRequested:
    """The credited record may be of another partition: it is told by a step of its own."""
    return CdrStepRequested(
        event_id=derived_id("credit-step", event.event_id),
        tenant=event.tenant,
        cdr_id=event.credited_cdr_id,
        step=SettlementStep.CREDIT,
        reason=event.reason,
        reference=event.cdr_id,
        requested_by=SYSTEM,
        requested_at=event.credited_at,
    )


def _settlement(detail: ChargeDetail, issued_at: Millis) -> Settlement:
    return Settlement(
        tenant=detail.tenant,
        cdr_id=detail.cdr_id,
        session_id=detail.session_id,
        revision=detail.revision,
        credit=detail.credit,
        credit_reference_id=detail.credit_reference_id,
        partner_id=detail.partner_id,
        agreement_id=detail.agreement_id,
        status=Status.ISSUED,
        station_id=detail.station_id,
        contract_id=detail.contract_id,
        started_at=detail.started_at,
        ended_at=detail.ended_at,
        energy_wh=detail.energy_wh,
        currency=detail.tariff.currency if detail.tariff else None,
        total_cost_excl_vat=detail.total_cost_excl_vat,
        total_cost_incl_vat=detail.total_cost_incl_vat,
        issued_at=issued_at,
        version=1,
        updated_at=issued_at,
    )
