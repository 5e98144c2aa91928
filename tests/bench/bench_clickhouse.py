"""How fast rows reach ClickHouse: inserts of the sink, and a station's message to its row.

Rows per second are those of the best of several rounds, since other work on the machine only ever slows them down.
Run alone with `python -m tests.bench --only clickhouse`; it takes about a minute.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable
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
from services.runtime.sink import run_sink
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.topics import create_topics

ROOT = Path(__file__).resolve().parents[2]
TABLE = "meter_readings"
BATCH_ROWS = 10_000
BATCHES = 20
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
    few = tables[: BATCHES // 10]
    lists = [[list(row.values()) for row in rows] for rows in made[: len(few)]]
    by_column, _ = _timed(client, partial(_columns, client, few))
    by_row, _ = _timed(client, partial(_rows, client, lists, TABLES[TABLE].names))
    rows, listed = BATCHES * BATCH_ROWS, len(few) * BATCH_ROWS
    rate = rows / min(wall for wall, _ in timed)
    return [
        figure("ClickHouse sink, Arrow batches of 10,000", rate, "rows/s", 300_000),
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
    """A station's message in Kafka to its row in ClickHouse, at 500 messages a second.

    `inserted_at` is taken while a row is inserted, so the time of the longest insert is added to it.
    """
    client.command(f"TRUNCATE TABLE {TABLE}")
    create_topics(kafka, (*INPUTS, SINK.dead_letters))
    took: list[float] = []

    def insert(table: str, rows: Any, token: str) -> None:
        began = time.perf_counter()
        insert_arrow(client, table, rows, token)
        took.append(time.perf_counter() - began)

    host = Host()
    task = asyncio.create_task(run_sink(SINK, kafka, Codec(), insert, data_dir, host, StreamingSettings()))
    while not host.ready:
        await asyncio.sleep(0.05)
    await _send(kafka, RATE_PER_S * seconds)
    await asyncio.sleep(2)
    host.stopping.set()
    await task
    age = "dateDiff('millisecond', recorded_at, inserted_at)"
    query = f"SELECT count(), quantileExact(0.5)({age}), quantileExact(0.99)({age}) FROM {TABLE} FINAL"
    ((count, p50, p99),) = client.query(query).result_rows
    return [
        figure("rows there of those sent at 500 messages/s", count / (2 * RATE_PER_S * seconds), "share", 1),
        figure("station message to row, median", p50 / 1000 + statistics.median(took), "s"),
        figure("station message to row, p99", p99 / 1000 + max(took), "s", 1, at_most=True),
    ]


async def _send(kafka: KafkaSettings, total: int) -> None:
    bus = Bus(kafka, Codec())
    began, sent = time.perf_counter(), 0
    while sent < total:
        due = min(total, int((time.perf_counter() - began) * RATE_PER_S))
        for number in range(sent, due):
            bus.send(reading(number, now_ms()), lambda _error: None)
        sent = due
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
            client.close()
    return figures
