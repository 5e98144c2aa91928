"""The push process: folds what happens into a queue per partner, and tells partners what is in it."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Container
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog

from services.domain.events.cdr import CdrIssued
from services.domain.events.cdrhold import CdrHold
from services.domain.events.delivery import DeliveryAttempted, PartnerDeliveries, PushQueued
from services.domain.events.location import Location
from services.domain.events.session import Session
from services.domain.events.settlement import CdrStepRequested
from services.domain.events.station import Connection, Station, StationStatus
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.ocpi.app import new_token
from services.ocpi.directory import TOPICS, Directory
from services.ocpi.peer import Peer
from services.ocpi.push import telling
from services.ocpi.push.courier import Means
from services.ocpi.push.fold import Audience, Known, fold
from services.ocpi.push.held import HeldRecords
from services.ocpi.push.requests import Requests
from services.ocpi.push.sender import Outbox, Sender
from services.ocpi.push.settings import PushSettings
from services.ocpi.registrar import access_to
from services.runtime import process, settings, topics
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.egress import Egress
from services.runtime.registry import codec_of
from services.runtime.sealing import seal_of
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.tail import Tail

_BY_OBJECT = (Session, CdrIssued, Station, StationStatus, Connection)
_REGISTRY = (Location, Tariff, EnergyPriceAnnounced)
_LOOK_S: Final = 0.05
OWN: Final = (
    CdrStepRequested.TOPIC,
    PushQueued.TOPIC,
    DeliveryAttempted.TOPIC,
    PartnerDeliveries.TOPIC,
    telling.DEAD_LETTERS,
    CdrHold.TOPIC,
)
INPUTS: Final = tuple(kind.TOPIC for kind in (*_BY_OBJECT, *_REGISTRY))


@dataclass
class _Part:
    """What one of the two processors is run by: the process is ready when both are."""

    stopping: asyncio.Event
    whole: list["_Part"]
    host: process.Process
    log: Any = field(default_factory=lambda: structlog.get_logger("ocpi-push"))
    _ready: bool = False

    @property
    def ready(self) -> bool:
        return self._ready

    @ready.setter
    def ready(self, now: bool) -> None:
        self._ready = now
        self.host.ready = all(part.ready for part in self.whole)


def main() -> None:
    """`wattlog ocpi-push`."""
    chosen = settings.load(PushSettings)
    process.run(partial(run, chosen), "ocpi-push", chosen.ocpi_push_metrics_port, chosen.common)


async def run(chosen: PushSettings, host: process.Process) -> None:
    """Learn what is in Kafka, then fold and tell until the host stops."""
    kafka = chosen.kafka
    await asyncio.to_thread(topics.create_topics, kafka, {*TOPICS, *INPUTS, *OWN})
    codec = await asyncio.to_thread(codec_of, chosen.common)
    directory, bus = Directory(kafka, codec), Bus(kafka, codec)
    held = HeldRecords()
    doubted = Tail(kafka, codec, (CdrHold.TOPIC,), held.take)
    directory.start()
    doubted.start()
    try:
        await directory.wait_caught_up()
        while not doubted.caught_up:
            await asyncio.sleep(_LOOK_S)
        sending = sender(chosen, directory, bus, codec, held)
        parts: list[_Part] = []
        parts += [_Part(host.stopping, parts, host) for _ in range(2)]
        folding = (
            run_processor(
                processor, kafka, codec, chosen.common.data_dir, part,
                path="librdkafka", settings=chosen.streaming,
            )
            for processor, part in zip(processors(directory, codec), parts, strict=True)
        )  # fmt: skip
        await _until_stopped(host, sending.run(), *folding)
    finally:
        directory.stop()
        doubted.stop()
        await bus.close()


async def _until_stopped(host: process.Process, sending: Awaitable[None], *folding: Awaitable[None]) -> None:
    """Run all of it; when one part fails the others are stopped in order, and the failure is raised."""
    sender_task = asyncio.ensure_future(sending)
    tasks = [sender_task, *(asyncio.ensure_future(one) for one in folding)]
    stopped = asyncio.ensure_future(host.stopping.wait())
    await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
    host.stopping.set()
    sender_task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [one for one in ended if isinstance(one, Exception)]
    if failures:
        raise failures[0]


def processors(directory: Directory, codec: Codec) -> tuple[Processor[Known], Processor[Known]]:
    """What is partitioned by object, and the registry of one partition."""
    audience = Audience(directory.partners, directory.owner, directory.station, directory.standing)
    folded = partial(fold, audience, codec.encode)
    by_object = tuple(kind.TOPIC for kind in _BY_OBJECT)
    registry = tuple(kind.TOPIC for kind in _REGISTRY)
    return (
        Processor("ocpi-push.v1", by_object, folded, Known),
        Processor("ocpi-push-registry.v1", registry, folded, Known),
    )


def sender(
    chosen: PushSettings, directory: Directory, bus: Bus, codec: Codec, held: Container[str] = ()
) -> Sender:
    """The couriers with all that they need; connections to a partner are nobody else's."""
    seal, tls = seal_of(chosen.sealing_key, chosen.common.data_dir), ssl.create_default_context()
    outbox = Outbox(bus)
    means = Means(
        requests=Requests(chosen, directory, codec, now_ms, held),
        partner=directory.partner,
        standing=directory.standing,
        access=partial(access_to, seal=seal),
        publish=outbox.publish,
        forget=outbox.forget,
        now_ms=now_ms,
        chance=random.random,
        new_id=new_token,
        patience=chosen.patience,
        slots=chosen.slots,
    )
    return Sender(chosen.kafka, codec, means, lambda: Peer(Egress(tls=tls), new_token), directory.partners, bus)
