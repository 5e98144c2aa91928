"""Takes Kafka records to tables: a consumer that commits only what has been inserted.

At least once: after a crash the same records come again in other batches, so tables keep one row per key
(ReplacingMergeTree). Within a run an insert whose answer was lost is repeated under the same token.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.lib as pa
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import Counter, Gauge, Histogram

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord, TryAgain
from services.runtime import garbage
from services.runtime.bus import NotDurable, producer_config
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.sink_batch import Batch, Rows, arrow_tables, source_of
from services.runtime.streaming.dead_letters import DeadLetterLimit, dead_letter
from services.runtime.streaming.home import Home
from services.runtime.streaming.host import Host
from services.runtime.streaming.settings import StreamingSettings

Insert = Callable[[str, pa.Table, str], None]
"""(table, rows, dedup token): returns when the rows are durable; TryAgain when they cannot be taken now."""

_TICK_S = 0.2
_POLL_RECORDS = 2_000
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_DLQ_TIMEOUT_S = 60.0
_GROUP_TIMEOUT_S = 60.0
_GROUP_ANSWER_S = 3.0
"""A request that met a broker without a coordinator is not answered later either: ask again."""
_COORDINATOR_AWAY = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
_GROUP_BUSY = {KafkaError.NON_EMPTY_GROUP, KafkaError._TIMED_OUT, *_COORDINATOR_AWAY}  # noqa: SLF001
_UNCOMMITTED = {
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.FENCED_INSTANCE_ID,
    *_COORDINATOR_AWAY,
}
"""The group has moved on, or cannot be asked: the batch will come again, or the next commit covers it."""

ROWS = Counter("wattlog_sink_rows", "rows that were inserted", ["table"])
DEAD_LETTERS = Counter("wattlog_sink_dead_letters", "records that made no rows", ["sink"])
INSERT = Histogram("wattlog_sink_insert_seconds", "time that one insert took", ["table"])
FRESHNESS = Histogram(
    "wattlog_sink_freshness_seconds",
    "from the oldest record of a batch being in Kafka to its rows being in the table",
    ["sink"],
    buckets=(0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
LAG = Gauge("wattlog_sink_lag_seconds", "age of the newest record that was committed", ["sink"])


@dataclass(frozen=True, slots=True)
class Sink:
    """What goes where: `name` is the consumer group, like `analytics.v1`, `schemas` the columns of each table."""

    name: str
    topics: tuple[str, ...]
    to_rows: Callable[[Any], Rows]
    schemas: Mapping[str, pa.Schema]
    batch_rows: int = 20_000
    batch_ms: int = 300

    @property
    def dead_letters(self) -> str:
        """Topic of the records that made no rows."""
        slice_name, _, major = self.name.rpartition(".")
        return f"{slice_name}.dlq.{major}"


async def run_sink(
    sink: Sink,
    kafka: KafkaSettings,
    codec: Codec,
    insert: Insert,
    data_dir: Path,
    host: Host,
    settings: StreamingSettings,
) -> None:
    """Run until the host stops; raises whatever makes going on impossible, after which all is done again."""
    garbage.seldom()
    home = Home(data_dir, sink.name, settings.worker_id)
    try:
        worker = SinkWorker(sink, kafka, codec, insert, home.worker_id, host, settings)
        working = asyncio.create_task(asyncio.to_thread(worker.work))
        stopping = asyncio.create_task(host.stopping.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.stop()
        stopping.cancel()
        await working
    finally:
        host.ready = False
        home.leave()


def forget_position(kafka: KafkaSettings, sink: Sink) -> None:
    """Have the sink begin at the beginning, as new tables need. KafkaException when a member is still at work."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    group = kafka.topic_prefix + sink.name
    deadline = time.monotonic() + _GROUP_TIMEOUT_S
    while True:
        try:
            admin.delete_consumer_groups([group], request_timeout=_GROUP_ANSWER_S)[group].result()
        except KafkaException as error:
            code = error.args[0].code()
            if code == KafkaError.GROUP_ID_NOT_FOUND:
                return
            if code not in _GROUP_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_TICK_S)
        else:
            return


class SinkWorker:
    """The loop of one member of the group; `work` runs on a thread of its own."""

    def __init__(
        self,
        sink: Sink,
        kafka: KafkaSettings,
        codec: Codec,
        insert: Insert,
        worker_id: str,
        host: Host,
        settings: StreamingSettings,
    ) -> None:
        self._sink = sink
        self._decode = codec.decode
        self._encode = codec.encode
        self._insert = insert
        self._host = host
        self._prefix = kafka.topic_prefix
        self._limit = DeadLetterLimit(settings.dead_letters_in_a_row, settings.dead_letter_percent)
        self._stop = threading.Event()
        self._batch = Batch(time.monotonic())
        self._backlog: deque[Message] = deque()
        self._holding = False
        self._producer = Producer(producer_config(kafka))
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": kafka.topic_prefix + sink.name,
                "group.instance.id": worker_id,
                "session.timeout.ms": settings.session_timeout_ms,
                "heartbeat.interval.ms": settings.heartbeat_interval_ms,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 100,
                "fetch.min.bytes": 262_144,
                "queued.min.messages": 20_000,
            }
        )

    def stop(self) -> None:
        """Have `work` insert and commit what it has taken, and return."""
        self._stop.set()

    def work(self) -> None:
        topics = [self._prefix + topic for topic in self._sink.topics]
        self._consumer.subscribe(topics, on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)
        try:
            while not self._stop.is_set():
                self._take()
                if self._due():
                    self._flush()
            self._flush()
        finally:
            self._consumer.close()

    def _due(self) -> bool:
        batch = self._batch
        full = max(batch.row_count, batch.record_count) >= self._sink.batch_rows
        return full or (batch.record_count > 0 and self._age_ms() >= self._sink.batch_ms)

    def _age_ms(self) -> float:
        return (time.monotonic() - self._batch.opened_at) * 1000

    def _take(self) -> None:
        """Take what is there: waits for one record, or until the batch is due."""
        if self._backlog:
            self._add(self._backlog.popleft())
            return
        wait_s = _TICK_S
        if self._batch.record_count:
            wait_s = min(wait_s, max(0.0, (self._sink.batch_ms - self._age_ms()) / 1000))
        first = self._consumer.poll(wait_s)
        if first is None:
            if not self._batch.record_count:
                LAG.labels(self._sink.name).set(0)
            return
        batch = self._batch
        others = self._consumer.consume(min(_POLL_RECORDS, self._sink.batch_rows), 0)
        if batch is self._batch:
            self._add(first)
        # Else partitions were revoked meanwhile: `first` is another member's now, or comes again.
        for message in others:
            self._add(message)

    def _add(self, message: Message) -> None:
        if (failure := message.error()) is not None:
            raise KafkaException(failure)
        batch = self._batch
        if not batch.ranges:
            batch.opened_at = time.monotonic()
        value = message.value()
        try:
            rows: Rows = {} if value is None else self._sink.to_rows(self._decode(value))
        except BadRecord as error:
            batch.add_bad(message, error)
        else:
            batch.add(message, rows)

    def _flush(self) -> None:
        """Insert the batch and commit it; kept and tried again while the tables cannot take it."""
        batch = self._batch
        tables = arrow_tables(batch, self._sink.schemas)
        self._bury(batch)
        for table, rows in tables.items():
            if not self._insert_until_taken(table, rows, batch):
                self._hold(False)
                return
        self._commit(batch)

    def _insert_until_taken(self, table: str, rows: pa.Table, batch: Batch) -> bool:
        """Insert, waiting as long as it takes; False when the batch is no longer ours or the process stops."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                with INSERT.labels(table).time():
                    self._insert(table, rows, batch.token)
            except TryAgain as error:
                self._host.log.warning(
                    "waiting for the tables", table=table, rows=rows.num_rows, reason=str(error)
                )
            else:
                ROWS.labels(table).inc(rows.num_rows)
                self._hold(False)
                return True
            self._hold(True)
            if not self._wait(pause_s, batch):
                return False
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _wait(self, pause_s: float, batch: Batch) -> bool:
        """Wait as a living member of the group; False when the batch is no longer ours or the process stops."""
        until = time.monotonic() + pause_s
        while time.monotonic() < until:
            if self._stop.is_set() or batch is not self._batch:
                return False
            message = self._consumer.poll(min(_TICK_S, pause_s))
            if message is not None:
                self._backlog.append(message)
        return batch is self._batch

    def _hold(self, hold: bool) -> None:
        if hold == self._holding:
            return
        self._holding = hold
        assigned = self._consumer.assignment()
        if hold:
            self._consumer.pause(assigned)
        else:
            self._consumer.resume(assigned)

    def _bury(self, batch: Batch) -> None:
        """Publish the dead letters and wait for the broker, before anything is committed."""
        failures: list[Any] = []
        for position, message, error in sorted(batch.bad, key=lambda entry: entry[0]):
            self._limit.bad(position)
            letter = self._letter(message, error)
            self._producer.produce(
                self._prefix + self._sink.dead_letters,
                self._encode(letter),
                letter.key,
                on_delivery=lambda failure, _message: failures.append(failure) if failure else None,
            )
        left = self._producer.flush(_DLQ_TIMEOUT_S)
        if left or failures:
            raise NotDurable(f"dead letters were not taken by Kafka: {failures[:1] or left}")
        DEAD_LETTERS.labels(self._sink.name).inc(len(batch.bad))
        self._limit.taken(batch.record_count)

    def _letter(self, message: Message, error: BadRecord) -> DeadLetter:
        topic, partition = source_of(message)
        record = (message.offset() or 0, message.key(), message.value(), message.timestamp()[1])
        source = (topic.removeprefix(self._prefix), partition)
        return dead_letter(self._sink.name, source, record, error, now_ms())

    def _commit(self, batch: Batch) -> None:
        offsets = [TopicPartition(topic, number, last + 1) for (topic, number), (_, last) in batch.ranges.items()]
        self._batch = Batch(time.monotonic())
        if not offsets:
            return
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _UNCOMMITTED:
                raise
            self._host.log.warning("not committed, may be inserted again", reason=error.args[0].str())
            return
        now = now_ms()
        LAG.labels(self._sink.name).set(max(0, now - batch.newest_ms) / 1000)
        FRESHNESS.labels(self._sink.name).observe(max(0, now - (batch.oldest_ms or now)) / 1000)

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._host.ready = True
        self._host.log.info("partitions assigned", count=len(partitions))
        if self._holding:
            consumer.assign(partitions)
            consumer.pause(partitions)

    def _revoked(self, _consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        """What is not committed belongs to whoever gets the partitions; they start from the last commit."""
        self._batch = Batch(time.monotonic())
        self._backlog.clear()
