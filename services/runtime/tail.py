"""Follows topics: every process that asks sees every record, in order per partition, unless they share them."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from services.domain.failures import BadRecord
from services.domain.units import Millis
from services.runtime.bus import librdkafka_log
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings

OnEvents = Callable[[Sequence[Any]], None]
"""Called on the event loop with events in the order of their partition."""

_BATCH = 10_000
_TIMEOUT_S = 10.0
_SESSION_MS = 6_000
"""A process that was killed is done without after so long."""

log = structlog.get_logger(__name__)


class Tail:
    """Reads `topics` from `since_ms` (None: from their beginning) and goes on for as long as the process lives.

    With a `group` the processes that name it share the records, from now on or from where the group left off: for
    work that one of them is to do soon or nobody, since a record that was taken is not given again.

    A thread reads and decodes; `on_events` runs on the event loop that called `start`. Deletions in compacted
    topics and records that cannot be decoded are passed over (the latter with a log line).
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        codec: Codec,
        topics: Sequence[str],
        on_events: OnEvents,
        since_ms: Millis | None = None,
        group: str = "",
    ) -> None:
        self._kafka = kafka
        self._decode = codec.decode
        self._topics = [kafka.topic_prefix + topic for topic in topics]
        self._on_events = on_events
        self._since_ms = since_ms
        self._group = group
        self._behind: set[tuple[str, int]] | None = None
        self._caught_up = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"tail {topics[0]}", daemon=True)

    def start(self) -> None:
        """Begin; to be called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    @property
    def caught_up(self) -> bool:
        """True once `on_events` has been given everything that was in the topics at the start."""
        return self._caught_up

    def _run(self) -> None:
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka.bootstrap_servers,
                "group.id": f"{self._kafka.topic_prefix}{self._group or 'tail'}",
                "enable.auto.commit": bool(self._group),
                "auto.offset.reset": "latest",
                "session.timeout.ms": _SESSION_MS,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 250,
                "logger": librdkafka_log,
            }
        )
        if self._assign(consumer):
            while not self._stopping.is_set():
                first = consumer.poll(0.2)
                if first is not None:
                    self._take([first, *consumer.consume(_BATCH, 0)])
        consumer.close()

    def _assign(self, consumer: Any) -> bool:
        if self._group:
            consumer.subscribe(self._topics, on_assign=lambda _consumer, places: self._behind_at(places))
            return True
        while not self._stopping.is_set():
            try:
                assigned = [place for topic in self._topics for place in self._places(consumer, topic)]
            except KafkaException as error:
                log.warning("cannot follow topics yet, trying again", topics=self._topics, error=str(error))
                self._stopping.wait(1)
                continue
            self._behind_at(assigned)
            consumer.assign(assigned)
            return True
        return False

    def _behind_at(self, places: Sequence[TopicPartition]) -> None:
        self._behind = {(place.topic, place.partition) for place in places}

    def _places(self, consumer: Any, topic: str) -> list[TopicPartition]:
        partitions = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions
        if not partitions:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"{topic} does not exist"))
        if self._since_ms is None:
            return [TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions]
        wanted = [TopicPartition(topic, number, self._since_ms) for number in partitions]
        found: list[TopicPartition] = consumer.offsets_for_times(wanted, timeout=_TIMEOUT_S)
        for place in found:
            if place.offset < 0:
                place.offset = OFFSET_END
        return found

    def _take(self, messages: list[Any]) -> None:
        events = []
        for message in messages:
            if message.error():
                self._note(message)
            elif message.value() is not None:
                try:
                    events.append(self._decode(message.value()))
                except BadRecord as error:
                    log.error(
                        "passed over a record", topic=message.topic(), offset=message.offset(), reason=str(error)
                    )
        assert self._loop is not None
        if events:
            self._loop.call_soon_threadsafe(self._on_events, events)
        if self._behind is not None and not self._behind and not self._caught_up:
            self._loop.call_soon_threadsafe(self._reached_end)

    def _note(self, message: Any) -> None:
        if message.error().code() == KafkaError._PARTITION_EOF and self._behind:  # noqa: SLF001
            self._behind.discard((message.topic(), message.partition()))

    def _reached_end(self) -> None:
        self._caught_up = True
