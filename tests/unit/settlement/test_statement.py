import csv
import io
import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.units import parse_rfc3339
from services.settlement.statement import Line, as_csv, as_json, month_of, plain, statement

BERLIN = ZoneInfo("Europe/Berlin")


def line(number: int = 1, **more: Any) -> Line:
    known: dict[str, Any] = {
        "cdr_id": f"c{number}",
        "credit_reference_id": None,
        "status": "ACCEPTED",
        "agreement_id": "TNM-2026",
        "station_id": "CS1",
        "contract_id": "NL-TNM-C1",
        "started_at": 1_790_000_000_000,
        "ended_at": 1_790_003_600_000,
        "energy_wh": Decimal("12345.6789"),
        "currency": "EUR",
        "total_cost_excl_vat": Decimal("4.381500"),
        "total_cost_incl_vat": Decimal("5.213985"),
        "issued_at": 1_790_003_600_000 + number,
    }
    return Line(**known | more)


def credit(of: Line, number: int) -> Line:
    taken = {"credit_reference_id": of.cdr_id, "energy_wh": of.energy_wh}
    costs = {
        "total_cost_excl_vat": None if of.total_cost_excl_vat is None else -of.total_cost_excl_vat,
        "total_cost_incl_vat": None if of.total_cost_incl_vat is None else -of.total_cost_incl_vat,
    }
    return line(number, **taken, **costs)


class TestDriverUrl:
    def test_is_on_every_line_that_has_one(self) -> None:
        made = statement("NL-TNM", "2026-11", [line(1, driver_url="https://p/proof/t/c1/ab"), line(2)])
        assert [one["driver_url"] for one in json.loads(as_json(made))["lines"]] == ["https://p/proof/t/c1/ab", ""]
        assert next(csv.DictReader(io.StringIO(as_csv(made))))["driver_url"].endswith("/c1/ab")


class TestMonthOf:
    def test_begins_and_ends_at_midnight_of_the_zone(self) -> None:
        first, after = month_of("2026-11", BERLIN)
        assert first == parse_rfc3339("2026-10-31T23:00:00Z")
        assert after == parse_rfc3339("2026-11-30T23:00:00Z")

    def test_knows_summer_time_and_the_turn_of_the_year(self) -> None:
        assert month_of("2026-03", BERLIN)[1] == parse_rfc3339("2026-03-31T22:00:00Z")
        assert month_of("2026-12", ZoneInfo("UTC"))[1] == parse_rfc3339("2027-01-01T00:00:00Z")

    @pytest.mark.parametrize("text", ["2026", "2026-13", "november", "", "2026-11-01"])
    def test_refuses_what_is_no_month(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"not match|unconverted"):
            month_of(text, BERLIN)


class TestStatement:
    def test_adds_up_its_lines_to_the_last_digit(self) -> None:
        made = statement("NL-TNM", "2026-11", [line(2), line(1), line(3)])
        (total,) = made.totals
        assert (total.records, total.energy_kwh) == (3, Decimal("37.0370367"))
        assert (total.excl_vat, total.incl_vat) == (Decimal("13.144500"), Decimal("15.641955"))
        assert [known.cdr_id for known in made.lines] == ["c1", "c2", "c3"]

    def test_keeps_agreements_and_currencies_apart(self) -> None:
        made = statement("NL-TNM", "2026-11", [line(1), line(2, currency="CHF"), line(3, agreement_id=None)])
        assert [(t.agreement_id, t.currency, t.records) for t in made.totals] == [
            (None, "EUR", 1),
            ("TNM-2026", "CHF", 1),
            ("TNM-2026", "EUR", 1),
        ]

    def test_takes_back_cost_and_energy_with_a_credit(self) -> None:
        (total,) = statement("NL-TNM", "2026-11", [line(1), credit(line(1), 2), line(3)]).totals
        assert (total.records, total.credits) == (3, 1)
        assert (total.energy_kwh, total.incl_vat) == (Decimal("12.3456789"), Decimal("5.213985"))

    def test_counts_what_is_worth_a_look(self) -> None:
        unpriced = line(1, currency=None, total_cost_excl_vat=None, total_cost_incl_vat=None)
        made = statement("NL-TNM", "2026-11", [unpriced, line(2, status="DISPUTED")])
        assert (made.unpriced, made.disputed) == (1, 1)
        assert made.totals[0].incl_vat == 0

    def test_is_empty_without_lines(self) -> None:
        made = statement("NL-TNM", "2026-11", [])
        assert (made.lines, made.totals) == ((), ())

    @given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=6), max_size=30))
    def test_ties_to_the_records_whatever_they_cost(self, costs: list[Decimal]) -> None:
        lines = [line(number, total_cost_excl_vat=cost) for number, cost in enumerate(costs)]
        made = statement("NL-TNM", "2026-11", lines)
        assert sum((total.excl_vat for total in made.totals), Decimal(0)) == sum(costs, Decimal(0))


class TestWritten:
    def test_csv_has_a_row_a_line_with_all_digits(self) -> None:
        rows = list(
            csv.DictReader(io.StringIO(as_csv(statement("NL-TNM", "2026-11", [line(1), credit(line(1), 2)]))))
        )
        assert [row["energy_kwh"] for row in rows] == ["12.3456789", "-12.3456789"]
        assert rows[0]["total_cost_incl_vat"] == "5.213985"
        assert rows[0]["started_at"] == "2026-09-21T14:13:20.000Z"
        assert rows[1]["credit_reference_id"] == "c1"

    def test_json_has_totals_that_are_the_sums_of_its_lines(self) -> None:
        told = json.loads(as_json(statement("NL-TNM", "2026-11", [line(1), line(2)])))
        sums = sum(Decimal(row["total_cost_incl_vat"]) for row in told["lines"])
        assert Decimal(told["totals"][0]["total_cost_incl_vat"]) == sums
        assert (told["partner_id"], told["month"], told["unpriced"]) == ("NL-TNM", "2026-11", 0)

    @pytest.mark.parametrize(
        ("amount", "text"),
        [("4.500000", "4.5"), ("100", "100"), ("0.000000", "0"), ("-0.10", "-0.1"), ("1E+3", "1000")],
    )
    def test_plain_numbers_have_no_exponent(self, amount: str, text: str) -> None:
        assert plain(Decimal(amount)) == text

    def test_nothing_stays_nothing(self) -> None:
        assert plain(None) is None
