"""Real child processes: tethered, remembered, and ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from services.runtime.embedded.child import end, end_leftover, running, spawn
from services.runtime.embedded.problems import CannotStart

pytestmark = pytest.mark.integration

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
PARENT = """
import subprocess, sys, time
from pathlib import Path
from services.runtime.embedded.child import spawn
process = spawn(["sleep", "60"], Path(sys.argv[1]), subprocess.DEVNULL)
print(process.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    """Wait until a process that is nobody's child here has ended."""
    for _ in range(500):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "sleeper.pid"


@pytest.fixture
def parent(pid_file: Path) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Another process with a tethered child: (it, its child's pid)."""
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(pid_file)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()


class TestSpawn:
    def test_runs_the_command_with_its_output_and_environment(self, tmp_path: Path, pid_file: Path) -> None:
        with (tmp_path / "out").open("wb") as out:
            process = spawn(["sh", "-c", "echo $GREETING; echo err >&2"], pid_file, out, {"GREETING": "hello"})
            assert process.wait(20) == 0
        assert (tmp_path / "out").read_text() == "hello\nerr\n"

    def test_remembers_it_while_it_runs(self, pid_file: Path) -> None:
        process = spawn(["sleep", "60"], pid_file, subprocess.DEVNULL)
        found = running(pid_file)
        assert found
        assert found.pid == process.pid
        assert end(process, 10, pid_file) == -signal.SIGTERM
        assert not pid_file.exists()
        assert running(pid_file) is None

    def test_puts_it_beyond_the_terminals_ctrl_c(self, pid_file: Path) -> None:
        process = spawn(["sleep", "60"], pid_file, subprocess.DEVNULL)
        assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
        end(process, 10, pid_file)

    def test_has_it_give_way_to_others(self, pid_file: Path) -> None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        process = spawn(["sleep", "60"], pid_file, subprocess.DEVNULL, niceness=3)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == before + 3
        end(process, 10, pid_file)

    def test_says_what_cannot_be_run(self, tmp_path: Path, pid_file: Path) -> None:
        with (tmp_path / "out").open("wb") as out:
            assert spawn(["/no/such/command"], pid_file, out).wait(20) == 1
        assert (tmp_path / "out").read_text() == "cannot run /no/such/command: No such file or directory\n"

    @pytest.mark.skipif(sys.platform != "linux", reason="children are tethered on Linux alone")
    def test_ties_it_to_its_parent(self, parent: tuple["subprocess.Popen[str]", int]) -> None:
        process, child = parent
        assert psutil.pid_exists(child)
        process.kill()
        process.wait()
        assert gone(child)

    def test_leaves_alone_a_child_that_another_process_watches(
        self, parent: tuple["subprocess.Popen[str]", int], pid_file: Path
    ) -> None:
        _, child = parent
        with pytest.raises(CannotStart, match=rf"sleeper already runs .*process {child}.*WATTLOG_DATA_DIR"):
            spawn(["sleep", "60"], pid_file, subprocess.DEVNULL)
        assert psutil.pid_exists(child)


class TestEnd:
    def test_kills_what_does_not_listen(self, pid_file: Path) -> None:
        process = spawn([sys.executable, "-c", STUBBORN], pid_file, subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        assert end(process, 0.1, pid_file) == -signal.SIGKILL
        process.stdout.close()

    def test_takes_the_childs_own_children_along(self, pid_file: Path) -> None:
        process = spawn(["sh", "-c", "sleep 60 & echo $!; wait"], pid_file, subprocess.PIPE)
        assert process.stdout
        grandchild = int(process.stdout.readline())
        end(process, 10, pid_file)
        assert gone(grandchild)
        process.stdout.close()

    def test_gives_the_status_of_one_that_has_ended(self, pid_file: Path) -> None:
        process = spawn(["sh", "-c", "exit 7"], pid_file, subprocess.DEVNULL)
        process.wait(20)
        assert end(process, 1) == 7


class TestEndLeftover:
    def test_ends_a_child_whose_parent_is_gone(self, pid_file: Path) -> None:
        orphan = spawn(["sleep", "60"], pid_file, subprocess.DEVNULL)
        pid_file.write_text(json.dumps({"pid": orphan.pid, "parent": 1 << 22}))
        assert end_leftover(pid_file)
        assert gone(orphan.pid)
        assert not pid_file.exists()

    def test_kills_one_that_does_not_listen(self, pid_file: Path) -> None:
        orphan = spawn([sys.executable, "-c", STUBBORN], pid_file, subprocess.PIPE)
        assert orphan.stdout
        orphan.stdout.readline()
        assert end_leftover(pid_file, grace_s=0.1)
        assert gone(orphan.pid)
        orphan.stdout.close()

    def test_leaves_alone_a_stranger_with_the_same_pid(self, pid_file: Path) -> None:
        stranger = subprocess.Popen(["sleep", "60"])
        pid_file.parent.mkdir()
        pid_file.write_text(json.dumps({"pid": stranger.pid, "parent": 1}))
        assert not end_leftover(pid_file)
        assert stranger.poll() is None
        assert not pid_file.exists()
        stranger.kill()
        stranger.wait()

    @pytest.mark.parametrize(
        "content", ["", "{", "[]", "null", "{}", '{"pid": "x", "parent": 1}', '{"pid": -5, "parent": 1}']
    )
    def test_takes_a_broken_file_as_none(self, pid_file: Path, content: str) -> None:
        pid_file.parent.mkdir()
        pid_file.write_text(content)
        assert not end_leftover(pid_file)
        assert not pid_file.exists()

    def test_needs_no_file(self, pid_file: Path) -> None:
        assert not end_leftover(pid_file)
