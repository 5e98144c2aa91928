"""How long a reading takes from its frame to a row in ClickHouse, and to the session event that follows from it.

Readings are due at a constant rate and latency counts from when each was due: a slow answer delays no clock. A row
counts when a query returns it (asked every 100 ms), an event when a consumer has it in its hands.
"""

import asyncio
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvloop
from confluent_kafka import Consumer, TopicPartition

from services.domain.events.session import SessionUpdated
from services.domain.events.token import Token
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, connect
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.view import View
from services.simulator import registry
from services.simulator.load import Sent, constant_rate
from services.simulator.station import StationSpec
from tests.bench.own_stack import environment, running

RATE_PER_S = 500
STATIONS = 250
ROW_P99_BAR_MS = 1_000
EVENT_P99_BAR_MS = 100
_SETTLE_S = 10.0
_ROWS_SQL = """
SELECT station_id, max(value) AS register_wh FROM meter_readings
WHERE tenant = %(tenant)s AND startsWith(station_id, %(prefix)s) AND measurand = 'Energy.Active.Import.Register'
GROUP BY station_id
"""

Figure = dict[str, Any]
Seen = dict[tuple[str, Decimal], float]
"""(station, register in Wh) -> epoch milliseconds at which it was first there."""


@dataclass(frozen=True)
class Addresses:
    """A running stack."""

    ocpp_url: str
    kafka: KafkaSettings
    clickhouse: ClickHouseSettings
    tenant: str


def measure(quick: bool = False, addresses: Addresses | None = None) -> list[Figure]:
    """p50 and p99 of both ways in ms, against the stack at `addresses` or one that is started for this."""
    seconds = 10.0 if quick else 30.0
    if addresses is not None:
        return uvloop.run(_measured(addresses, seconds))
    with tempfile.TemporaryDirectory(prefix="wattlog-latency-") as folder:
        settings = environment(Path(folder))
        with running(settings):
            own = Addresses(
                settings["WATTLOG_OCPP_URL"],
                load(KafkaSettings, settings),
                load(ClickHouseSettings, settings),
                load(CommonSettings, settings).tenant,
            )
            return uvloop.run(_measured(own, seconds))


async def _measured(addresses: Addresses, seconds: float) -> list[Figure]:
    prefix = f"LAT-{now_ms()}"
    specs = [spec for spec in registry.fleet_specs(2 * STATIONS, prefix, "bench") if spec.protocol == "ocpp2.0.1"]
    token_uid = registry.token_uids(1)[0]
    await asyncio.to_thread(_register, addresses, specs, token_uid)
    rows, events = Seen(), Seen()
    with _watching(lambda stop: _watch_rows(addresses, prefix, rows, stop)):
        with _watching(lambda stop: _watch_events(addresses, prefix, events, stop)):
            sent = await constant_rate(addresses.ocpp_url, specs, token_uid, RATE_PER_S, seconds)
            await _until(lambda: all((item.station_id, item.register_wh) in events for item in sent))
        await _until(lambda: _rows_complete(sent, rows))
    answered = [item.answered_at_ms - item.due_at_ms for item in sent]
    return [
        _figure("latency, reading to answer, p99", _percentile(answered, 99), None),
        *_figures("latency, reading to session event", sent, events, EVENT_P99_BAR_MS),
        *_figures("latency, reading to row in ClickHouse", sent, _filled(sent, rows), ROW_P99_BAR_MS),
    ]


def _register(addresses: Addresses, specs: Sequence[StationSpec], token_uid: str) -> None:
    """Announce stations and card, and wait until the whitelist has the card."""
    now = now_ms()
    states = registry.station_states(
        specs, addresses.tenant, lambda secret: registry.password_hash(secret, b"bench".ljust(16)), now
    )
    tokens = registry.token_registrations([token_uid], addresses.tenant, now)
    publish_sync(addresses.kafka, Codec(), [*registry.site(addresses.tenant, now), *states, *tokens])
    known: View[Token] = View(addresses.kafka, Codec(), Token.TOPIC)
    known.start()
    deadline = time.monotonic() + 30
    while known.get(f"{addresses.tenant}/{token_uid}") is None and time.monotonic() < deadline:
        time.sleep(0.1)
    known.stop()
    time.sleep(1)


@contextmanager
def _watching(watch: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def _watch_rows(addresses: Addresses, prefix: str, seen: Seen, stop: threading.Event) -> None:
    """Note the highest register of each station whenever it has grown; registers grow with every reading."""
    client = connect(addresses.clickhouse)
    while not stop.wait(0.1):
        found = client.query(_ROWS_SQL, parameters={"tenant": addresses.tenant, "prefix": prefix}).result_rows
        now = time.time_ns() / 1e6
        for station_id, register_wh in found:
            seen.setdefault((station_id, Decimal(register_wh)), now)
    client.close()


def _watch_events(addresses: Addresses, prefix: str, seen: Seen, stop: threading.Event) -> None:
    topic, decode = addresses.kafka.topic_prefix + SessionUpdated.TOPIC, Codec().decode
    consumer = Consumer(
        {"bootstrap.servers": addresses.kafka.bootstrap_servers, "group.id": f"{prefix}", "fetch.wait.max.ms": 10}
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in partitions]
    consumer.assign([TopicPartition(topic, number, end) for number, end in zip(partitions, ends, strict=True)])
    while not stop.is_set():
        for message in consumer.consume(500, 0.02):
            event = decode(message.value() or b"")
            if isinstance(event, SessionUpdated) and event.energy_register_wh is not None:
                seen.setdefault((event.station_id, event.energy_register_wh), time.time_ns() / 1e6)
    consumer.close()


async def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SETTLE_S
    while not done() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)


def _rows_complete(sent: Sequence[Sent], rows: Seen) -> bool:
    highest: dict[str, Decimal] = {}
    for station_id, register_wh in list(rows):
        highest[station_id] = max(register_wh, highest.get(station_id, Decimal(0)))
    return all(highest.get(item.station_id, Decimal(0)) >= item.register_wh for item in sent)


def _filled(sent: Sequence[Sent], rows: Seen) -> Seen:
    """When each reading was there: with the first row of its station that is as high; rows keep their order."""
    filled: Seen = {}
    for station_id in {item.station_id for item in sent}:
        known = sorted((wh, at) for (station, wh), at in rows.items() if station == station_id)
        for item in sorted((i for i in sent if i.station_id == station_id), key=lambda i: i.register_wh):
            while known and known[0][0] < item.register_wh:
                known.pop(0)
            if known:
                filled[station_id, item.register_wh] = known[0][1]
    return filled


def _figures(name: str, sent: Sequence[Sent], seen: Mapping[tuple[str, Decimal], float], bar: int) -> list[Figure]:
    found = [seen.get((item.station_id, item.register_wh)) for item in sent]
    missing = found.count(None)
    if missing or not sent:
        reason = f"{missing} of {len(sent)} readings did not arrive within {_SETTLE_S:g} s"
        return [_figure(f"{name}, p{p}", None, bar if p == 99 else None, reason) for p in (50, 99)]
    taken = [at - item.due_at_ms for at, item in zip(found, sent, strict=True) if at is not None]
    return [
        _figure(f"{name}, p50", _percentile(taken, 50), None),
        _figure(f"{name}, p99", _percentile(taken, 99), bar),
    ]


def _figure(name: str, value: float | None, bar: int | None, reason: str | None = None) -> Figure:
    ok = None if bar is None else value is not None and value <= bar
    shown = {"name": name, "value": None if value is None else round(value, 1), "unit": "ms", "ok": ok}
    shown["bar"] = None if bar is None else f"<= {bar}"
    return shown if reason is None else shown | {"reason": reason}


def _percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that `percent` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
