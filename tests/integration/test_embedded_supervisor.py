"""The supervisor with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.supervision import State
from services.runtime.embedded.supervisor import Service, Supervisor

pytestmark = pytest.mark.integration

SLEEPER = (
    "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); print('hello', flush=True); time.sleep(600)"
)


def sleeper(tmp_path: Path, name: str, needs: tuple[str, ...] = ()) -> Service:
    """A process that is ready when it has made a file."""
    mark = tmp_path / f"{name}.mark"
    return Service(name, lambda: [sys.executable, "-c", SLEEPER, str(mark)], mark.exists, needs, grace_s=5)


def eventually(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


class TestSupervisor:
    def test_starts_in_order_and_stops_everything(self, tmp_path: Path) -> None:
        stack = Supervisor([sleeper(tmp_path, "first"), sleeper(tmp_path, "second", needs=("first",))], tmp_path)
        stack.start()
        seen: list[list[State]] = []
        stack.wait_ready(30, lambda statuses: seen.append([status.state for status in statuses]))
        pids = [stack.pid("first"), stack.pid("second")]
        stack.stop()
        assert all(first is State.READY for first, second in seen if second is not State.WAITING)
        assert not any(psutil.pid_exists(pid or 0) for pid in pids)
        assert {status.state for status in stack.status()} == {State.STOPPED}
        assert {entry["name"] for entry in json.loads((tmp_path / "run" / "status.json").read_text())} == {
            "first",
            "second",
        }

    def test_starts_again_what_was_killed(self, tmp_path: Path) -> None:
        stack = Supervisor([sleeper(tmp_path, "one")], tmp_path)
        stack.start()
        try:
            stack.wait_ready(30)
            old = stack.pid("one")
            stack.kill("one")
            eventually(lambda: stack.pid("one") not in (None, old))
            stack.wait_ready(30)
            [status] = stack.status()
            assert (status.restarts, status.detail) == (1, "killed by signal 9")
        finally:
            stack.stop()

    def test_shows_the_last_words_of_what_does_not_get_ready(self, tmp_path: Path) -> None:
        broken = Service(
            "broken", lambda: [sys.executable, "-c", "raise SystemExit('port is taken')"], lambda: False
        )
        stack = Supervisor([broken, sleeper(tmp_path, "other", needs=("broken",))], tmp_path)
        stack.start()
        try:
            with pytest.raises(CannotStart, match=r"broken, other not ready within 1 s\.\n.*\n?port is taken"):
                stack.wait_ready(1)
            assert "waits for broken" in stack.tail("other")
            with pytest.raises(ProcessLookupError):
                stack.kill("other")
        finally:
            stack.stop()

    def test_tells_what_keeps_a_process_from_being_started(self, tmp_path: Path) -> None:
        def argv() -> list[str]:
            raise CannotStart("Maven is missing: install it.")

        stack = Supervisor([Service("kafka", argv, lambda: False)], tmp_path)
        stack.start()
        with pytest.raises(CannotStart, match="Maven is missing"):
            stack.wait_ready(10)
        stack.stop()

    def test_refuses_a_second_one_on_the_same_data(self, tmp_path: Path) -> None:
        stack = Supervisor([sleeper(tmp_path, "one")], tmp_path)
        stack.start()
        try:
            with pytest.raises(CannotStart, match=r"already runs on .* WATTLOG_DATA_DIR"):
                Supervisor([sleeper(tmp_path, "one")], tmp_path).start()
        finally:
            stack.stop()

    def test_leaves_nothing_running_when_it_is_killed_itself(self, tmp_path: Path) -> None:
        script = (
            "import sys, time; sys.path.insert(0, sys.argv[2])\n"
            "from pathlib import Path\n"
            "from tests.integration.test_embedded_supervisor import sleeper, Supervisor\n"
            "stack = Supervisor([sleeper(Path(sys.argv[1]), 'one')], Path(sys.argv[1])); stack.start()\n"
            "stack.wait_ready(30); print(stack.pid('one'), flush=True); time.sleep(600)\n"
        )
        root = Path(__file__).resolve().parents[2]
        parent = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), str(root)], stdout=subprocess.PIPE, text=True, cwd=root
        )
        assert parent.stdout
        pid = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        eventually(lambda: not psutil.pid_exists(pid))
        stack = Supervisor([sleeper(tmp_path, "one")], tmp_path)
        stack.start()
        stack.wait_ready(30)
        stack.stop()
