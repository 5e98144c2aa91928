"""Sends dead letters back to the streams that they came from, each once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from services.domain.events.dlq import DeadLetter
from services.runtime.bus import NotDurable, producer_config
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.processor import Codec

_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did, or with `dry_run` would do."""

    sent: int
    already_sent: int
    of_another_class: int
    by_class: dict[str, int]


def replay(
    kafka: KafkaSettings,
    codec: Codec,
    dead_letters: str,
    *,
    error_class: str | None = None,
    dry_run: bool = False,
) -> Replayed:
    """Send dead letters (all, or of one error class) to their source topic again, raw, with key and partition.

    What was sent is remembered per error class by a consumer group, so that a second replay sends nothing twice.
    Raises KafkaException when `dead_letters` cannot be read, NotDurable when something was not taken.
    """
    with _Letters(kafka, dead_letters) as letters:
        sent = already = other = 0
        by_class: dict[str, int] = {}
        producer = None if dry_run else Producer(producer_config(kafka))
        failures: list[KafkaError] = []
        for message in letters.read():
            letter: DeadLetter = codec.decode(message.value() or b"")
            if error_class not in (None, letter.error_class):
                other += 1
            elif letters.done(letter.error_class, message):
                already += 1
            else:
                if producer is not None:
                    _send(producer, kafka.topic_prefix, letter, failures.append)
                letters.mark(letter.error_class, message)
                by_class[letter.error_class] = by_class.get(letter.error_class, 0) + 1
                sent += 1
        if producer is not None:
            left = producer.flush(_TIMEOUT_S)
            if left or failures:
                raise NotDurable(f"Kafka did not take everything ({failures[:1] or left}): replay again")
            letters.commit()
        return Replayed(sent, already, other, by_class)


def _send(producer: Producer, prefix: str, letter: DeadLetter, fail: Callable[[KafkaError], None]) -> None:
    def delivered(error: KafkaError | None, _message: Any) -> None:
        if error is not None:
            fail(error)

    while True:
        try:
            producer.produce(
                prefix + letter.source_topic,
                letter.record_value,
                letter.record_key,
                letter.source_partition,
                on_delivery=delivered,
            )
            return
        except BufferError:
            producer.poll(0.1)


class _Letters:
    """Reads a dead letter topic whole, and keeps one position per error class and partition."""

    def __init__(self, kafka: KafkaSettings, stream: str) -> None:
        self._kafka = kafka
        self._topic = kafka.topic_prefix + stream
        self._consumer = self._consumer_of(f"{self._topic}-replay")
        self._groups: dict[str, Consumer] = {}
        self._positions: dict[str, dict[int, int]] = {}

    def __enter__(self) -> "_Letters":
        return self

    def __exit__(self, *_: object) -> None:
        for consumer in [self._consumer, *self._groups.values()]:
            consumer.close()

    def _consumer_of(self, group: str) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self._kafka.bootstrap_servers,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )

    def read(self) -> Any:
        """Every message from the first to what was the last when the reading began."""
        found = self._consumer.list_topics(self._topic, _TIMEOUT_S).topics[self._topic]
        if found.error is not None:
            raise KafkaException(found.error)
        self._partitions = [TopicPartition(self._topic, p) for p in found.partitions]
        ends = {}
        for partition in self._partitions:
            first, end = self._consumer.get_watermark_offsets(partition, _TIMEOUT_S)
            partition.offset = first
            if first < end:
                ends[partition.partition] = end
        self._consumer.assign(self._partitions)
        while ends:
            message: Any = self._consumer.poll(_TIMEOUT_S)
            if message is None:
                raise NotDurable(f"{self._topic} cannot be read to its end: see that the brokers are up")
            if message.error():
                raise KafkaException(message.error())
            if message.offset() < ends.get(message.partition(), 0):
                yield message
            if message.offset() >= ends.get(message.partition(), 0) - 1:
                ends.pop(message.partition(), None)

    def done(self, error_class: str, message: Message) -> bool:
        """Whether a message of this class was sent by an earlier replay."""
        if error_class not in self._groups:
            group = self._groups[error_class] = self._consumer_of(f"{self._topic}-replay-{error_class}")
            committed = group.committed(self._partitions, _TIMEOUT_S)
            self._positions[error_class] = {p.partition: p.offset for p in committed}
        return (message.offset() or 0) < self._positions[error_class].get(message.partition() or 0, 0)

    def mark(self, error_class: str, message: Message) -> None:
        """Remember a message as sent; `commit` makes it so."""
        self._positions[error_class][message.partition() or 0] = (message.offset() or 0) + 1

    def commit(self) -> None:
        """Make what was marked durable."""
        for error_class, positions in self._positions.items():
            offsets = [TopicPartition(self._topic, p, offset) for p, offset in positions.items() if offset >= 0]
            if offsets:
                self._groups[error_class].commit(offsets=offsets, asynchronous=False)
