"""A running OCPI edge for tests: real Kafka, real ClickHouse, a real socket."""

import asyncio
import base64
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client

from services.analytics.app import MIGRATIONS
from services.analytics.rows import rows_of
from services.analytics.tables import TABLES
from services.domain.events.cdr import Cdr, CdrIssued
from services.domain.events.common import CdrStatus
from services.domain.folding import Event
from services.ocpi.app import run
from services.ocpi.settings import OcpiSettings
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect_writer, insert_arrow, migrate
from services.runtime.codec import Codec
from services.runtime.embedded.chdb_server import ChdbServer
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.settings import KafkaSettings
from tests.unit.ocpi.facts import PARTNER_TOKEN

CLIENTS = Path(__file__).resolve().parents[2] / ".wattlog" / "clients" / "bin"


class Warehouse:
    """The tables that the sink fills, filled at once with whatever states a test needs."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inserts = 0

    def put(self, states: Iterable[Event]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for state in with_causes(states):
            for table, its_rows in rows_of(state).items():
                if its_rows:
                    rows.setdefault(table, []).extend(its_rows)
        for table, its_rows in rows.items():
            self._inserts += 1
            filled = pa.Table.from_pylist(its_rows, schema=TABLES[table])
            insert_arrow(self._client, table, filled, f"test-{self._inserts}")

    def empty(self) -> None:
        for table in ("sessions", "cdrs", "pulled_cdrs"):
            self._client.command(f"TRUNCATE TABLE IF EXISTS {table}")


def with_causes(states: Iterable[Event]) -> Iterator[Event]:
    """States, and before those of issued records the events that issued them."""
    for state in states:
        if isinstance(state, Cdr) and state.status is CdrStatus.ISSUED:
            at = state.updated_at
            yield CdrIssued(
                event_id="", tenant=state.tenant, cdr_id=state.cdr_id, detail=state.detail, issued_at=at
            )
        yield state


@contextmanager
def warehouse(data_dir: Path, url: str = "http://127.0.0.1:0") -> Iterator[tuple[Warehouse, ClickHouseSettings]]:
    """An embedded ClickHouse with our tables."""
    with ChdbServer(ClickHouseSettings(url), ClickHouseWriter(), data_dir) as server:
        client = connect_writer(server.clickhouse, ClickHouseWriter())
        migrate(client, MIGRATIONS)
        yield Warehouse(client), server.clickhouse
        client.close()


@contextmanager
def running_edge(kafka: KafkaSettings, clickhouse: ClickHouseSettings, **changes: Any) -> Iterator[OcpiSettings]:
    """The edge's process on an event loop of its own, ready."""
    (port,) = free_ports(1)
    chosen = replace(OcpiSettings(), kafka=kafka, clickhouse=clickhouse, ocpi_port=port, **changes)
    host = Process("ocpi")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(run(chosen, host)), name="ocpi")
    thread.start()
    try:
        while not host.ready:
            assert thread.is_alive()
            thread.join(0.02)
        yield chosen
    finally:
        loop.call_soon_threadsafe(host.stopping.set)
        thread.join(30)
        loop.close()
        assert not thread.is_alive()


def client_program(name: str) -> str:
    """A partner's program: on the PATH, or built once by `make ocpi-client`; the test is skipped without it."""
    found = shutil.which(name, path=f"{CLIENTS}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is not installed: `make ocpi-client` builds it from crates.io (some minutes)")
    return found


def say(kafka: KafkaSettings, *states: Event) -> None:
    publish_sync(kafka, Codec(), states)


def authorization(token: str = PARTNER_TOKEN) -> dict[str, str]:
    return {"Authorization": "Token " + base64.b64encode(token.encode()).decode()}


def client_of(chosen: OcpiSettings, token: str | None = PARTNER_TOKEN) -> httpx.Client:
    """Speaks to the edge with this token in Base64, or with none."""
    headers = {} if token is None else authorization(token)
    return httpx.Client(base_url=chosen.public_url, headers=headers, trust_env=False, timeout=30)
