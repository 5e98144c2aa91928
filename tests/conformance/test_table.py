"""The table: which case a test is for, how a case stands, what is counted."""

import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.conformance import table
from tests.conformance.table import Case, Result, Standing, case_id, cases, figures, reasons, shown, standings

HERE = Path(__file__).parent
ONE, OTHER, THIRD = Case("ocpp1.6", "core", "TC_001_CSMS"), Case("ocpp1.6", "core", "TC_003_CSMS"), Case(
    "ocpp2.0.1-mandatory", "B", "TC_B_06"
)  # fmt: skip


class TestCaseId:
    @pytest.mark.parametrize(
        ("test", "found"),
        [
            ("test_tc_001_csms_cold_boot", "TC_001_CSMS"),
            ("test_tc_004_1_csms_identification_first", "TC_004_1_CSMS"),
            ("test_tc_004_1_csms", "TC_004_1_CSMS"),
            ("test_tc_004_1_csms[hard]", "TC_004_1_CSMS"),
            ("test_tc_b_06_get_variables", "TC_B_06"),
            ("test_tc_b_06[x]", "TC_B_06"),
            ("test_tc_b_6_get_variables", None),
            ("test_tc_001", None),
            ("test_something_else", None),
        ],
    )
    def test_is_in_the_name_of_the_test(self, test: str, found: str | None) -> None:
        assert case_id(test) == found


class TestStandings:
    def test_say_the_worst_of_a_case(self) -> None:
        results = [
            Result("test_tc_001_csms_a", "passed"),
            Result("test_tc_001_csms_b", "failed", "no answer"),
            Result("test_tc_003_csms", "passed"),
            Result("test_tc_003_csms_c", "skipped", "no TLS here"),
            Result("test_of_none", "failed"),
        ]
        found = standings([ONE, OTHER, THIRD], results, {"TC_B_06": "another day"})
        assert found == [
            Standing(ONE, "failed", "no answer"),
            Standing(OTHER, "skipped", "no TLS here"),
            Standing(THIRD, "not run", "another day"),
        ]

    def test_need_all_tests_of_a_case_to_pass(self) -> None:
        passed = [Result("test_tc_001_csms_a", "passed"), Result("test_tc_001_csms_b", "passed")]
        assert standings([ONE], passed, {}) == [Standing(ONE, "passed")]

    def test_say_so_when_nobody_wrote_a_test(self) -> None:
        assert standings([ONE], [], {}) == [Standing(ONE, "not run", "no test")]


class TestFigures:
    def test_count_by_suite_and_list_what_is_left_out(self) -> None:
        counted = figures(
            [Standing(ONE, "passed"), Standing(OTHER, "failed", "x"), Standing(THIRD, "not run", "why")]
        )
        assert counted["ocpp1.6"] == {"passed": 1, "failed": 1, "skipped": 0, "total": 2}
        assert counted["ocpp2.0.1-mandatory"] == {"passed": 0, "failed": 0, "skipped": 0, "total": 1}
        assert counted["ocpp2.0.1-other"]["total"] == 0
        assert counted["not_run"] == [{"id": "TC_B_06", "suite": "ocpp2.0.1-mandatory", "reason": "why"}]

    def test_are_shown_by_block(self) -> None:
        console = Console(width=80, record=True)
        console.print(shown([Standing(ONE, "passed"), Standing(OTHER, "failed", "x")]))
        assert re.search(r"OCPP 1.6 +│ +1 │ +1 │ +0 │ +0 │ +2 │\n│ +core +│ +1 │ +1 │", console.export_text())


class TestLists:
    def test_hold_each_case_once_in_a_suite_that_is_known(self) -> None:
        ids = [case.id for case in cases()]
        assert len(ids) == len(set(ids)) == 77 + 251
        assert {case.suite for case in cases()} == set(table.SUITES)

    def test_know_every_test_that_is_named_after_a_case(self) -> None:
        known = {case.id for case in cases()}
        named = [
            name
            for path in HERE.glob("test_*.py")
            for name in re.findall(r"^ *(?:async )?def (test_tc_\w+)", path.read_text(), re.MULTILINE)
        ]
        assert [name for name in named if case_id(name) not in known] == []

    def test_give_reasons_for_cases_that_have_no_test(self) -> None:
        text = "\n".join(path.read_text() for path in HERE.glob("test_ocpp*.py"))
        tested = {case_id(name) for name in re.findall(r"def (test_tc_\w+)", text)}
        assert set(reasons()) <= {case.id for case in cases()} - tested
