"""Runs a processor on Faust as its manual says: an agent, a table, one event at a time.

For tests and as a baseline only. It is slow, and not crash safe: the table is on disk before the outputs have left
the process, so a kill -9 loses some.
"""

import asyncio
from typing import Any

import faust
import msgspec

from services.domain.failures import BadRecord, TryAgain
from services.runtime.clock import now_ms
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.dead_letters import dead_letter
from services.runtime.streaming.home import Home
from services.runtime.streaming.host import Host
from services.runtime.streaming.processor import Codec, Processor
from services.runtime.streaming.settings import StreamingSettings

_BYTES: dict[str, Any] = {"key_type": bytes, "value_type": bytes}
_encode_state = msgspec.msgpack.Encoder().encode


class StockPath:
    """One processor's worker on stock Faust."""

    def __init__(
        self,
        processor: Processor[Any],
        kafka: KafkaSettings,
        codec: Codec,
        partitions: int,
        home: Home,
        settings: StreamingSettings,
        host: Host,
    ) -> None:
        self._processor = processor
        self._codec = codec
        self._host = host
        self._prefix = kafka.topic_prefix
        self._pause_s = settings.retry_first_ms / 1000
        self._decode = msgspec.msgpack.Decoder(processor.state_type).decode
        self._app = faust.App(
            kafka.topic_prefix + processor.group,
            broker=[f"kafka://{address.strip()}" for address in kafka.bootstrap_servers.split(",")],
            datadir=home.path,
            store="rocksdb://?driver=rocksdict",
            consumer_group_instance_id=home.worker_id,
            consumer_auto_offset_reset="earliest",
            broker_session_timeout=settings.session_timeout_ms / 1000,
            broker_heartbeat_interval=settings.heartbeat_interval_ms / 1000,
            broker_commit_interval=settings.checkpoint_interval_ms / 1000,
            topic_partitions=partitions,
            topic_replication_factor=kafka.replication_factor,
            topic_disable_leader=True,
            table_standby_replicas=0,
            web_enabled=False,
            key_serializer="raw",
            value_serializer="raw",
        )
        self._table = self._app.Table("states", partitions=partitions, **_BYTES)
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        topics = [kafka.topic_prefix + stream for stream in processor.inputs]
        inputs = self._app.topic(*topics, allow_empty=True, **_BYTES)
        self._app.agent(inputs, name=f"{processor.name}-fold")(self._consume)

    async def run(self) -> None:
        """Work until the host stops; raises what the fold raises."""
        starting = asyncio.create_task(self._app.start())
        stopping = asyncio.create_task(self._host.stopping.wait())
        try:
            ending: set[asyncio.Future[Any]] = {stopping, self._failed}
            await asyncio.wait({starting, *ending}, return_when=asyncio.FIRST_COMPLETED)
            self._host.ready = starting.done()
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
            if self._failed.done():
                self._failed.result()
        finally:
            self._host.ready = False
            stopping.cancel()
            await self._app.stop()

    async def _consume(self, stream: Any) -> None:
        async for event in stream.events():
            try:
                await self._take(event.message)
            except Exception as error:  # noqa: BLE001  Faust would skip the event
                self._failed.set_exception(error)
                return

    async def _take(self, message: Any) -> None:
        if message.value is None:
            return
        while True:
            try:
                changes = self._processor.fold(self._read, self._codec.decode(message.value))
            except BadRecord as error:
                await self._bury(message, error)
                return
            except TryAgain:
                await asyncio.sleep(self._pause_s)
            else:
                break
        for key, state in changes.states.items():
            if state is None:
                self._table.pop(key.encode(), None)
            else:
                self._table[key.encode()] = _encode_state(state)
        for event in changes.events:
            await self._send(event.TOPIC, event)

    def _read(self, key: str) -> Any:
        data = self._table.get(key.encode())
        return None if data is None else self._decode(data)

    async def _bury(self, message: Any, error: BadRecord) -> None:
        record = (message.offset, message.key, message.value, int(message.timestamp * 1000))
        source = message.topic.removeprefix(self._prefix), message.partition
        letter = dead_letter(self._processor.name, source, record, error, now_ms())
        await self._send(self._processor.dead_letters, letter)

    async def _send(self, stream: str, event: Any) -> None:
        await self._app.send(self._prefix + stream, key=event.key.encode(), value=self._codec.encode(event))
