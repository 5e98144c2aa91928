"""What signed meter values have to do with records: of stations under calibration law, none is issued unproven."""

from msgspec import Struct

from services.domain.events.evidence import EvidenceRejected, EvidenceReleased, SessionVerified

EVIDENCE_PENDING = "EVIDENCE_PENDING"
EVIDENCE_FAILED = "EVIDENCE_FAILED"
EVIDENCE_UNDECIDED = "EVIDENCE_UNDECIDED"
EVIDENCE_MISSING = "EVIDENCE_MISSING"
EVIDENCE_REJECTED = "EVIDENCE_REJECTED"

_REASONS = {
    "OK": None,
    "RELEASED": None,
    "FAILED": EVIDENCE_FAILED,
    "UNSIGNED": EVIDENCE_MISSING,
    "REJECTED": EVIDENCE_REJECTED,
}

REASONS = frozenset({EVIDENCE_PENDING, EVIDENCE_UNDECIDED, *filter(None, _REASONS.values())})
"""Why a record is held that a verdict or an operator may let go."""

Told = SessionVerified | EvidenceReleased | EvidenceRejected


class Verdict(Struct, frozen=True, array_like=True):
    """The last word on a revision of a session: an EvidenceOutcome, or RELEASED or REJECTED by an operator.

    `at` is the version of the keys that it follows from, or the time at which an operator decided. New fields go
    to the end, with a default.
    """

    session_revision: int
    word: str
    by_operator: bool
    at: int
    time_billable: bool = False

    def outranks(self, other: "Verdict | None") -> bool:
        """Of a revision an operator's word counts more than a verdict, and the later more than the earlier."""
        return other is None or _rank(self) > _rank(other)

    def proves_time_of(self, session_revision: int) -> bool:
        """Whether prices that hang on the clock are proven in this revision."""
        return self.time_billable and self.word == "OK" and self.session_revision == session_revision


def verdict_of(event: Told) -> Verdict:
    match event:
        case SessionVerified():
            return Verdict(
                event.session_revision, event.outcome.value, False, event.keys_version, event.time_billable
            )
        case EvidenceReleased():
            return Verdict(event.session_revision, "RELEASED", True, event.released_at)
        case EvidenceRejected():
            return Verdict(event.session_revision, "REJECTED", True, event.rejected_at)


def told_at(event: Told) -> int:
    """When it was said."""
    match event:
        case SessionVerified():
            return event.recorded_at
        case EvidenceReleased():
            return event.released_at
        case EvidenceRejected():
            return event.rejected_at


def reason_of(verdict: Verdict | None, session_revision: int) -> str | None:
    """Why a record of this revision is held; None when it may be issued."""
    if verdict is None or verdict.session_revision != session_revision:
        return EVIDENCE_PENDING
    return _REASONS.get(verdict.word, EVIDENCE_UNDECIDED)


def _rank(verdict: Verdict) -> tuple[int, bool, int]:
    return verdict.session_revision, verdict.by_operator, verdict.at
