"""chDB, the ClickHouse engine in process: runs one statement per connection, with its user's limits."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from chdb.state.sqlitelike import Connection

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
from services.runtime.embedded.problems import CannotStart

MAX_QUERY_BYTES = 262_144
_CACHED_QUERIES = 1_000
_CACHED_QUERY_BYTES = 8_192

STREAMED_FORMATS = frozenset({
    "CSV", "JSONCompactEachRow", "JSONEachRow", "JSONLines", "NDJSON", "Native", "RowBinary", "TSV", "TSVRaw",
    "TabSeparated", "TabSeparatedRaw",
})  # fmt: skip
"""Formats whose blocks, written one after the other, are the format again. Others are put together first."""

_READER_SETTINGS = frozenset({
    "cast_keep_nullable", "date_time_input_format", "date_time_output_format", "extremes", "final", "limit",
    "max_block_size", "max_execution_time", "max_memory_usage", "max_result_rows", "max_rows_to_read",
    "max_threads", "offset", "result_overflow_mode", "session_timezone",
})  # fmt: skip
_READER_PREFIXES = ("join_", "output_format_")
_NEVER_SET = frozenset({"dialect", "readonly"})
"""`dialect` would have the engine read another language than the one that was judged."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_CODE = re.compile(r"Code: (\d+)\. ")
_ERROR_NAME = re.compile(r"\(([A-Z0-9_]+)\)[^()]*(\(version [^()]*\))?\s*$")
_OUR_QUESTION = ": In scope SELECT formatQuerySingleLine("


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use."""

    memory_bytes: int = 1 << 30
    seconds: int = 60
    result_bytes: int = 1 << 29


@dataclass(frozen=True, slots=True)
class Query:
    """One request: a statement, or its beginning with the rest and data in `body`.

    `params` are the server-side parameters, as text in ClickHouse's escaped form.
    """

    statement: bytes
    may_write: bool
    body: bytes = b""
    database: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    default_format: str = "TabSeparated"
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: chunks of `format`, and the counts of ClickHouse's summary as far as they are known."""

    format: str
    chunks: Iterator[bytes]
    summary: Mapping[str, int]
    streamed: bool = False


class ChdbEngine:
    """Owns the database at `path`; only one process can. Thread safe: every query has its own connection."""

    def __init__(self, path: Path, database: str, reader: Limits, writer: Limits) -> None:
        self._path = str(path.absolute())
        self._database = database
        self._limits = {False: reader, True: writer}
        path.mkdir(parents=True, exist_ok=True)
        self._root = self._open()
        self._denied = denied_functions(self._names("table_functions"), self._names("functions"))
        self._judged: Callable[[str, bool], Statement] = lru_cache(_CACHED_QUERIES)(self._judge)
        self.version = str(self._root.query("SELECT version()", "TSV")).strip()
        self._root.query(f"CREATE DATABASE IF NOT EXISTS {quoted_name(database)}")

    def _open(self) -> Any:
        if "?" in self._path:
            raise CannotStart(f"chDB cannot use {self._path}: take a directory without a question mark")
        try:
            return Connection(self._path)
        except RuntimeError as error:
            raise CannotStart(
                f"cannot open the ClickHouse data in {self._path} ({error}): stop the other process that uses it,"
                " or move the directory away and have it built again from Kafka"
            ) from error

    def _names(self, table: str) -> list[str]:
        return str(self._root.query(f"SELECT name FROM system.{table}", "TSV")).split()

    def close(self) -> None:
        """Let go of the database; queries that still run fail."""
        self._root.close()

    def run(self, query: Query) -> Answer:
        """Judge and run one statement; ClickHouseError when it may not run or fails."""
        sql, data = split(query.statement, query.body)
        statement = self._statement(sql, query.may_write)
        if statement.kind is Kind.INSERT_DATA:
            return self._insert(statement, query, data)
        return self._select(statement, query)

    def _statement(self, sql: bytes, may_write: bool) -> Statement:
        if len(sql) > MAX_QUERY_BYTES:
            raise refusal(Code.SYNTAX_ERROR, f"Max query size exceeded: {len(sql)} of {MAX_QUERY_BYTES} bytes")
        try:
            text = sql.decode()
        except UnicodeDecodeError as error:
            raise refusal(Code.SYNTAX_ERROR, f"The statement is not UTF-8: {error.reason}") from error
        if not text.strip() or "\0" in text:
            raise refusal(Code.SYNTAX_ERROR, "Empty query" if not text.strip() else "NUL in the statement")
        if len(sql) <= _CACHED_QUERY_BYTES:
            return self._judged(text, may_write)
        return self._judge(text, may_write)

    def _judge(self, text: str, may_write: bool) -> Statement:
        """Have the engine write the statement its own way, which also proves that it is one statement."""
        packed = base64.b64encode(text.encode()).decode()
        try:
            # As a literal, not as a parameter: parameters of a connection are shared by the threads that use it.
            canonical = self._root.query(f"SELECT formatQuerySingleLine(base64Decode('{packed}'))", "RawBLOB")
        except RuntimeError as error:
            raise _engine_error(error) from None
        return judge(canonical.bytes().decode(), may_write=may_write, denied=self._denied)

    def _connect(self, query: Query, settings: Mapping[str, str]) -> Any:
        """A connection with the query's database and settings; a reader's ends up locked by the engine itself."""
        limits = self._limits[query.may_write]
        chosen = {"session_timezone": "UTC", **_allowed(query), **settings}
        chosen["max_memory_usage"] = _bounded(chosen.get("max_memory_usage", ""), limits.memory_bytes)
        chosen["max_execution_time"] = _bounded(chosen.get("max_execution_time", ""), limits.seconds)
        if not query.may_write:
            chosen["readonly"] = "1"
        connection = Connection(self._path)
        try:
            connection.query(f"USE {quoted_name(query.database or self._database)}")
            connection.query("SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in chosen.items()))
        except RuntimeError as error:
            connection.close()
            raise _engine_error(error) from None
        return connection

    def _select(self, statement: Statement, query: Query) -> Answer:
        output = statement.format or query.default_format
        streamed = query.stream and output in STREAMED_FORMATS and statement.text.startswith(("SELECT", "WITH"))
        if streamed:
            return self._stream(statement, query, output)
        largest = str(self._limits[query.may_write].result_bytes)
        with closing(self._connect(query, {"max_result_bytes": largest})) as connection:
            try:
                result = connection.query(statement.text, output, params=dict(query.params))
            except RuntimeError as error:
                raise _engine_error(error) from None
            summary = {
                "read_rows": result.storage_rows_read(),
                "read_bytes": result.storage_bytes_read(),
                "written_rows": result.rows_written(),
                "written_bytes": result.bytes_written(),
                "result_rows": result.rows_read(),
                "result_bytes": result.size(),
                "elapsed_ns": int(result.elapsed() * 1e9),
            }
            return Answer(output, iter([result.bytes() or b""]), summary)

    def _stream(self, statement: Statement, query: Query, output: str) -> Answer:
        """Start a streamed query; the first block is fetched here, so that early errors become an error status."""
        connection = self._connect(query, {})
        chunks = self._blocks(connection, statement.text, output, dict(query.params))
        first = next(chunks, b"")
        return Answer(output, _then(first, chunks), {}, streamed=True)

    @staticmethod
    def _blocks(connection: Any, sql: str, output: str, params: dict[str, str]) -> Iterator[bytes]:
        with closing(connection):
            try:
                with connection.send_query(sql, output, params=params) as blocks:
                    for block in blocks:
                        yield block.bytes() or b""
            except RuntimeError as error:
                raise _engine_error(error) from None

    def _insert(self, statement: Statement, query: Query, data: bytes) -> Answer:
        params = {f"param_{_plain_name(name)}": value for name, value in query.params.items()}
        with closing(self._connect(query, params)) as connection:
            try:
                inserter = connection.send_insert(statement.text, statement.format or "Values")
                with inserter:
                    inserter.append(data)
                    result = inserter.finish()
            except RuntimeError as error:
                raise _engine_error(error) from None
        summary = {
            "written_rows": result.rows_written,
            "written_bytes": result.bytes_written,
            "elapsed_ns": int(result.elapsed * 1e9),
        }
        return Answer(statement.format or "Values", iter([b""]), summary)


def split(statement: bytes, body: bytes) -> tuple[bytes, bytes]:
    """(statement, data of an INSERT); a body goes on where the statement ends, as in ClickHouse."""
    start = data_start(statement)
    if start is not None:
        return statement[:start], statement[start:] + body
    whole = statement + b"\n" + body if statement and body else statement or body
    start = data_start(whole)
    return (whole, b"") if start is None else (whole[:start], whole[start:])


def _then(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _allowed(query: Query) -> dict[str, str]:
    """The query's settings as far as its user may set them; ClickHouseError for the first that is not allowed."""
    for name in query.settings:
        if not _NAME.fullmatch(name) or name in _NEVER_SET:
            raise refusal(Code.UNKNOWN_SETTING, f"Unknown setting {name}")
        if query.may_write or name in _READER_SETTINGS or name.startswith(_READER_PREFIXES):
            continue
        raise refusal(Code.READONLY, f"Cannot modify '{name}' setting in readonly mode")
    return dict(query.settings)


def _bounded(asked: str, limit: int) -> str:
    """The smaller of what was asked for and the limit, where 0 and what is no number stand for no limit."""
    number = int(asked) if asked.isdecimal() else 0
    return str(min(number or limit, limit or number))


def _plain_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise refusal(Code.BAD_ARGUMENTS, f"{name!r} is no name for a parameter")
    return name


def quoted(value: str) -> str:
    """A ClickHouse string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
    return f"'{escaped}'"


def quoted_name(name: str) -> str:
    """A quoted identifier; ClickHouseError for a name that no database can have."""
    if "\0" in name:
        raise refusal(Code.BAD_ARGUMENTS, "NUL in a name")
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _engine_error(error: RuntimeError) -> ClickHouseError:
    """Code and text from what chDB raised, without the question that we asked its formatter."""
    text = str(error)
    found = _CODE.search(text)
    if found is None:
        return ClickHouseError(Code.UNKNOWN_EXCEPTION, text)
    text = text[found.start() :]
    if _OUR_QUESTION in text:
        name = _ERROR_NAME.search(text)
        text = text.split(_OUR_QUESTION, 1)[0] + (f". ({name[1]})" if name else "")
    return ClickHouseError(int(found[1]), text)
