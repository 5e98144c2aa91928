"""The streaming runtime's figures: events per CPU second on each path, recovery, and the time after a kill -9.

`python -m tests.bench.bench_streaming [--quick] [--events N] [--bootstrap host:port]`; without a broker's address
one is started.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from services.runtime import topics
from services.runtime.bus import producer_config
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.changelog import Changelog
from services.runtime.streaming.recovery import recover
from services.runtime.streaming.store import Store
from tests.bench.streaming_workloads import (
    EVENTS_PER_SESSION,
    Name,
    Workload,
    decode_progressed,
    metered,
    workload,
)

ROOT = Path(__file__).resolve().parents[2]
PARTITIONS = 4
Figure = dict[str, Any]


def measure(quick: bool = False, bootstrap: str = "", events: int = 0) -> list[Figure]:
    """All figures. The long run has 2 million events of 100,000 live sessions; `quick` a tenth of it."""
    count = events or (200_000 if quick else 2_000_000)
    with tempfile.TemporaryDirectory(prefix="wattlog-bench-") as name, _broker(Path(name), bootstrap) as kafka:
        directory = Path(name)
        return [
            *throughput(kafka, directory, "light", count),
            *throughput(kafka, directory, "real", count),
            *recovery(kafka, directory, f"{_prefix(kafka, 'light', 'faust')}", count),
            *restart(kafka, directory),
            *latency(kafka, directory, 10 if quick else 30),
        ]


@contextmanager
def _broker(directory: Path, bootstrap: str) -> Iterator[KafkaSettings]:
    if bootstrap:
        yield KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=f"bench{time.time_ns():x}-")
        return
    port, controller_port = free_ports(2)
    with EmbeddedKafka(directory, port, controller_port, jars_dir=ROOT / ".wattlog" / "kafka") as broker:
        yield KafkaSettings(bootstrap_servers=broker.bootstrap_servers, topic_prefix="bench-")


def _prefix(kafka: KafkaSettings, name: Name, path: str) -> str:
    return f"{kafka.topic_prefix}{name}-{path}-"


def throughput(kafka: KafkaSettings, directory: Path, name: Name, events: int) -> list[Figure]:
    """Events per CPU second of the worker, with states and changelog, on each path over the same events."""
    load, sessions = workload(name), events // EVENTS_PER_SESSION
    rates: dict[str, float] = {}
    for path in ("faust", "librdkafka", "stock"):
        own = KafkaSettings(kafka.bootstrap_servers, _prefix(kafka, name, path))
        count = min(sessions, 1_000) if path == "stock" else sessions
        sent = _load(own, load, count)
        result = _worker(own, directory, path, name, sent)
        rates[path] = result["events"] / result["cpu_s"]
        print(f"  {name} {path}: {result}", flush=True)
    bar = 20_000 if name == "real" else 50_000
    about = f"{name} session fold, {events:,} events"
    return [
        _figure(f"{about}: Faust with the batch data path", rates["faust"], "events/CPU s", bar),
        _figure(f"{about}: plain librdkafka loop", rates["librdkafka"], "events/CPU s"),
        _figure(f"{name} session fold: stock Faust", rates["stock"], "events/CPU s"),
        _figure(f"{about}: Faust path to librdkafka loop", rates["faust"] / rates["librdkafka"], "ratio", 0.8),
        _figure(f"{name} session fold: Faust path to stock Faust", rates["faust"] / rates["stock"], "ratio"),
    ]


def recovery(kafka: KafkaSettings, directory: Path, prefix: str, events: int) -> list[Figure]:
    """Changelog records per CPU second, read into empty stores; the changelog is that of a run before."""
    own = KafkaSettings(kafka.bootstrap_servers, prefix)
    outbox: Any = None
    changelog = Changelog(own, workload("light").processor.changelog, outbox)
    changelog.ensure(PARTITIONS)
    stores = {p: Store(directory / "recovered" / str(p)) for p in range(PARTITIONS)}
    started, used = time.perf_counter(), time.process_time()
    recovered = recover(changelog, stores, lambda: True, time.time_ns() // 1_000_000)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - used
    for store in stores.values():
        store.close()
    about = f"recovery of {recovered.records:,} changelog records of {events:,} events"
    return [
        _figure(about, recovered.records / cpu_s, "records/CPU s", 200_000),
        _figure(f"{about}, wall", recovered.records / seconds, "records/s"),
    ]


def restart(kafka: KafkaSettings, directory: Path, rounds: int = 3) -> list[Figure]:
    """Longest time from kill -9 to the next output, of a worker that is started again at once."""
    own, output = _steady_topics(kafka, "restart-")
    slowest = 0.0
    with Steady(own, per_s=1_000), _worker_of(own, directory) as workers:
        _more_than(own, output, 0)
        for _ in range(rounds):
            time.sleep(3)
            workers[0].kill()
            workers[0].communicate()
            killed_at = time.perf_counter()
            before = _count(own, output)
            workers[0] = _start(own, directory, "faust", "light", 0)
            _more_than(own, output, before)
            slowest = max(slowest, time.perf_counter() - killed_at)
    return [_figure(f"kill -9 to the next output, slowest of {rounds}", slowest, "s", 5, at_most=True)]


def latency(kafka: KafkaSettings, directory: Path, seconds: int) -> list[Figure]:
    """Milliseconds from an event's production to its output's consumption, at 500 events a second."""
    own, output = _steady_topics(kafka, "latency-")
    consumer = Consumer({"bootstrap.servers": own.bootstrap_servers, "group.id": "bench", "fetch.wait.max.ms": 10})
    taken: list[int] = []
    with Steady(own, per_s=500), _worker_of(own, directory):
        _more_than(own, output, 2_000)
        consumer.assign([TopicPartition(output, p, OFFSET_END) for p in range(PARTITIONS)])
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            first = consumer.poll(0.1)
            for message in [first, *consumer.consume(500, 0)] if first else []:
                progressed = decode_progressed(message.value() or b"")
                taken.append(time.time_ns() // 1_000_000 - progressed.at)
    consumer.close()
    p50, p99 = (quantiles(taken, n=100)[number - 1] for number in (50, 99))
    return [
        _figure("event in to output out at 500/s, p50", p50, "ms"),
        _figure("event in to output out at 500/s, p99", p99, "ms", 100, at_most=True),
    ]


def _steady_topics(kafka: KafkaSettings, name: str) -> tuple[KafkaSettings, str]:
    load = workload("light")
    own = KafkaSettings(kafka.bootstrap_servers, kafka.topic_prefix + name)
    _load(own, load, 0)
    return own, own.topic_prefix + load.outputs[0]


class Steady:
    """Sends light events of 2,000 sessions at an even pace for as long as it is entered."""

    def __init__(self, kafka: KafkaSettings, per_s: int) -> None:
        self._kafka = kafka
        self._per_s = per_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Steady":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        load, producer = workload("light"), Producer(producer_config(self._kafka))
        topic, started = self._kafka.topic_prefix + load.processor.inputs[0], time.monotonic()
        number = 0
        while not self._stop.is_set():
            while number < (time.monotonic() - started) * self._per_s:
                seq, session = divmod(number, 2_000)
                event = metered(session, seq, time.time_ns() // 1_000_000)
                producer.produce(topic, load.codec.encode(event), event.key)
                number += 1
            producer.poll(0)
            time.sleep(0.001)
        producer.flush()


def _figure(name: str, value: float, unit: str, bar: float | None = None, *, at_most: bool = False) -> Figure:
    good = None if bar is None else value <= bar if at_most else value >= bar
    return {"name": name, "value": value, "unit": unit, "bar": bar, "ok": good}


def _load(kafka: KafkaSettings, load: Workload, sessions: int) -> int:
    """Create the topics and send the events of so many sessions; how many those were."""
    names = [*load.processor.inputs, *load.outputs]
    topics.ensure(kafka, [NewTopic(kafka.topic_prefix + name, PARTITIONS, 1) for name in names])
    return _send(kafka, load, sessions)


def _send(kafka: KafkaSettings, load: Workload, sessions: int) -> int:
    producer = Producer(producer_config(kafka, **{"linger.ms": 20, "batch.size": 262_144}))
    encode, topic = load.codec.encode, kafka.topic_prefix + load.processor.inputs[0]
    count = 0
    for event in load.events(sessions):
        while True:
            try:
                producer.produce(topic, encode(event), event.key)
                break
            except BufferError:
                producer.poll(0.05)
        count += 1
        if count % 1_000 == 0:
            producer.poll(0)
    producer.flush()
    return count


@contextmanager
def _worker_of(kafka: KafkaSettings, directory: Path) -> "Iterator[list[subprocess.Popen[str]]]":
    """A list with a running light worker on the Faust path; whichever is in it at the end is stopped."""
    workers = [_start(kafka, directory, "faust", "light", 0)]
    try:
        yield workers
    finally:
        workers[0].kill()
        workers[0].communicate()


def _start(kafka: KafkaSettings, directory: Path, path: str, name: str, events: int) -> "subprocess.Popen[str]":
    home = directory / "workers" / kafka.topic_prefix
    command = [sys.executable, "-m", "tests.bench.streaming_worker", kafka.bootstrap_servers, kafka.topic_prefix]
    arguments = [str(home), path, name, str(events)]
    return subprocess.Popen(command + arguments, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _worker(kafka: KafkaSettings, directory: Path, path: str, name: str, events: int) -> dict[str, float]:
    output, _ = _start(kafka, directory, path, name, events).communicate(timeout=1_800)
    result: dict[str, float] = json.loads(output.strip().splitlines()[-1])
    return result


def _count(kafka: KafkaSettings, topic: str) -> int:
    """Records in a topic; 0 while it has no leader yet."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "bench"})
    try:
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, p), 30)[1] for p in range(PARTITIONS))
    except KafkaException:
        return 0
    finally:
        consumer.close()


def _more_than(kafka: KafkaSettings, topic: str, count: int) -> None:
    deadline = time.monotonic() + 120
    while _count(kafka, topic) <= count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"no more than {count} records in {topic}")
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--bootstrap", default="")
    chosen = parser.parse_args()
    for figure in measure(chosen.quick, chosen.bootstrap, chosen.events):
        name, value, unit = figure["name"], figure["value"], figure["unit"]
        print(f"{name:75} {value:>12,.2f} {unit:14} {figure['bar'] or ''} {figure['ok']}")


if __name__ == "__main__":
    main()
