"""Which interpreter .venv is made with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools" / "choose_python.sh"


def chosen(path: str) -> str:
    return subprocess.run(
        [TOOL], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    ).stdout


def interpreter(directory: Path, name: str, script: str) -> Path:
    directory.mkdir(exist_ok=True)
    made = directory / name
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def tested() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version != "3.11":
        pytest.skip("the first version that is looked for is 3.11")
    return "python3.11"


def test_is_one_that_runs(tested: str, tmp_path: Path) -> None:
    found = chosen(os.environ["PATH"]).strip()
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith(("Python 3.11", "Python 3.12", "Python 3.13"))


def test_is_the_quickest_build_of_a_version(tested: str, tmp_path: Path) -> None:
    slow = interpreter(tmp_path / "slow", tested, 'cat > /dev/null; echo "9.000000 $0"')
    quick = interpreter(tmp_path / "quick", tested, 'cat > /dev/null; echo "0.000001 $0"')
    assert chosen(f"{slow.parent}:{quick.parent}:{os.environ['PATH']}").strip() == str(quick)


def test_is_not_one_of_another_version_or_without_venv(tested: str, tmp_path: Path) -> None:
    broken = interpreter(tmp_path / "broken", tested, "exit 1")
    assert chosen(f"{broken.parent}:{os.environ['PATH']}").strip() not in ("", str(broken))
