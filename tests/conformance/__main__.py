"""`make conformance`: run the cases, print how each suite stands, write build/conformance.json.

Ends with 1 if a case failed. What pytest says goes to build/conformance.log. `-k EXPRESSION` runs some cases only
and leaves build/conformance.json as it is.
"""

import argparse
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

import pytest
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.conformance import table
from tests.conformance.table import FAILED, NOT_RUN, PASSED, SKIPPED, Result, Standing

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
_MAX_SHOWN = 200


class Recorder:
    """A pytest plugin: keeps how each test ended, and shows how far it has got."""

    def __init__(self, console: Console) -> None:
        self.results: list[Result] = []
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("starting", total=None)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        session.items[:] = [item for item in session.items if _case_of(item.nodeid)]
        self._progress.start()
        self._progress.update(self._task, total=len(session.items), description="starting Kafka")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.split("::")[-1]
        if report.failed:
            self.results.append(Result(name, FAILED, _cause(report)))
        elif report.skipped:
            said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.results.append(Result(name, SKIPPED, said.removeprefix("Skipped: ")))
        elif report.when == "call":
            self.results.append(Result(name, PASSED))
        if report.when == "teardown":
            failed = len({result.test for result in self.results if result.outcome == FAILED})
            said = f"[red]{failed} failed[/]" if failed else "cases"
            self._progress.update(self._task, advance=1, description=said)

    def pytest_sessionfinish(self) -> None:
        self._progress.stop()


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    arguments.add_argument("-k", metavar="EXPRESSION", help="run the cases whose names match, as in pytest")
    chosen = arguments.parse_args()
    BUILD.mkdir(exist_ok=True)
    # pytest captures file descriptor 1 while a test runs: the table and the progress go to a copy of it.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as out, open(BUILD / "conformance.log", "w") as log:
        console = Console(file=out)
        results = _run(console, log, ["-k", chosen.k] if chosen.k else [])
        found = table.standings(table.cases(), results, table.reasons())
        if chosen.k:
            found = [standing for standing in found if standing.outcome != NOT_RUN]
        else:
            (BUILD / "conformance.json").write_text(json.dumps(table.figures(found), indent=1) + "\n")
        _report(console, found)
    return int(any(standing.outcome == FAILED for standing in found))


def _run(console: Console, log: TextIO, more: list[str]) -> list[Result]:
    recorder = Recorder(console)
    with redirect_stdout(log), redirect_stderr(log):
        code = pytest.main(["-v", "--color=no", str(ROOT / "tests" / "conformance"), *more], plugins=[recorder])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise SystemExit(f"pytest could not run the cases: see {log.name}")
    return recorder.results


def _report(console: Console, found: list[Standing]) -> None:
    console.print(table.shown(found))
    for standing in found:
        if standing.outcome == FAILED:
            console.print(f"[red]failed[/]   {standing.case.id}  {escape(standing.reason)}")
    left = [standing for standing in found if standing.outcome in (SKIPPED, NOT_RUN)]
    for reason in dict.fromkeys(standing.reason for standing in left):
        ids = [standing.case.id for standing in left if standing.reason == reason]
        console.print(f"not run, {len(ids)}: {escape(reason)}\n  [dim]{' '.join(ids)}[/]")


def _case_of(nodeid: str) -> str | None:
    return table.case_id(nodeid.split("::")[-1])


def _cause(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return report.longreprtext.splitlines()[-1][:_MAX_SHOWN]
    return f"{Path(crash.path).name}:{crash.lineno}: {crash.message.splitlines()[0][:_MAX_SHOWN]}"


if __name__ == "__main__":
    sys.exit(main())
