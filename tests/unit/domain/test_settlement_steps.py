"""Steps that edges ask for are the same for every protocol, and the same when they are asked for again."""

from services.domain.events.common import SettlementStep
from services.domain.settlement_steps import partner_step


def declined(at: int, cause: str = "") -> str:
    return partner_step("t", "c1", SettlementStep.DECLINE, "NL-TNM", at, reason="r", cause=cause).event_id


class TestStep:
    def test_counts_once_whenever_it_is_asked_for(self) -> None:
        assert declined(1) == declined(2)

    def test_counts_again_in_another_try(self) -> None:
        assert declined(1, "try-1") != declined(1, "try-2")

    def test_says_who_what_and_how(self) -> None:
        step = partner_step("t", "c1", SettlementStep.ACCEPT, "NL-TNM", 1, reference="OICP 2.3")
        assert (step.tenant, step.cdr_id, step.step, step.requested_by, step.reference) == (
            "t", "c1", SettlementStep.ACCEPT, "NL-TNM", "OICP 2.3",
        )  # fmt: skip
        assert (step.reason, step.requested_at) == ("", 1)
