"""How any edge tells settlement what became of a record at a partner, whichever protocol they speak.

An edge asks for DELIVER when a partner has got a record, for ACCEPT or DECLINE when the partner has said so.
Asking again for the same is the same step: ids follow from who did what with which record, and in which try.
"""

from services.domain.events.common import SettlementStep
from services.domain.events.settlement import CdrStepRequested
from services.domain.ids import derived_id
from services.domain.units import Millis


def partner_step(
    tenant: str, cdr_id: str, step: SettlementStep, partner_id: str, at: Millis, *, reason: str = "",
    reference: str = "", cause: str = "",
) -> CdrStepRequested:  # fmt: skip
    """A step that a partner took with a record.

    `reason` is the partner's own, for a decline. `reference` says how, e.g. "OCPI 2.2.1 pull". `cause` tells tries
    from each other where a partner may do the same twice, as declining once more what was sent once more.
    """
    return CdrStepRequested(
        event_id=derived_id("CdrStepRequested", tenant, cdr_id, step, partner_id, cause),
        tenant=tenant,
        cdr_id=cdr_id,
        step=step,
        reason=reason,
        reference=reference,
        requested_by=partner_id,
        requested_at=at,
    )
