"""What stations tell about themselves, in the embedded ClickHouse: the newest stands, nothing twice."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from services.analytics.app import MIGRATIONS
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain import events
from services.domain.events.common import ReportedVariable
from services.domain.events.station import VariablesReported
from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect_writer, insert_arrow, migrate
from services.runtime.embedded.chdb_server import ChdbServer

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "examples"


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    anywhere = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
    with ChdbServer(anywhere, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as server:
        client = connect_writer(server.clickhouse, ClickHouseWriter())
        migrate(client, MIGRATIONS)
        yield client
        client.close()


def insert(writer: Client, event: object, token: str) -> None:
    for table, rows in rows_of(event).items():
        insert_arrow(writer, table, pa.Table.from_pylist([dict(r) for r in rows], schema=TABLES[table]), token)


def told(value: str, at: int) -> VariablesReported:
    variable = ReportedVariable(component="OCPPCommCtrlr", variable="HeartbeatInterval", value=value)
    return VariablesReported(
        event_id=f"e{at}", tenant="t", station_id="CP1", protocol="ocpp2.0.1", seq_no=0, last=True,
        variables=(variable,), recorded_at=at,
    )  # fmt: skip


class TestDeviceVariables:
    def test_stand_as_they_were_last_told_in_whatever_order_that_came(self, writer: Client) -> None:
        insert(writer, told("60", 2_000), "1")
        insert(writer, told("300", 1_000), "2")
        found = writer.query("SELECT value FROM device_variables FINAL WHERE tenant = 't'").result_rows
        assert found == [("60",)]


class TestTables:
    @pytest.mark.parametrize(
        ("name", "table"),
        [
            ("MonitorEventsReported", "monitor_events"),
            ("FirmwareStatusChanged", "firmware_status"),
            ("SecurityEventRaised", "security_events"),
        ],
    )
    def test_take_an_event_once_however_often_it_comes(self, writer: Client, name: str, table: str) -> None:
        example = (EXAMPLES / f"station.events.v1.{name}.json").read_bytes()
        event = msgspec.json.decode(example, type=events.TYPES[f"station.events.v1.{name}"])
        for token in ("1", "2"):
            insert(writer, event, token)
        expected = len(rows_of(event)[table])
        assert writer.query(f"SELECT count() FROM {table} FINAL").result_rows == [(expected,)]
