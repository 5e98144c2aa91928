from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from services.cdrs.evidence import Verdict
from services.domain.events import cdr
from services.domain.events.cdrhold import CdrHold
from services.domain.events.common import CdrStatus, EvidenceOutcome
from services.domain.events.evidence import EvidenceRejected, EvidenceReleased, SessionVerified
from services.domain.events.station import Station
from tests.scenarios.story import Run, cdrs_run, standing
from tests.unit.cdrs.test_fold import ESTIMATED, FIRST_ID, PRICED, ended

LAWFUL = replace(
    PRICED,
    station=lambda _: Station(tenant="t", station_id="CS1", tariff_id="T1", calibration_law=True, updated_at=1),
)
OK, FAILED = EvidenceOutcome.OK, EvidenceOutcome.FAILED


def verified(outcome: EvidenceOutcome, revision: int = 1, keys_version: int = 1) -> SessionVerified:
    return SessionVerified(
        event_id="v", tenant="t", session_id="s", session_revision=revision, station_id="CS1", outcome=outcome,
        keys_version=keys_version, verifier="1", recorded_at=6_000_000,
    )  # fmt: skip


def released(revision: int = 1, at: int = 7_000_000) -> EvidenceReleased:
    return EvidenceReleased(
        event_id="o",
        tenant="t",
        session_id="s",
        session_revision=revision,
        operator="ann",
        reason="r",
        released_at=at,
    )


def rejected(revision: int = 1, at: int = 7_000_000) -> EvidenceRejected:
    return EvidenceRejected(
        event_id="o",
        tenant="t",
        session_id="s",
        session_revision=revision,
        operator="ann",
        reason="r",
        rejected_at=at,
    )


def after(*events: Any) -> Run:
    run = cdrs_run(LAWFUL)
    run.take(*events)
    return run


def reason(run: Run) -> str | None:
    (one,) = standing(run)
    assert (one.status is CdrStatus.HELD) is (one.held_reason is not None)
    return one.held_reason


class TestRecordsUnderCalibrationLaw:
    def test_wait_for_their_verdict(self) -> None:
        assert reason(after(ended())) == "EVIDENCE_PENDING"

    def test_are_issued_as_they_were_held_when_the_verdict_is_good(self) -> None:
        run = after(ended(), verified(OK))
        assert reason(run) is None
        (held,), (issued,) = run.of(cdr.CdrHeld), run.of(cdr.CdrIssued)
        assert held.detail == issued.detail
        assert issued.cdr_id == FIRST_ID

    def test_are_issued_at_once_when_the_verdict_came_first(self) -> None:
        run = after(verified(OK), ended())
        assert reason(run) is None
        assert not run.of(cdr.CdrHeld)

    @pytest.mark.parametrize(("outcome", "expected"), [
        (FAILED, "EVIDENCE_FAILED"), (EvidenceOutcome.UNDECIDED, "EVIDENCE_UNDECIDED"),
        (EvidenceOutcome.UNSIGNED, "EVIDENCE_MISSING"), (EvidenceOutcome.UNKNOWN, "EVIDENCE_UNDECIDED"),
    ])  # fmt: skip
    def test_stay_held_by_any_other_verdict(self, outcome: EvidenceOutcome, expected: str) -> None:
        for events in permutations((ended(), verified(outcome))):
            assert reason(after(*events)) == expected

    def test_are_issued_when_a_later_verdict_is_good(self) -> None:
        assert reason(after(ended(), verified(EvidenceOutcome.UNDECIDED), verified(OK, keys_version=4))) is None
        assert reason(after(ended(), verified(OK, keys_version=4), verified(FAILED, keys_version=3))) is None

    def test_are_not_taken_back_by_a_verdict_but_no_longer_delivered(self) -> None:
        run = after(ended(), verified(OK), verified(FAILED, keys_version=9))
        (one,) = standing(run)
        assert (one.status, one.held_reason) == (CdrStatus.ISSUED, "EVIDENCE_FAILED")
        assert run.of(cdr.CdrHeld)[-1].reason == "EVIDENCE_FAILED"
        assert not run.of(cdr.CdrCredited)

    def test_that_are_no_longer_delivered_are_again_by_a_better_verdict_or_an_operator(self) -> None:
        for word in (verified(OK, keys_version=10), released()):
            run = after(ended(), verified(OK), verified(FAILED, keys_version=9), word)
            (one,) = standing(run)
            assert (one.status, one.held_reason, one.version) == (CdrStatus.ISSUED, None, 4)
            assert len(run.of(cdr.CdrIssued)) == 1

    def test_that_are_no_longer_delivered_are_credited_when_an_operator_rejects_them(self) -> None:
        run = after(ended(), verified(OK), verified(FAILED, keys_version=9), rejected())
        assert [one.reason for one in run.of(cdr.CdrCredited)] == ["r"]
        assert standing(run) == []
        run.take(ended(2), verified(OK, revision=2))
        assert standing(run) == []

    def test_that_are_no_longer_delivered_are_told_to_who_delivers_until_they_go_on(self) -> None:
        doubted = (ended(), verified(OK), verified(FAILED, keys_version=9))
        longer = ended(2, ended_at=ended().ended_at + 1)
        for word in (verified(OK, keys_version=10), released(), rejected(), longer):
            run = after(*doubted, word)
            assert [(one.cdr_id, one.reason) for one in run.of(CdrHold)] == [
                (FIRST_ID, "EVIDENCE_FAILED"), (FIRST_ID, None),
            ]  # fmt: skip
        assert after(ended(), verified(OK), rejected(), longer).of(CdrHold) == []

    def test_elsewhere_follow_no_verdict(self) -> None:
        run = cdrs_run(PRICED)
        run.take(ended(), verified(FAILED), verified(FAILED, keys_version=2), rejected())
        (one,) = standing(run)
        assert (one.status, one.held_reason) == (CdrStatus.ISSUED, None)

    def test_are_told_once(self) -> None:
        again = after(ended(), verified(FAILED), verified(FAILED, keys_version=2))
        assert len(again.of(cdr.CdrHeld)) == 2
        run = after(ended(), verified(OK))
        before = len(run.events)
        run.take(ended(), verified(OK), verified(OK, keys_version=2))
        assert len(run.events) == before

    def test_wait_for_the_verdict_on_their_own_revision(self) -> None:
        longer = ended(2, ended_at=ended().ended_at + 1)
        run = after(ended(), verified(FAILED), verified(OK, revision=2))
        assert reason(run) == "EVIDENCE_FAILED"
        run.take(longer)
        assert reason(run) is None
        assert reason(after(longer, verified(OK))) == "EVIDENCE_PENDING"

    def test_keep_their_verdict_when_nothing_that_is_billed_changes(self) -> None:
        run = after(ended(), verified(OK), ended(2))
        assert [type(one).__name__ for one in run.events] == ["CdrHeld", "Cdr", "CdrIssued", "Cdr"]
        assert reason(after(ended(), verified(FAILED), ended(2))) == "EVIDENCE_FAILED"

    def test_that_were_issued_and_change_are_credited_and_held_until_the_new_verdict(self) -> None:
        run = after(ended(), verified(OK), ended(2, ended_at=ended().ended_at + 1))
        assert len(run.of(cdr.CdrCredited)) == 1
        assert reason(run) == "EVIDENCE_PENDING"
        run.take(verified(OK, revision=2))
        assert reason(run) is None

    def test_are_held_for_a_doubtful_end_whatever_the_verdict_says(self) -> None:
        run = after(ESTIMATED, verified(OK))
        assert reason(run) == "ESTIMATED_END"
        run.take(ended(2), verified(OK, revision=2))
        assert reason(run) is None


class TestOperators:
    @pytest.mark.parametrize("outcome", [FAILED, EvidenceOutcome.UNSIGNED, EvidenceOutcome.UNDECIDED])
    def test_release_what_no_verdict_does(self, outcome: EvidenceOutcome) -> None:
        assert reason(after(ended(), verified(outcome), released())) is None

    def test_reject_for_good(self) -> None:
        run = after(ended(), verified(FAILED), rejected(), verified(OK, keys_version=7))
        assert reason(run) == "EVIDENCE_REJECTED"
        run.take(released(at=8_000_000))
        assert reason(run) is None

    def test_decide_on_the_revision_that_they_saw(self) -> None:
        run = after(ended(), verified(FAILED), ended(2, ended_at=ended().ended_at + 1), released(revision=1))
        assert reason(run) == "EVIDENCE_PENDING"


class TestOtherRecords:
    @pytest.mark.parametrize("event", [verified(FAILED), rejected()])
    def test_are_issued_whatever_is_said(self, event: Any) -> None:
        for events in permutations((ended(), event)):
            run = cdrs_run(PRICED)
            run.take(*events)
            assert reason(run) is None

    def test_that_were_issued_stay_when_the_law_comes_later(self) -> None:
        before = cdrs_run(PRICED)
        before.take(ended())
        run = cdrs_run(LAWFUL)
        run.states = before.states
        assert run.take(ended(2)) == []


class TestProvenTime:
    def marks(self, *events: Any) -> list[bool]:
        (issued,) = after(*events).of(cdr.CdrIssued)
        return [line.clock_unproven for line in issued.detail.price_lines]

    def test_takes_the_mark_off_the_lines_of_a_record_whether_it_comes_before_or_after(self) -> None:
        proven = replace(verified(OK), time_billable=True)
        assert self.marks(ended(), verified(OK)) == [False, False, True]
        assert self.marks(ended(), proven) == self.marks(proven, ended()) == [False, False, False]

    def test_is_that_of_a_verdict_on_this_revision_that_says_so(self) -> None:
        verdict = Verdict(2, "OK", False, 1, time_billable=True)
        assert verdict.proves_time_of(2)
        assert not verdict.proves_time_of(3)
        assert not Verdict(2, "OK", False, 1).proves_time_of(2)
        assert not Verdict(2, "FAILED", False, 1, time_billable=True).proves_time_of(2)
