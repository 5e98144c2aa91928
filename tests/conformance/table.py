"""From test results to the table of cases: which case a test is, how each suite and block stands."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from rich.table import Column, Table

HERE: Final = Path(__file__).parent
PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "failed", "skipped", "not run"
NO_TEST: Final = "no test"
SUITES: Final = {
    "ocpp1.6": "OCPP 1.6",
    "ocpp2.0.1-mandatory": "OCPP 2.0.1, mandatory",
    "ocpp2.0.1-conditional": "OCPP 2.0.1, conditional",
    "ocpp2.0.1-other": "OCPP 2.0.1, other",
}
"""Titles by suite, in the order of the table."""

_V16_NAME = re.compile(r"test_tc_(\d{3}(?:_\d)?)_csms(?:_|\[|$)")
_V201_NAME = re.compile(r"test_tc_([a-z])_(\d{2})(?:_|\[|$)")


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the compliance testing tool. `block` is a profile in 1.6, a letter in 2.0.1."""

    suite: str
    block: str
    id: str


@dataclass(frozen=True, slots=True)
class Result:
    """How one test ended. `said` is the reason of a skip, or what failed."""

    test: str
    outcome: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands: the worst of its tests, and why it did not pass."""

    case: Case
    outcome: str
    reason: str = ""


def cases(path: Path = HERE / "cases.tsv") -> list[Case]:
    """Every case that there is, run or not."""
    lines = path.read_text().splitlines()
    return [Case(*line.split("\t")) for line in lines if line and not line.startswith("#")]


def reasons(path: Path = HERE / "not_run.yaml") -> dict[str, str]:
    """Why cases have no test, by id."""
    found: dict[str, str] = yaml.safe_load(path.read_text()) or {}
    return found


def case_id(test: str) -> str | None:
    """The case that a test function is for, by its name; None when it is for none."""
    if found := _V16_NAME.match(test):
        return f"TC_{found[1]}_CSMS"
    if found := _V201_NAME.match(test):
        return f"TC_{found[1].upper()}_{found[2]}"
    return None


def standings(known: Iterable[Case], results: Iterable[Result], why: Mapping[str, str]) -> list[Standing]:
    """How each case stands: failed if one of its tests did, skipped if one was, passed if all did."""
    by_case: dict[str | None, list[Result]] = defaultdict(list)
    for result in results:
        by_case[case_id(result.test)].append(result)
    return [_standing(case, by_case[case.id], why.get(case.id, NO_TEST)) for case in known]


def figures(found: Iterable[Standing]) -> dict[str, Any]:
    """What `build/conformance.json` has: counts by suite, and every case that did not run, with the reason."""
    counts: dict[str, Counter[str]] = {suite: Counter() for suite in SUITES}
    not_run = []
    for standing in found:
        counts[standing.case.suite][standing.outcome] += 1
        counts[standing.case.suite]["total"] += 1
        if standing.outcome in (SKIPPED, NOT_RUN):
            not_run.append({"id": standing.case.id, "suite": standing.case.suite, "reason": standing.reason})
    kept = (PASSED, FAILED, SKIPPED, "total")
    return {**{suite: {name: count[name] for name in kept} for suite, count in counts.items()}, "not_run": not_run}


def shown(found: Iterable[Standing]) -> Table:
    """The table, a sum for each suite and a row for each of its blocks."""
    by_suite: dict[str, dict[str, Counter[str]]] = {suite: defaultdict(Counter) for suite in SUITES}
    for standing in found:
        by_suite[standing.case.suite][standing.case.block][standing.outcome] += 1
    table = Table(
        Column("suite and block", no_wrap=True), title="Cases of the OCPP Compliance Testing Tool for a CSMS"
    )
    for heading in (PASSED, FAILED, SKIPPED, NOT_RUN, "total"):
        table.add_column(heading, justify="right")
    for suite, blocks in by_suite.items():
        if not blocks:
            continue
        table.add_row(SUITES[suite], *_cells(sum(blocks.values(), Counter())), style="bold")
        for block in sorted(blocks):
            table.add_row(f"  {block}", *_cells(blocks[block]))
        table.add_section()
    return table


def _standing(case: Case, results: list[Result], why: str) -> Standing:
    for outcome in (FAILED, SKIPPED, PASSED):
        told = [result.said for result in results if result.outcome == outcome]
        if told:
            return Standing(case, outcome, "; ".join(dict.fromkeys(filter(None, told))))
    return Standing(case, NOT_RUN, why)


def _cells(counts: Counter[str]) -> list[str]:
    failed = f"[red]{counts[FAILED]}[/]" if counts[FAILED] else "0"
    return [str(counts[PASSED]), failed, str(counts[SKIPPED]), str(counts[NOT_RUN]), str(counts.total())]
