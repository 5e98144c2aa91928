from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.simulator.acn import SAMPLE
from services.simulator.cli import simulate


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(simulate, [*arguments, "--no-register"])
    return outcome.exit_code, outcome.output


class TestSimulate:
    @pytest.mark.parametrize("faults", ["flood=1", "drop=2", "drop"])
    def test_refuses_faults_that_it_does_not_know_in_one_sentence(self, faults: str) -> None:
        code, output = run("--faults", faults)
        assert code == 1
        assert "drop" in output
        assert "Traceback" not in output

    def test_says_where_recorded_sessions_are_missing(self, tmp_path: Path) -> None:
        code, output = run("--acn-dir", str(tmp_path))
        assert code == 1
        assert "WATTLOG_ACN_DIR" in output

    @pytest.mark.parametrize("option", [("--stations", "0"), ("--sessions", "-1"), ("--speed", "0")])
    def test_refuses_numbers_that_make_no_sense(self, option: tuple[str, str]) -> None:
        code, output = run(*option, "--acn-dir", str(SAMPLE.parent))
        assert code == 2
        assert option[0] in output
