"""What we owe is the exact sum of the lines, per currency."""

import json
from decimal import Decimal
from typing import Any

from services.ocpi.roaming.statement import as_json, statement


def line(**changes: Any) -> dict[str, Any]:
    told = {
        "cdr_id": "C1", "credit": False, "energy_wh": Decimal("10987"), "currency": "EUR",
        "total_cost_excl_vat": Decimal("5.294200"), "total_cost_incl_vat": Decimal("6.300100"),
        "check_findings": [], "evidence": "OK",
    }  # fmt: skip
    return told | changes


class TestStatement:
    def test_adds_up_and_takes_credits_off(self) -> None:
        credit = line(
            credit=True,
            total_cost_excl_vat=Decimal("-5.2942"),
            total_cost_incl_vat=Decimal("-6.3001"),
            cdr_id="C2",
        )
        (total,) = statement("DE-ALP", "2026-11", [line(), line(cdr_id="C3"), credit]).totals
        assert (total.records, total.credits, total.energy_kwh) == (3, 1, Decimal("10.987"))
        assert (total.excl_vat, total.incl_vat) == (Decimal("5.2942"), Decimal("6.3001"))

    def test_has_a_total_per_currency(self) -> None:
        made = statement("DE-ALP", "2026-11", [line(), line(currency="SEK", total_cost_incl_vat=None)])
        assert [(one.currency, one.incl_vat) for one in made.totals] == [("EUR", Decimal("6.3001")), ("SEK", 0)]

    def test_counts_what_is_doubtful(self) -> None:
        lines = [
            line(),
            line(evidence="FAILED"),
            line(check_findings=["total_cost: 9"]),
            line(evidence="UNSIGNED"),
        ]
        assert statement("DE-ALP", "2026-11", lines).doubtful == 2

    def test_is_written_without_rounding(self) -> None:
        told = json.loads(as_json(statement("DE-ALP", "2026-11", [line()])))
        assert told["totals"][0]["total_cost_incl_vat"] == told["lines"][0]["total_cost_incl_vat"] == "6.3001"
        assert json.loads(as_json(statement("DE-ALP", "2026-11", [])))["totals"] == []
