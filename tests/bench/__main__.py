"""`make bench`: run every benchmark, print the figures against their bars, write build/bench.json.

Figures are CPU seconds per unit and ratios measured in one run, since wall time is noisy. `--quick` takes smaller
loads, `--only NAME` one benchmark. A figure that could not be measured is null with a reason.
"""

import argparse
import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = [
    "folds",
    "signed_meter",
    "clickhouse",
    "ocpp",
    "ocpp_scale",
    "closed_loop",
    "streaming",
    "latency",
    "pricing",
    "local_lists",
    "ocpi_pull",
    "ocpi_outbox",
]
Figure = dict[str, Any]


def measure(name: str, quick: bool) -> list[Figure]:
    """The figures of one benchmark; a single null one that says why when it could not run."""
    try:
        figures: list[Figure] = importlib.import_module(f"tests.bench.bench_{name}").measure(quick=quick)
    except Exception as error:  # noqa: BLE001  one that fails must not hide the others
        traceback.print_exc()
        return [{"name": name, "value": None, "unit": "", "bar": None, "ok": False, "reason": repr(error)}]
    return figures


def table(figures: list[Figure]) -> Table:
    shown = Table("figure", "value", "unit", "bar", "", title=f"{os.cpu_count()} cores")
    for figure in figures:
        value = figure["value"]
        text = (
            figure.get("reason", "not measured")
            if value is None
            else f"{value:,.4g}"
            if value < 100
            else f"{value:,.0f}"
        )
        mark = {True: "[green]ok[/]", False: "[red]missed[/]", None: ""}[figure["ok"]]
        shown.add_row(figure["name"], text, figure["unit"], str(figure["bar"] or ""), mark)
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="smaller loads: minutes instead of a quarter of an hour"
    )
    parser.add_argument(
        "--history", type=int, metavar="N", help="finished sessions behind the closed loop, e.g. 1000000"
    )
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="run just this one (may be repeated)")
    chosen = parser.parse_args()
    if chosen.history is not None:
        os.environ["WATTLOG_BENCH_HISTORY"] = str(chosen.history)
    console, figures = Console(), list[Figure]()
    for name in chosen.only or BENCHMARKS:
        console.print(f"[bold]{name}[/] ...")
        figures += measure(name, chosen.quick)
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(table(figures))
    console.print(f"written to {target.relative_to(ROOT)}")
    return 0 if all(figure["ok"] is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
