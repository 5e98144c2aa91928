"""The analytics process: brings events into ClickHouse, and is ClickHouse when none is given (chDB)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.runtime import process, settings, topics
from services.runtime.clickhouse import (
    ClickHouseSettings,
    ClickHouseWriter,
    Unreachable,
    connect_writer,
    insert_arrow,
    migrate,
    pending,
)
from services.runtime.embedded.chdb_server import ChdbServer, ChdbSettings
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, setting
from services.runtime.sink import Sink, forget_position, run_sink
from services.runtime.streaming.settings import StreamingSettings

MIGRATIONS = Path(__file__).parent / "migrations"
INPUTS = (
    "session.state.v1",
    "cdr.events.v1",
    "cdr.state.v1",
    "settlement.state.v1",
    "settlement.chain.v1",
    "evidence.records.v1",
    "evidence.events.v1",
    "meterkey.state.v1",
    "transaction.events.v1",
    "station.events.v1",
    "station.results.v1",
    "authorization.events.v1",
    "ocpp.frames.v1",
    "roaming.state.v1",
    "roamingsession.state.v1",
    "roamingcdr.state.v1",
    "delivery.events.v1",
)
SINK = Sink(name="analytics.v1", topics=INPUTS, to_rows=rows_of, schemas=TABLES)

_FILLED_ANEW = frozenset({"0001_tables.sql", "0070_pulled_cdrs.sql"})
"""Migrations whose tables must have everything that is in Kafka; rows that are there already change nothing."""
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class AnalyticsSettings:
    """What the analytics process needs to know."""

    common: CommonSettings = CommonSettings()
    kafka: KafkaSettings = KafkaSettings()
    streaming: StreamingSettings = StreamingSettings()
    clickhouse: ClickHouseSettings = ClickHouseSettings()
    writer: ClickHouseWriter = ClickHouseWriter()
    chdb: ChdbSettings = ChdbSettings()
    clickhouse_embedded: bool = setting(
        True, "be ClickHouse ourselves, at clickhouse_url, with the data in data_dir"
    )
    frames_kept_days: int = setting(30, "age at which rows of the message log are deleted; they name tokens")
    analytics_metrics_port: int = setting(9104, "port of the analytics process's metrics and health endpoints")


def main() -> None:
    """Run the process until it is told to stop."""
    chosen = settings.load(AnalyticsSettings)
    process.run(partial(run, chosen), "analytics", chosen.analytics_metrics_port, chosen.common)


async def run(chosen: AnalyticsSettings, host: process.Process) -> None:
    """Serve ClickHouse if asked to, bring the tables up to date, then sink until the host stops."""
    with embedded(chosen) as clickhouse:
        client = await _connected(chosen, clickhouse, host)
        if client is None:
            return
        applied = await asyncio.to_thread(prepare, chosen.kafka, client, chosen.frames_kept_days)
        host.log.info("tables are up to date", clickhouse=clickhouse.clickhouse_url, applied=applied)
        insert = partial(insert_arrow, client)
        codec = await asyncio.to_thread(codec_of, chosen.common)
        await run_sink(SINK, chosen.kafka, codec, insert, chosen.common.data_dir, host, chosen.streaming)


def prepare(kafka: KafkaSettings, client: Any, frames_kept_days: int = 30) -> list[str]:
    """Create topics and tables, new tables to be filled from the beginning of Kafka; what was applied."""
    topics.create_topics(kafka, (*INPUTS, SINK.dead_letters))
    if _FILLED_ANEW.intersection(pending(client, MIGRATIONS)):
        forget_position(kafka, SINK)
    applied = migrate(client, MIGRATIONS)
    keep_frames(client, frames_kept_days)
    return applied


def keep_frames(client: Any, days: int) -> None:
    """Have the message log deleted at this age, if it is not so already."""
    made = client.command(
        "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'ocpp_frames'"
    )
    if f"toIntervalDay({days})" not in made:
        client.command(f"ALTER TABLE ocpp_frames MODIFY TTL toDateTime(at) + toIntervalDay({days})")


@contextmanager
def embedded(chosen: AnalyticsSettings) -> Iterator[ClickHouseSettings]:
    """Serve ClickHouse while the block runs, if asked to; where ClickHouse is then."""
    if not chosen.clickhouse_embedded:
        yield chosen.clickhouse
        return
    with ChdbServer(chosen.clickhouse, chosen.writer, chosen.common.data_dir, chosen.chdb) as server:
        yield server.clickhouse


async def _connected(chosen: AnalyticsSettings, clickhouse: ClickHouseSettings, host: process.Process) -> Any:
    """A client that writes, as soon as ClickHouse answers; None when the host stops before it does."""
    while not host.stopping.is_set():
        try:
            return await asyncio.to_thread(connect_writer, clickhouse, chosen.writer)
        except Unreachable as error:
            host.log.warning("waiting for ClickHouse", reason=str(error))
        await asyncio.wait([asyncio.ensure_future(host.stopping.wait())], timeout=_RETRY_S)
    return None
