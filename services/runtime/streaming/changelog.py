"""The changelog: a compacted topic with every state, written in sealed checkpoints.

A checkpoint appends the states that changed and then a seal. What follows the last seal was never finished, and
is not part of any state: so the states that one event changed come back together or not at all, whenever a worker
dies.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from services.runtime import topics
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.outbox import Outbox

SEAL = b"\xff"
"""Key of a seal; it is not UTF-8, so no state key is like it."""

DELETES_KEPT_MS = 7 * 86_400_000
"""Deletions stay readable this long: a store that was away for less sees every one of them."""

_CONFIG = {
    "cleanup.policy": "compact",
    "delete.retention.ms": str(DELETES_KEPT_MS),
    # What an unfinished checkpoint would have replaced is still there when it is undone.
    "min.compaction.lag.ms": "3600000",
    "segment.bytes": str(128 * 1024 * 1024),
}
_CHUNK = 10_000
_FIRST_WINDOW = 4_096
_SILENCE_S = 30.0

Change = tuple[bytes, bytes | None]
"""State key and msgpack bytes; None deletes."""

Entry = tuple[int, int, bytes, bytes | None]
"""Partition, offset, key and value of a changelog record."""

Ranges = Mapping[int, tuple[int, int]]
"""By partition: first offset, and end (one past the last)."""


class Changelog:
    """Reads and appends one processor's changelog."""

    def __init__(self, kafka: KafkaSettings, name: str, outbox: Outbox) -> None:
        self.topic = kafka.topic_prefix + name
        self._kafka = kafka
        self._outbox = outbox
        self.topic_id = ""

    def ensure(self, partitions: int) -> None:
        """Create the topic if it is not there; ValueError when it has another number of partitions."""
        topic = NewTopic(self.topic, partitions, self._kafka.replication_factor, config=_CONFIG)
        topics.ensure(self._kafka, [topic])
        admin = AdminClient({"bootstrap.servers": self._kafka.bootstrap_servers})
        found = _described(admin, self.topic)
        if len(found.partitions) != partitions:
            raise ValueError(
                f"{self.topic} has {len(found.partitions)} partitions and the inputs {partitions}: "
                "raise the processor's major version to start afresh"
            )
        self.topic_id = str(found.topic_id)

    def append(self, changes: Mapping[int, Sequence[Change]]) -> dict[int, int]:
        """Deliver states by partition, then a seal to each; the seals' offsets. NotDelivered if Kafka will not."""
        for partition, states in changes.items():
            for key, value in states:
                self._outbox.produce(self.topic, value, key, partition)
        self._outbox.deliver()
        return self._outbox.confirm(self.topic, dict.fromkeys(changes, (SEAL, b"")))

    def bounds(self, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        """What each partition holds, as Ranges."""
        with _Reader(self._kafka) as reader:
            return {p: reader.bounds(self.topic, p) for p in partitions}

    def read(self, ranges: Ranges) -> Iterator[list[Entry]]:
        """Every record from the start of each range up to its end, excluded, in lists as they come."""
        unread = {p: end for p, (start, end) in ranges.items() if start < end}
        if not unread:
            return
        with _Reader(self._kafka) as reader:
            reader.assign([TopicPartition(self.topic, p, ranges[p][0]) for p in unread])
            heard_at = time.monotonic()
            while unread:
                records = reader.chunk(unread)
                if records:
                    heard_at = time.monotonic()
                    yield records
                elif time.monotonic() - heard_at > _SILENCE_S:
                    raise TimeoutError(f"{self.topic}: Kafka sends nothing, see that the brokers are up")

    def last_seals(self, ranges: Ranges) -> dict[int, int]:
        """Offset of the last seal in each range that has one; reads backwards in growing windows from its end."""
        seals: dict[int, int] = {}
        wanted = {p: bound for p, bound in ranges.items() if bound[0] < bound[1]}
        width = _FIRST_WINDOW
        while wanted:
            windows = {p: (max(start, end - width), end) for p, (start, end) in wanted.items()}
            for records in self.read(windows):
                seals.update((p, offset) for p, offset, key, _ in records if key == SEAL)
            wanted = {
                p: (start, windows[p][0])
                for p, (start, _) in wanted.items()
                if p not in seals and windows[p][0] > start
            }
            width *= 8
        return seals


class _Reader:
    """A consumer that follows no group, closed when done."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": "changelog-reader",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "queued.min.messages": 200_000,
                "fetch.message.max.bytes": 4 * 1024 * 1024,
                "fetch.wait.max.ms": 20,
            }
        )
        self.assign = self._consumer.assign

    def __enter__(self) -> "_Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset and end of a partition, whose leader may be unknown for a moment."""
        until = time.monotonic() + _SILENCE_S
        while True:
            try:
                return self._consumer.get_watermark_offsets(TopicPartition(topic, partition), _SILENCE_S)
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def chunk(self, unread: dict[int, int]) -> list[Entry]:
        """The next records before the ends in `unread`, from which partitions that are through are removed."""
        first = self._consumer.poll(0.5)
        if first is None:
            return []
        records: list[Entry] = []
        messages: list[Any] = [first, *self._consumer.consume(_CHUNK, 0)]
        for message in messages:
            partition, offset, key = message.partition(), message.offset(), message.key()
            if key is None:
                _finish(message.error(), partition, unread)
                continue
            end = unread.get(partition, -1)
            if offset < end:
                records.append((partition, offset, key, message.value()))
            if offset >= end - 1:
                unread.pop(partition, None)
        return records


def _finish(error: KafkaError | None, partition: int, unread: dict[int, int]) -> None:
    """The end of a partition (its last offsets may be compacted away) is fine, anything else is not."""
    if error is None:
        return
    if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  its public name
        raise KafkaException(error)
    unread.pop(partition, None)


def _described(admin: AdminClient, topic: str, attempts: int = 50) -> Any:
    """A topic's description; one that was just made takes a moment to be known everywhere."""
    for left in reversed(range(attempts)):
        try:
            return admin.describe_topics(TopicCollection([topic]))[topic].result(timeout=30)
        except KafkaException as error:
            if left == 0 or error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise
            time.sleep(0.1)
    raise AssertionError("not reached")
