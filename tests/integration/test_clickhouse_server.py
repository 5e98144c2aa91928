"""The embedded ClickHouse as its clients see it: clickhouse-connect, plain HTTP, and those who mean harm."""

import datetime
import decimal
import errno
import gzip
import json
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect, connect_writer
from services.runtime.embedded import chdb_server
from services.runtime.embedded.chdb_server import ChdbServer, ChdbSettings
from services.runtime.embedded.problems import CannotStart

pytestmark = pytest.mark.integration

PASSWORD = "only for tests"
WRITER = ClickHouseWriter(clickhouse_writer_password=PASSWORD)
ANYWHERE = ClickHouseSettings(clickhouse_url="http://127.0.0.1:0")
LIMITS = ChdbSettings(chdb_reader_memory_mib=256, chdb_reader_s=1, chdb_body_mib=8)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbServer]:
    with ChdbServer(ANYWHERE, WRITER, tmp_path_factory.mktemp("chdb"), LIMITS) as running:
        yield running


@pytest.fixture
def writer(server: ChdbServer) -> Iterator[Client]:
    client = connect_writer(server.clickhouse, WRITER)
    yield client
    client.close()


@pytest.fixture
def reader(server: ChdbServer) -> Iterator[Client]:
    client = connect(server.clickhouse)
    yield client
    client.close()


@pytest.fixture
def web(server: ChdbServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.clickhouse.clickhouse_url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def table(writer: Client) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    writer.command(f"CREATE TABLE {name} (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
    yield name
    writer.command(f"DROP TABLE {name}")


def post(
    web: httpx.Client, body: bytes | str, headers: dict[str, str] | None = None, **params: str
) -> httpx.Response:
    """A request of the user that writes."""
    known = {"X-ClickHouse-User": "wattlog", "X-ClickHouse-Key": PASSWORD}
    return web.post("/", params=params, content=body, headers=known | (headers or {}))


class TestClickHouseConnect:
    @pytest.mark.parametrize("client", ["reader", "writer"])
    def test_asks(self, client: str, request: pytest.FixtureRequest) -> None:
        asks: Client = request.getfixturevalue(client)
        result = asks.query("SELECT number AS n, toString(n) FROM numbers(3)")
        assert result.result_rows == [(0, "0"), (1, "1"), (2, "2")]
        assert result.summary["result_rows"] == "3"
        assert asks.server_version == asks.command("SELECT version()")
        assert asks.query("SELECT number FROM numbers(5) LIMIT 0").column_names == ("number",)
        assert asks.query_df("SELECT 1 AS a").to_dict("list") == {"a": [1]}
        assert asks.query_arrow("SELECT 1 AS a").to_pylist() == [{"a": 1}]
        assert asks.command("SELECT currentDatabase()") == "wattlog"
        assert asks.ping()

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("Int8", -5),
            ("UInt64", 2**64 - 1),
            ("Int256", -(2**200)),
            ("Float64", 0.1),
            ("Bool", True),
            ("String", "it's \\ a\ttab\nline é ☃ {x:String} \x01"),
            ("String", ""),
            ("String", "\\N"),
            ("Nullable(String)", None),
            ("FixedString(3)", b"abc"),
            ("Decimal(20, 4)", decimal.Decimal("12345678901234.5678")),
            ("Date", datetime.date(2026, 11, 21)),
            ("DateTime64(3)", datetime.datetime.fromisoformat("2026-11-21T10:00:00.123")),
            ("UUID", uuid.UUID("6f0c7a2e-7f0b-5a53-9a52-0d8d5d1f6f11")),
            ("IPv4", IPv4Address("10.0.0.1")),
            ("Array(String)", ["a'b", "c\\d", "é"]),
            ("Array(Array(Nullable(Int32)))", [[1, None], []]),
            ("Tuple(Int32, String)", (1, "x'y")),
            ("Enum8('a' = 1, 'b' = 2)", "b"),
            ("LowCardinality(String)", "x"),
        ],
    )
    def test_passes_parameters_of_every_type(self, reader: Client, kind: str, value: Any) -> None:
        result = reader.query(f"SELECT {{p:{kind}}} AS p, toTypeName(p)", parameters={"p": value})
        assert result.result_rows == [(value, kind)]

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
    def test_passes_any_text_unharmed(self, reader: Client, text: str) -> None:
        assert reader.query("SELECT {p:String}", parameters={"p": text}).result_rows == [(text,)]

    def test_passes_identifiers_and_long_parameters(self, writer: Client, table: str) -> None:
        writer.insert(table, [[1, "x" * 100_000]], column_names=["a", "b"])
        found = writer.query(
            "SELECT a FROM {t:Identifier} WHERE b = {b:String}", parameters={"t": table, "b": "x" * 100_000}
        )
        assert found.result_rows == [(1,)]

    def test_fills_parameters_of_an_insert(self, writer: Client, table: str) -> None:
        writer.command(
            f"INSERT INTO {table} VALUES ({{a:UInt32}}, {{b:String}})", parameters={"a": 1, "b": "x'\\y\n"}
        )
        writer.command(f"INSERT INTO {table} SELECT {{a:UInt32}}, {{b:String}}", parameters={"a": 2, "b": "z"})
        assert writer.query(f"SELECT * FROM {table} ORDER BY a").result_rows == [(1, "x'\\y\n"), (2, "z")]

    def test_has_its_parameters_checked(self, reader: Client) -> None:
        with pytest.raises(DatabaseError, match="cannot be parsed") as failed:
            reader.query("SELECT {p:Int32}", parameters={"p": "1; DROP TABLE x"})
        assert failed.value.code == 457

    @pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip", True])
    def test_inserts_and_reads_with_each_compression(self, server: ChdbServer, table: str, compress: Any) -> None:
        port = int(server.clickhouse.clickhouse_url.rpartition(":")[2])
        client = clickhouse_connect.get_client(
            host="127.0.0.1",
            port=port,
            username="wattlog",
            password=PASSWORD,
            database="wattlog",
            compress=compress,
        )
        rows = [[i, f"row {i}"] for i in range(50_000)]
        assert client.insert(table, rows, column_names=["a", "b"]).written_rows == 50_000
        arrow = pa.table({"a": pa.array([1, 2], pa.uint32()), "b": ["x", "y"]})
        assert client.insert_arrow(table, arrow).written_rows == 2
        assert len(client.query(f"SELECT * FROM {table}").result_rows) == 50_002
        client.close()

    def test_streams(self, reader: Client) -> None:
        with reader.query_row_block_stream("SELECT number FROM numbers(500000)") as blocks:
            sizes = [len(block) for block in blocks]
        assert sum(sizes) == 500_000
        assert len(sizes) > 1

    @pytest.mark.parametrize("client", ["reader", "writer"])
    def test_learns_of_an_error_in_the_middle_of_a_stream(
        self, client: str, request: pytest.FixtureRequest
    ) -> None:
        asks: Client = request.getfixturevalue(client)
        query = "SELECT number, throwIf(number = 400000, 'too far') FROM numbers(500000)"
        with pytest.raises(StreamFailureError, match="too far"), asks.query_row_block_stream(query) as blocks:
            for _ in blocks:
                pass

    @pytest.mark.parametrize(
        ("query", "code"),
        [("SELECT * FROM nope", 60), ("SELECT nope", 47), ("SELECT FROM WHERE", 62), ("SELECT nope()", 46)],
    )
    def test_is_told_errors_with_their_codes(self, reader: Client, query: str, code: int) -> None:
        with pytest.raises(DatabaseError) as failed:
            reader.query(query)
        assert failed.value.code == code

    def test_inserts_once_per_token(self, writer: Client) -> None:
        writer.command(
            "CREATE TABLE once (a UInt32) ENGINE = MergeTree ORDER BY a"
            " SETTINGS non_replicated_deduplication_window = 100"
        )
        for values in ([[1], [2]], [[3], [4]]):
            writer.insert("once", values, column_names=["a"], settings={"insert_deduplication_token": "t-0-0-1"})
        assert writer.query("SELECT a FROM once ORDER BY a").result_rows == [(1,), (2,)]

    def test_works_from_many_threads(self, server: ChdbServer, table: str) -> None:
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                client = connect_writer(server.clickhouse, WRITER)
                for i in range(5):
                    client.insert(table, [[number * 100 + i, "x"]], column_names=["a", "b"])
                    client.query("SELECT sum(number) FROM numbers(10000)")
                client.close()
            except (DatabaseError, OSError) as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        client = connect(server.clickhouse)
        assert client.command(f"SELECT uniqExact(a) FROM {table}") == 60


class TestPlainHttp:
    def test_answers_a_query_in_the_url(self, web: httpx.Client) -> None:
        answer = web.get("/", params={"query": "SELECT 1, 'a'"})
        assert (answer.status_code, answer.text) == (200, "1\ta\n")
        assert answer.headers["X-ClickHouse-Format"] == "TabSeparated"
        assert answer.headers["X-ClickHouse-Timezone"] == "UTC"

    @pytest.mark.parametrize("path", ["/ping", "/", "/replicas_status"])
    def test_says_that_it_is_there(self, web: httpx.Client, path: str) -> None:
        assert web.get(path).text == "Ok.\n"
        assert web.head(path).status_code == 200

    @pytest.mark.parametrize("path", ["/play", "/x?query=SELECT+1", "/ping/x"])
    def test_knows_no_other_path(self, web: httpx.Client, path: str) -> None:
        assert web.get(path).status_code == 404

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def test_knows_no_other_method(self, web: httpx.Client, method: str) -> None:
        assert web.request(method, "/", params={"query": "SELECT 1"}).status_code == 404

    def test_takes_the_query_from_the_body_or_from_both(self, web: httpx.Client) -> None:
        assert web.post("/", content="SELECT 1").text == "1\n"
        assert web.post("/", params={"query": "SELECT"}, content="2").text == "2\n"
        assert web.post("/", content=b"SELECT 'a' -- c\n;").text == "a\n"

    @pytest.mark.parametrize(
        ("params", "text"),
        [
            ({"query": "SELECT 1 AS a FORMAT JSONEachRow"}, '{"a":1}\n'),
            ({"query": "SELECT 1 AS a", "default_format": "CSVWithNames"}, '"a"\n1\n'),
            ({"query": "SELECT 1 AS a FORMAT CSV", "default_format": "JSON"}, "1\n"),
            ({"query": "SELECT currentDatabase()", "database": "system"}, "system\n"),
            ({"query": "SELECT {a:Int32} + 1", "param_a": "41"}, "42\n"),
            ({"query": "SELECT {m:Map(String, UInt8)}['a']", "param_m": "{'a':7}"}, "7\n"),
            ({"query": "SELECT toDateTime(0)"}, "1970-01-01 00:00:00\n"),
            ({"query": "SELECT 1", "session_id": "s", "session_timeout": "60"}, "1\n"),
            ({"query": "SELECT getSetting('max_threads')", "max_threads": "1"}, "1\n"),
            ({"query": "SELECT getSetting('max_execution_time')", "max_execution_time": "9999"}, "1\n"),
        ],
    )
    def test_heeds_its_parameters(self, web: httpx.Client, params: dict[str, str], text: str) -> None:
        assert web.get("/", params=params).text == text

    def test_sums_up(self, web: httpx.Client) -> None:
        answer = web.get("/", params={"query": "SELECT number FROM numbers(7)", "wait_end_of_query": "1"})
        summary = json.loads(answer.headers["X-ClickHouse-Summary"])
        assert (summary["read_rows"], summary["result_rows"]) == ("7", "7")

    def test_gives_the_query_id_back_unless_it_would_break_the_answer(self, web: httpx.Client) -> None:
        asked = {"query": "SELECT 1", "query_id": "mine"}
        assert web.get("/", params=asked).headers["X-ClickHouse-Query-Id"] == "mine"
        evil = {"query": "SELECT 1", "query_id": "a\r\nSet-Cookie: x=1"}
        answer = web.get("/", params=evil)
        assert "Set-Cookie" not in answer.headers
        assert len(answer.headers["X-ClickHouse-Query-Id"]) == 36

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
    @pytest.mark.parametrize("wait", ["0", "1"])
    def test_compresses_when_asked_to(self, web: httpx.Client, encoding: str, wait: str) -> None:
        if encoding == "br":
            pytest.importorskip("brotli")
        asked = {"query": "SELECT number FROM numbers(100000)", "enable_http_compression": "1"}
        answer = web.get("/", params=asked | {"wait_end_of_query": wait}, headers={"Accept-Encoding": encoding})
        assert answer.headers["Content-Encoding"] == encoding
        assert answer.text.endswith("\n99999\n")

    def test_takes_compressed_bodies(self, web: httpx.Client) -> None:
        answer = web.post("/", content=gzip.compress(b"SELECT 1"), headers={"Content-Encoding": "gzip"})
        assert answer.text == "1\n"

    @pytest.mark.parametrize(
        ("query", "body"),
        [
            ("INSERT INTO {t} VALUES", b"(1, 'x'), (2, 'y')"),
            ("INSERT INTO {t} VALUES (1, 'x'),", b"(2, 'y')"),
            ("INSERT INTO {t} (b, a) FORMAT CSV", b"x,1\ny,2\n"),
            ("", b"INSERT INTO {t} FORMAT JSONEachRow\n" + b'{"a":1,"b":"x"}\n{"b":"y","a":2}'),
            ("", b"INSERT INTO {t} FORMAT TSV\n1\tx\n2\ty\n"),
            ("INSERT INTO {t}", b"VALUES (1, 'x'), (2, 'y')"),
            ("INSERT INTO {t} SELECT number + 1, if(number = 0, 'x', 'y') FROM numbers(2)", b""),
            ("INSERT INTO {t} SETTINGS input_format_csv_skip_first_lines = 1 FORMAT CSV", b"a,b\n1,x\n2,y"),
        ],
    )
    def test_inserts_in_every_way(self, web: httpx.Client, table: str, query: str, body: bytes) -> None:
        answer = post(web, body.replace(b"{t}", table.encode()), query=query.replace("{t}", table))
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
        assert post(web, f"SELECT * FROM {table} ORDER BY a").text == "1\tx\n2\ty\n"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"INSERT INTO {t} FORMAT CSV\nabc,x", 400, 27),
            (b"INSERT INTO {t} (nope) FORMAT CSV\n1", 500, 16),
            (b"INSERT INTO nope FORMAT CSV\n1", 404, 60),
            (b"INSERT INTO {t} FORMAT Nope\n1", 404, 73),
            (b"INSERT INTO {t} FORMAT Native\n\xff\xff\xff", 500, 32),
            (b"INSERT INTO {t} FORMAT Arrow\nrubbish", 400, 117),
            (b"SELECT * FROM nope.t", 404, 81),
            (b"SELECT nope()", 404, 46),
            (b"SELECT 1; SELECT 2", 400, 62),
            (b"", 400, 62),
            (b"SELECT '\xff'", 400, 62),
            (b"SELECT 'a\0b'", 400, 62),
        ],
    )
    def test_answers_errors_as_clickhouse_does(
        self, web: httpx.Client, table: str, body: bytes, status: int, code: int
    ) -> None:
        answer = post(web, body.replace(b"{t}", table.encode()))
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
        assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
        assert "formatQuery" not in answer.text

    def test_says_what_is_not_built(self, web: httpx.Client) -> None:
        answer = web.get("/", params={"query": "SELECT 1", "compress": "1"})
        assert answer.status_code == 501
        assert "compress=0" in answer.text
        files = {"t": ("t", b"1")}
        assert web.post("/", params={"query": "SELECT 1"}, files=files).status_code == 501

    def test_forgets_clients_that_hang_up(self, web: httpx.Client) -> None:
        asked = {"query": "SELECT number FROM numbers(100000000000) FORMAT TSV"}
        for _ in range(20):
            with web.stream("GET", "/", params=asked) as answer:
                next(answer.iter_bytes())
        assert web.get("/", params={"query": "SELECT 1"}).text == "1\n"


class TestUsers:
    @pytest.mark.parametrize("auth", [("wattlog", "wrong"), ("bi", "x"), ("nobody", ""), ("wattlog", "")])
    def test_are_refused_unless_they_know_the_password(self, web: httpx.Client, auth: tuple[str, str]) -> None:
        answer = web.get("/", params={"query": "SELECT 1"}, auth=auth)
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")

    def test_write_only_by_post(self, web: httpx.Client, table: str) -> None:
        known = {"user": "wattlog", "password": PASSWORD}
        answer = web.get("/", params={"query": f"DROP TABLE {table}"} | known)
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (500, "164")
        assert web.post("/", params={"query": f"TRUNCATE TABLE {table}"} | known).status_code == 200

    @pytest.mark.parametrize("user", ["bi", "default"])
    @pytest.mark.parametrize(
        "query",
        [
            "INSERT INTO {t} VALUES (1, 'x')",
            "INSERT INTO {t} SELECT 1, 'x'",
            "CREATE TABLE x (a Int8) ENGINE = Memory",
            "CREATE TEMPORARY TABLE x (a Int8)",
            "DROP TABLE {t}",
            "ALTER TABLE {t} DELETE WHERE 1",
            "TRUNCATE TABLE {t}",
            "SET readonly = 0",
            "SELECT 1 SETTINGS readonly = 0",
            "SELECT 1 SETTINGS max_memory_usage = 0",
            "KILL QUERY WHERE 1",
            "SYSTEM SHUTDOWN",
            "SELECT 1 PARALLEL WITH DROP TABLE {t}",
            "/* SELECT */ DROP TABLE {t}",
            "SELECT 1; DROP TABLE {t}",
            "EXPLAIN AST SELECT 1; DROP TABLE {t}",
        ],
    )
    def test_that_read_change_nothing(self, web: httpx.Client, table: str, user: str, query: str) -> None:
        answer = web.post("/", content=query.replace("{t}", table), auth=(user, ""))
        assert answer.status_code in (400, 403, 500), answer.text
        assert post(web, f"EXISTS TABLE {table}").text == "1\n"
        assert post(web, f"SELECT count() FROM {table}").text == "0\n"

    @pytest.mark.parametrize(
        "name", ["readonly", "dialect", "allow_ddl", "max_query_size", "nope", "a = 1, readonly"]
    )
    def test_that_read_set_nothing_that_matters(self, web: httpx.Client, name: str) -> None:
        answer = web.get("/", params={"query": "SELECT 1", name: "0"})
        assert answer.status_code in (404, 500)

    def test_that_write_cannot_change_the_language(self, web: httpx.Client) -> None:
        assert post(web, "SELECT 1", dialect="kusto").status_code == 404
        assert post(web, "SELECT 1", nope="1").status_code == 404

    @pytest.mark.parametrize("auth", [("bi", ""), ("wattlog", PASSWORD)])
    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * FROM file('/etc/hostname', 'LineAsString')",
            "SELECT file('/etc/hostname')",
            "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
            "SELECT * FROM remote('127.0.0.1:1', system.one)",
            "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV')",
            "SELECT * FROM executable('x', 'TSV', 'a Int8')",
            "SELECT * FROM Python(os)",
            "SELECT * FROM eval('SELECT 1')",
            "SELECT * FROM sqlite('x', 'y')",
            "SELECT 1 INTO OUTFILE 'harm'",
            "EXPLAIN SELECT 1 INTO OUTFILE 'harm'",
            "INSERT INTO FUNCTION file('harm', 'CSV', 'a Int8') VALUES (1)",
            "INSERT INTO {t} FROM INFILE '/etc/hostname' FORMAT CSV",
            "CREATE TABLE x AS url('http://127.0.0.1:1/', 'CSV', 'a Int8')",
        ],
    )
    def test_reach_nothing_beyond_the_tables(
        self, web: httpx.Client, table: str, query: str, auth: tuple[str, str]
    ) -> None:
        answer = web.post("/", content=query.replace("{t}", table), auth=auth)
        assert answer.status_code == 403, answer.text
        assert not Path("harm").exists()

    def test_without_a_password_are_not_for_web_pages(self, web: httpx.Client) -> None:
        asked = {"query": "SELECT 1"}
        assert web.get("/", params=asked, headers={"Origin": "https://evil.example"}).status_code == 403
        assert web.get("/", params=asked, headers={"Host": "evil.example"}).status_code == 403


class TestHostileInput:
    @pytest.fixture(autouse=True)
    def unharmed(self, web: httpx.Client) -> Iterator[None]:
        yield
        assert web.get("/", params={"query": "SELECT 1"}).text == "1\n"

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
            "SELECT " + "[" * 5_000,
            "SELECT 1 " + "+1" * 50_000,
            "SELECT 1 " + "UNION ALL SELECT 1 " * 5_000,
            "SELECT '" + "a" * 300_000 + "'",
            "SELECT " + "not " * 20_000 + "1",
            "SELECT repeat('a', 10000000000)",
            "SELECT arrayJoin(range(100000000))",
            "SELECT groupArray(number) FROM numbers(10000000000)",
            "SELECT reverse(randomString(1000000000))",
            "SELECT repeat('a', 1000000) FROM numbers(1000000) FORMAT JSON",
            "SELECT count() FROM numbers(1000000000000)",
            "SELECT sleepEachRow(1) FROM numbers(100)",
            "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT count() FROM x",
            "SELECT throwIf(1)",
            "exit",
            "quit;",
            "\\q",
            "SELECT 1 FORMAT Nope",
            "SELECT {",
            "SELECT {a:Int32}",
            "' OR 1=1 --",
            "\u202e\u0000",
        ],
        ids=lambda query: query[:40],
    )
    def test_is_answered_with_an_error(self, web: httpx.Client, query: str) -> None:
        for params in ({}, {"wait_end_of_query": "1"}):
            answer = web.post("/", params=params, content=query.encode())
            assert answer.status_code >= 400, answer.text[:200]
            assert int(answer.headers["X-ClickHouse-Exception-Code"])

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(st.sampled_from("SELECT FROM INSERT(),;'`\"{}[]*.:=-/\n\\$#@1aé"), max_size=60))
    def test_of_any_kind_is_answered(self, web: httpx.Client, query: str) -> None:
        answer = post(web, query.encode(), max_execution_time="2")
        assert answer.status_code == 200 or "X-ClickHouse-Exception-Code" in answer.headers

    def test_in_a_body_that_is_too_large_is_refused(self, web: httpx.Client) -> None:
        assert web.post("/", content=b"SELECT 1 -- " + b"x" * (2 << 20)).status_code == 413
        assert post(web, b"INSERT INTO t FORMAT CSV\n" + b"x" * (9 << 20)).status_code == 413

    def test_in_a_bomb_is_refused(self, web: httpx.Client) -> None:
        bomb = gzip.compress(bytes(100 << 20))
        assert web.post("/", content=bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
        assert web.post("/", content=b"SELECT 1", headers={"Content-Encoding": "gzip"}).status_code == 500

    @pytest.mark.parametrize(
        "data",
        [
            b"rubbish\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /?" + b"a" * 2_000_000 + b" HTTP/1.1\r\n",
            b"GET /?query=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /%zz?%zz=%zz HTTP/1.1\r\nHost: localhost\r\nX: \xff\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nSELECT",
        ],
        ids=lambda data: repr(data[:30]),
    )
    def test_on_the_socket_harms_nobody(self, server: ChdbServer, data: bytes) -> None:
        port = int(server.clickhouse.clickhouse_url.rpartition(":")[2])
        with hung_up_on(), socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    def test_that_keeps_all_readers_busy_does_not_hold_up_the_writer(self, web: httpx.Client, table: str) -> None:
        with flock(web, 6):
            assert post(web, f"INSERT INTO {table} VALUES (1, 'x')").status_code == 200

    def test_in_flocks_is_told_to_come_back(self, web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(chdb_server, "_MAX_WAITING", 5)
        with flock(web, 12) as answers:
            pass
        assert set(answers) == {408, 503}


@contextmanager
def hung_up_on() -> Iterator[None]:
    """The server may close before it has read all: even `shutdown` may find no connection any more (ENOTCONN)."""
    try:
        yield
    except ConnectionError:
        return
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


@contextmanager
def flock(web: httpx.Client, size: int) -> Iterator[list[int]]:
    """Slow queries of a reader, all at once; the status of each at the end."""
    slow = {"query": "SELECT count() FROM numbers(1000000000000)"}
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(httpx.get(web.base_url, params=slow, timeout=60).status_code)
        )
        for _ in range(size)
    ]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        for thread in threads:
            thread.join()


class TestDatabase:
    def test_survives_an_engine_that_would_break_it(self, tmp_path: Path, server: ChdbServer) -> None:
        """Runs in a process of its own, since one process holds one database."""
        code = f"""
from pathlib import Path
from services.runtime.clickhouse import *
from services.runtime.embedded.chdb_server import ChdbServer
from clickhouse_connect.driver.exceptions import DatabaseError
data_dir = Path({str(tmp_path)!r})
for _ in range(2):
    with ChdbServer(ClickHouseSettings("http://127.0.0.1:0"), ClickHouseWriter(), data_dir) as server:
        client = connect_writer(server.clickhouse, ClickHouseWriter())
        for engine in ("Kafka", "`Kafka`", "/* */Kafka()", "Kafka SETTINGS kafka_broker_list = '127.0.0.1:1'"):
            try:
                client.command("CREATE TABLE k (a Int8) ENGINE=" + engine)
            except DatabaseError as error:
                print(error.code, "MergeTree family" in str(error))
"""
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
        )
        assert done.stdout.splitlines() == ["497 True"] * 8, done.stderr

    def test_cannot_be_opened_by_a_second_process(self, server: ChdbServer) -> None:
        code = f"""
from pathlib import Path
from services.runtime.clickhouse import *
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.embedded.problems import CannotStart
data_dir = Path({str(server.data_dir)!r})
try:
    ChdbServer(ClickHouseSettings("http://127.0.0.1:0"), ClickHouseWriter(), data_dir).start()
except CannotStart as error:
    print(error)
"""
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
        )
        assert "stop the other process" in done.stdout

    def test_is_not_opened_when_the_port_is_taken(self, server: ChdbServer, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match="cannot listen on"):
            ChdbServer(server.clickhouse, WRITER, tmp_path).start()
        assert not (tmp_path / "clickhouse").exists()

    def test_cannot_be_in_a_directory_with_a_question_mark(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match="question mark"):
            ChdbServer(ANYWHERE, WRITER, tmp_path / "a?b").start()
