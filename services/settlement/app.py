"""The settlement process: folds issued charge detail records and the steps they take."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from services.domain.events.cdr import CdrIssued
from services.domain.events.settlement import CdrStepRequested
from services.runtime import process
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import StreamingSettings
from services.settlement.fold import State, fold

PROCESSOR: Processor[State] = Processor("settlement.v1", (CdrIssued.TOPIC, CdrStepRequested.TOPIC), fold, State)


@dataclass(frozen=True, slots=True)
class SettlementSettings:
    """What the settlement process needs to know."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
    settlement_metrics_port: int = setting(9112, "port of the settlement process's metrics and health endpoints")


def main() -> None:
    """`wattlog settlement-processor`."""
    settings = load(SettlementSettings)
    process.run(partial(run, settings), "settlement", settings.settlement_metrics_port, settings.common)


async def run(settings: SettlementSettings, host: process.Process) -> None:
    """Fold until the process is to stop."""
    data_dir = settings.common.data_dir
    codec = await asyncio.to_thread(codec_of, settings.common)
    await run_processor(PROCESSOR, settings.kafka, codec, data_dir, host, settings=settings.streaming)
