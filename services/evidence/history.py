"""What signed meter values come to over time: what was measured without a break, and verdicts compared."""

import itertools
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from services.domain.events.common import EvidenceOutcome
from services.domain.events.evidence import RecordVerified, SessionToVerify, SessionVerified
from services.domain.units import Millis
from services.evidence.meter_keys.versions import Versions
from services.evidence.verdict import judged

_PAGE: Final = re.compile(r"([A-Za-z]*)([0-9]{1,20})", re.ASCII)


class Gap(NamedTuple):
    """Packets of a meter that never came: the numbers from `first_missing` to `last_missing`, in one context."""

    meter_serial: str
    context: str
    first_missing: int
    last_missing: int
    after_at: Millis
    before_at: Millis

    @property
    def missing(self) -> int:
        return self.last_missing - self.first_missing + 1


def gaps(records: Iterable[RecordVerified]) -> list[Gap]:
    """Where packet numbers of a meter leave some out, by meter and context (OCMF: T and F are counted apart).

    Records without meter or number say nothing; the same record twice is one.
    """
    seen: dict[tuple[str, str], dict[int, Millis]] = {}
    for record in records:
        page = _PAGE.fullmatch((record.pagination or "").strip())
        if page and record.meter_serial:
            seen.setdefault((record.meter_serial, page[1]), {}).setdefault(int(page[2]), record.sampled_at)
    return [
        Gap(meter, context, before + 1, after - 1, pages[before], pages[after])
        for (meter, context), pages in sorted(seen.items())
        for before, after in itertools.pairwise(sorted(pages))
        if after > before + 1
    ]


class Difference(NamedTuple):
    """A verdict that was told, and what is said today."""

    session_id: str
    session_revision: int
    station_id: str
    before: EvidenceOutcome
    after: EvidenceOutcome
    before_findings: tuple[str, ...]
    after_findings: tuple[str, ...]


def difference(told: SessionVerified, session: SessionToVerify, versions: Versions) -> Difference | None:
    """How the verdict on a session differs by the keys and the verifier of today; None when it does not."""
    today = judged(session, versions)
    if (today.outcome, today.findings) == (told.outcome, told.findings):
        return None
    return Difference(
        told.session_id, told.session_revision, told.station_id, told.outcome, today.outcome, told.findings,
        today.findings,
    )  # fmt: skip
