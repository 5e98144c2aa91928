"""The topic in which the embedded schema registry keeps its schemas."""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from services.runtime.bus import NotDurable, producer_config
from services.runtime.embedded.registry_catalog import Record
from services.runtime.settings import KafkaSettings
from services.runtime.topics import ensure, new_topic

TOPIC = "_schemas"

_READ_WITHIN_S = 10.0
_ANSWERS_WITHIN_S = 5.0

log = structlog.get_logger(__name__)


class SchemaLog:
    """The compacted topic `_schemas`, with one partition. One registry at a time writes to it."""

    def __init__(self, kafka: KafkaSettings, written_within_s: float = 10.0) -> None:
        self._kafka = kafka
        self._topic = kafka.topic_prefix + TOPIC
        self._written_within_s = written_within_s
        config = producer_config(kafka, **{"delivery.timeout.ms": int(written_within_s * 1000)})
        self._producer = Producer(config)

    def load(self, apply: Callable[[bytes, bytes | None], None]) -> None:
        """Apply all that the topic holds, created if it does not exist; KafkaException when Kafka is away."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._kafka.bootstrap_servers,
                "group.id": f"{self._kafka.topic_prefix}registry",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        try:
            if self._topic not in consumer.list_topics(timeout=_ANSWERS_WITHIN_S).topics:
                ensure(self._kafka, [new_topic(self._kafka, TOPIC, 1, {"cleanup.policy": "compact"})])
            consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])
            while (message := self._next(consumer)) is not None:
                self._apply(message, apply)
        finally:
            consumer.close()

    def append(self, records: Iterable[Record]) -> None:
        """Return when the broker has all of them; NotDurable when it is not known to have."""
        errors: list[str] = []
        try:
            for key, value in records:
                self._producer.produce(
                    self._topic, value, key, 0, lambda error, _: errors.append(str(error)) if error else None
                )
        except (BufferError, KafkaException) as error:
            errors.append(str(error))
        left = self._producer.flush(self._written_within_s * 2)
        if errors or left:
            raise NotDurable(errors[0] if errors else "not confirmed by Kafka")

    @staticmethod
    def _next(consumer: Any) -> Any:
        """The next record, None at the end."""
        message = consumer.poll(_READ_WITHIN_S)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
        if message.error() is None:
            return message
        if message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            return None
        raise KafkaException(message.error())

    @staticmethod
    def _apply(message: Any, apply: Callable[[bytes, bytes | None], None]) -> None:
        try:
            apply(message.key() or b"", message.value())
        except (ValueError, KeyError, TypeError) as error:
            log.error("registry skips a record", offset=message.offset(), reason=str(error))
