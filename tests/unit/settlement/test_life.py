import pytest

from services.domain.events.common import SettlementStatus as Status
from services.domain.events.common import SettlementStep as Step
from services.settlement.life import STEPS, why_not


class TestWhyNot:
    @pytest.mark.parametrize("step", list(STEPS))
    def test_lets_a_step_be_taken_from_the_statuses_that_are_named(self, step: Step) -> None:
        before, after = STEPS[step]
        assert before
        assert all(why_not(status, step) is None for status in before)
        assert after not in before, "a step leads on"

    @pytest.mark.parametrize("step", list(STEPS))
    def test_says_which_statuses_a_step_is_for(self, step: Step) -> None:
        before, _ = STEPS[step]
        others = set(Status) - before - {Status.CREDITED}
        for status in others:
            told = why_not(status, step)
            assert told is not None
            assert status.value in told
            assert all(known.value in told for known in before)

    def test_lets_a_credited_record_rest(self) -> None:
        assert all("credited" in (why_not(Status.CREDITED, step) or "") for step in STEPS)

    def test_takes_back_whatever_was_issued(self) -> None:
        assert STEPS[Step.CREDIT][0] == set(Status) - {Status.UNKNOWN, Status.CREDITED}

    def test_does_not_know_the_steps_of_later_versions(self) -> None:
        assert why_not(Status.ISSUED, Step.UNKNOWN) == "UNKNOWN is not known to this version"

    def test_has_a_way_from_issue_to_invoice_with_and_without_a_partner(self) -> None:
        status = Status.ISSUED
        for step in (Step.DELIVER, Step.DECLINE, Step.DELIVER, Step.DISPUTE, Step.ACCEPT, Step.INVOICE):
            assert why_not(status, step) is None
            status = STEPS[step][1]
        assert status is Status.INVOICED
        assert why_not(Status.ISSUED, Step.INVOICE) is None
