"""ClickHouse for every process: settings, clients, migrations, and inserts that can be repeated.

The same code speaks to a ClickHouse server and to the embedded one (services.runtime.embedded.chdb_server).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import httpx
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from clickhouse_connect.driver.httputil import get_pool_manager
from pyarrow.lib import Table

from services.domain.failures import TryAgain
from services.runtime.clickhouse_sql import statements
from services.runtime.settings import setting

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PASSING = frozenset({159, 202, 209, 210, 225, 236, 241, 242, 252, 319, 999})
"""ClickHouse's error codes that pass by themselves: timeouts, too many queries or parts, memory, replication."""

_INSERT_SETTINGS = {
    # Rows of one key within a batch are left for the merges and FINAL: that makes inserts half as fast again.
    "optimize_on_insert": 0,
    # Kafka may be read again from years ago.
    "max_partitions_per_insert_block": 0,
}

_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    name String COMMENT 'File name of the migration',
    checksum String COMMENT 'SHA-256 of the file, lower-case hex',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY name
COMMENT 'Which migrations this database has had'
"""


class Unreachable(TryAgain):
    """No ClickHouse answers at the address."""


class Refused(Exception):
    """ClickHouse's answer to a statement that failed, in its words."""


class ChangedMigration(Exception):
    """A migration that was applied is not the file that it was."""


@dataclass(frozen=True, slots=True)
class ClickHouseSettings:
    """Where ClickHouse is, and as whom processes read it."""

    clickhouse_url: str = setting("http://127.0.0.1:8123", "ClickHouse's HTTP interface")
    clickhouse_database: str = setting("wattlog", "database of all tables")
    clickhouse_user: str = setting("bi", "user that reads")
    clickhouse_password: str = setting("", "password of the user that reads")


@dataclass(frozen=True, slots=True)
class ClickHouseWriter:
    """As whom the analytics process writes."""

    clickhouse_writer: str = setting("wattlog", "user that creates tables and inserts")
    clickhouse_writer_password: str = setting("", "password of the user that writes")


def connect(settings: ClickHouseSettings) -> Client:
    """A client that reads, for any number of threads; Unreachable when nothing answers."""
    return _client(
        settings.clickhouse_url,
        settings.clickhouse_user,
        settings.clickhouse_password,
        settings.clickhouse_database,
    )


def connect_writer(settings: ClickHouseSettings, writer: ClickHouseWriter) -> Client:
    """A client that writes; creates the database if it is not there. Unreachable when nothing answers."""
    client = _client(
        settings.clickhouse_url, writer.clickhouse_writer, writer.clickhouse_writer_password, database=None
    )
    client.command(f"CREATE DATABASE IF NOT EXISTS {_quoted(settings.clickhouse_database)}")
    client.database = settings.clickhouse_database
    return client


def _client(url: str, user: str, password: str, database: str | None) -> Client:
    parts = urlsplit(url)
    local = _is_local(url)
    try:
        return clickhouse_connect.get_client(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (8443 if parts.scheme == "https" else 8123),
            secure=parts.scheme == "https",
            username=user,
            password=password,
            database=database,
            compress=not local,
            autogenerate_session_id=False,
            pool_mgr=get_pool_manager() if local else None,
        )
    except OperationalError as error:
        raise _unreachable(url) from error
    except DatabaseError as error:
        raise Refused(f"{user} cannot use ClickHouse on {url}: {error}") from error


def ask(settings: ClickHouseSettings, statement: str, output: str) -> tuple[str, bytes]:
    """(format, answer) of one statement as the user that reads; `output` counts unless it names a FORMAT itself.

    Raises Unreachable when nothing answers, Refused with ClickHouse's words when it does not like the statement.
    """
    asked = {
        "database": settings.clickhouse_database,
        "default_format": output,
        "wait_end_of_query": "1",
        "output_format_json_quote_decimals": "1",
    }
    user = {"X-ClickHouse-User": settings.clickhouse_user, "X-ClickHouse-Key": settings.clickhouse_password}
    url = settings.clickhouse_url
    try:
        with httpx.Client(trust_env=not _is_local(url), timeout=httpx.Timeout(5, read=None)) as client:
            answer = client.post(url, params=asked, headers=user, content=statement.encode())
    except httpx.TransportError as error:
        raise _unreachable(url) from error
    if answer.status_code != httpx.codes.OK:
        raise Refused(answer.text.strip())
    return answer.headers.get("X-ClickHouse-Format", output), answer.content


def query(settings: ClickHouseSettings, statement: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a statement whose `{name:Type}` are filled in by ClickHouse; raises as `ask`."""
    client = connect(settings)
    try:
        return list(client.query(statement, parameters=dict(parameters)).named_results())
    except OperationalError as error:
        raise _unreachable(settings.clickhouse_url) from error
    except DatabaseError as error:
        raise Refused(str(error)) from error
    finally:
        client.close()


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in _LOOPBACK


def _unreachable(url: str) -> Unreachable:
    return Unreachable(f"no ClickHouse answers on {url}: start it with `make up`, or set WATTLOG_CLICKHOUSE_URL")


def pending(client: Client, directory: Path) -> list[str]:
    """The migrations that the database has not had; all of them when nothing can be in it."""
    done: set[str] = set()
    if client.command("EXISTS TABLE schema_migrations"):
        done = {name for (name,) in client.query("SELECT name FROM schema_migrations FINAL").result_rows}
    return [file.name for file in _files(directory) if file.name not in done]


def _files(directory: Path) -> list[Path]:
    return sorted(directory.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def migrate(client: Client, directory: Path) -> list[str]:
    """Apply the files of `directory` (NNNN_<what>.sql, in order) that the database has not had; their names.

    A file's statements must bear being run again, as after a crash between them: CREATE … IF NOT EXISTS.
    ChangedMigration when a file that was applied has been edited since: add a new file instead.
    """
    client.command(_HISTORY)
    history = client.query("SELECT name, checksum FROM schema_migrations FINAL").result_rows
    done: dict[str, str] = {name: checksum for name, checksum in history}
    applied = []
    for file in _files(directory):
        text = file.read_text(encoding="utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if done.get(file.name, checksum) != checksum:
            raise ChangedMigration(
                f"{file.name} was edited after it had been applied: undo that, and add a new file"
            )
        if file.name in done:
            continue
        for statement in statements(text):
            client.command(statement)
        client.insert("schema_migrations", [[file.name, checksum]], column_names=["name", "checksum"])
        applied.append(file.name)
    return applied


def dedup_token(ranges: Iterable[tuple[str, int, int, int]]) -> str:
    """Names an insert by the Kafka records in it: (topic, partition, first offset, last offset) of each partition.

    Doing the same insert again, as when its answer was lost, then changes nothing.
    """
    text = ",".join(f"{topic}-{partition}-{first}-{last}" for topic, partition, first, last in sorted(ranges))
    return text if len(text) <= 256 else hashlib.sha256(text.encode()).hexdigest()


def insert_arrow(client: Client, table: str, rows: Table, token: str) -> None:
    """Insert once per `token`, whose columns are matched by name.

    Raises TryAgain for what passes by itself (ClickHouse is away or overloaded), else clickhouse-connect's error.
    """
    try:
        client.insert_arrow(table, rows, settings={"insert_deduplication_token": token, **_INSERT_SETTINGS})
    except OperationalError as error:
        raise TryAgain(f"ClickHouse does not answer: {error}") from error
    except DatabaseError as error:
        if error.code in _PASSING:
            raise TryAgain(f"ClickHouse cannot take it now: {error}") from error
        raise


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
