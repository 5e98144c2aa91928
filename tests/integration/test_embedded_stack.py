"""Kafka and the registry under the supervisor, killed in every way; what they had acknowledged is there again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from services.runtime.embedded.kafka import EmbeddedKafka, answers
from services.runtime.embedded.ports import free_ports, is_free
from services.runtime.embedded.preflight import check
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.supervisor import Service, Supervisor
from services.runtime.registry import RegistryClient
from services.runtime.settings import KafkaSettings
from services.runtime.topics import ensure, new_topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys, time
from tests.integration.test_embedded_stack import Stack
stack = Stack(*sys.argv[1:3], *map(int, sys.argv[3:]))
running = stack.supervisor()
running.start()
running.wait_ready(300)
print("ready", flush=True)
time.sleep(600)
"""
V1 = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}'


@dataclass(frozen=True)
class Stack:
    """Kafka and a registry on ports of their own."""

    data_dir: str
    jars_dir: str
    port: int
    controller_port: int
    registry_port: int
    metrics_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.registry_port}"

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=f"127.0.0.1:{self.port}")

    @property
    def ports(self) -> dict[str, int]:
        return {name: number for name, number in vars(self).items() if name.endswith("port")}

    def supervisor(self) -> Supervisor:
        broker = EmbeddedKafka(Path(self.data_dir), self.port, self.controller_port, jars_dir=Path(self.jars_dir))
        command = [sys.executable, "-c", "from services.runtime.embedded.registry_server import main; main()"]
        env = {
            "WATTLOG_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "WATTLOG_REGISTRY_PORT": str(self.registry_port),
            "WATTLOG_REGISTRY_METRICS_PORT": str(self.metrics_port),
        }
        services = [
            Service("kafka", broker.prepare, lambda: answers(self.port)),
            Service("registry", lambda: command, lambda: _is_ready(self.metrics_port), ("kafka",), env),
        ]
        return Supervisor(services, Path(self.data_dir))


def _is_ready(metrics_port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{metrics_port}/readyz", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(holds: Callable[[], bool], timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


@pytest.fixture
def stack(tmp_path: Path, cache_dir: Path) -> Stack:
    return Stack(str(tmp_path), str(cache_dir / "kafka"), *free_ports(4))


def write(stack: Stack, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap_servers, "acks": "all"})
    producer.produce("kept", value)
    assert producer.flush(60) == 0


def written(stack: Stack, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": stack.kafka.bootstrap_servers, "group.id": "reader"})
    consumer.assign([TopicPartition("kept", 0, 0)])
    found = [message.value() for message in consumer.consume(count, 60)]
    consumer.close()
    return found


class TestStack:
    def test_loses_nothing_when_it_is_killed_and_started_again(self, stack: Stack) -> None:
        run = [sys.executable, "-c", RUN, *map(str, vars(stack).values())]
        first = subprocess.Popen(run, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert first.stdout
        assert first.stdout.readline() == "ready\n"
        ensure(stack.kafka, [new_topic(stack.kafka, "kept", 1, {})])
        write(stack, b"one")
        with RegistryClient(stack.url) as client:
            client.register("s", V1)
        with pytest.raises(CannotStart, match="Wattlog already runs on"):
            check(Path(stack.data_dir), stack.ports)
        children = psutil.Process(first.pid).children()
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        first.stdout.close()
        check(Path(stack.data_dir), stack.ports)
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
        running = stack.supervisor()
        running.start()
        try:
            running.wait_ready(300)
            self._kill_each(stack, running)
        finally:
            running.stop()
        assert all(is_free(port) for port in stack.ports.values())
        assert not list((Path(stack.data_dir) / "run").glob("*.pid"))

    @staticmethod
    def _kill_each(stack: Stack, running: Supervisor) -> None:
        assert written(stack, 1) == [b"one"]
        for name in ("kafka", "registry"):
            old = running.pid(name)
            running.kill(name)
            eventually(lambda name=name, old=old: running.pid(name) not in (None, old))  # type: ignore[misc]
            running.wait_ready(300)
            write(stack, name.encode())
            with RegistryClient(stack.url) as client:
                assert client.lookup("s", V1).version == 1
                client.register(name, V1)
        assert written(stack, 3) == [b"one", b"kafka", b"registry"]
