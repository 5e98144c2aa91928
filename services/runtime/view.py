"""A local copy of a compacted topic: what every edge decides from, without asking anybody."""

import asyncio
import threading
from collections.abc import Callable, ItemsView
from typing import Any, Generic, TypeVar, cast

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from services.domain.failures import BadRecord
from services.runtime.bus import librdkafka_log
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings

T = TypeVar("T")
OnChange = Callable[[str, T | None], None]
"""Called with key and new value (None: deleted) on the view's thread, after the copy has changed."""

log = structlog.get_logger(__name__)


class View(Generic[T]):
    """The latest value per key of `topic`. Reading is a dict look-up; a thread keeps it up to date.

    While Kafka is away the copy stays readable as it was last seen.
    """

    def __init__(
        self, kafka: KafkaSettings, codec: Codec, topic: str, on_change: OnChange[T] | None = None
    ) -> None:
        self._kafka = kafka
        self._decode = codec.decode
        self._topic = kafka.topic_prefix + topic
        self._on_change = on_change
        self._values: dict[str, T] = {}
        self._behind: set[int] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"view {topic}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def get(self, key: str) -> T | None:
        return self._values.get(key)

    def items(self) -> ItemsView[str, T]:
        """All keys and values as of now."""
        return self._values.copy().items()

    def __len__(self) -> int:
        return len(self._values)

    @property
    def caught_up(self) -> bool:
        """True once everything that was in the topic at the start has been read."""
        return self._behind is not None and not self._behind

    async def wait_caught_up(self, timeout_s: float = 60.0) -> None:
        """Return when caught up; TimeoutError, naming the topic, when it takes longer."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not self.caught_up:
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(
                    f"{self._topic} was not read to its end within {timeout_s:g} s: is Kafka reachable?"
                )
            await asyncio.sleep(0.02)

    def _run(self) -> None:
        consumer = self._assigned_consumer()
        if consumer is None:
            return
        while not self._stopping.is_set():
            for message in self._next(consumer):
                self._take(message)
        consumer.close()

    @staticmethod
    def _next(consumer: Any) -> list[Any]:
        """Whatever is there now: wait for the first message, then take what has arrived with it."""
        first = consumer.poll(0.2)
        return [] if first is None else [first, *consumer.consume(10_000, 0)]

    def _assigned_consumer(self) -> Any:
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka.bootstrap_servers,
                "group.id": f"{self._kafka.topic_prefix}view",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 250,
                "logger": librdkafka_log,
            }
        )
        while not self._stopping.is_set():
            try:
                partitions = consumer.list_topics(self._topic, timeout=5).topics[self._topic].partitions
            except KafkaException as error:
                log.warning("view cannot reach Kafka, trying again", topic=self._topic, error=str(error))
                continue
            if partitions:
                self._behind = set(partitions)
                consumer.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in partitions])
                return consumer
            log.warning("view's topic does not exist yet, trying again", topic=self._topic)
            self._stopping.wait(1)
        return None

    def _take(self, message: Any) -> None:
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF and self._behind:  # noqa: SLF001
                self._behind.discard(message.partition())
            return
        key = cast(bytes, message.key()).decode()
        if message.value() is None:
            value = self._values.pop(key, None)
            value = None
        else:
            try:
                value = self._values[key] = self._decode(message.value())
            except BadRecord as error:
                log.error("view skips a record", topic=self._topic, offset=message.offset(), reason=str(error))
                return
        if self._on_change:
            self._on_change(key, value)
