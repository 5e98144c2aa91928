"""Runs a processor until its process is told to stop: what slices call."""

import asyncio
from pathlib import Path
from typing import Any, Literal

from services.runtime import garbage, process
from services.runtime.registry import codec_of
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.faust_path import FaustPath
from services.runtime.streaming.home import Home
from services.runtime.streaming.host import Host
from services.runtime.streaming.inputs import ensure_dead_letters, partitions_of
from services.runtime.streaming.librdkafka_path import LibrdkafkaPath
from services.runtime.streaming.processor import Codec, Processor, S
from services.runtime.streaming.settings import ProcessorSettings, StreamingSettings
from services.runtime.streaming.stock_path import StockPath
from services.runtime.streaming.worker import Worker

PathName = Literal["faust", "librdkafka", "stock"]

_PROGRESS_S = 10.0


def run_alone(processor: Processor[S], settings: ProcessorSettings, name: str, metrics_port: int) -> None:
    """The whole of a process that folds and does nothing else."""

    async def fold(host: process.Process) -> None:
        codec = await asyncio.to_thread(codec_of, settings.common)
        data_dir = settings.common.data_dir
        await run_processor(processor, settings.kafka, codec, data_dir, host, settings=settings.streaming)

    process.run(fold, name, metrics_port, settings.common)


async def run_processor(
    processor: Processor[S],
    kafka: KafkaSettings,
    codec: Codec,
    data_dir: Path,
    host: Host,
    *,
    path: PathName = "faust",
    settings: StreamingSettings | None = None,
) -> None:
    """Fold the processor's inputs until `host.stopping` is set; then a last checkpoint is made.

    `host.ready` turns True when the states are recovered. The group is not left, as static members do not: a
    restarted worker gets its partitions back at once, those of one that is gone move after the session timeout.
    Raises whatever makes going on impossible (NotDelivered, Fenced, TooManyDeadLetters, a defect in the fold):
    let the process end and be started again, which does the work since the last checkpoint again.
    """
    chosen = settings or StreamingSettings()
    garbage.seldom()
    partitions = await asyncio.to_thread(_prepare, kafka, processor)
    home = Home(data_dir, processor.name, chosen.worker_id)
    codec = codec.leaving_out(processor.unread) if processor.unread else codec
    try:
        if path == "stock":
            await StockPath(processor, kafka, codec, partitions, home, chosen, host).run()
        else:
            await _run(processor, kafka, codec, partitions, home, chosen, host, path)
    finally:
        home.leave()


def _prepare(kafka: KafkaSettings, processor: Processor[Any]) -> int:
    ensure_dead_letters(kafka, processor)
    return partitions_of(kafka, processor)


async def _run(
    processor: Processor[Any],
    kafka: KafkaSettings,
    codec: Codec,
    partitions: int,
    home: Home,
    settings: StreamingSettings,
    host: Host,
    path: PathName,
) -> None:
    worker = Worker(processor, kafka, codec, home.path, settings)
    await asyncio.to_thread(worker.changelog.ensure, partitions)
    kind = FaustPath if path == "faust" else LibrdkafkaPath
    progress = asyncio.create_task(_progress(worker, host))
    try:
        await kind(worker, kafka, home, settings, host).run()
    finally:
        progress.cancel()
        worker.close()


async def _progress(worker: Worker[Any], host: Host) -> None:
    """A line now and then, when there is something to say."""
    before = -1
    while True:
        await asyncio.sleep(_PROGRESS_S)
        waiting = {number: p.waiting_for for number, p in worker.partitions.items() if p.waiting}
        if worker.events != before or waiting:
            before = worker.events
            host.log.info(
                "progress", processor=worker.processor.name, events=before,
                dead_letters=worker.dead_letters, waiting=waiting,
            )  # fmt: skip
