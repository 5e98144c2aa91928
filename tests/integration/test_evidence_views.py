"""The tables and the view of signed meter values, in a real ClickHouse."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow.lib as pa
import pytest
from clickhouse_connect.driver.client import Client

from services.analytics.app import MIGRATIONS
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.events.evidence import RecordVerified, SessionVerified
from services.domain.events.meterkey import MeterKeys
from services.runtime.clickhouse import (
    ClickHouseSettings,
    ClickHouseWriter,
    connect_writer,
    insert_arrow,
    migrate,
)
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.embedded.ports import free_ports
from tests.contract.test_schemas import EXAMPLES, read, type_of

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    anywhere = ClickHouseSettings(clickhouse_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    with ChdbServer(anywhere, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as running:
        made = connect_writer(running.clickhouse, ClickHouseWriter())
        migrate(made, MIGRATIONS)
        yield made


def example(kind: Any) -> Any:
    (path,) = [path for path in EXAMPLES if type_of(path) == kind.FULL_NAME]
    return read(path)


def insert(client: Client, *events: Any) -> None:
    for number, event in enumerate(events):
        for table, rows in rows_of(event).items():
            batch = pa.RecordBatch.from_pylist(rows, schema=TABLES[table])
            insert_arrow(client, table, pa.Table.from_batches([batch]), f"{table}-{number}-{event}")


class TestTables:
    def test_show_the_last_verdict_and_the_keys_as_they_stand(self, client: Client) -> None:
        verdict, point = example(SessionVerified), example(MeterKeys)
        insert(client, verdict, replace(verdict, keys_version=9, outcome="OK"), point, replace(point, version=8))
        assert client.query("SELECT outcome, findings FROM verdicts FINAL").result_rows == [
            ("OK", ["PAGINATION_GAP"])
        ]
        found = client.query("SELECT status, approved_by, version FROM meter_keys FINAL").result_rows
        assert found == [("APPROVED", ["a.jansen", "b.okafor"], 8)]

    def test_show_packets_that_are_missing(self, client: Client) -> None:
        record = example(RecordVerified)
        pages = ("T12", "T13", "T17", "T17", "F1", "F2", None, "odd")
        insert(client, *(replace(record, pagination=page, event_id=f"{page}") for page in pages))
        found = client.query(
            "SELECT context, first_missing, last_missing, missing FROM v_pagination_gaps"
        ).result_rows
        assert found == [("T", 14, 16, 3)]
