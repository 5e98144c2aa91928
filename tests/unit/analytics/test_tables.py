"""The columns that the sink fills are those of the migrations."""

import re
from pathlib import Path

import pytest

from services.analytics import app
from services.analytics.tables import TABLES
from services.runtime.clickhouse_sql import statements

FILES = sorted(app.MIGRATIONS.glob("*.sql"))
FILLED_BY_CLICKHOUSE = {"inserted_at"}
SQL_TYPES = {
    "string": {"String"},
    "int32": {"Int32"},
    "int64": {"Int64"},
    "bool": {"Bool"},
    "timestamp[ms, tz=UTC]": {"DateTime64(3, 'UTC')"},
    "list<item: string>": {"Array(String)", "Array(LowCardinality(String))"},
}


def created(table: str) -> dict[str, str]:
    """Column names and types of a CREATE TABLE in the migrations."""
    (sql,) = [
        statement
        for file in FILES
        for statement in statements(file.read_text())
        if f"CREATE TABLE IF NOT EXISTS {table}\n" in statement
    ]
    body = re.sub(r"\s*COMMENT '(?:[^']|'')*'| CODEC\(\w+\(\d\)\)", "", sql[sql.index("\n(") : sql.index("\n)")])
    found = re.findall(r"^    (\w+) ([\s\S]+?)(?: DEFAULT [^\n]+?)?,?$(?=\n    \w|\Z)", body, re.MULTILINE)
    columns = [*found, *added(table)]
    return {name: re.sub(r"\s+", " ", kind) for name, kind in columns if name not in ("INDEX", "PROJECTION")}


def added(table: str) -> list[tuple[str, str]]:
    """Column names and types that later migrations add to a table."""
    return [
        column
        for file in FILES
        for statement in statements(file.read_text())
        if f"ALTER TABLE {table}\n" in statement
        for column in re.findall(
            r"ADD COLUMN IF NOT EXISTS (\w+) ([\s\S]+?)(?=\s+COMMENT '|,?\n    ADD|\Z)", statement
        )
    ]


def plain(kind: str) -> str:
    return re.sub(
        r"^(?:LowCardinality|Nullable)\((.*)\)$", r"\1", re.sub(r"^LowCardinality\((.*)\)$", r"\1", kind)
    )


class TestTables:
    @pytest.mark.parametrize("table", TABLES)
    def test_have_the_columns_of_the_migration_in_its_order(self, table: str) -> None:
        assert [name for name in created(table) if name not in FILLED_BY_CLICKHOUSE] == TABLES[table].names

    @pytest.mark.parametrize("table", TABLES)
    def test_have_its_types(self, table: str) -> None:
        sql = created(table)
        for column in TABLES[table]:
            kind, arrow = plain(sql[column.name]), str(column.type)
            if arrow.startswith("decimal128"):
                assert kind == arrow.replace("decimal128", "Decimal")
            elif arrow in SQL_TYPES:
                assert kind in SQL_TYPES[arrow], column.name
            else:
                assert kind.startswith("Array(Tuple(")


class TestMigrations:
    def test_have_a_number_each(self) -> None:
        assert len({file.name[:4] for file in FILES}) == len(FILES)

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
    def test_bear_being_run_again(self, file: Path) -> None:
        for statement in statements(file.read_text()):
            made = r"^CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS |^CREATE OR REPLACE VIEW "
            changed = r"|^ALTER TABLE \w+(\n    ADD COLUMN IF NOT EXISTS | COMMENT COLUMN )"
            assert re.search(made + changed + r"|^DROP (TABLE|VIEW) IF EXISTS ", statement, re.M)

    @pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
    def test_make_tables_that_take_each_insert_once(self, file: Path) -> None:
        tables = [s for s in statements(file.read_text()) if re.search(r"^CREATE TABLE ", s, re.M)]
        assert all("non_replicated_deduplication_window" in table for table in tables)
