"""The whitelist process: folds registrations and blocks of tokens into the whitelist."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from services.domain.events.token import TokenRegistered
from services.runtime import process
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import StreamingSettings
from services.whitelist.fold import Entry, fold

PROCESSOR: Processor[Entry] = Processor("whitelist.v1", (TokenRegistered.TOPIC,), fold, Entry)


@dataclass(frozen=True, slots=True)
class WhitelistSettings:
    """What the whitelist process needs to know."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
    whitelist_metrics_port: int = setting(9103, "port of the whitelist process's metrics and health endpoints")


def main() -> None:
    """`wattlog whitelist`."""
    settings = load(WhitelistSettings)
    process.run(partial(run, settings), "whitelist", settings.whitelist_metrics_port, settings.common)


async def run(settings: WhitelistSettings, host: process.Process) -> None:
    """Fold until the process is to stop."""
    data_dir = settings.common.data_dir
    codec = await asyncio.to_thread(codec_of, settings.common)
    await run_processor(PROCESSOR, settings.kafka, codec, data_dir, host, settings=settings.streaming)
