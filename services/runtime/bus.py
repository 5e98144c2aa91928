"""The producer of every process: a publish is done when the broker has it (acks=all, idempotent)."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from confluent_kafka import KafkaException, Producer

from services.domain.folding import Event
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings

_COLLECT_S = 0.01
"""After an event was handed to librdkafka, those of so long go together: waking it costs most."""

_POLL_S = 0.001
"""Delivery reports are fetched this often while any is awaited; it bounds the latency that we add to an ack."""

librdkafka_log = logging.getLogger("librdkafka")
"""Where librdkafka's own lines go: through our log format."""

Done = Callable[[Exception | None], None]


class NotDurable(Exception):
    """Kafka has not confirmed the event in time. It may still arrive; publishing it again is harmless."""


def producer_config(kafka: KafkaSettings, **changes: Any) -> dict[str, Any]:
    """The configuration of a producer that loses nothing; murmur2 partitions as Java clients do."""
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "acks": "all",
        "enable.idempotence": True,
        "compression.type": "lz4",
        # Each partition gets a request of its own: at 1 ms most carry one event. 10 ms costs half the CPU of 5 ms.
        "linger.ms": 10,
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 500_000,
        "delivery.timeout.ms": 300_000,
        "logger": librdkafka_log,
    } | changes


class Bus:
    """Publishes events from one event loop. Delivery reports are polled while any is outstanding."""

    def __init__(self, kafka: KafkaSettings, codec: Codec) -> None:
        # What is handed over is collected already: librdkafka need not wait for more.
        self._producer = Producer(producer_config(kafka, **{"linger.ms": 1}))
        self._prefix = kafka.topic_prefix
        self._encode = codec.encode
        self._collected: list[tuple[str, bytes | None, str, Done]] = []
        self._collecting = False
        self._in_flight = 0
        self._polling = False

    @property
    def in_flight(self) -> int:
        """Events handed over and not yet confirmed."""
        return self._in_flight

    def send(self, event: Event, done: Done, topic: str | None = None) -> None:
        """Hand over one event; `done(None)` or `done(error)` is called on the event loop later, exactly once.

        Raises ValueError when the event cannot be encoded; a full queue reports NotDurable.
        """
        self._collect(topic or event.TOPIC, self._encode(event), event.key, done)

    def delete(self, event: Event, done: Done) -> None:
        """Delete an event from its compacted topic, by its key; `done` as in `send`."""
        self._collect(event.TOPIC, None, event.key, done)

    def _collect(self, topic: str, value: bytes | None, key: str, done: Done) -> None:
        self._collected.append((topic, value, key, done))
        self._in_flight += 1
        if not self._collecting:
            self._hand_over()

    def _hand_over(self) -> None:
        collected, self._collected = self._collected, []
        self._collecting = bool(collected)
        if not collected:
            return
        asyncio.get_running_loop().call_later(_COLLECT_S, self._hand_over)
        for topic, value, key, done in collected:
            try:
                self._producer.produce(
                    self._prefix + topic, value, key, on_delivery=partial(self._delivered, done)
                )
            except (BufferError, KafkaException) as error:
                asyncio.get_running_loop().call_soon(self._delivered, done, error, None)
        self._keep_polling()

    def _delivered(self, done: Done, error: Any, _message: Any) -> None:
        self._in_flight -= 1
        done(NotDurable(str(error)) if error else None)

    async def publish(self, *published: Event, timeout_s: float = 20.0, topic: str | None = None) -> None:
        """Return when the broker has all of them; NotDurable when one fails or `timeout_s` has passed.

        They go to their own topics, or all to the one named.
        """
        if not published:
            return
        loop = asyncio.get_running_loop()
        everything: asyncio.Future[None] = loop.create_future()
        left = len(published)

        def done(error: Exception | None) -> None:
            nonlocal left
            left -= 1
            if everything.done():
                return
            if error is not None:
                everything.set_exception(error)
            elif left == 0:
                everything.set_result(None)

        for event in published:
            self.send(event, done, topic)
        try:
            async with asyncio.timeout(timeout_s):
                await everything
        except TimeoutError as error:
            raise NotDurable(f"not confirmed by Kafka within {timeout_s:g} s") from error

    async def flush(self, timeout_s: float = 30.0) -> int:
        """Wait until nothing is in flight or the time is up; how many are still unconfirmed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self._in_flight and loop.time() < deadline:
            await asyncio.sleep(_POLL_S)
        return self._in_flight

    async def close(self, timeout_s: float = 30.0) -> int:
        """Flush, then stop; how many events were never confirmed."""
        return await self.flush(timeout_s)

    def _keep_polling(self) -> None:
        if not self._polling:
            self._polling = True
            asyncio.get_running_loop().call_later(_POLL_S, self._poll)

    def _poll(self) -> None:
        self._producer.poll(0)
        if self._in_flight:
            asyncio.get_running_loop().call_later(_POLL_S, self._poll)
        else:
            self._polling = False


def publish_sync(kafka: KafkaSettings, codec: Codec, published: Iterable[Event], timeout_s: float = 20.0) -> None:
    """Publish from a command line tool and wait for the broker; NotDurable when it does not confirm in time."""
    errors: list[Any] = []
    producer = Producer(producer_config(kafka, **{"delivery.timeout.ms": int(timeout_s * 1000)}))
    for event in published:
        producer.produce(
            kafka.topic_prefix + event.TOPIC,
            codec.encode(event),
            event.key,
            on_delivery=lambda error, _message: errors.append(error) if error else None,
        )
    left = producer.flush(timeout_s)
    if left or errors:
        raise NotDurable(str(errors[0]) if errors else f"{left} events not confirmed within {timeout_s:g} s")
