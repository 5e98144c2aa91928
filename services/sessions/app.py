"""The sessions process: folds transaction events into sessions."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from services.domain.events.transaction import TransactionStarted
from services.runtime import process
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import StreamingSettings
from services.sessions.fold import fold
from services.sessions.state import State

PROCESSOR: Processor[State] = Processor(
    "sessions.v1", (TransactionStarted.TOPIC,), fold, State, unread=("MeterValue.sampled_values",)
)


@dataclass(frozen=True, slots=True)
class SessionsSettings:
    """What the sessions process needs to know."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
    sessions_metrics_port: int = setting(9101, "port of the sessions process's metrics and health endpoints")


def main() -> None:
    """`wattlog sessions`."""
    settings = load(SessionsSettings)
    process.run(partial(run, settings), "sessions", settings.sessions_metrics_port, settings.common)


async def run(settings: SessionsSettings, host: process.Process) -> None:
    """Fold until the process is to stop."""
    data_dir = settings.common.data_dir
    codec = await asyncio.to_thread(codec_of, settings.common)
    await run_processor(PROCESSOR, settings.kafka, codec, data_dir, host, settings=settings.streaming)
