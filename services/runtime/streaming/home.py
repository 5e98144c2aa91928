"""A worker's place on disk and its name in the consumer group, which outlive its process."""

import fcntl
from pathlib import Path
from typing import IO
from uuid import uuid4


class AlreadyRunning(Exception):
    """Another process uses this worker's directory."""


class Home:
    """`<data_dir>/workers/<processor>/<worker_id>/`, locked while the process lives.

    Without a given `worker_id` one is made and kept beside it, so that a restarted worker is the same member of
    its group and gets its partitions back at once.
    """

    def __init__(self, data_dir: Path, processor: str, worker_id: str = "") -> None:
        base = data_dir / "workers" / processor
        base.mkdir(parents=True, exist_ok=True)
        self.worker_id = worker_id or _kept_id(base / "worker-id", processor)
        self.path = base / self.worker_id
        self.path.mkdir(exist_ok=True)
        self._lock = _locked(base / f"{self.worker_id}.lock")

    def leave(self) -> None:
        """Let another process have the place."""
        self._lock.close()


def _kept_id(file: Path, processor: str) -> str:
    if not file.exists():
        file.write_text(f"{processor}-{uuid4().hex[:12]}")
    return file.read_text()


def _locked(file: Path) -> IO[str]:
    lock = file.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise AlreadyRunning(
            f"{file} is locked by another worker: stop it, or give this one another WATTLOG_WORKER_ID"
        ) from error
    return lock
