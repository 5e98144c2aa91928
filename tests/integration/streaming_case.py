"""A small processor and what a test needs to run it on any path against a real broker."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import structlog
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord, TryAgain
from services.domain.folding import Changes, Read
from services.runtime import topics
from services.runtime.bus import producer_config
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import PathName, run_processor
from services.runtime.streaming.settings import StreamingSettings
from tests.chaos.checker import read_all

PARTITIONS = 4
SETTINGS = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_500, "checkpoint_interval_ms": 100}


class Said(msgspec.Struct, frozen=True, tag=True):
    """What a speaker says for the n-th time."""

    FULL_NAME: ClassVar[str] = "case.Said"
    TOPIC: ClassVar[str] = "case.said.v1"

    speaker: str
    number: int
    what: str = ""

    @property
    def key(self) -> str:
        return self.speaker

    def to_record(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class Heard(msgspec.Struct, frozen=True, tag=True):
    """How often a speaker was heard."""

    FULL_NAME: ClassVar[str] = "case.Heard"
    TOPIC: ClassVar[str] = "case.heard.v1"

    event_id: str
    speaker: str
    number: int
    times: int

    @property
    def key(self) -> str:
        return self.speaker

    def to_record(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class Speaker(Heard, frozen=True, tag=True):
    """The same as a state, on a compacted topic."""

    FULL_NAME: ClassVar[str] = "case.Speaker"
    TOPIC: ClassVar[str] = "case.state.v1"


class Count(msgspec.Struct, frozen=True):
    number: int
    times: int


class CaseCodec:
    """JSON for the events here, the real codec for dead letters."""

    def __init__(self) -> None:
        self._real = Codec()

    def encode(self, event: Any) -> bytes:
        return self._real.encode(event) if isinstance(event, DeadLetter) else msgspec.json.encode(event)

    def decode(self, data: bytes) -> Any:
        try:
            return msgspec.json.decode(data, type=Said)
        except msgspec.DecodeError as error:
            raise BadRecord("not JSON") from error


@dataclass
class Host:
    """Stands for the process that a worker runs in."""

    ready: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    log: Any = field(default_factory=lambda: structlog.get_logger("case"))


class Case:
    """Topics, a fold whose failures can be switched, and workers."""

    def __init__(self, kafka: KafkaSettings, path: PathName, directory: Path) -> None:
        self.kafka = kafka
        self.directory = directory
        self.there: set[str] = set()
        self.broken = False
        self.processor: Processor[Count] = Processor("case.v1", (Said.TOPIC,), self.fold, Count)
        self._path = path
        self._running: dict[str, tuple[Host, asyncio.Task[None]]] = {}
        wanted = [NewTopic(kafka.topic_prefix + t, PARTITIONS, 1) for t in (Said.TOPIC, Heard.TOPIC)]
        compacted = {"cleanup.policy": "compact"}
        topics.ensure(
            kafka, [*wanted, NewTopic(kafka.topic_prefix + Speaker.TOPIC, PARTITIONS, 1, config=compacted)]
        )

    def fold(self, read: Read[Count], said: Said) -> Changes[Count]:
        """Count what is new of each speaker, and fail in the way that the event asks for."""
        if said.what == "bad":
            raise BadRecord(f"{said.speaker} says bad")
        if said.what == "wait" and said.speaker not in self.there:
            raise TryAgain(f"{said.speaker} is not there")
        if said.what == "crash" and self.broken:
            raise ZeroDivisionError
        count = read(said.speaker) or Count(-1, 0)
        if said.number <= count.number:
            return Changes()
        if said.what == "forget":
            return Changes({said.speaker: None})
        now = Count(said.number, count.times + 1)
        name = f"{said.speaker}/{said.number}"
        heard = Heard(name, said.speaker, said.number, now.times)
        return Changes({said.speaker: now}, (heard, Speaker(name, said.speaker, said.number, now.times)))

    def add_input(self, stream: str, partitions: int) -> None:
        """Have the processor read another topic, which is made."""
        topics.ensure(self.kafka, [NewTopic(self.kafka.topic_prefix + stream, partitions, 1)])
        self.processor = replace(self.processor, inputs=(*self.processor.inputs, stream))

    def send(self, *said: Said | bytes, stream: str = Said.TOPIC) -> None:
        """Put events, or raw bytes, on an input."""
        producer = Producer(producer_config(self.kafka))
        for each in said:
            raw = isinstance(each, bytes)
            value = each if isinstance(each, bytes) else msgspec.json.encode(each)
            producer.produce(self.kafka.topic_prefix + stream, value, b"raw" if raw else each.key)  # type: ignore[union-attr]
        producer.flush()

    async def start(self, name: str = "w1", **settings: Any) -> Host:
        """Start a worker and wait until it is ready, or has failed."""
        host = Host()
        chosen = StreamingSettings(worker_id=name, **{**SETTINGS, **settings})
        worker = asyncio.create_task(
            run_processor(
                self.processor, self.kafka, CaseCodec(), self.directory, host, path=self._path, settings=chosen
            )
        )
        self._running[name] = host, worker
        while not host.ready and not worker.done():
            await asyncio.sleep(0.02)
        return host

    async def stop(self, name: str = "w1") -> None:
        """Stop a worker as SIGTERM does; raises what it failed with."""
        host, worker = self._running.pop(name)
        host.stopping.set()
        await worker

    async def failure(self, name: str = "w1") -> BaseException:
        """What a worker ends with."""
        _, worker = self._running.pop(name)
        await asyncio.wait({worker})
        failure = worker.exception()
        assert failure is not None
        return failure

    async def close(self) -> None:
        for name in list(self._running):
            await self.stop(name)

    async def outputs(self, count: int) -> list[Heard]:
        """All outputs, once there are that many different ones."""
        while True:
            found = [msgspec.json.decode(value, type=Heard) for _, _, value in self._records(Heard.TOPIC)]
            if len({heard.event_id for heard in found}) >= count:
                return found
            await asyncio.sleep(0.1)

    async def dead_letters(self, count: int) -> list[DeadLetter]:
        """All dead letters, once there are that many."""
        real = Codec()
        while True:
            found = [real.decode(value) for _, _, value in self._records(self.processor.dead_letters)]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.1)

    def speakers(self) -> list[Heard]:
        """Everything on the compacted topic."""
        return [msgspec.json.decode(value, type=Speaker) for _, _, value in self._records(Speaker.TOPIC)]

    def _records(self, stream: str) -> list[tuple[int, bytes, Any]]:
        return list(read_all(self.kafka, stream))


def says(speaker: str, numbers: range, what: str = "") -> list[Said]:
    return [Said(speaker, number, what) for number in numbers]


def numbers_of(outputs: list[Heard], speaker: str) -> list[int]:
    return [heard.number for heard in outputs if heard.speaker == speaker]
