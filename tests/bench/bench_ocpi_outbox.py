"""How a million changes that wait for one partner are told, and what it is to what happens meanwhile.

The partner was away; a second one is well. The push process is one of its own, as started by `wattlog ocpi-push`,
with a real Kafka; the partners answer at once, from this process. What happens now is a record every half second
for each partner, and how long it takes from there to the partner is measured; what waits is told meanwhile, and
how long all of it would take follows from that. Run alone with `python -m tests.bench --only ocpi_outbox`; it
takes two minutes (`--quick`: 50,000).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Producer

from services.domain.events.delivery import PushQueued
from services.domain.events.session import Session
from services.domain.ids import derived_id
from services.runtime.codec import Codec
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from tests.integration.ocpi_case import say
from tests.integration.push_case import Answer, Receiver, environment, issued, prepared, told_at, until
from tests.unit.ocpi.facts import START, TENANT, session, token

ROOT = Path(__file__).resolve().parents[2]
WAITING = 1_000_000
NEWS = 60
EVERY_S = 0.5
LIVE_BAR_S = 5.0
PATIENCE_S = 900.0

Figure = dict[str, Any]


class Counting(Receiver):
    """A partner that keeps no more than when it was told which record, and how much else."""

    def __init__(self) -> None:
        super().__init__()
        self.told_at: dict[str, float] = {}
        self.others = 0

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if method == "POST":
            with self._lock:
                self.told_at[body.partition(b'"id":"')[2][:36].decode()] = time.monotonic()
        elif method == "PUT":
            with self._lock:
                self.others += 1
        return Answer()


def queue(kafka: KafkaSettings, number: int) -> None:
    """What the fold says of so many sessions of some time ago."""
    codec = Codec()
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "linger.ms": 50})
    known = session()
    for each in range(number):
        name = derived_id("session", each)
        push = PushQueued(
            tenant=TENANT, partner_id="NL-TNM", push_id=name, module="sessions", object_id=name,
            cause=Session.FULL_NAME, version=1, changed_at=START,
            state=codec.encode(replace(known, session_id=name)),
        )  # fmt: skip
        while True:
            try:
                producer.produce(kafka.topic_prefix + PushQueued.TOPIC, codec.encode(push), push.key)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


@contextmanager
def pushing(kafka: KafkaSettings, data_dir: Path) -> Iterator[psutil.Process]:
    """The push process."""
    told = os.environ | environment(kafka, data_dir)
    process = subprocess.Popen([sys.executable, "-m", "services", "ocpi-push"], env=told, cwd=ROOT)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def delays(kafka: KafkaSettings, first: int, partners: dict[str, Counting]) -> list[float]:
    """Seconds from a record's being issued to its being told, for records of both partners."""
    issued_at: dict[str, tuple[Counting, float]] = {}
    for number in range(first, first + NEWS):
        for contract, counting in partners.items():
            news = issued(number, int(time.time() * 1000), contract_id=f"{contract}C{number:08}X")
            news = replace(news, cdr_id=derived_id(contract, number))
            news = replace(news, detail=replace(news.detail, cdr_id=news.cdr_id))
            issued_at[news.cdr_id] = counting, time.monotonic()
            say(kafka, news)
        time.sleep(EVERY_S)
    until(lambda: all(name in counting.told_at for name, (counting, _) in issued_at.items()), PATIENCE_S)
    return [counting.told_at[name] - at for name, (counting, at) in issued_at.items()]


def figure(name: str, value: float, unit: str, bar: float | None = None) -> Figure:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "ok": None if bar is None else value <= bar}


def watched(kafka: KafkaSettings, data_dir: Path, number: int) -> list[Figure]:
    """From the start of the process until the last of the news was told."""
    back, well = Counting(), Counting()
    say(kafka, told_at(back.url, data_dir), token())
    say(kafka, told_at(well.url, data_dir, country_code="DE", party_id="ABC", partner_id="DE-ABC"))
    try:
        began = time.monotonic()
        with pushing(kafka, data_dir) as process:
            until(lambda: back.others, PATIENCE_S)
            read_s = time.monotonic() - began
            told, then, before = back.others, time.monotonic(), process.cpu_times()
            partners = {"NLTNM": back, "DEABC": well}
            took = delays(kafka, 0, partners)
            done = back.others - told
            rate = done / (time.monotonic() - then)
            memory_mib = process.memory_info().rss / 2**20
            spent = process.cpu_times()
    finally:
        back.close()
        well.close()
    return [
        figure("the first that waited is told after", read_s, "s"),
        figure("news while they wait, median", statistics.median(took), "s"),
        figure("news while they wait, slowest", max(took), "s", LIVE_BAR_S),
        figure("told meanwhile", rate, "changes/s"),
        figure("all would be told within", number / rate / 60, "min"),
        figure("CPU per change", (spent.user + spent.system - before.user - before.system) / done * 1000, "ms"),
        figure("memory", memory_mib, "MiB"),
    ]


def measure(quick: bool = False) -> list[Figure]:
    """All figures, with a broker of its own."""
    number = 50_000 if quick else WAITING
    port, controller_port = free_ports(2)
    jars = ROOT / ".wattlog" / "kafka"
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory)
        with EmbeddedKafka(data_dir / "kafka", port, controller_port, jars_dir=jars) as broker:
            kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
            prepared(kafka)
            queue(kafka, number)
            return watched(kafka, data_dir, number)
