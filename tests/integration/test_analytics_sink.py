"""The sink against a real Kafka and the embedded ClickHouse: nothing lost, nothing twice, whatever crashes."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from clickhouse_connect.driver.client import Client
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from fastavro import schemaless_writer

from services.analytics.app import INPUTS, MIGRATIONS, SINK
from services.domain import events
from services.domain.events import authorization, common, session, station, transaction
from services.domain.events.dlq import DeadLetter
from services.domain.failures import TryAgain
from services.domain.folding import Event
from services.runtime import schemas
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect_writer, insert_arrow, migrate
from services.runtime.codec import Codec
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.settings import KafkaSettings
from services.runtime.sink import Insert, Sink, SinkWorker, forget_position, run_sink
from services.runtime.streaming.dead_letters import TooManyDeadLetters
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.topics import create_topics

pytestmark = pytest.mark.integration

ANYWHERE = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
QUICK = StreamingSettings(session_timeout_ms=6_000, heartbeat_interval_ms=500)
CODEC = Codec()


class Host:
    """What a sink needs of the process that it runs in."""

    def __init__(self) -> None:
        self.ready = False
        self.stopping = asyncio.Event()
        self.log = structlog.get_logger("test")


class Crash(Exception):
    """Stands for a kill: the worker does nothing more."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbServer]:
    with ChdbServer(ANYWHERE, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as running:
        yield running


@pytest.fixture
def client(server: ChdbServer, own_kafka: KafkaSettings) -> Iterator[Client]:
    """A writer with a database of its own that has all tables."""
    name = f"db_{own_kafka.topic_prefix.strip('.')}"
    writer = connect_writer(replace(server.clickhouse, clickhouse_database=name), ClickHouseWriter())
    migrate(writer, MIGRATIONS)
    yield writer
    writer.command(f"DROP DATABASE {name}")
    writer.close()


@pytest.fixture
def kafka_topics(own_kafka: KafkaSettings) -> KafkaSettings:
    create_topics(own_kafka, (*INPUTS, SINK.dead_letters))
    return own_kafka


def reading(number: int, **changes: Any) -> transaction.TransactionUpdated:
    values = tuple(
        common.MeterValue(sampled_at=number * 1000 + i, sampled_values=(common.SampledValue(value=str(number)),))
        for i in range(3)
    )
    event = transaction.TransactionUpdated(
        event_id=f"e{number}",
        tenant="t",
        station_id=f"CP{number % 17}",
        protocol="ocpp1.6",
        transaction_id=str(number % 50),
        occurred_at=number * 1000,
        recorded_at=1_790_000_000_000 + number,
        meter_values=values,
    )
    return replace(event, **changes)


def a_session(number: int, version: int, **changes: Any) -> session.Session:
    state = session.Session(
        tenant="t",
        session_id=f"s{number}",
        station_id="CP1",
        transaction_id=str(number),
        protocol="ocpp1.6",
        status=common.SessionStatus.ACTIVE,
        started_at=1_790_000_000_000,
        energy_wh=Decimal(version),
        version=version,
        updated_at=1_790_000_000_000 + version,
    )
    return replace(state, **changes)


class Running:
    """A sink at work on a thread, ended by `stop` or by what its insert raises."""

    def __init__(self, kafka: KafkaSettings, insert: Insert, sink: Sink = SINK, worker_id: str = "w1") -> None:
        self.host = Host()
        self.error: BaseException | None = None
        self.worker = SinkWorker(sink, kafka, CODEC, insert, worker_id, self.host, QUICK)
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            self.worker.work()
        except (Crash, KafkaException, TooManyDeadLetters) as error:
            self.error = error

    def stop(self) -> None:
        self.worker.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def committed(kafka: KafkaSettings) -> int:
    """Records of all partitions that the group has behind it."""
    topics = AdminClient({"bootstrap.servers": kafka.bootstrap_servers}).list_topics(timeout=30).topics
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": kafka.topic_prefix + SINK.name})
    names = [kafka.topic_prefix + name for name in INPUTS]
    asked = [TopicPartition(name, number) for name in names for number in topics[name].partitions]
    try:
        return sum(max(0, found.offset) for found in consumer.committed(asked, timeout=30))
    except KafkaException:  # the first use of a new broker finds no coordinator yet
        return -1
    finally:
        consumer.close()


def eventually(done: Callable[[], bool], seconds: float = 60) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if done():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come to pass")


def count(client: Client, table: str, final: bool = False) -> int:
    return int(str(client.command(f"SELECT count() FROM {table}{' FINAL' if final else ''}")))


def letters(kafka: KafkaSettings) -> list[DeadLetter]:
    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap_servers, "group.id": "letters", "enable.auto.commit": False}
    )
    partition = TopicPartition(kafka.topic_prefix + SINK.dead_letters, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=30)
    consumer.assign([partition])
    found = [CODEC.decode(message.value() or b"") for message in consumer.consume(end, 30)] if end else []
    consumer.close()
    return found


class TestSinkWorker:
    def test_brings_every_event_to_its_table(self, kafka_topics: KafkaSettings, client: Client) -> None:
        published: list[Event] = [
            reading(1),
            a_session(1, 1),
            a_session(1, 2),
            station.ConnectorStatusChanged(
                event_id="x",
                tenant="t",
                station_id="CP1",
                protocol="ocpp1.6",
                connector_id=1,
                status="Occupied",
                reported_status="Charging",
                occurred_at=1,
                recorded_at=2,
            ),
            read_example("station.events.v1.StationConnected"),
            authorization.AuthorizationDecided(
                event_id="z",
                tenant="t",
                token_uid="A",
                token_type="RFID",
                occasion="Authorize",
                status="Accepted",
                reason="valid",
                decided_at=3,
                authorization_method="AUTH_REQUEST",
                partner_id="NL-TNM",
                waited_ms=42,
            ),
        ]
        publish_sync(kafka_topics, CODEC, published)
        with Running(kafka_topics, partial(insert_arrow, client)) as running:
            eventually(lambda: committed(kafka_topics) == len(published))
            assert running.host.ready
        assert [count(client, table) for table in ("meter_readings", "station_status", "authorizations")] == [
            3,
            1,
            1,
        ]
        asked = client.query("SELECT authorization_method, partner_id, waited_ms FROM authorizations")
        assert asked.result_rows == [("AUTH_REQUEST", "NL-TNM", 42)]
        assert client.query("SELECT version, energy_wh FROM v_sessions").result_rows == [(2, Decimal(2))]

    def test_does_nothing_twice_when_it_dies_between_insert_and_commit(
        self, kafka_topics: KafkaSettings, client: Client
    ) -> None:
        """Each life cuts the records into batches of another size, so that no token comes again."""
        total = 3_000
        publish_sync(kafka_topics, CODEC, [reading(n) for n in range(total)])
        publish_sync(kafka_topics, CODEC, [a_session(n % 40, 1 + n // 40) for n in range(800)])
        for batch_rows in (700, 1_100, 300):
            inserts = 0

            def dies(table: str, rows: Any, token: str) -> None:
                nonlocal inserts
                insert_arrow(client, table, rows, token)
                inserts += table == "meter_readings"
                if inserts == 2:
                    raise Crash

            with Running(kafka_topics, dies, replace(SINK, batch_rows=batch_rows)) as running:
                running.thread.join(60)
            assert isinstance(running.error, Crash)
        with Running(kafka_topics, partial(insert_arrow, client), replace(SINK, batch_rows=5_000)):
            eventually(lambda: committed(kafka_topics) == total + 800)
        assert count(client, "meter_readings") > 3 * total, "rows really came twice"
        assert count(client, "meter_readings", final=True) == 3 * total
        assert client.command("SELECT sum(value) FROM meter_readings FINAL") == 3 * sum(range(total))
        sessions = client.query("SELECT count(), min(version), max(version) FROM v_sessions").result_rows
        assert sessions == [(40, 20, 20)]
        client.command("OPTIMIZE TABLE meter_readings FINAL")
        assert count(client, "meter_readings") == 3 * total

    def test_does_nothing_twice_when_an_answer_is_lost(self, kafka_topics: KafkaSettings, client: Client) -> None:
        lost = iter([True, True, False, True] + [False] * 1000)

        def loses_answers(table: str, rows: Any, token: str) -> None:
            insert_arrow(client, table, rows, token)
            if next(lost):
                raise TryAgain("the answer was lost")

        publish_sync(kafka_topics, CODEC, [reading(n) for n in range(500)])
        with Running(kafka_topics, loses_answers):
            eventually(lambda: committed(kafka_topics) == 500)
        assert count(client, "meter_readings") == 1_500

    def test_waits_for_clickhouse_and_stays_in_its_group(
        self, kafka_topics: KafkaSettings, client: Client
    ) -> None:
        away = threading.Event()
        away.set()
        tried: list[str] = []

        def may_be_away(table: str, rows: Any, token: str) -> None:
            if away.is_set():
                tried.append(token)
                raise TryAgain("ClickHouse is away")
            insert_arrow(client, table, rows, token)

        publish_sync(kafka_topics, CODEC, [reading(n) for n in range(200)])
        with Running(kafka_topics, may_be_away):
            eventually(lambda: len(tried) >= 3)
            publish_sync(kafka_topics, CODEC, [reading(n) for n in range(200, 400)])
            assert committed(kafka_topics) == 0
            away.clear()
            eventually(lambda: committed(kafka_topics) == 400)
        assert len(set(tried)) == 1, "the same batch under the same token"
        assert count(client, "meter_readings") == 1_200

    def test_goes_on_after_a_rebalance_while_clickhouse_was_away(
        self, kafka_topics: KafkaSettings, client: Client
    ) -> None:
        away = threading.Event()
        away.set()
        tried: set[str] = set()

        def may_be_away(worker: str, table: str, rows: Any, token: str) -> None:
            if away.is_set():
                tried.add(worker)
                raise TryAgain("ClickHouse is away")
            insert_arrow(client, table, rows, token)

        publish_sync(kafka_topics, CODEC, [reading(n) for n in range(400)])
        with Running(kafka_topics, partial(may_be_away, "w1"), worker_id="w1"):
            eventually(lambda: tried == {"w1"})
            with Running(kafka_topics, partial(may_be_away, "w2"), worker_id="w2"):
                eventually(lambda: tried == {"w1", "w2"})
                publish_sync(kafka_topics, CODEC, [reading(n) for n in range(400, 800)])
                away.clear()
                eventually(lambda: committed(kafka_topics) == 800)
        assert count(client, "meter_readings", final=True) == 2_400

    def test_can_be_stopped_while_clickhouse_is_away(self, kafka_topics: KafkaSettings) -> None:
        tried: list[str] = []

        def away(table: str, rows: Any, token: str) -> None:
            tried.append(table)
            raise TryAgain("ClickHouse is away")

        publish_sync(kafka_topics, CODEC, [reading(1)])
        with Running(kafka_topics, away):
            eventually(lambda: len(tried) > 0)
        assert committed(kafka_topics) == 0

    def test_buries_what_it_cannot_use_and_goes_on(self, kafka_topics: KafkaSettings, client: Client) -> None:
        good = CODEC.encode(reading(1))
        unfit = with_too_many_digits(a_session(1, 1))
        values = [b"rubbish", b"", good[:-3], b"\x00\xff\xff\xff\xff", good + b"x"]
        producer = Producer({"bootstrap.servers": kafka_topics.bootstrap_servers})
        topic = kafka_topics.topic_prefix + "transaction.events.v1"
        for value in [*values, None, good]:
            producer.produce(topic, value, b"t/CP1", partition=0)
        producer.produce(kafka_topics.topic_prefix + "session.state.v1", unfit, b"t/s1", partition=0)
        producer.flush()
        publish_sync(kafka_topics, CODEC, [reading(2), a_session(2, 1)])
        with Running(kafka_topics, partial(insert_arrow, client)):
            eventually(lambda: committed(kafka_topics) == 10)
        found = letters(kafka_topics)
        assert {letter.record_value for letter in found} == {*values, unfit}
        assert {letter.consumer for letter in found} == {"analytics.v1"}
        assert {letter.source_topic for letter in found} == {"transaction.events.v1", "session.state.v1"}
        assert count(client, "meter_readings") == 6
        assert client.query("SELECT session_id FROM sessions").result_rows == [("s2",)]

    def test_gives_up_when_everything_is_bad(self, kafka_topics: KafkaSettings, client: Client) -> None:
        producer = Producer({"bootstrap.servers": kafka_topics.bootstrap_servers})
        for _ in range(QUICK.dead_letters_in_a_row + 1):
            producer.produce(kafka_topics.topic_prefix + "station.events.v1", b"rubbish", partition=0)
        producer.flush()
        with Running(kafka_topics, partial(insert_arrow, client)) as running:
            running.thread.join(60)
        assert isinstance(running.error, TooManyDeadLetters)
        assert committed(kafka_topics) == 0

    def test_shares_partitions_and_takes_over(self, kafka_topics: KafkaSettings, client: Client) -> None:
        insert = partial(insert_arrow, client)
        quick = replace(SINK, batch_ms=50)
        with Running(kafka_topics, insert, quick, "w1"):
            publish_sync(kafka_topics, CODEC, [reading(n) for n in range(300)])
            with Running(kafka_topics, insert, quick, "w2"):
                publish_sync(kafka_topics, CODEC, [reading(n) for n in range(300, 600)])
                eventually(lambda: committed(kafka_topics) == 600)
            publish_sync(kafka_topics, CODEC, [reading(n) for n in range(600, 900)])
            eventually(lambda: committed(kafka_topics) == 900)
        assert count(client, "meter_readings", final=True) == 2_700


def with_too_many_digits(state: session.Session) -> bytes:
    """What a producer writes that does not heed the precision of the schema."""
    valid, buffer = CODEC.encode(state), BytesIO()
    schema = json.loads(schemas.shipped()[state.FULL_NAME].text)
    schemaless_writer(buffer, schema, state.to_record() | {"energy_wh": (10**30).to_bytes(20, "big", signed=True)})
    return valid[:5] + buffer.getvalue()


def read_example(name: str) -> Event:
    examples = Path(__file__).parents[2] / "schemas" / "examples"
    event: Event = msgspec.json.decode((examples / f"{name}.json").read_bytes(), type=events.TYPES[name])
    return event


class TestForgetPosition:
    def test_has_new_tables_filled_from_the_beginning(self, kafka_topics: KafkaSettings, client: Client) -> None:
        publish_sync(kafka_topics, CODEC, [reading(n) for n in range(100)])
        with Running(kafka_topics, partial(insert_arrow, client)):
            eventually(lambda: committed(kafka_topics) == 100)
        forget_position(kafka_topics, SINK)
        assert committed(kafka_topics) == 0
        client.command("TRUNCATE TABLE meter_readings")
        with Running(kafka_topics, partial(insert_arrow, client)):
            eventually(lambda: committed(kafka_topics) == 100)
        assert count(client, "meter_readings", final=True) == 300

    def test_leaves_a_group_alone_that_never_was(self, kafka_topics: KafkaSettings) -> None:
        forget_position(kafka_topics, replace(SINK, name="never.v1"))


class TestRunSink:
    async def test_runs_until_the_host_stops(
        self, kafka_topics: KafkaSettings, client: Client, tmp_path: Path
    ) -> None:
        host = Host()
        insert = partial(insert_arrow, client)
        await asyncio.to_thread(publish_sync, kafka_topics, CODEC, [reading(1)])
        task = asyncio.create_task(run_sink(SINK, kafka_topics, CODEC, insert, tmp_path, host, QUICK))
        await asyncio.to_thread(eventually, lambda: count(client, "meter_readings") == 3)
        assert host.ready
        host.stopping.set()
        await asyncio.wait_for(task, 30)
        assert not host.ready

    async def test_ends_with_what_makes_going_on_impossible(
        self, kafka_topics: KafkaSettings, tmp_path: Path
    ) -> None:
        def broken(table: str, rows: Any, token: str) -> None:
            raise Crash

        await asyncio.to_thread(publish_sync, kafka_topics, CODEC, [reading(1)])
        with pytest.raises(Crash):
            await run_sink(SINK, kafka_topics, CODEC, broken, tmp_path, Host(), QUICK)
