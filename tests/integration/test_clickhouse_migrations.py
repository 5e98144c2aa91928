"""Migrations, reading and writing clients and inserts, against the embedded ClickHouse."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from services.runtime.clickhouse import (
    ChangedMigration,
    ClickHouseSettings,
    ClickHouseWriter,
    Refused,
    ask,
    connect,
    connect_writer,
    insert_arrow,
    migrate,
    pending,
)
from services.runtime.embedded.chdb_server import ChdbServer

pytestmark = pytest.mark.integration

ANYWHERE = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbServer]:
    with ChdbServer(ANYWHERE, ClickHouseWriter(), tmp_path_factory.mktemp("chdb")) as running:
        yield running


@pytest.fixture
def client(server: ChdbServer, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A writer with a new database of its own."""
    own = ClickHouseSettings(server.clickhouse.clickhouse_url, f"db_{abs(hash(request.node.nodeid))}")
    writer = connect_writer(own, ClickHouseWriter())
    yield writer
    writer.command(f"DROP DATABASE {own.clickhouse_database}")
    writer.close()


class TestMigrate:
    def test_applies_files_in_order_and_once(self, client: Client, tmp_path: Path) -> None:
        (tmp_path / "0002_more.sql").write_text("-- more; of it\nINSERT INTO a VALUES (2);")
        (tmp_path / "0001_first.sql").write_text(
            "CREATE TABLE IF NOT EXISTS a (b Int8 COMMENT 'x; y') ENGINE = Memory;\nINSERT INTO a VALUES (1)"
        )
        (tmp_path / "notes.sql").write_text("DROP TABLE a")
        assert pending(client, tmp_path) == ["0001_first.sql", "0002_more.sql"]
        assert migrate(client, tmp_path) == ["0001_first.sql", "0002_more.sql"]
        assert pending(client, tmp_path) == []
        assert migrate(client, tmp_path) == []
        (tmp_path / "0003_third.sql").write_text("INSERT INTO a VALUES (3);")
        assert pending(client, tmp_path) == ["0003_third.sql"]
        assert migrate(client, tmp_path) == ["0003_third.sql"]
        assert client.query("SELECT b FROM a ORDER BY b").result_rows == [(1,), (2,), (3,)]

    def test_refuses_a_file_that_was_edited(self, client: Client, tmp_path: Path) -> None:
        file = tmp_path / "0001_first.sql"
        file.write_text("CREATE TABLE IF NOT EXISTS a (b Int8) ENGINE = Memory;")
        migrate(client, tmp_path)
        file.write_text("CREATE TABLE IF NOT EXISTS a (b Int16) ENGINE = Memory;")
        with pytest.raises(ChangedMigration, match=r"0001_first\.sql was edited .* add a new file"):
            migrate(client, tmp_path)

    def test_goes_on_after_a_failure(self, client: Client, tmp_path: Path) -> None:
        (tmp_path / "0001_first.sql").write_text("CREATE TABLE IF NOT EXISTS a (b Int8) ENGINE = Memory;")
        broken = tmp_path / "0002_broken.sql"
        broken.write_text("CREATE TABLE IF NOT EXISTS c (b Int8) ENGINE = Memory;\nSELECT nope;")
        with pytest.raises(DatabaseError, match="nope"):
            migrate(client, tmp_path)
        broken.write_text("CREATE TABLE IF NOT EXISTS c (b Int8) ENGINE = Memory;")
        assert migrate(client, tmp_path) == ["0002_broken.sql"]

    def test_leaves_newer_files_of_another_version_alone(self, client: Client, tmp_path: Path) -> None:
        newer = tmp_path / "0001_newer.sql"
        newer.write_text("SELECT 1")
        migrate(client, tmp_path)
        newer.unlink()
        assert migrate(client, tmp_path) == []


class TestConnect:
    def test_reads_and_does_not_write(self, server: ChdbServer) -> None:
        reader = connect(server.clickhouse)
        assert reader.command("SELECT 1") == 1
        with pytest.raises(DatabaseError, match="readonly"):
            reader.command("CREATE TABLE x (a Int8) ENGINE = Memory")
        reader.close()

    def test_is_refused_with_a_wrong_password(self, server: ChdbServer) -> None:
        wrong = ClickHouseSettings(server.clickhouse.clickhouse_url, clickhouse_password="x")
        with pytest.raises(Refused, match="bi cannot use ClickHouse"):
            connect(wrong)
        with pytest.raises(Refused, match="Authentication failed"):
            ask(wrong, "SELECT 1", "CSV")


class TestAsk:
    def test_answers_in_the_format_that_was_asked_for(self, server: ChdbServer) -> None:
        assert ask(server.clickhouse, "SELECT 1 AS a", "CSVWithNames") == ("CSVWithNames", b'"a"\n1\n')
        assert ask(server.clickhouse, "SELECT 1 AS a FORMAT TSV", "CSVWithNames") == ("TSV", b"1\n")

    def test_keeps_decimals_exact(self, server: ChdbServer) -> None:
        query = "SELECT toDecimal128('12345678901234567890.123456', 6) AS a"
        assert b'"12345678901234567890.123456"' in ask(server.clickhouse, query, "JSONEachRow")[1]

    def test_passes_on_what_clickhouse_says(self, server: ChdbServer) -> None:
        with pytest.raises(Refused, match="UNKNOWN_TABLE"):
            ask(server.clickhouse, "SELECT * FROM nope", "CSV")


class TestInsertArrow:
    def rows(self, *numbers: int) -> pa.Table:
        years = [datetime.datetime(1900 + number, 1, 1, tzinfo=datetime.UTC) for number in numbers]
        return pa.table({"at": pa.array(years, pa.timestamp("ms", "UTC")), "a": pa.array(numbers, pa.int32())})

    @pytest.fixture
    def table(self, client: Client) -> str:
        client.command(
            "CREATE TABLE t (a Int32, at DateTime64(3, 'UTC'), n Int8 DEFAULT 7) ENGINE = ReplacingMergeTree"
            " PARTITION BY toYear(at) ORDER BY a SETTINGS non_replicated_deduplication_window = 100"
        )
        return "t"

    def test_matches_columns_by_name_and_fills_the_others(self, client: Client, table: str) -> None:
        insert_arrow(client, table, self.rows(1), "x")
        assert client.query("SELECT a, n, toYear(at) FROM t").result_rows == [(1, 7, 1901)]

    def test_inserts_once_per_token(self, client: Client, table: str) -> None:
        insert_arrow(client, table, self.rows(1, 2), "x")
        insert_arrow(client, table, self.rows(1, 2), "x")
        assert client.command("SELECT count() FROM t") == 2
        insert_arrow(client, table, self.rows(1, 2), "y")
        assert client.command("SELECT count() FROM t") == 4
        assert client.command("SELECT count() FROM t FINAL") == 2

    def test_takes_rows_of_many_partitions(self, client: Client, table: str) -> None:
        insert_arrow(client, table, self.rows(*range(250)), "x")
        assert client.command("SELECT count() FROM t") == 250

    def test_fails_for_a_table_that_is_not_there(self, client: Client) -> None:
        with pytest.raises(DatabaseError) as failed:
            insert_arrow(client, "nope", self.rows(1), "x")
        assert failed.value.code == 60
