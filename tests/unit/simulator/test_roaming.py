"""The second act's figures: two statements of a month, and one record on its way."""

from decimal import Decimal
from typing import Any

from services.simulator.roaming import _counts, settled

RECORD = {"cdr_id": "C1", "sha256": ["a", "b"]}


def statement(cost: str = "6.30", **changes: Any) -> dict[str, Any]:
    line = {"cdr_id": "C1", "signed_sha256": ["x", "y"], "decoded_sha256": ["a", "b"], "evidence": "OK",
            "check_findings": []}  # fmt: skip
    return {"totals": [{"total_cost_incl_vat": cost}], "lines": [line | changes]}


def ok(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, bool]:
    return {figure.name: figure.ok for figure in settled(ours, theirs, RECORD)}


class TestSettled:
    def test_is_well_when_both_state_the_same_and_nothing_was_changed(self) -> None:
        assert all(ok(statement(), statement()).values())
        figures = settled(statement(), statement(), RECORD)
        assert figures[-1].value == Decimal("6.30")

    def test_shows_a_cent_too_much(self) -> None:
        assert not ok(statement(), statement("6.31"))["stated by the provider"]

    def test_shows_a_record_that_did_not_come_or_was_changed(self) -> None:
        assert not ok(statement(), statement(cdr_id="C2"))["records delivered"]
        assert not ok(statement(), statement(decoded_sha256=["a", "c"]))["signed records unchanged"]

    def test_shows_a_record_that_contradicts_itself(self) -> None:
        name = "records that agree with their meter and tariff"
        assert not ok(statement(), statement(evidence="FAILED"))[name]
        assert not ok(statement(), statement(check_findings=["total_cost"]))[name]

    def test_shows_a_month_without_any_cost(self) -> None:
        assert not ok(statement("0"), statement("0"))["stated by the CPO"]


class TestCounts:
    def test_are_what_a_pull_says(self) -> None:
        assert _counts("locations: 12 came, 3 new or different\ntariffs: 1 came, 0 new or different\nx") == {
            "locations": 12,
            "tariffs": 1,
        }
