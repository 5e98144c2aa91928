"""The life of an issued charge detail record: which step leads from where to where. Pure data and one function."""

from typing import Final

from services.domain.events.common import SettlementStatus as Status
from services.domain.events.common import SettlementStep as Step

_OPEN: Final = frozenset(
    {Status.ISSUED, Status.DELIVERED, Status.ACCEPTED, Status.DECLINED, Status.DISPUTED, Status.INVOICED}
)

STEPS: Final[dict[Step, tuple[frozenset[Status], Status]]] = {
    Step.DELIVER: (frozenset({Status.ISSUED, Status.DECLINED}), Status.DELIVERED),
    Step.ACCEPT: (frozenset({Status.DELIVERED, Status.DISPUTED}), Status.ACCEPTED),
    Step.DECLINE: (frozenset({Status.DELIVERED, Status.DISPUTED}), Status.DECLINED),
    Step.DISPUTE: (frozenset({Status.DELIVERED, Status.ACCEPTED, Status.INVOICED}), Status.DISPUTED),
    Step.INVOICE: (frozenset({Status.ISSUED, Status.DELIVERED, Status.ACCEPTED}), Status.INVOICED),
    Step.CREDIT: (_OPEN, Status.CREDITED),
}
"""From which status a step may be taken, and where it leads. INVOICE from ISSUED: drivers without a partner."""


def why_not(status: Status, step: Step) -> str | None:
    """Why a record of that status cannot take the step, in one sentence; None when it can."""
    if step not in STEPS:
        return f"{step.value} is not known to this version"
    before, _ = STEPS[step]
    if status in before:
        return None
    if status is Status.CREDITED:
        return "it is credited: the record that replaces it goes on"
    wanted = ", ".join(sorted(known.value for known in before))
    return f"it is {status.value}; {step.value} is for records that are {wanted}"
