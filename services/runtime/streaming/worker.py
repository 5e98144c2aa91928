"""A processor's partitions in one process, whichever path brings the records."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from services.domain.events.dlq import DeadLetter
from services.domain.units import Millis
from services.runtime import topics
from services.runtime.clock import now_ms
from services.runtime.settings import KafkaSettings
from services.runtime.streaming import metrics
from services.runtime.streaming.changelog import Changelog
from services.runtime.streaming.checkpoint import Commit, checkpoint
from services.runtime.streaming.dead_letters import DeadLetterLimit, Record
from services.runtime.streaming.outbox import Outbox
from services.runtime.streaming.partition import Partition, Surroundings
from services.runtime.streaming.processor import Codec, Processor
from services.runtime.streaming.recovery import Recovered, recover
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.streaming.store import Store

S = TypeVar("S")

_IDLE_AFTER_MS = 2_000


def is_compacted(stream: str) -> bool:
    """Whether only the last event per key of a stream matters; streams not in topics.yaml go by their name."""
    known = topics.streams().get(stream)
    return known.compacted if known else ".state." in stream


class Worker(Generic[S]):
    """Takes records, checkpoints, and gives partitions back. Not thread safe: one call at a time."""

    def __init__(
        self,
        processor: Processor[S],
        kafka: KafkaSettings,
        codec: Codec,
        home: Path,
        settings: StreamingSettings,
    ) -> None:
        self.processor = processor
        self.partitions: dict[int, Partition[S]] = {}
        self.events = 0
        self.dead_letters = 0
        self._settings = settings
        self._home = home
        self._outbox = Outbox(kafka, codec, is_compacted, settings)
        self.changelog = Changelog(kafka, processor.changelog, self._outbox)
        self._around = Surroundings(
            codec=codec,
            publish=self._outbox.publish,
            bury=self._bury,
            limit=DeadLetterLimit(settings.dead_letters_in_a_row, settings.dead_letter_percent),
            cached_states=settings.cached_states,
            clock=now_ms,
            retry_first_ms=settings.retry_first_ms,
            retry_most_ms=settings.retry_most_ms,
        )
        self._checkpoint_at: Millis = 0
        self._took_at: Millis = 0
        self._lag = metrics.LAG.labels(processor.name)
        self._events_seen = metrics.EVENTS.labels(processor.name)

    def assign(self, numbers: Iterable[int], owned: Callable[[], bool]) -> Recovered:
        """Have exactly these partitions, recovered; what was not checkpointed is forgotten.

        Partitions that were here before are recovered too: between two assignments they may have been elsewhere.
        Raises Revoked when `owned` turns False meanwhile.
        """
        self.release()
        wanted = sorted(numbers)
        for number in wanted:
            store = Store(self._home / str(number))
            self.partitions[number] = Partition(number, self.processor, store, self._around)
        stores = {number: partition.store for number, partition in self.partitions.items()}
        recovered = recover(self.changelog, stores, owned, now_ms())
        for number, end in recovered.ends.items():
            self.partitions[number].changelog_end = end
        metrics.RECOVERED.labels(self.processor.name).inc(recovered.records)
        self._checkpoint_at = now_ms() + self._settings.checkpoint_interval_ms
        return recovered

    def release(self) -> None:
        """Give all partitions up, with whatever was not checkpointed."""
        for partition in self.partitions.values():
            partition.store.close()
        self.partitions = {}
        self._outbox.forget()

    def close(self) -> None:
        """Give all up; nothing can be done with this worker after it."""
        self.release()
        self._outbox.close()

    def take(self, stream: str, number: int, records: Sequence[Record]) -> None:
        """Fold records of a partition that is here."""
        partition = self.partitions[number]
        before = partition.events
        partition.take(stream, records)
        self._count(partition.events - before)
        self._took_at = now_ms()
        self._lag.set(max(0, self._took_at - records[-1][3]) / 1000)
        self._outbox.poll()

    def retry(self) -> None:
        """Try again what waits, where its pause is over; to be called several times a second."""
        waiting = [partition for partition in self.partitions.values() if partition.waiting]
        for partition in waiting:
            before = partition.events
            partition.retry()
            self._count(partition.events - before)
        metrics.WAITING.labels(self.processor.name).set(len(waiting))
        if not waiting and now_ms() - self._took_at > _IDLE_AFTER_MS:
            self._lag.set(0)

    @property
    def waiting(self) -> set[int]:
        """Partitions from which nothing more need be fetched for now."""
        return {number for number, partition in self.partitions.items() if partition.waiting}

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        if not any(partition.positions for partition in self.partitions.values()):
            return False
        dirty = sum(partition.dirty for partition in self.partitions.values())
        return dirty >= self._settings.checkpoint_states or now_ms() >= self._checkpoint_at

    def checkpoint(self, commit: Commit) -> bool:
        """Make all work durable (services.runtime.streaming.checkpoint); blocks for some milliseconds.

        False when the partitions have another owner by now: they are given up.
        """
        started = time.monotonic()
        owned = checkpoint(list(self.partitions.values()), self.changelog, self._outbox, commit, now_ms())
        if not owned:
            self.release()
        self._checkpoint_at = now_ms() + self._settings.checkpoint_interval_ms
        metrics.CHECKPOINT.labels(self.processor.name).observe(time.monotonic() - started)
        return owned

    def _count(self, events: int) -> None:
        self.events += events
        self._events_seen.inc(events)

    def _bury(self, letter: DeadLetter) -> None:
        self.dead_letters += 1
        metrics.DEAD_LETTERS.labels(self.processor.name).inc()
        self._outbox.publish(letter, self.processor.dead_letters)
