"""How long a partner waits for a page of 100 CDRs out of 5 million, and what it costs.

The records are those of a year, made by ClickHouse from one real one, a tenth of another provider, one in 500
credited later; the questions and the making of the answer are the edge's own, on the route, without the socket.
ClickHouse is the embedded one, in a process of its own as in `make up`: CPU is that of the edge alone. Run alone
with `python -m tests.bench --only ocpi_pull`; the table takes about a minute to fill (`--quick`: 200,000 records).
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from services.analytics.app import MIGRATIONS
from services.domain.equipment import Equipment
from services.domain.units import rfc3339
from services.ocpi.inbound.page_request import page_request
from services.ocpi.outbound import cdrs, locations, pages
from services.ocpi.outbound.told import told
from services.ocpi.store import Store, key_of
from services.ocpi.wire.conversion import Scene
from services.ocpi.wire.envelope import success
from services.ocpi.wire.model import V211, VERSIONS
from services.ocpi.wire.paging import PageRequest
from services.ocpi.wire.parties import Party
from services.runtime import garbage
from services.runtime.clickhouse import ClickHouseSettings, ClickHouseWriter, connect_writer, migrate
from services.runtime.embedded.chdb_server import ChdbServer
from tests.unit.ocpi import facts

RECORDS = 5_000_000
EVERY_MS = 6_300
AT_ONCE = 100_000
BAR_MS = 50
START = facts.START

Figure = dict[str, Any]
Pull = Callable[[PageRequest], int]
"""Answers a request; how many bytes the answer has."""

FILL = """
    INSERT INTO pulled_cdrs (tenant, provider, gone, updated_at, cdr_id, state)
    WITH {start:Int64} + number * {every:Int64} AS at, lower(hex(MD5(toString(number)))) AS id
    SELECT {tenant:String}, if(modulo(number, 10) = 0, 'DE8AA', 'NLTNM'), false,
        fromUnixTimestamp64Milli(at, 'UTC'), id,
        replaceOne(replaceOne({state:String}, {id:String}, id), {updated:String}, toString(at))
    FROM numbers({first:UInt64}, {count:UInt64})"""

CREDIT = """
    INSERT INTO pulled_cdrs (tenant, provider, gone, updated_at, cdr_id, state)
    SELECT tenant, provider, arrayJoin([true, false]) AS gone,
        if(gone, updated_at, updated_at + toIntervalHour(1)), cdr_id, state
    FROM pulled_cdrs WHERE NOT gone AND modulo(cityHash64(cdr_id), 500) = 0"""


def serve(directory: Path, told: Connection) -> None:
    """ClickHouse, until the other end of the pipe is closed."""
    with ChdbServer(ClickHouseSettings("http://127.0.0.1:0"), ClickHouseWriter(), directory) as server:
        told.send(server.clickhouse)
        told.poll(None)


@contextmanager
def clickhouse(directory: Path) -> Iterator[ClickHouseSettings]:
    """An embedded ClickHouse in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(directory, theirs))
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join()


def filled(client: Client, records: int) -> None:
    """The table as the sink leaves it, batch by batch, so that there are parts to be read together."""
    state = facts.cdr()
    values = {
        "start": START,
        "every": EVERY_MS,
        "tenant": state.tenant,
        "state": msgspec.json.encode(state).decode(),
        "id": state.cdr_id,
        "updated": str(state.updated_at),
    }
    for first in range(0, records, AT_ONCE):
        client.command(FILL, parameters=values | {"first": first, "count": min(AT_ONCE, records - first)})
    client.command(CREDIT)


def puller(store: Store, version: str) -> Pull:
    """What the route does with a request that was read, but for the directory and the socket."""
    equipment = [Equipment(facts.station(), facts.station_status(), facts.connection())]
    place = locations.location(facts.location(), equipment, "Wattlog", [])
    scene = Scene(location=place) if version == V211 else Scene()
    station = facts.station()

    def pull(asked: PageRequest) -> int:
        page = store.cdrs(facts.TENANT, Party("NL", "TNM"), asked)
        warnings: list[str] = []
        url, signed = "https://example.com/", version != V211
        made = (
            cdrs.cdr(state, station, "EUR", url, warnings, carries_signed_data=signed) for state in page.objects
        )
        objects = [told(new, "CDR", version, warnings, scene) for new in made]
        assert len(objects) == asked.limit
        pages.headers("https://example.com/", asked, page.total, len(objects), key_of(page.objects[-1]))
        return len(success(objects, START))

    return pull


def figures_of(name: str, pull: Pull, requests: list[PageRequest], bar: float | None) -> list[Figure]:
    """Milliseconds of waiting and of CPU time for these requests."""
    waits, cpus = [], []
    for asked in requests:
        began, cpu = time.perf_counter(), time.process_time()
        pull(asked)
        waits.append((time.perf_counter() - began) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    p99 = statistics.quantiles(waits, n=100)[98]
    ok = None if bar is None else p99 <= bar
    return [
        {"name": f"{name}, median", "value": statistics.median(waits), "unit": "ms", "bar": None, "ok": None},
        {"name": f"{name}, p99", "value": p99, "unit": "ms", "bar": bar, "ok": ok},
        {"name": f"{name}, CPU", "value": statistics.median(cpus), "unit": "ms", "bar": None, "ok": None},
    ]


def requests_of(records: int, times: int) -> dict[str, list[PageRequest]]:
    """First pages of what is new, pages deep in a crawl by its links, and first pages of everything."""
    end = START + records * EVERY_MS
    now = end + 10_000_000
    everything = page_request({"limit": "100"}, now)
    moments = [START + (end - START) * number // (times + 1) for number in range(1, times + 1)]
    deep = [
        replace(everything, after=(at, "8"), total=records, offset=records * number // (times + 1))
        for number, at in enumerate(moments, 1)
    ]
    recent = [
        page_request({"limit": "100", "date_from": rfc3339(end - (200 + n) * EVERY_MS)}, now) for n in range(times)
    ]
    return {"since lately": recent, "deep, by Link": deep, "of everything": [everything] * times}


def measure(quick: bool = False) -> list[Figure]:
    """All figures, against an embedded ClickHouse in this process."""
    records, times = (200_000, 30) if quick else (RECORDS, 200)
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as directory, clickhouse(Path(directory)) as settings:
        client = connect_writer(settings, ClickHouseWriter())
        migrate(client, MIGRATIONS)
        filled(client, records)
        client.close()
        store = Store(settings)
        garbage.calm()
        for version in VERSIONS:
            pull = puller(store, version)
            for name, requests in requests_of(records, times).items():
                figures_of("", pull, requests[:5], None)
                found += figures_of(f"page of CDRs, {version}, {name}", pull, requests, BAR_MS)
        offset = page_request({"limit": "100", "offset": str(records // 2)}, START + records * 2 * EVERY_MS)
        found += figures_of("page of CDRs by offset, half way", puller(store, VERSIONS[0]), [offset] * 50, BAR_MS)
    return found
