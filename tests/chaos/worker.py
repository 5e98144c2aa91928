"""One worker process of the crash test.

`python -m tests.chaos.worker <bootstrap> <prefix> <data dir> <worker id> <path>`
"""

import sys
from pathlib import Path
from typing import Any, cast

from services.runtime.process import Process, run
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.streaming.run import PathName, run_processor
from services.runtime.streaming.settings import StreamingSettings
from tests.chaos.workload import PROCESSOR, LightCodec


def main(bootstrap: str, prefix: str, data_dir: str, worker_id: str, path: str) -> None:
    kafka = KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=prefix)
    settings = StreamingSettings(worker_id=worker_id, session_timeout_ms=8_000, heartbeat_interval_ms=2_000)

    async def work(process: Process) -> None:
        chosen = cast(PathName, path)
        await run_processor(
            PROCESSOR, kafka, LightCodec(), Path(data_dir), process, path=chosen, settings=settings
        )

    run(work, f"chaos-{worker_id}", 0, CommonSettings())


if __name__ == "__main__":
    arguments: list[Any] = sys.argv[1:]
    main(*arguments)
