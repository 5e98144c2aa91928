from dataclasses import replace

import pytest

from services.domain.events.common import EvidenceOutcome, SignatureStatus
from services.domain.events.evidence import RecordVerified, SessionVerified
from services.evidence.history import difference, gaps
from tests.unit.evidence.signing import running, session, vouched


def record(page: str | None, meter: str | None = "M1", at: int = 0) -> RecordVerified:
    return RecordVerified(
        event_id="e", tenant="t", station_id="CS1", sha256=f"{meter}{page}", context="Transaction.End",
        signature=SignatureStatus.VALID, meter_serial=meter, pagination=page, verifier="1", sampled_at=at,
        recorded_at=at,
    )  # fmt: skip


class TestGaps:
    def test_are_numbers_that_never_came_in_whatever_order_the_others_did(self) -> None:
        (gap,) = gaps([record("T9", at=90), record("T4", at=40), record("T5", at=50)])
        assert (gap.meter_serial, gap.context, gap.first_missing, gap.last_missing) == ("M1", "T", 6, 8)
        assert (gap.missing, gap.after_at, gap.before_at) == (3, 50, 90)

    def test_are_none_where_all_came_some_twice(self) -> None:
        assert gaps([record("T1"), record("T2"), record("T2"), record("T3")]) == []

    def test_are_counted_by_meter_and_context(self) -> None:
        records = [
            record("T1"),
            record("F1"),
            record("T3", "M2"),
            record("F2"),
            record("7", "M3"),
            record("9", "M3"),
        ]
        assert [(gap.meter_serial, gap.context, gap.missing) for gap in gaps(records)] == [("M3", "", 1)]

    @pytest.mark.parametrize(
        "told", [record(None), record("T1", None), record("one"), record(""), record("T" * 99)]
    )
    def test_are_not_seen_in_records_without_number_or_meter(self, told: RecordVerified) -> None:
        assert gaps([record("T1"), told, record("T2")]) == []


class TestDifferences:
    def test_are_verdicts_that_the_keys_of_today_do_not_give(self) -> None:
        run = running(*vouched(), session())
        (told,) = run.of(SessionVerified)
        point = run.events[0].versions
        found = difference(told, session(), point)
        assert found is not None
        assert (found.before, found.after) == (EvidenceOutcome.OK, EvidenceOutcome.UNDECIDED)
        assert (found.before_findings, found.after_findings) == ((), ("KEY_NOT_APPROVED",))

    def test_are_none_where_nothing_changed(self) -> None:
        run = running(session())
        (told,) = run.of(SessionVerified)
        assert difference(told, session(), ()) is None
        assert difference(replace(told, findings=("OTHER",)), session(), ()) is not None
