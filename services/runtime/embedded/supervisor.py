"""Keeps the processes of a stack running on one machine: in order, restarted when they end, stopped together."""

import fcntl
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from services.runtime.embedded import child, supervision
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.supervision import State, Watched

_TICK_S = 0.1
_LOG_KEPT_BYTES = 10 * 1024 * 1024
_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class Service:
    """A process to keep running.

    `argv` is called before the first start. `ready` is asked until it says yes; what `needs` this one starts then.
    `niceness` is how far it gives way to the others.
    """

    name: str
    argv: Callable[[], Sequence[str]]
    ready: Callable[[], bool]
    needs: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    grace_s: float = 20.0
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """A line of the status table."""

    name: str
    state: State
    pid: int | None
    restarts: int
    uptime_s: int
    address: str
    detail: str


class Supervisor:
    """Supervises `services` on a thread of its own, from `start` to `stop`. One per data directory at a time.

    `say` is told when a process ended by itself. Each process logs to `<data_dir>/logs/<name>.log`;
    `<data_dir>/run/status.json` says how all of them are.
    """

    def __init__(
        self, services: Sequence[Service], data_dir: Path, say: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._services = {service.name: service for service in services}
        self._dir = data_dir
        self._say = say
        self._watched = {name: Watched() for name in self._services}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._argv: dict[str, Sequence[str]] = {}
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._lock: IO[str] | None = None
        self._thread = threading.Thread(target=self._run, name="supervisor")

    def start(self) -> None:
        """Begin; CannotStart when another supervisor has the data directory."""
        self._lock = _locked(self._dir / "run" / "stack.lock")
        self._thread.start()

    def stop(self) -> None:
        """Stop everything in reverse order, each with its grace, and return when all of it has ended."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._lock:
            self._lock.close()

    def wait_ready(self, timeout_s: float, progress: Callable[[list[Status]], None] = lambda _: None) -> None:
        """Return when everything is ready; CannotStart, with the last words of what is not, if it takes longer."""
        deadline = time.monotonic() + timeout_s
        while not all(watched.state is State.READY for watched in self._watched.values()):
            progress(self.status())
            if self._failure:
                raise self._failure
            if time.monotonic() > deadline:
                late = [status.name for status in self.status() if status.state is not State.READY]
                raise CannotStart(f"{', '.join(late)} not ready within {timeout_s:g} s.\n{self.tail(late[0])}")
            time.sleep(_TICK_S)
        progress(self.status())

    def pid(self, name: str) -> int | None:
        """Process id while it runs."""
        process = self._processes.get(name)
        return process.pid if process and process.poll() is None else None

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process; ProcessLookupError when it does not run now."""
        process = self._processes.get(name)
        if process is None or process.poll() is not None:
            raise ProcessLookupError(f"{name} is not running")
        process.send_signal(number)

    def status(self) -> list[Status]:
        """How every process is, in starting order."""
        now = _now_ms()
        return [self._status(service, self._watched[service.name], now) for service in self._services.values()]

    def tail(self, name: str) -> str:
        """Where a process logs, and its last lines."""
        file = self._log_file(name)
        if not file.exists():
            return f"{name} has not been started: it waits for {', '.join(self._services[name].needs)}."
        lines = file.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"{file} ends in:", *lines])

    def _status(self, service: Service, watched: Watched, now: int) -> Status:
        alive = watched.state in (State.STARTING, State.READY)
        return Status(
            name=service.name,
            state=watched.state,
            pid=self.pid(service.name),
            restarts=watched.restarts,
            uptime_s=(now - watched.started_at) // 1000 if alive else 0,
            address=service.address,
            detail=supervision.why(watched.status),
        )

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_TICK_S):
                for service in self._services.values():
                    self._tick(service, _now_ms())
                self._write_status()
        except Exception as error:  # noqa: BLE001  handed to whoever waits for the stack
            self._failure = error
            self._say(f"cannot go on: {error}")
        finally:
            self._stop_all()
            self._write_status()

    def _tick(self, service: Service, now: int) -> None:
        name, watched = service.name, self._watched[service.name]
        process = self._processes.get(name)
        if watched.state in (State.STARTING, State.READY) and process is not None:
            if (status := process.poll()) is not None:
                child.kill_group(process.pid)
                watched = supervision.ended(watched, status, now)
                self._say(f"{name} ended ({supervision.why(status)}), starting it again")
            elif watched.state is State.STARTING and service.ready():
                watched = supervision.answered(watched)
        needs = [self._watched[other].state for other in service.needs]
        if supervision.may_start(watched, needs, now):
            self._processes[name] = self._spawn(service)
            watched = supervision.started(watched, now)
        self._watched[name] = watched

    def _spawn(self, service: Service) -> "subprocess.Popen[bytes]":
        if service.name not in self._argv:
            self._argv[service.name] = service.argv()
        file = self._log_file(service.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > _LOG_KEPT_BYTES:
            file.replace(file.with_suffix(".log.1"))
        with file.open("ab") as output:
            return child.spawn(
                self._argv[service.name], self._pid_file(service.name), output, service.env, service.niceness
            )

    def _stop_all(self) -> None:
        """All that nothing else needs at once, then the rest one by one, each after those that need it."""
        needed = {other for service in self._services.values() for other in service.needs}
        for name, running in self._processes.items():
            if name not in needed and running.poll() is None:
                running.terminate()
        for service in reversed(self._services.values()):
            process, status = self._processes.get(service.name), None
            if process is not None:
                status = child.end(process, service.grace_s, self._pid_file(service.name))
            self._watched[service.name] = supervision.stopped(self._watched[service.name], status)

    def _write_status(self) -> None:
        file = self._dir / "run" / "status.json"
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps([asdict(status) for status in self.status()]))
        fresh.replace(file)

    def _log_file(self, name: str) -> Path:
        return self._dir / "logs" / f"{name}.log"

    def _pid_file(self, name: str) -> Path:
        return self._dir / "run" / f"{name}.pid"


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _locked(file: Path) -> IO[str]:
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CannotStart(
            f"Wattlog already runs on {file.parent.parent.absolute()}: press Ctrl-C where it was started, "
            "or set WATTLOG_DATA_DIR to another directory."
        ) from None
    return lock
