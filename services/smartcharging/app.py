"""The smartcharging process: answers what EVs need with the charging profiles that stations are asked to set."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from services.domain.events.charging import ChargingPreferencesSet
from services.domain.events.station import CommandRequested, ReportReceived
from services.domain.events.transaction import TransactionStarted
from services.runtime import process
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import StreamingSettings
from services.smartcharging.fold import Station, fold

PROCESSOR: Processor[Station] = Processor(
    "smartcharging.v1",
    (TransactionStarted.TOPIC, ReportReceived.TOPIC, CommandRequested.TOPIC, ChargingPreferencesSet.TOPIC),
    fold,
    Station,
)


@dataclass(frozen=True, slots=True)
class SmartChargingSettings:
    """What the smartcharging process needs to know."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    streaming: StreamingSettings = field(default_factory=StreamingSettings)
    smartcharging_metrics_port: int = setting(
        9108, "port of the smartcharging process's metrics and health endpoints"
    )


def main() -> None:
    """`wattlog smartcharging`."""
    settings = load(SmartChargingSettings)
    process.run(partial(run, settings), "smartcharging", settings.smartcharging_metrics_port, settings.common)


async def run(settings: SmartChargingSettings, host: process.Process) -> None:
    """Fold until the process is to stop."""
    data_dir = settings.common.data_dir
    codec = await asyncio.to_thread(codec_of, settings.common)
    await run_processor(PROCESSOR, settings.kafka, codec, data_dir, host, settings=settings.streaming)
