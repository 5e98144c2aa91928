"""Runs a processor on Faust, with a batch data path.

Faust does what it is good at: group membership, rebalances, fetching and flow control. Its per-event machinery and
its tables are left out, for speed (a Faust event costs some 150 µs) and because stock tables lose outputs when a
process is killed: they write RocksDB at once, while the outputs are still in a buffer.

How it hooks in, read in faust-streaming 0.15:

- `_Consumer.getmany` yields one Faust message per fetch and partition, whose value is the list of records. The
  topics have `acks=False`, so Faust neither tracks nor commits offsets; the checkpoint commits them, through
  Faust's consumer, which keeps the fencing by group generation.
- `on_rebalance_complete` is awaited in `Recovery._resume_streams`, in the background and before the flow resumes:
  heartbeats go on while states are recovered there. In `on_partitions_assigned` they would not. When another
  rebalance comes meanwhile, Faust sees the new generation and calls again.
- `on_partitions_revoked` is sent with the flow stopped and the buffers cleared, while this member may still
  commit: the place of the last checkpoint.
- `TableManager.on_start` sleeps a second before anything is subscribed, and a fetch without active partitions
  sleeps another; both are replaced, since they count after a crash.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Any, ClassVar, cast

import faust
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.app.base import BootStrategy
from faust.exceptions import ConsumerNotStarted
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.checkpoint import Offsets
from services.runtime.streaming.home import Home
from services.runtime.streaming.host import Host
from services.runtime.streaming.outbox import NotDelivered
from services.runtime.streaming.recovery import Revoked
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.streaming.worker import Worker

_TICK_S = 0.05
_AT_ONCE = (1, 1_500)
"""Bytes that Kafka may wait for before it answers a fetch of quiet topics, and for how many ms."""
_COLLECTED_BYTES = 65_536
_QUIET_S = 0.25
"""Topics without a record for so long are quiet."""
_STOP_S = 20.0
_COMMIT_S = 30.0

# It says several times a second that a broker is away; librdkafka's clients in this process do so in moderation.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        """Assign by range: one partition number of all inputs goes to one worker, where its states are."""
        consumer = super()._create_worker_consumer(transport)
        consumer._partition_assignment_strategy = [RangePartitionAssignor]  # noqa: SLF001  no setting for it
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: Any, timeout: float | None = None, max_records: int | None = None
    ) -> Any:
        """While records come, have Kafka collect some: a fetch for each would cost more than folding it."""
        app, fetcher = cast(_App, self.app), consumer._fetcher  # noqa: SLF001  as in the method that this replaces
        busy = fetcher._fetch_min_bytes > 1  # noqa: SLF001
        records = await super()._fetch_records(
            consumer, active_partitions, timeout=_QUIET_S if busy else timeout, max_records=max_records
        )
        collected = (_COLLECTED_BYTES, app.collect_ms) if records else _AT_ONCE
        fetcher._fetch_min_bytes, fetcher._fetch_max_wait_ms = collected  # noqa: SLF001
        return records


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(_TICK_S)
            return
        fetched, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if fetched is None or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        for tp, records in fetched.items():
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return
            if active is None or tp in active or tp in self._buffered_partitions:
                yield tp, _as_one(tp, list(records), generation)


def _as_one(tp: TP, records: Any, generation: int) -> ConsumerMessage:
    last = records[-1]
    return ConsumerMessage(
        tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type,
        [], None, records, None, 0, 0, tp, generation_id=generation,
    )  # fmt: skip


class _Transport(driver.Transport):
    Consumer: ClassVar[type[_Consumer]] = _Consumer


class _Undecoded(faust.Schema[Any, Any]):
    """Hands the records on as they are."""

    def compile(self, app: Any, **_: Any) -> Callable[..., Awaitable[Any]]:
        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(None, message.value, message.headers, message)

        return decode


class _NoTables(TableManager):
    async def on_start(self) -> None:
        while not self.should_stop:
            try:
                await self._update_channels()
            except ConsumerNotStarted:
                await asyncio.sleep(_TICK_S)
            else:
                await self.recovery.start()
                return


class _Boot(BootStrategy):
    enable_kafka_producer = False
    enable_web = False


class _App(faust.App):
    BootStrategy = _Boot
    collect_ms = 0

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


def _app(group: str, kafka: KafkaSettings, home: Home, settings: StreamingSettings) -> _App:
    return _App(
        kafka.topic_prefix + group,
        broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap_servers.split(",")],
        datadir=home.path,
        TableManager=_NoTables,
        consumer_group_instance_id=home.worker_id,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        broker_max_poll_records=settings.poll_records,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.heartbeat_interval_ms / 1000,
        broker_check_crcs=False,
        stream_buffer_maxsize=16,
        stream_wait_empty=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
    )


async def _crash_of(app: _App) -> None:
    """Raise what crashed a service of Faust's, once one has."""
    await app._crashed.wait()  # noqa: SLF001  wait_until_stopped would wait for more than that
    raise app.crash_reason or RuntimeError("Faust crashed without a reason")


async def _stop(app: _App, host: Host) -> None:
    try:
        await asyncio.wait_for(app.stop(), _STOP_S)
    except Exception as error:  # noqa: BLE001  the work is done or lost already; say so and go
        host.log.warning("Faust did not stop cleanly", error=repr(error))


class FaustPath:
    """One processor's worker on Faust."""

    def __init__(
        self, worker: Worker[Any], kafka: KafkaSettings, home: Home, settings: StreamingSettings, host: Host
    ) -> None:
        self._worker = worker
        self._host = host
        self._streams = {kafka.topic_prefix + stream: stream for stream in worker.processor.inputs}
        self._topics = {stream: topic for topic, stream in self._streams.items()}
        self._paused: set[int] = set()
        self._lock = asyncio.Lock()
        self._recovering = False
        self._app = _app(worker.processor.group, kafka, home, settings)
        self._app.collect_ms = worker.processor.collect_ms
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        topics = self._app.topic(*self._streams, schema=_Undecoded(), acks=False)
        self._app.agent(topics, name=f"{worker.processor.name}-fold")(self._consume)
        revoked: Any = self._app.on_partitions_revoked
        rebalanced: Any = self._app.on_rebalance_complete
        revoked.connect(self._on_revoked, weak=False)
        rebalanced.connect(self._on_rebalanced, weak=False)

    async def run(self) -> None:
        """Work until the host stops, then checkpoint; raises whatever makes going on impossible."""
        app, host = self._app, self._host
        tasks = [asyncio.create_task(coroutine) for coroutine in (app.start(), self._tick(), _crash_of(app))]
        stopping = asyncio.create_task(host.stopping.wait())
        waited: set[asyncio.Future[Any]] = {stopping, self._failed, *tasks[1:]}
        try:
            done, _ = await asyncio.wait({tasks[0], *waited}, return_when=asyncio.FIRST_COMPLETED)
            if done == {tasks[0]}:
                tasks[0].result()
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for finished in done:
                finished.result()
            async with self._lock:
                await self._checkpoint()
                self._worker.release()
        finally:
            host.ready = False
            for task in [stopping, *tasks[1:]]:
                task.cancel()
            await _stop(app, host)
            self._worker.release()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)

    async def _consume(self, stream: Any) -> None:
        """The agent: an exception here would be logged and its event skipped, so none gets out."""
        async for event in stream.events():
            try:
                await self._take(event.message, event.value)
            except Exception as error:  # noqa: BLE001  whatever it is, it ends the process
                self._fail(error)
                return

    async def _take(self, message: Any, records: Iterable[Any]) -> None:
        async with self._lock:
            number = message.partition
            if message.generation_id != self._app.consumer_generation_id or number not in self._worker.partitions:
                return
            taken = [(r.offset, r.key, r.value, r.timestamp) for r in records]
            self._worker.take(self._streams[message.topic], number, taken)
            self._pause()
            if self._worker.due:
                await self._checkpoint()

    async def _tick(self) -> None:
        """Checkpoint what is left when nothing more comes, and try waiting partitions again."""
        while True:
            await asyncio.sleep(_TICK_S)
            async with self._lock:
                self._worker.retry()
                self._pause()
                if self._worker.due:
                    await self._checkpoint()

    def _pause(self) -> None:
        """Fetch nothing more for partitions that wait, and go on with those that do no longer."""
        waiting = self._worker.waiting
        if waiting == self._paused:
            return
        consumer = self._app.consumer
        consumer.pause_partitions(self._tps(waiting - self._paused))
        consumer.resume_partitions(self._tps(self._paused - waiting))
        self._paused = waiting

    def _tps(self, numbers: set[int]) -> set[TP]:
        return {TP(topic, number) for topic in self._streams for number in numbers}

    async def _checkpoint(self) -> None:
        """In a thread, since it waits for Kafka; the lock keeps everything else out meanwhile."""
        if not await asyncio.to_thread(self._worker.checkpoint, self._commit):
            self._host.log.warning("the partitions have another owner, what was not checkpointed is forgotten")

    def _commit(self, offsets: Offsets) -> bool:
        """Commit straight in the consumer's thread: through the main loop and Faust's queue it takes much longer.

        The public `commit` would commit what Faust has tracked, which is nothing.
        """
        named = {TP(self._topics[stream], number): offset for (stream, number), offset in offsets.items()}
        consumer: Any = self._app.consumer
        thread = consumer._thread  # noqa: SLF001
        committed = asyncio.run_coroutine_threadsafe(thread._commit(named), thread.thread_loop)  # noqa: SLF001
        try:
            return bool(committed.result(_COMMIT_S))
        except TimeoutError as error:
            raise NotDelivered(
                f"offsets not committed within {_COMMIT_S:g} s: see that the brokers are up"
            ) from error

    async def _on_revoked(self, _app: Any, _revoked: set[TP], **_: Any) -> None:
        if self._recovering:
            return
        try:
            async with self._lock:
                await self._checkpoint()
                self._worker.release()
        except Exception as error:  # noqa: BLE001  Faust would only log it
            self._fail(error)

    async def _on_rebalanced(self, app: Any, **_: Any) -> None:
        """Recover what was assigned; Faust lets the records flow when this returns."""
        generation = app.consumer_generation_id
        numbers = {tp.partition for tp in app.consumer.assignment()}
        self._recovering = True
        try:
            async with self._lock:
                self._paused = set()
                owned = partial(self._owned, generation)
                recovered = await asyncio.to_thread(self._worker.assign, numbers, owned)
        except Revoked:
            self._host.log.info("partitions were given away while they were recovered")
        except Exception as error:  # noqa: BLE001  as above
            self._fail(error)
            await asyncio.Event().wait()
        else:
            self._host.ready = True
            self._host.log.info("partitions assigned", partitions=sorted(numbers), **recovered.summary())
        finally:
            self._recovering = False

    def _owned(self, generation: int) -> bool:
        return bool(self._app.consumer_generation_id == generation)

    def _fail(self, error: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)
