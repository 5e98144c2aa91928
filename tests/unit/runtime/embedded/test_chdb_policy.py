"""Who may run which statement on the embedded ClickHouse."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.embedded.chdb_policy import (
    ClickHouseError,
    Code,
    Kind,
    Statement,
    data_start,
    denied_functions,
    judge,
    refusal,
)

DENIED = denied_functions(
    ["file", "url", "remote", "s3", "Python", "eval", "numbers", "view", "viewIfPermitted"], ["aiGenerate", "sum"]
)


def judged(sql: str, may_write: bool = False) -> Statement:
    return judge(sql, may_write=may_write, denied=DENIED)


class TestDeniedFunctions:
    def test_are_all_table_functions_but_the_safe_ones(self) -> None:
        assert {"file", "url", "remote", "s3", "python", "eval"} <= DENIED
        assert DENIED.isdisjoint({"numbers", "view", "viewifpermitted"})

    def test_include_a_table_function_that_nobody_has_looked_at(self) -> None:
        assert "brandnewlake" in denied_functions(["BrandNewLake"], [])

    def test_include_what_asks_a_service_and_what_reads_files(self) -> None:
        assert {"aigenerate", "file", "catboostevaluate", "disk"} <= denied_functions([], ["aiGenerate", "sum"])
        assert "sum" not in DENIED


class TestJudge:
    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT 1",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "(SELECT 1) UNION ALL (SELECT 2)",
            "SHOW TABLES",
            "DESCRIBE TABLE cdrs",
            "EXPLAIN SELECT 1",
            "EXISTS TABLE cdrs",
            "SELECT * FROM numbers(10)",
            "SELECT * FROM system.tables WHERE engine = 'Kafka'",
            "SELECT engine = e FROM t",
            "SELECT 'INTO OUTFILE x', 'file(', file, url FROM t",
            "SELECT FORMAT FROM t",
        ],
    )
    def test_lets_a_reader_read(self, sql: str) -> None:
        assert judged(sql) == Statement(Kind.READ, sql, "")

    @pytest.mark.parametrize(
        "sql",
        [
            "INSERT INTO t FORMAT Values",
            "INSERT INTO t SELECT 1",
            "CREATE TABLE t (`a` Int8) ENGINE = Memory",
            "CREATE TEMPORARY TABLE t (`a` Int8)",
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE MATERIALIZED VIEW v TO t AS SELECT 1",
            "DROP TABLE t",
            "TRUNCATE TABLE t",
            "ALTER TABLE t (DELETE WHERE 1)",
            "DELETE FROM t WHERE 1",
            "UPDATE t SET a = 1 WHERE 1",
            "RENAME TABLE a TO b",
            "EXCHANGE TABLES a AND b",
            "OPTIMIZE TABLE t",
            "KILL QUERY WHERE 1 ASYNC",
            "SET max_threads = 1",
            "USE x",
            "CHECK TABLE t",
        ],
    )
    def test_lets_only_a_writer_write(self, sql: str) -> None:
        assert judged(sql, may_write=True).kind in (Kind.WRITE, Kind.INSERT_DATA)
        with pytest.raises(ClickHouseError, match="readonly mode") as refused:
            judged(sql)
        assert refused.value.code == Code.READONLY

    @pytest.mark.parametrize(
        "sql",
        [
            "SYSTEM SHUTDOWN",
            "ATTACH TABLE t",
            "DETACH TABLE t",
            "BACKUP TABLE t TO File('x')",
            "RESTORE TABLE t FROM File('x')",
            "GRANT SELECT ON *.* TO bi",
            "CREATE USER x",
            "CREATE FUNCTION f AS x -> x",
            "CREATE NAMED COLLECTION c AS a = 1",
            "CREATE DICTIONARY d (`a` Int8) PRIMARY KEY a SOURCE(HTTP(URL 'http://x'))",
            "EXECUTE AS x SELECT 1",
            "BEGIN TRANSACTION",
            "UNDROP TABLE t",
        ],
    )
    def test_lets_nobody_do_what_needs_a_server(self, sql: str) -> None:
        with pytest.raises(ClickHouseError) as refused:
            judged(sql, may_write=True)
        assert refused.value.code == Code.ACCESS_DENIED

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM url('http://169.254.169.254/')",
            "SELECT * FROM `url`('x')",
            "SELECT * FROM URL ('x')",
            "SELECT FILE('x')",
            "SELECT arrayMap(x -> file(x), ['a'])",
            "SELECT COLUMNS('a') APPLY file",
            "SELECT * FROM t WHERE a IN (SELECT b FROM remote('127.0.0.1', t))",
            "SELECT * FROM viewIfPermitted(SELECT * FROM s3('x') ELSE null('a Int8'))",
            "SELECT * FROM Python(secret)",
            "SELECT * FROM eval('SELECT 1')",
            "SELECT aiGenerate('x')",
            "SELECT catboostEvaluate('/x', 1)",
            "INSERT INTO FUNCTION file('x') SELECT 1",
            "CREATE TABLE a AS url('x')",
            "CREATE VIEW v AS SELECT * FROM file('x')",
            "CREATE TABLE t (`a` Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'local')",
            "DESCRIBE TABLE url('x')",
            "EXPLAIN SELECT * FROM url('x')",
            "SELECT 1 INTO OUTFILE 'x'",
            "SELECT 1 INTO OUTFILE 'x' AND STDOUT FORMAT CSV",
            "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
            "SELECT 1 PARALLEL WITH DROP TABLE t",
        ],
    )
    @pytest.mark.parametrize("may_write", [False, True])
    def test_lets_nobody_reach_beyond_the_tables(self, sql: str, may_write: bool) -> None:
        with pytest.raises(ClickHouseError, match="denied") as refused:
            judged(sql, may_write)
        assert refused.value.code == Code.ACCESS_DENIED

    @pytest.mark.parametrize(
        "engine",
        ["Kafka", "`Kafka`", "Kafka()", "URL('x')", "MySQL('a')", "File(CSV)", "Executable('x')", "TimeSeries"],
    )
    def test_keeps_engines_that_reach_out_or_break_the_database_away(self, engine: str) -> None:
        with pytest.raises(ClickHouseError, match="denied"):
            judged(f"CREATE TABLE t (`a` Int8) ENGINE = {engine} SETTINGS a = 1", may_write=True)
        with pytest.raises(ClickHouseError, match="denied"):
            judged(f"CREATE MATERIALIZED VIEW v ENGINE = {engine} AS SELECT 1", may_write=True)

    @pytest.mark.parametrize("engine", ["MergeTree", "ReplacingMergeTree(version)", "Memory", "Null"])
    def test_lets_tables_be_made(self, engine: str) -> None:
        sql = f"CREATE TABLE t (`a` Int8) ENGINE = {engine}"
        assert judged(sql, may_write=True) == Statement(Kind.WRITE, sql, "")

    @pytest.mark.parametrize(
        ("sql", "text", "output"),
        [
            ("SELECT 1 FORMAT CSV", "SELECT 1", "CSV"),
            ("SELECT 1 FORMAT CSV SETTINGS a = 1", "SELECT 1  SETTINGS a = 1", "CSV"),
            ("SELECT FORMAT FROM t", "SELECT FORMAT FROM t", ""),
            ("SELECT 1 AS FORMAT", "SELECT 1 AS FORMAT", ""),
            ("SELECT 'FORMAT CSV'", "SELECT 'FORMAT CSV'", ""),
            ("SELECT format('x') FORMAT `JSON`", "SELECT format('x')", "JSON"),
        ],
    )
    def test_takes_the_format_out(self, sql: str, text: str, output: str) -> None:
        assert judged(sql) == Statement(Kind.READ, text, output)

    def test_knows_an_insert_that_brings_its_data(self) -> None:
        sql = "INSERT INTO t (a) SETTINGS x = 1 FORMAT JSONEachRow"
        assert judged(sql, True) == Statement(Kind.INSERT_DATA, "INSERT INTO t (a) SETTINGS x = 1", "JSONEachRow")
        assert judged("INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x", True).kind is Kind.WRITE

    def test_refuses_nothing(self) -> None:
        with pytest.raises(ClickHouseError, match="Empty query"):
            judged("  ")

    @given(st.text(), st.booleans())
    def test_answers_any_text_with_a_statement_or_an_error(self, sql: str, may_write: bool) -> None:
        with suppress(ClickHouseError):
            assert judged(sql, may_write).kind is Kind.READ or may_write

    @given(st.sampled_from(["url", "URL", "`url`", '"uRl"']), st.text("abc(),' `", max_size=20))
    def test_finds_a_denied_function_anywhere(self, name: str, before: str) -> None:
        quotes = sum(before.count(quote) for quote in "'`")
        if quotes == 0:
            with pytest.raises(ClickHouseError, match="denied"):
                judged(f"SELECT {before} {name} ('x')")


class TestRefusal:
    def test_reads_like_clickhouse(self) -> None:
        error = refusal(Code.READONLY, "No")
        assert str(error) == "Code: 164. DB::Exception: No. (READONLY)"
        assert error.code == 164


class TestDataStart:
    @pytest.mark.parametrize(
        ("sql", "data"),
        [
            (b"INSERT INTO t VALUES (1)", b" (1)"),
            (b"insert into t(a, b) values(1,2)", b"(1,2)"),
            (b"INSERT INTO t FORMAT CSV\n1,2", b"1,2"),
            (b"INSERT INTO t FORMAT CSV 1,2", b"1,2"),
            (b"INSERT INTO t FORMAT CSV\r\n1,2", b"1,2"),
            (b"INSERT INTO t FORMAT CSV\n\n1,2", b"\n1,2"),
            (b"INSERT INTO t FORMAT Native\n\x00\xff'", b"\x00\xff'"),
            (b"INSERT INTO `values` (a) SETTINGS b = 'VALUES' FORMAT TSV\n1", b"1"),
            (b"INSERT INTO values VALUES (1)", b" (1)"),
            (b"/* c */ INSERT INTO FORMAT FORMAT CSV\n1", b"1"),
            (b"INSERT INTO t (`format`, values) VALUES (1, 2)", b" (1, 2)"),
            (b"INSERT INTO t FORMAT CSV", b""),
        ],
    )
    def test_is_after_values_or_the_format(self, sql: bytes, data: bytes) -> None:
        start = data_start(sql)
        assert start is not None
        assert sql[start:] == data

    @pytest.mark.parametrize(
        "sql",
        [
            b"",
            b"SELECT 1 FORMAT CSV",
            b"INSERT INTO t SELECT 'VALUES'",
            b"INSERT INTO t (a) SELECT 1 FORMAT CSV",
            b"INSERT INTO t",
            b"INSERT INTO t (a, VALUES",
            b"\xff\xfe\x00",
        ],
    )
    def test_is_nowhere_when_no_data_comes(self, sql: bytes) -> None:
        assert data_start(sql) is None

    @given(st.binary())
    def test_leaves_binary_data_alone(self, data: bytes) -> None:
        sql = b"INSERT INTO t (a) FORMAT Native\n" + data
        assert data_start(sql) == len(sql) - len(data)

    @given(st.binary())
    def test_is_found_or_not_in_any_bytes(self, sql: bytes) -> None:
        start = data_start(sql)
        assert start is None or 0 < start <= len(sql)
