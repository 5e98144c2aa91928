"""Kills, stops, freezes and multiplies workers at random while events come in, then counts what was lost.

`python -m tests.chaos.crash_test --seed 42 --kills 100 --events 1000000 --path faust` starts a broker of its own
(or takes the one given by --bootstrap), prints an anomaly table, writes build/chaos.json, and exits with 1 if
anything was lost or wrong.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from services.runtime import topics
from services.runtime.bus import producer_config
from services.runtime.settings import KafkaSettings
from tests.chaos.checker import Anomalies, Expected, check
from tests.chaos.own_broker import own_broker
from tests.chaos.workload import (
    BAD_EVERY,
    PROCESSOR,
    LightCodec,
    Progressed,
    Reading,
    SessionNow,
    readings,
)

PARTITIONS = 4
_DRAIN_S = 180.0
_FREEZE_S = 11.0
"""Longer than the session timeout of the workers."""


@dataclass(frozen=True)
class Plan:
    """What to do to the workers."""

    seed: int = 42
    kills: int = 100
    events: int = 1_000_000
    path: str = "faust"
    mean_pause_s: float = 4.0
    freezes: bool = False


class Loader(threading.Thread):
    """Sends readings in small steps up to what `allow` permits, with a bad record now and then."""

    def __init__(self, kafka: KafkaSettings, events: int, seed: int) -> None:
        super().__init__(name="loader", daemon=True)
        self.sent = 0
        self.bad = 0
        self._kafka = kafka
        self._events = events
        self._random = random.Random(seed)
        self._allowed = 0.0

    def allow(self, share: float) -> None:
        """Let this share of all events be sent by and by."""
        self._allowed = share

    def run(self) -> None:
        producer = Producer(producer_config(self._kafka, **{"linger.ms": 5}))
        encode, topic = LightCodec().encode, self._kafka.topic_prefix + Reading.TOPIC
        step = max(self._events // 5_000, 20)
        while self.sent < self._events:
            if self.sent >= self._allowed * self._events:
                time.sleep(0.01)
                continue
            for reading in readings(self.sent, min(step, self._events - self.sent)):
                producer.produce(topic, encode(reading), reading.key)
                if (self.sent + 1) % BAD_EVERY == 0:
                    producer.produce(topic, b"\xc1 not a reading", reading.key)
                    self.bad += 1
                self.sent += 1
            producer.poll(0)
            time.sleep(self._random.random() * 0.05)
        producer.flush()


class Fleet:
    """The worker processes; one that ends by itself is started again, as a supervisor would."""

    def __init__(self, kafka: KafkaSettings, path: str, home: Path, log: IO[bytes]) -> None:
        self.exits = 0
        self._kafka = kafka
        self._path = path
        self._home = home
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._running)

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.chaos.worker", self._kafka.bootstrap_servers]
        arguments = [self._kafka.topic_prefix, str(self._home / name), name, self._path]
        self._running[name] = subprocess.Popen(command + arguments, stdout=self._log, stderr=self._log)

    def send(self, name: str, number: signal.Signals) -> None:
        self._running[name].send_signal(number)

    def end(self, name: str, number: signal.Signals) -> None:
        """Send a signal that ends a worker, and wait until it has."""
        process = self._running.pop(name)
        process.send_signal(number)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            self.exits += 1
            process.kill()
            process.wait()

    def wipe(self, name: str) -> None:
        shutil.rmtree(self._home / name, ignore_errors=True)

    def tend(self) -> None:
        """Start again what has ended by itself."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.exits += 1
                self.start(name)


class Chaos:
    """Random acts against the fleet until enough kills are done."""

    def __init__(self, plan: Plan, fleet: Fleet, loader: Loader) -> None:
        self.acts: Counter[str] = Counter()
        self._plan = plan
        self._fleet = fleet
        self._loader = loader
        self._random = random.Random(plan.seed)

    def run(self) -> None:
        while self.acts["kill -9"] < self._plan.kills:
            self._loader.allow((self.acts["kill -9"] + 1) / (self._plan.kills + 1))
            self._wait(min(self._random.expovariate(1 / self._plan.mean_pause_s) + 0.1, 15))
            name = self._random.choice(self._fleet.names)
            self._act(name, alone=len(self._fleet.names) == 1)
            print(f"\r{dict(self.acts)} loaded {self._loader.sent:,}", end="", flush=True)
        self._loader.allow(1)
        print()

    def _act(self, name: str, *, alone: bool) -> None:
        other = "w2" if name == "w1" else "w1"
        weights = (70, 8, 16, 6 if self._plan.freezes else 0)
        match self._random.choices(("kill", "stop", "scale", "freeze"), weights)[0]:
            case "kill":
                self._kill(name)
                self._fleet.start(name)
            case "stop":
                self.acts["stop"] += 1
                self._fleet.end(name, signal.SIGTERM)
                self._fleet.start(name)
            case "scale" if alone:
                self.acts["second worker"] += 1
                self._fleet.start(other)
            case "scale":
                self.acts["worker gone"] += 1
                self._fleet.end(name, signal.SIGTERM if self._random.random() < 0.5 else signal.SIGKILL)
            case "freeze" if not alone:
                self.acts["freeze"] += 1
                self._fleet.send(name, signal.SIGSTOP)
                self._wait(_FREEZE_S)
                self._fleet.send(name, signal.SIGCONT)

    def _kill(self, name: str) -> None:
        self.acts["kill -9"] += 1
        self._fleet.end(name, signal.SIGKILL)
        if self._random.random() < 0.15:
            self.acts["disk wiped"] += 1
            self._fleet.wipe(name)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._fleet.tend()
            time.sleep(0.05)


def crash_test(kafka: KafkaSettings, plan: Plan) -> tuple[Anomalies, dict[str, int]]:
    """Run the plan on topics of its own; the anomalies and how often each act was done."""
    run_kafka = KafkaSettings(kafka.bootstrap_servers, f"{kafka.topic_prefix}chaos-{time.time_ns():x}-")
    _create_topics(run_kafka)
    home = Path(tempfile.mkdtemp(prefix="wattlog-chaos-"))
    loader = Loader(run_kafka, plan.events, plan.seed)
    with (home / "workers.log").open("wb") as log:
        fleet = Fleet(run_kafka, plan.path, home, log)
        fleet.start("w1")
        loader.start()
        chaos = Chaos(plan, fleet, loader)
        try:
            chaos.run()
            loader.join()
            _drain(run_kafka, fleet)
        finally:
            for name in fleet.names:
                fleet.end(name, signal.SIGTERM)
    expected = Expected.of(readings(0, plan.events))
    anomalies = check(run_kafka, expected, loader.bad)
    if anomalies.clean:
        shutil.rmtree(home)
    else:
        print(f"the workers' log is {home / 'workers.log'}, the topics begin with {run_kafka.topic_prefix}")
    return anomalies, {**chaos.acts, "ended by themselves": fleet.exits}


def _create_topics(kafka: KafkaSettings) -> None:
    wanted = [
        NewTopic(kafka.topic_prefix + name, PARTITIONS, 1)
        for name in (Reading.TOPIC, Progressed.TOPIC, SessionNow.TOPIC)
    ]
    topics.ensure(kafka, wanted)


def _drain(kafka: KafkaSettings, fleet: Fleet) -> None:
    """Wait until the group has committed everything."""
    group = Consumer(
        {"bootstrap.servers": kafka.bootstrap_servers, "group.id": kafka.topic_prefix + PROCESSOR.group}
    )
    partitions = [TopicPartition(kafka.topic_prefix + Reading.TOPIC, p) for p in range(PARTITIONS)]
    ends = {p.partition: group.get_watermark_offsets(p, 30)[1] for p in partitions}
    until = time.monotonic() + _DRAIN_S
    while time.monotonic() < until:
        fleet.tend()
        if all(p.offset >= ends[p.partition] for p in group.committed(partitions, 30)):
            break
        time.sleep(0.2)
    else:
        print("the group did not catch up")
    group.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--path", choices=("faust", "librdkafka", "stock"), default="faust")
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between two acts")
    parser.add_argument("--freezes", action="store_true", help="also freeze workers until others take over")
    parser.add_argument("--bootstrap", default="", help="a broker that runs; default: one started for this test")
    chosen = parser.parse_args()
    plan = Plan(chosen.seed, chosen.kills, chosen.events, chosen.path, chosen.pause, chosen.freezes)
    started = time.monotonic()
    with own_broker(chosen.bootstrap) as bootstrap:
        anomalies, acts = crash_test(KafkaSettings(bootstrap), plan)
    seconds = round(time.monotonic() - started)
    result = {"plan": asdict(plan), "acts": acts, "anomalies": asdict(anomalies), "seconds": seconds}
    Path("build").mkdir(exist_ok=True)
    Path("build/chaos.json").write_text(json.dumps(result | {"clean": anomalies.clean}, indent=2))
    print(f"{plan.path}, seed {plan.seed}, {seconds} s: {acts}\n{anomalies.table()}")
    return 0 if anomalies.clean else 1


if __name__ == "__main__":
    sys.exit(main())
