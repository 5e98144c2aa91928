"""The evidence process: keeps the keys of meters, verifies what they signed, shows drivers what that proves."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from services.domain.events.evidence import SessionToVerify
from services.domain.events.meterkey import MeterKeyAdded
from services.domain.events.session import SessionEnded
from services.domain.events.station import CommandAnswered, DataTransferred
from services.domain.events.transaction import TransactionStarted
from services.evidence.fold import fold
from services.evidence.page.server import application, listen
from services.evidence.page.settings import PageSettings
from services.evidence.page.store import case
from services.evidence.routing import Nothing, route
from services.evidence.state import State
from services.runtime import http_server, process
from services.runtime.clock import now_ms
from services.runtime.registry import codec_of
from services.runtime.settings import load, setting
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import ProcessorSettings

_STATION_STREAMS = (TransactionStarted, DataTransferred, CommandAnswered, MeterKeyAdded, SessionToVerify)

PROCESSOR: Processor[State] = Processor(
    "evidence.v1",
    tuple([kind.TOPIC for kind in _STATION_STREAMS]),
    fold,
    State,
    unread=("MeterValue.sampled_values",),
)
ROUTER: Processor[Nothing] = Processor("evidence-sessions.v1", (SessionEnded.TOPIC,), route, Nothing)


@dataclass(frozen=True, slots=True)
class EvidenceSettings(ProcessorSettings):
    """What the evidence process needs to know."""

    page: PageSettings = field(default_factory=PageSettings)
    evidence_metrics_port: int = setting(9116, "port of the evidence process's metrics and health endpoints")


@dataclass
class _Part:
    """What one of the two processors is run by: the process is ready when both are."""

    stopping: asyncio.Event
    whole: list["_Part"]
    host: process.Process
    log: Any = field(default_factory=lambda: structlog.get_logger("evidence"))
    _ready: bool = False

    @property
    def ready(self) -> bool:
        return self._ready

    @ready.setter
    def ready(self, now: bool) -> None:
        self._ready = now
        self.host.ready = all(part.ready for part in self.whole)


def main() -> None:
    """`wattlog evidence`."""
    settings = load(EvidenceSettings)
    process.run(partial(run, settings), "evidence", settings.evidence_metrics_port, settings.common)


async def run(settings: EvidenceSettings, host: process.Process) -> None:
    """Fold and show drivers what they ask for, until the process is to stop. OSError when the port is taken."""
    with listen(settings.page) as listener:
        find = partial(case, settings.page.clickhouse)
        pages = http_server.server(application(settings.page, find, now_ms), settings.page.trusted_proxies)
        serving = asyncio.ensure_future(pages.serve(sockets=[listener]))
        host.log.info("serving", pages=f"{settings.page.public_url}/proof/")
        try:
            await _fold(settings, host)
        finally:
            pages.should_exit = True
            await serving


async def _fold(settings: EvidenceSettings, host: process.Process) -> None:
    codec = await asyncio.to_thread(codec_of, settings.common)
    parts: list[_Part] = []
    parts += [_Part(host.stopping, parts, host) for _ in range(2)]
    processors: tuple[Processor[Any], ...] = (PROCESSOR, ROUTER)
    async with asyncio.TaskGroup() as tasks:
        for processor, part in zip(processors, parts, strict=True):
            tasks.create_task(
                run_processor(
                    processor, settings.kafka, codec, settings.common.data_dir, part,
                    path="librdkafka", settings=settings.streaming,
                )
            )  # fmt: skip
