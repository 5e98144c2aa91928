"""The demonstration as a user runs it: every process, real Kafka and ClickHouse, one kill on the way."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.simulator import ledger
from tests.bench.own_stack import ROOT, environment

pytestmark = pytest.mark.integration

SMALLEST = {"WATTLOG_DEMO_STATIONS": "50", "WATTLOG_DEMO_SESSIONS": "200", "WATTLOG_DEMO_CHARGING_S": "20"}


class TestDemo:
    def test_loses_and_doubles_nothing_while_a_process_is_killed(self, tmp_path: Path, cache_dir: Path) -> None:
        settings = environment(tmp_path, cache_dir) | SMALLEST
        run = subprocess.run(
            [sys.executable, "-m", "services", "demo"], env=settings, cwd=ROOT, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert re.search(r"kill -9 \d+: the session processor is dead", run.stdout)
        assert "The session processor is back" in run.stdout
        figures = {figure["name"]: figure for figure in json.loads((tmp_path / "build" / "demo.json").read_text())}
        assert all(figure["ok"] for figure in figures.values())
        assert figures["sessions sent"]["value"] == 200
        assert figures["signed records carried"]["value"] == 400
        assert figures["lost"]["value"] == figures["duplicates"]["value"] == 0
        assert figures["stated by the provider"]["value"] == figures["stated by the CPO"]["value"] > 0
        assert figures["signed records unchanged"]["value"] == 2
        entries = ledger.read(tmp_path / "build" / "demo-ledger.jsonl")
        assert len({entry.station_id for entry in entries}) == 50
        assert not (tmp_path / "data" / "run" / "kafka.pid").exists()
