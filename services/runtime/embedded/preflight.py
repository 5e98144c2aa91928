"""Looks at this machine before anything is started, and says in one sentence each what has to be done first."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.runtime.embedded.child import end_leftover
from services.runtime.embedded.jre import find_java
from services.runtime.embedded.kafka_jars import complete
from services.runtime.embedded.ports import is_free
from services.runtime.embedded.problems import CannotStart

FREE_BYTES_WANTED = 2 << 30

_DOCKER = "Or run it with Docker, which brings all of this: `docker compose up`."
_PORTS_FREED_WITHIN_S = 5.0
_ASK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class TakenPort:
    """A port that somebody listens on: the setting that chooses it, and who it is, where that can be seen."""

    variable: str
    port: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found. `java` is why there is none that can be used, or empty."""

    python: tuple[int, int]
    java: str
    maven: bool
    jars: bool
    taken_ports: tuple[TakenPort, ...]
    data_dir: Path
    writable: bool
    free_bytes: int


def problems(facts: Facts) -> list[str]:
    """What keeps the stack from starting: a sentence each, which ends in the fix."""
    found = []
    if not (3, 11) <= facts.python < (3, 14):
        have = ".".join(map(str, facts.python))
        found.append(f"Wattlog needs Python 3.11, 3.12 or 3.13, not {have}: install one and run `make setup`.")
    if facts.java:
        found.append(facts.java)
    if not facts.jars and not facts.maven:
        found.append(
            "Maven (`mvn`) is needed once, to fetch Kafka's jars: install it (`apt install maven`, "
            "`brew install maven`)."
        )
    if not facts.writable:
        found.append(
            f"{facts.data_dir} cannot be written to: change its owner, or set WATTLOG_DATA_DIR to another "
            "directory."
        )
    if facts.free_bytes < FREE_BYTES_WANTED:
        found.append(
            f"Only {facts.free_bytes / (1 << 30):.1f} GiB are free for {facts.data_dir}, and "
            f"{FREE_BYTES_WANTED >> 30} are needed: make room, or set WATTLOG_DATA_DIR to a directory on another "
            "disk."
        )
    return found + [_taken(port) for port in facts.taken_ports]


def _taken(port: TakenPort) -> str:
    owner = f" by {port.owner}" if port.owner else ""
    return f"Port {port.port} is in use{owner}: stop what listens there, or set {port.variable}."


def check(data_dir: Path, ports: Mapping[str, int]) -> None:
    """Return when the stack can be started; CannotStart, with everything that is to be done first, when it cannot.

    `ports` are those that must be free, by the variable that changes each. Processes that a killed stack left
    behind on `data_dir` are ended.
    """
    found = problems(look(data_dir, ports))
    if found:
        raise CannotStart("\n".join([*found, _DOCKER]))


def look(data_dir: Path, ports: Mapping[str, int]) -> Facts:
    """The facts of this machine; CannotStart when a stack already runs on `data_dir`."""
    existing = next(path for path in (data_dir, *data_dir.absolute().parents) if path.is_dir())
    return Facts(
        python=sys.version_info[:2],
        java=_java_trouble(),
        maven=shutil.which("mvn") is not None,
        jars=complete(data_dir / "kafka"),
        taken_ports=tuple(_taken_ports(data_dir, ports)),
        data_dir=data_dir,
        writable=os.access(existing, os.W_OK | os.X_OK),
        free_bytes=shutil.disk_usage(existing).free,
    )


def _java_trouble() -> str:
    try:
        find_java()
    except CannotStart as error:
        return str(error)
    return ""


def _taken_ports(data_dir: Path, ports: Mapping[str, int]) -> list[TakenPort]:
    unclean = _end_leftovers(data_dir)
    deadline = time.monotonic() + (_PORTS_FREED_WITHIN_S if unclean else 0)
    while (taken := _not_free(ports)) and time.monotonic() < deadline:
        time.sleep(_ASK_EVERY_S)  # the kernel is about to take the ports of processes that were killed just now
    owners = _listeners() if taken else {}
    return [TakenPort(variable, port, owners.get(port, "")) for variable, port in taken.items()]


def _not_free(ports: Mapping[str, int]) -> dict[str, int]:
    return {variable: port for variable, port in ports.items() if port and not is_free(port)}


def _end_leftovers(data_dir: Path) -> bool:
    """End what an earlier stack left behind; True when it did not stop cleanly."""
    run_dir = data_dir / "run"
    if _is_locked(run_dir / "stack.lock"):
        raise CannotStart(
            f"Wattlog already runs on {data_dir.absolute()}: stop that one (Ctrl-C where it was started), "
            "or set WATTLOG_DATA_DIR to another directory."
        )
    pid_files = list(run_dir.glob("*.pid"))
    for pid_file in pid_files:
        end_leftover(pid_file)
    return bool(pid_files)


def _is_locked(file: Path) -> bool:
    try:
        with file.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _listeners() -> dict[int, str]:
    """Who listens on each port, as far as this user may see."""
    try:
        sockets = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return {}
    listening = {s.laddr.port: s.pid for s in sockets if s.laddr and s.status == psutil.CONN_LISTEN}
    return {port: _name(pid) for port, pid in listening.items() if pid}


def _name(pid: int) -> str:
    try:
        return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        return f"process {pid}"
