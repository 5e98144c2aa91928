"""The OCPP edge with 10,000 stations: memory when they are silent, and what a storm of reconnections does.

One edge process with its default limits and a real broker. All stations boot; then all connections break at
once and every station comes back as it likes, again and again when it is told to wait. Meanwhile 100 stations that
stayed connected, in a process of their own, send Heartbeats: how long these wait shows what others feel.
"""

import asyncio
import json
import random
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import uvloop
from picows import WSError

from services.runtime.embedded.pki import Pki
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from tests.bench.bench_ocpp import (
    BOOT,
    ROOT,
    V16,
    StationClient,
    broker,
    connected,
    cpu_s,
    edge,
    figure,
    new_kafka,
    register,
    rss_kib,
    session_frames,
)

STEADY = 100
AT_ONCE = 500
RSS_BAR_KIB, TLS_RSS_BAR_KIB, STORM_BAR, HEARTBEAT_BAR_MS = 13.0, 45.0, 3000.0, 250.0
_BEAT_S = 1.0
_STORM_WITHIN_S = 120.0
Figure = dict[str, Any]


def measure(quick: bool = False) -> list[Figure]:
    """Memory per idle station, boots per CPU second, stations back after a storm, Heartbeats meanwhile."""
    stations = 1_000 if quick else 10_000
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder)) as bootstrap:
        kafka = new_kafka(bootstrap, "scale")
        register(kafka, STEADY + stations)
        with edge(Path(folder), kafka, limits=True) as (port, pid), steady(port) as beats:
            figures = uvloop.run(_storms(port, pid, range(STEADY, STEADY + stations)))
        waited_ms = beats()
        figures.append(_tls(Path(folder), kafka, range(STEADY, STEADY + stations)))
    p99 = quantiles(waited_ms, n=100)[98]
    about = f"Heartbeat of a connected station during storms of {stations:,} ({len(waited_ms):,} sent), p99"
    return [*figures, figure(about, p99, "ms", HEARTBEAT_BAR_MS, p99 <= HEARTBEAT_BAR_MS)]


async def _storms(port: int, pid: int, numbers: range) -> list[Figure]:
    before_kib, cpu, started = rss_kib(pid), cpu_s(pid), time.perf_counter()
    clients = await _all_back(port, numbers)
    cpu, seconds = cpu_s(pid) - cpu, time.perf_counter() - started
    await asyncio.sleep(3)
    kib = (rss_kib(pid) - before_kib) / len(clients)
    for client in clients:
        client.transport.underlying_transport.abort()
    again = time.perf_counter()
    back = await _all_back(port, numbers)
    reconnected_s = time.perf_counter() - again
    for client in back:
        client.transport.disconnect()
    count = len(numbers)
    return [
        figure(f"RSS per idle station, {count:,} connected", kib, "KiB", RSS_BAR_KIB, kib <= RSS_BAR_KIB),
        figure(f"{count:,} boots durable in Kafka", count / cpu, "1/CPU s", STORM_BAR, count / cpu >= STORM_BAR),
        figure(f"{count:,} boots durable in Kafka, wall", count / seconds, "1/s", None, None),
        figure(
            f"{count:,} stations dropped at once: not back", count - len(back), "stations", 0, len(back) == count
        ),
        figure(f"{count:,} stations dropped at once: until all are back", reconnected_s, "s", None, None),
    ]


def _tls(folder: Path, kafka: KafkaSettings, numbers: range) -> Figure:
    """Memory per idle station over TLS, of an edge of its own."""
    pki, (tls_port,) = Pki(folder / "pki"), free_ports(1)
    settings = {
        "WATTLOG_OCPP_TLS_PORT": str(tls_port),
        "WATTLOG_TLS_CERTIFICATE_FILE": str(pki.server_file),
        "WATTLOG_CLIENT_CA_FILE": str(pki.ca_file),
    }
    with edge(folder, kafka, more=settings) as (_, pid):
        kib = uvloop.run(_idle_tls(tls_port, pid, numbers, ssl.create_default_context(cafile=pki.ca_file)))
    about = f"RSS per idle station over TLS, {len(numbers):,} connected"
    return figure(about, kib, "KiB", TLS_RSS_BAR_KIB, kib <= TLS_RSS_BAR_KIB)


async def _idle_tls(port: int, pid: int, numbers: range, tls: ssl.SSLContext) -> float:
    warm = await _all_back(port, numbers[:STEADY], tls)
    before = rss_kib(pid)
    clients = await _all_back(port, numbers[STEADY:], tls)
    await asyncio.sleep(3)
    grown = rss_kib(pid) - before
    for client in [*warm, *clients]:
        client.transport.disconnect()
    return grown / len(clients)


async def _all_back(port: int, numbers: range, tls: ssl.SSLContext | None = None) -> list[StationClient]:
    """Everyone connects and boots; who is refused tries again, as stations do."""
    gate = asyncio.Semaphore(AT_ONCE)
    until = time.monotonic() + _STORM_WITHIN_S

    async def come(number: int) -> StationClient | None:
        while time.monotonic() < until:
            try:
                async with gate:
                    client = await connected(port, number, V16, tls)
                    await client.run(iter(session_frames([("BootNotification", BOOT)], 0)))
            except (WSError, OSError):
                await asyncio.sleep(random.uniform(0.5, 2))
            else:
                return client
        return None

    came = await asyncio.gather(*[come(number) for number in numbers])
    return [client for client in came if client is not None]


class steady:  # noqa: N801  used as a context
    """Stations that stay connected and send Heartbeats, in a process of their own; called: their waits in ms."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __enter__(self) -> "steady":
        command = [sys.executable, "-m", "tests.bench.bench_ocpp_scale", "steady", str(self._port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self

    def __exit__(self, *_: object) -> None:
        self._said, _ = self._process.communicate("stop\n", timeout=60)

    def __call__(self) -> list[float]:
        waits: list[float] = json.loads(self._said)
        return waits


async def _beat(port: int) -> None:
    clients = [await connected(port, number, V16) for number in range(STEADY)]
    print("connected", flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    waits: list[float] = []

    async def beat(client: StationClient) -> None:
        while not stop.done():
            await asyncio.sleep(random.uniform(0, 2 * _BEAT_S))
            began = time.perf_counter()
            await client.run(iter(session_frames([("Heartbeat", {})], len(waits))))
            waits.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*[beat(client) for client in clients])
    print(json.dumps(waits), flush=True)


if __name__ == "__main__":
    uvloop.run(_beat(int(sys.argv[2])))
