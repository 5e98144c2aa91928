"""How fast rows reach ClickHouse: inserts of the sink, and a station's message to its row.

Rows per second are those of the best of several rounds, since other work on the machine only ever slows them down.
Run alone with `python -m tests.bench --only clickhouse`; it takes about a minute.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import structlog
from clickhouse_connect.driver.client import Client

from services.analytics.app import INPUTS, MIGRATIONS, SINK
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.events import common, transaction
from services.runtime.bus import Bus
from services.runtime.clickhouse import (
    ClickHouseSettings,
    ClickHouseWriter,
    connect,
    connect_writer,
    insert_arrow,
    migrate,
)
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.sink import Insert, run_sink
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.topics import create_topics

ROOT = Path(__file__).resolve().parents[2]
TABLE = "meter_readings"
BATCH_ROWS = SINK.batch_rows
BATCHES = 12
RATE_PER_S = 500

Figure = dict[str, Any]


def figure(name: str, value: float, unit: str, bar: float | None = None, *, at_most: bool = False) -> Figure:
    """One result; without a bar it is for information."""
    ok = None if bar is None else (value <= bar if at_most else value >= bar)
    return {"name": name, "value": round(value, 3), "unit": unit, "bar": bar, "ok": ok}


def reading(number: int, sent_at: int) -> transaction.TransactionUpdated:
    """A message as a 1.6 station sends it: register and power."""
    samples = (
        common.SampledValue(value=str(number * 10)),
        common.SampledValue(value="7360.5", measurand="Power.Active.Import", unit="W"),
    )
    return transaction.TransactionUpdated(
        event_id=f"{number:08x}-7f0b-5a53-9a52-0d8d5d1f6f11",
        tenant="wattlog",
        station_id=f"DE-WAT-{number % 2_000:05}",
        protocol="ocpp1.6",
        transaction_id=str(1_000_000_000 + number % 2_000),
        connector_id=1,
        occurred_at=sent_at,
        recorded_at=sent_at,
        meter_values=(common.MeterValue(sampled_at=sent_at, sampled_values=samples),),
    )


def batches() -> list[list[dict[str, Any]]]:
    """Rows of the sink, in batches as it inserts them."""
    start = now_ms()
    half = BATCH_ROWS // 2
    return [
        [dict(row) for n in range(i * half, (i + 1) * half) for row in rows_of(reading(n, start + n))[TABLE]]
        for i in range(BATCHES)
    ]


def bench_inserts(client: Client, rounds: int) -> list[Figure]:
    """Rows per second of Arrow batches against the same rows given as Python lists, by columns and by rows."""
    made = batches()
    tables = [pa.Table.from_pylist(rows, schema=TABLES[TABLE]) for rows in made]
    timed = [_timed(client, partial(_arrow, client, tables, f"round{n}")) for n in range(rounds)]
    few = tables[:1]
    lists = [[list(row.values()) for row in rows] for rows in made[: len(few)]]
    by_column, _ = _timed(client, partial(_columns, client, few))
    by_row, _ = _timed(client, partial(_rows, client, lists, TABLES[TABLE].names))
    rows, listed = BATCHES * BATCH_ROWS, len(few) * BATCH_ROWS
    rate = rows / min(wall for wall, _ in timed)
    return [
        figure("ClickHouse sink, Arrow batches", rate, "rows/s", 300_000),
        figure("ClickHouse sink, client and engine together", rows / min(cpu for _, cpu in timed), "rows/CPU-s"),
        figure("Arrow batches against lists by column", rate * by_column / listed, "times", 2),
        figure("Arrow batches against lists by row", rate * by_row / listed, "times", 2),
    ]


def _timed(client: Client, work: Callable[[], None]) -> tuple[float, float]:
    """(seconds, CPU seconds of the process, which is the server too) of work that starts with an empty table."""
    client.command(f"TRUNCATE TABLE {TABLE}")
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def _arrow(client: Client, tables: list[pa.Table], name: str) -> None:
    for number, rows in enumerate(tables):
        insert_arrow(client, TABLE, rows, f"{name}-{number}")


def _columns(client: Client, tables: list[pa.Table]) -> None:
    for rows in tables:
        data = [column.to_pylist() for column in rows.columns]
        client.insert(TABLE, data, column_names=rows.column_names, column_oriented=True)


def _rows(client: Client, lists: list[list[list[Any]]], names: list[str]) -> None:
    for rows in lists:
        client.insert(TABLE, rows, column_names=names)


def bench_queries(clickhouse: ClickHouseSettings) -> list[Figure]:
    """What a question costs over HTTP."""
    client = connect(clickhouse)
    took = []
    for _ in range(200):
        began = time.perf_counter()
        client.query("SELECT 1")
        took.append((time.perf_counter() - began) * 1000)
    client.close()
    return [figure("SELECT 1 over HTTP, median", statistics.median(took), "ms")]


class Host:
    """The process that the sink runs in."""

    def __init__(self) -> None:
        self.ready = False
        self.stopping = asyncio.Event()
        self.log = structlog.get_logger("bench")


async def bench_freshness(client: Client, kafka: KafkaSettings, data_dir: Path, seconds: int) -> list[Figure]:
    """A station's message, from being sent to Kafka to its rows being there for everybody, at 500 a second."""
    client.command(f"TRUNCATE TABLE {TABLE}")
    create_topics(kafka, (*INPUTS, SINK.dead_letters))
    ages: list[int] = []

    def insert(table: str, rows: Any, token: str) -> None:
        insert_arrow(client, table, rows, token)
        there_at = now_ms()
        ages.extend(there_at - sent_at for sent_at in rows["recorded_at"].cast("int64").to_pylist())

    async with _sinking(kafka, insert, data_dir) as host:
        while not host.ready:
            await asyncio.sleep(0.05)
        await _send(kafka, 0, RATE_PER_S * seconds, RATE_PER_S)
        await asyncio.sleep(2)
    count = int(str(client.command(f"SELECT count() FROM {TABLE} FINAL")))
    centiles = statistics.quantiles(ages, n=100)
    return [
        figure("rows there of those sent at 500 messages/s", count / (2 * RATE_PER_S * seconds), "share", 1),
        figure("station message to row, median", centiles[49] / 1000, "s"),
        figure("station message to row, p99", centiles[98] / 1000, "s", 1, at_most=True),
    ]


async def bench_backlog(client: Client, kafka: KafkaSettings, data_dir: Path, messages: int) -> list[Figure]:
    """How fast the whole sink works off a backlog: one thread that reads, decodes, makes rows and inserts."""
    await _send(kafka, 10_000_000, 10_000_000 + messages, 1_000_000)
    went: list[tuple[float, int]] = []

    def insert(table: str, rows: Any, token: str) -> None:
        insert_arrow(client, table, rows, token)
        went.append((time.perf_counter(), rows.num_rows))

    async with _sinking(kafka, insert, data_dir):
        while sum(rows for _, rows in went) < 2 * messages:
            await asyncio.sleep(0.05)
    rows = sum(rows for _, rows in went[1:])
    return [figure("whole sink, working off a backlog", rows / (went[-1][0] - went[0][0]), "rows/s")]


@asynccontextmanager
async def _sinking(kafka: KafkaSettings, insert: Insert, data_dir: Path) -> AsyncIterator[Host]:
    host = Host()
    task = asyncio.create_task(run_sink(SINK, kafka, Codec(), insert, data_dir, host, StreamingSettings()))
    try:
        yield host
    finally:
        host.stopping.set()
        await task


async def _send(kafka: KafkaSettings, first: int, end: int, rate_per_s: int) -> None:
    bus = Bus(kafka, Codec())
    began, number = time.perf_counter(), first
    while number < end:
        due = min(end, number + 2_000, first + int((time.perf_counter() - began) * rate_per_s))
        for n in range(number, due):
            bus.send(reading(n, now_ms()), lambda _error: None)
        number = due
        await asyncio.sleep(0.002)
    await bus.close()


def measure(quick: bool = False) -> list[Figure]:
    """All figures, against an embedded ClickHouse in this process and a Kafka of its own."""
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory)
        port, controller_port = free_ports(2)
        jars = Path(os.environ.get("WATTLOG_CACHE_DIR", ROOT / ".wattlog")) / "kafka"
        anywhere = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
        with ChdbServer(anywhere, ClickHouseWriter(), data_dir) as server:
            client = connect_writer(server.clickhouse, ClickHouseWriter())
            migrate(client, MIGRATIONS)
            figures = bench_inserts(client, 3 if quick else 8) + bench_queries(server.clickhouse)
            with EmbeddedKafka(data_dir / "kafka", port, controller_port, jars_dir=jars) as broker:
                kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
                figures += asyncio.run(bench_freshness(client, kafka, data_dir, 5 if quick else 20))
                figures += asyncio.run(bench_backlog(client, kafka, data_dir, 20_000 if quick else 100_000))
            client.close()
    return figures
