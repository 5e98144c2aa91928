"""Runs a processor in a plain librdkafka loop: the measure of the Faust path, and the way out if that fails."""

import asyncio
import threading
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.checkpoint import Offsets
from services.runtime.streaming.dead_letters import Record
from services.runtime.streaming.home import Home
from services.runtime.streaming.host import Host
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.streaming.worker import Worker

_TICK_S = 0.05
_LOST = {KafkaError.REBALANCE_IN_PROGRESS, KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID}


class LibrdkafkaPath:
    """One processor's worker on confluent-kafka's consumer."""

    def __init__(
        self, worker: Worker[Any], kafka: KafkaSettings, home: Home, settings: StreamingSettings, host: Host
    ) -> None:
        self._worker = worker
        self._host = host
        self._streams = {kafka.topic_prefix + stream: stream for stream in worker.processor.inputs}
        self._topics = {stream: topic for topic, stream in self._streams.items()}
        self._poll_records = settings.poll_records
        self._paused: set[int] = set()
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": kafka.topic_prefix + worker.processor.group,
                "group.instance.id": home.worker_id,
                "session.timeout.ms": settings.session_timeout_ms,
                "heartbeat.interval.ms": settings.heartbeat_interval_ms,
                "partition.assignment.strategy": "range",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "queued.min.messages": 20_000,
            }
        )

    async def run(self) -> None:
        """Work until the host stops, then checkpoint; raises whatever makes going on impossible."""
        working = asyncio.create_task(asyncio.to_thread(self._work))
        stopping = asyncio.create_task(self._host.stopping.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        self._stop.set()
        stopping.cancel()
        try:
            await working
        finally:
            self._host.ready = False

    def _work(self) -> None:
        worker, consumer = self._worker, self._consumer
        consumer.subscribe(
            list(self._streams), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )
        try:
            while not self._stop.is_set():
                self._take(_TICK_S)
                worker.retry()
                self._pause()
                if worker.due:
                    self._checkpoint()
            self._checkpoint()
        finally:
            worker.release()
            consumer.close()

    def _take(self, wait_s: float) -> None:
        """One message, then all that are there: `consume(n, timeout)` alone would wait for n of them."""
        first = self._consumer.poll(wait_s)
        if first is None:
            return
        batches: dict[tuple[str, int], list[Record]] = {}
        messages: list[Any] = [first, *self._consumer.consume(self._poll_records - 1, 0)]
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
            batches.setdefault((message.topic(), message.partition()), []).append(_record(message))
        for (topic, number), records in batches.items():
            if number in self._worker.partitions:
                self._worker.take(self._streams[topic], number, records)

    def _pause(self) -> None:
        waiting = self._worker.waiting
        if waiting == self._paused:
            return
        if new := self._tps(waiting - self._paused):
            self._consumer.pause(new)
        if old := self._tps(self._paused - waiting):
            self._consumer.resume(old)
        self._paused = waiting

    def _tps(self, numbers: set[int]) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for topic in self._streams for number in numbers]

    def _checkpoint(self) -> None:
        if not self._worker.checkpoint(self._commit):
            self._host.log.warning("the partitions have another owner, what was not checkpointed is forgotten")

    def _commit(self, offsets: Offsets) -> bool:
        wanted = [TopicPartition(self._topics[s], number, offset) for (s, number), offset in offsets.items()]
        try:
            self._consumer.commit(offsets=wanted, asynchronous=False)
        except KafkaException as error:
            if error.args[0].code() not in _LOST:
                raise
            return False
        return True

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        """Recover before anything is fetched.

        librdkafka sends heartbeats in a thread of its own, and tells of another rebalance only after this one.
        """
        self._paused = set()
        numbers = {tp.partition for tp in assigned}
        recovered = self._worker.assign(numbers, owned=lambda: True)
        for tp in assigned:
            tp.offset = OFFSET_INVALID  # from the committed offset on
        consumer.assign(assigned)
        self._host.ready = True
        self._host.log.info("partitions assigned", partitions=sorted(numbers), **recovered.summary())

    def _on_revoke(self, _consumer: Consumer, _revoked: list[TopicPartition]) -> None:
        self._checkpoint()
        self._worker.release()

    def _on_lost(self, _consumer: Consumer, _lost: list[TopicPartition]) -> None:
        self._worker.release()


def _record(message: Any) -> Record:
    return message.offset(), message.key(), message.value(), message.timestamp()[1]
