import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from services.runtime.bus import NotDurable
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import load
from services.simulator.acn import SAMPLE
from services.simulator.demo import QUERIES, DemoSettings, run_demo


class Broken:
    """A stack that cannot be started."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.stopped = False

    def start(self) -> None:
        raise self.error

    def stop(self) -> None:
        self.stopped = True

    def pid(self, name: str) -> int | None:
        return None

    def kill(self, name: str) -> None:
        raise AssertionError(name)


@pytest.fixture
def settings(tmp_path: Path) -> DemoSettings:
    return replace(load(DemoSettings, {}), build_dir=tmp_path / "build", acn_dir=str(SAMPLE.parent))


class TestRunDemo:
    @pytest.mark.parametrize(
        "error", [CannotStart("no Java: install it."), NotDurable("no Kafka"), TimeoutError("x")]
    )
    def test_says_why_nothing_could_be_measured_and_stops_everything(
        self, settings: DemoSettings, error: Exception
    ) -> None:
        stack, written = Broken(error), io.StringIO()
        assert run_demo(stack, settings, Console(file=written, width=200)) == 1
        records = json.loads((settings.build_dir / "demo.json").read_text())
        assert all(record["value"] is None and record["reason"] == str(error) for record in records)
        assert str(error) in written.getvalue()
        assert stack.stopped

    def test_stops_everything_when_interrupted(self, settings: DemoSettings) -> None:
        stack = Broken(KeyboardInterrupt())
        assert run_demo(stack, settings, Console(file=io.StringIO())) == 130
        assert stack.stopped

    def test_does_not_hide_a_defect_but_writes_it_down(self, settings: DemoSettings) -> None:
        stack = Broken(ZeroDivisionError("defect"))
        with pytest.raises(ZeroDivisionError):
            run_demo(stack, settings, Console(file=io.StringIO()))
        assert json.loads((settings.build_dir / "demo.json").read_text())[0]["reason"] == "defect"
        assert stack.stopped

    def test_starts_nothing_without_recorded_sessions(self, settings: DemoSettings, tmp_path: Path) -> None:
        stack = Broken(AssertionError("started"))
        assert run_demo(stack, replace(settings, acn_dir=str(tmp_path)), Console(file=io.StringIO())) == 1
        assert "WATTLOG_ACN_DIR" in json.loads((settings.build_dir / "demo.json").read_text())[0]["reason"]


class TestQueries:
    def test_can_be_pasted_into_a_shell_within_double_quotes(self) -> None:
        assert len(QUERIES) == 3
        assert not any(re.search(r'["`$\\!]', query) for query in QUERIES)


class TestDemoSettings:
    def test_come_from_the_environment(self) -> None:
        chosen = load(
            DemoSettings, {"WATTLOG_DEMO_STATIONS": "7", "WATTLOG_KAFKA": "x", "WATTLOG_OCPP_URL": "ws://x"}
        )
        assert (chosen.demo_stations, chosen.ocpp_url) == (7, "ws://x")

    def test_meet_the_bars_by_default(self) -> None:
        chosen = load(DemoSettings, {})
        assert chosen.demo_stations >= 50
        assert chosen.demo_sessions >= 200
