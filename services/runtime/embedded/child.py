"""Child processes: each in a session of its own, tethered to this process, and remembered in a file."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from services.runtime.embedded.problems import CannotStart

_TETHER = Path(__file__).with_name("tether.py")
_LOOKS = 10
_LOOK_AGAIN_S = 0.02
_MARK = "WATTLOG_PID_FILE"
"""Set in each child's environment: tells a child that outlived us from a stranger with the same pid."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a pid file says: the child and the process that started it."""

    pid: int
    parent: int


def spawn(
    argv: Sequence[str],
    pid_file: Path,
    output: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    niceness: int = 0,
) -> "subprocess.Popen[bytes]":
    """Start `argv` with both outputs going to `output`; it is killed when this process ends.

    `niceness` is how far it gives way to others that want the CPU, more than this process does.

    A child that an earlier process left behind is ended first; CannotStart when another one still watches it.
    Call it from a thread that lives as long as the child should (the kernel ties them together).
    """
    end_leftover(pid_file)
    mark = str(pid_file.absolute())
    tethered = [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *argv]
    process = subprocess.Popen(
        tethered,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {}), _MARK: mark},
        start_new_session=True,
    )
    if niceness:
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    written = pid_file.with_suffix(".new")
    written.write_text(json.dumps({"pid": process.pid, "parent": os.getpid()}))
    written.replace(pid_file)
    return process


def end(process: "subprocess.Popen[bytes]", grace_s: float, pid_file: Path | None = None) -> int:
    """SIGTERM, SIGKILL for it and its own children after `grace_s`, and the exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
    kill_group(process.pid)
    status = process.wait()
    if pid_file:
        pid_file.unlink(missing_ok=True)
    return status


def kill_group(pid: int) -> None:
    """SIGKILL whatever is left of the session that `pid` led."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def end_leftover(pid_file: Path, grace_s: float = 10.0) -> bool:
    """End the child that the file remembers if it outlived whoever started it; True if there was one.

    Raises CannotStart when its parent still runs.
    """
    child = running(pid_file)
    if child is None:
        pid_file.unlink(missing_ok=True)
        return False
    if child.ppid() == remembered(pid_file).parent and child.ppid() != os.getpid():
        raise CannotStart(
            f"{pid_file.stem} already runs on {pid_file.parent.absolute()} (process {child.pid}, started by "
            f"{child.ppid()}): stop that one, or set WATTLOG_DATA_DIR to another directory."
        )
    child.terminate()
    _gone, alive = psutil.wait_procs([child], timeout=grace_s)
    kill_group(child.pid)
    psutil.wait_procs(alive, timeout=grace_s)
    pid_file.unlink(missing_ok=True)
    return True


def running(pid_file: Path) -> psutil.Process | None:
    """The child that the file remembers, if it still runs and is no stranger that was given its pid."""
    try:
        process = psutil.Process(remembered(pid_file).pid)
        if process.status() == psutil.STATUS_ZOMBIE or _environment(process).get(_MARK) != str(
            pid_file.absolute()
        ):
            return None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
    return process


def _environment(process: psutil.Process) -> dict[str, str]:
    """Its environment, which reads as empty for the moment in which it becomes another program."""
    for _ in range(_LOOKS):
        if found := process.environ():
            return found
        time.sleep(_LOOK_AGAIN_S)
    return {}


def remembered(pid_file: Path) -> Remembered:
    """Read a pid file; OSError, ValueError, KeyError or TypeError when there is none or it was cut short."""
    content = json.loads(pid_file.read_text())
    return Remembered(int(content["pid"]), int(content["parent"]))
