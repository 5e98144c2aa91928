"""Sends what a worker publishes, and says when the broker has it."""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from services.domain.folding import Event
from services.runtime.bus import producer_config
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.processor import Codec
from services.runtime.streaming.settings import StreamingSettings

_FULL_QUEUE_WAIT_S = 0.05

Compacted = Callable[[str], bool]
"""Whether only the last event per key of a topic matters."""


class NotDelivered(Exception):
    """Kafka did not take something in time: stop, and do the work since the last checkpoint again."""


class Outbox:
    """Two librdkafka producers: one for everything, one whose every message's offset is wanted.

    Events of compacted topics are held back and only the last per key is sent with the next `deliver`.
    """

    def __init__(
        self, kafka: KafkaSettings, codec: Codec, compacted: Compacted, settings: StreamingSettings
    ) -> None:
        shared = {"delivery.timeout.ms": settings.delivery_timeout_ms}
        self._timeout_s = settings.delivery_timeout_ms / 1000 + 5
        self._producer = Producer(
            producer_config(
                kafka,
                **shared,
                **{
                    "linger.ms": settings.linger_ms,
                    "batch.size": 262_144,
                    "queue.buffering.max.messages": 1_000_000,
                    # A Python call per delivered message would cost as much as sending it.
                    "delivery.report.only.error": True,
                    "on_delivery": self._failed,
                },
            )
        )
        self._confirming = Producer(producer_config(kafka, **shared, **{"linger.ms": 0}))
        self._encode = codec.encode
        self._compacted = compacted
        self._prefix = kafka.topic_prefix
        self._routes: dict[str, tuple[str, bool]] = {}
        self._latest: dict[tuple[str, str], Event] = {}
        self._failure: KafkaError | None = None

    def publish(self, event: Event, topic: str | None = None) -> None:
        """Send an event to its topic (or the one named), partitioned by its key as Java clients do."""
        stream = topic or event.TOPIC
        route = self._routes.get(stream)
        if route is None:
            route = self._routes[stream] = self._prefix + stream, self._compacted(stream)
        if route[1]:
            self._latest[route[0], event.key] = event
        else:
            self.produce(route[0], self._encode(event), event.key)

    def produce(self, topic: str, value: bytes | None, key: str | bytes, partition: int = -1) -> None:
        """Hand bytes to librdkafka, waiting while its queue is full; `topic` is the full name."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition)
                return
            except BufferError:
                self._producer.poll(_FULL_QUEUE_WAIT_S)
                self._check()

    def poll(self) -> None:
        """Notice failed deliveries early; NotDelivered for one."""
        self._producer.poll(0)
        self._check()

    def deliver(self) -> None:
        """Return when the broker has everything that was published before; NotDelivered if it will not."""
        latest, self._latest = self._latest, {}
        for (topic, key), event in latest.items():
            self.produce(topic, self._encode(event), key)
        left = self._producer.flush(self._timeout_s)
        self._check()
        if left:
            raise NotDelivered(f"{left} records not confirmed by Kafka: see that the brokers are up")

    def confirm(self, topic: str, records: Mapping[int, tuple[bytes, bytes]]) -> dict[int, int]:
        """Send one (key, value) to each partition and return the offsets they got."""
        offsets: dict[int, int] = {}

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._failed(error, message)
            else:
                offsets[message.partition() or 0] = message.offset() or 0

        for partition, (key, value) in records.items():
            self._confirming.produce(topic, value, key, partition, on_delivery=delivered)
        self._confirming.flush(self._timeout_s)
        self._check()
        if len(offsets) < len(records):
            raise NotDelivered(f"{topic}: no confirmation from Kafka, see that the brokers are up")
        return offsets

    def forget(self) -> None:
        """Drop held back events of work that will be done again."""
        self._latest.clear()

    def close(self) -> None:
        """Drop what is not delivered, and the connections."""
        for producer in (self._producer, self._confirming):
            producer.purge()
            producer.close()

    def _failed(self, error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            self._failure = error

    def _check(self) -> None:
        if self._failure is not None:
            raise NotDelivered(f"Kafka refused an output: {self._failure.str()}")
