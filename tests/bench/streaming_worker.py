"""A worker whose CPU seconds are measured: ends by itself after so many events and prints what it took as JSON.

`python -m tests.bench.streaming_worker <bootstrap> <prefix> <data dir> <path> <workload> <events>`; 0 events: runs
until it is stopped.
"""

import asyncio
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from services.domain.folding import Changes, Read
from services.runtime.process import Process, run
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.streaming.run import PathName, run_processor
from services.runtime.streaming.settings import StreamingSettings
from tests.bench.streaming_workloads import Name, workload


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Counted:
    """A fold that knows when it was first called, and sets `done` when it was called often enough."""

    def __init__(self, fold: Any, events: int) -> None:
        self.calls = 0
        self.done = asyncio.Event()
        self._fold = fold
        self._events = events

    def __call__(self, read: Read[Any], event: Any) -> Changes[Any]:
        if self.calls == 0:
            self.cpu_s, self.wall_s = cpu_s(), time.perf_counter()
        self.calls += 1
        if self.calls == self._events:
            self.done.set()
        changes: Changes[Any] = self._fold(read, event)
        return changes


async def measured(process: Process, arguments: list[str]) -> None:
    bootstrap, prefix, data_dir, path, name, events = arguments
    load = workload(cast(Name, name))
    fold = Counted(load.processor.fold, int(events))
    done = asyncio.create_task(fold.done.wait())
    done.add_done_callback(lambda _: process.stopping.set())
    await run_processor(
        replace(load.processor, fold=fold),
        KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=prefix),
        load.codec,
        Path(data_dir),
        process,
        path=cast(PathName, path),
        settings=StreamingSettings(worker_id="bench"),
    )
    done.cancel()
    if fold.calls:
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(
            json.dumps(
                {
                    "events": fold.calls,
                    "cpu_s": cpu_s() - fold.cpu_s,
                    "wall_s": time.perf_counter() - fold.wall_s,
                    "rss_mb": used.ru_maxrss // 1024,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    run(lambda process: measured(process, sys.argv[1:]), "bench", 0, CommonSettings(log_level="warning"))
