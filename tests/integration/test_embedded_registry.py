"""The embedded registry with its topic: what it keeps, and what it does while Kafka is away."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer

from services.domain.events import token
from services.domain.failures import BadRecord
from services.runtime.avro_compatibility import Level
from services.runtime.bus import NotDurable
from services.runtime.codec import Codec
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.registry_catalog import Refused
from services.runtime.embedded.registry_log import SchemaLog
from services.runtime.embedded.registry_server import Registry, RegistryServer, RegistrySettings
from services.runtime.registry import RegistryClient, SchemaRefused, register_shipped
from services.runtime.schemas import content_id, shipped
from services.runtime.settings import KafkaSettings

pytestmark = pytest.mark.integration

V1 = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}'
V2 = '{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"int"}]}'


@pytest.fixture
def server(own_kafka: KafkaSettings) -> Iterator[RegistryServer]:
    """A registry with a topic of its own."""
    with RegistryServer(RegistrySettings(kafka=own_kafka, registry_port=0)) as started:
        yield started


def again(server: RegistryServer) -> RegistryServer:
    """Another registry on the same topic."""
    return RegistryServer(replace(server._settings, registry_port=0))


def eventually(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.1)


class TestRegistryServer:
    def test_knows_after_a_restart_what_it_knew_before(self, server: RegistryServer) -> None:
        with RegistryClient(server.url) as client:
            ids = [client.register("s", V1), client.register("t", V2)]
            client.set_level(Level.NONE, "s")
            client.register("s", V2)
            httpx.delete(f"{server.url}/subjects/t")
        server.stop()
        with again(server) as restarted, RegistryClient(restarted.url) as client:
            assert client.subjects() == ["s"]
            assert [client.by_id(number) for number in ids] == [V1, V2]
            assert client.lookup("s", V2).version == 2
            assert client.register("t", V1) == content_id(V1)
            assert client.lookup("t", V1).version == 2
            assert httpx.get(f"{restarted.url}/config/s").json() == {"compatibilityLevel": "NONE"}

    def test_takes_every_schema_that_we_ship_under_the_id_that_codecs_use(self, server: RegistryServer) -> None:
        ids = register_shipped(server.url)
        assert ids == {name: content_id(schema.text) for name, schema in shipped().items()}
        assert register_shipped(server.url) == ids

    def test_gives_codecs_the_schemas_of_other_versions(self, server: RegistryServer) -> None:
        name = token.TokenBlocked.FULL_NAME
        newer = shipped()[name].text.replace(
            '"fields": [', '"fields": [{"name": "new", "type": "int", "default": 0}, '
        )
        with RegistryClient(server.url) as client:
            schema_id = client.register("token.events.v1", newer)
            codec = Codec(fetch=client.by_id)
            with pytest.raises(BadRecord, match="not the Avro that its schema id says"):
                codec.decode(b"\0" + schema_id.to_bytes(4, "big") + b"\0")
            with pytest.raises(BadRecord, match="is not known to the registry"):
                codec.decode(b"\0\0\0\0\1\0")

    def test_refuses_what_is_not_compatible(self, server: RegistryServer) -> None:
        with RegistryClient(server.url) as client:
            client.register("s", V1)
            assert not client.is_compatible("s", V2)
            with pytest.raises(SchemaRefused, match="new cannot read old"):
                client.register("s", V2)

    def test_answers_many_at_once(self, server: RegistryServer) -> None:
        from concurrent.futures import ThreadPoolExecutor

        texts = [f'{{"type":"fixed","name":"F{number}","size":1}}' for number in range(8)]

        def register(text: str) -> int:
            with RegistryClient(server.url) as client:
                client.set_level(Level.NONE, "s")
                return client.register("s", text)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(register, texts * 3)) == [content_id(text) for text in texts] * 3
        assert httpx.get(f"{server.url}/subjects/s/versions").json() == list(range(1, 9))

    def test_passes_over_records_that_are_not_its_own(
        self, server: RegistryServer, own_kafka: KafkaSettings
    ) -> None:
        with RegistryClient(server.url) as client:
            client.register("s", V1)
        producer = Producer({"bootstrap.servers": own_kafka.bootstrap_servers})
        for key, value in [(b"rubbish", b"x"), (b'{"keytype":"SCHEMA"}', b"{}"), (b'{"keytype":"NOOP"}', b"")]:
            producer.produce(f"{own_kafka.topic_prefix}_schemas", value, key)
        assert producer.flush(30) == 0
        with again(server) as restarted, RegistryClient(restarted.url) as client:
            assert client.subjects() == ["s"]

    def test_names_a_port_that_is_taken(self, own_kafka: KafkaSettings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(
                CannotStart, match=rf"cannot listen on 127\.0\.0\.1:{port} .*WATTLOG_REGISTRY_PORT"
            ):
                RegistryServer(RegistrySettings(kafka=own_kafka, registry_port=port)).start()

    def test_stops_before_it_was_started(self, own_kafka: KafkaSettings) -> None:
        RegistryServer(RegistrySettings(kafka=own_kafka)).stop()


class TestRegistryWithoutKafka:
    def test_still_reads_and_takes_changes_again_when_kafka_is_back(self, tmp_path: Path, cache_dir: Path) -> None:
        port, controller_port = free_ports(2)
        broker = EmbeddedKafka(tmp_path, port, controller_port, jars_dir=cache_dir / "kafka").start()
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        registry = Registry(SchemaLog(kafka, written_within_s=3), Level.FULL)
        try:
            registry.load()
            registry.register("s", V1)
            broker.stop()
            for _ in range(2):
                with pytest.raises(Refused, match="Kafka did not take the change, try again", check=_is_50001):
                    registry.register("t", V1)
            assert registry.catalog.subjects() == ["s"]
            broker.start()
            registry.register("u", V1)
            assert registry.catalog.subjects() == ["s", "u"]
        finally:
            broker.stop()

    def test_says_so_when_a_schema_is_too_large_for_kafka(self, own_kafka: KafkaSettings) -> None:
        log = SchemaLog(own_kafka)
        log.load(lambda _key, _value: None)
        with pytest.raises(NotDurable):
            log.append([(b"k", b"x" * 3_000_000)])


def _is_50001(error: Refused) -> bool:
    return (error.status, error.code) == (500, 50001)


class TestMain:
    """`wattlog registry` as a process."""

    @pytest.fixture
    def process(
        self, own_kafka: KafkaSettings, tmp_path: Path
    ) -> Iterator[Callable[[], tuple["subprocess.Popen[bytes]", str]]]:
        port, metrics_port = free_ports(2)
        env = os.environ | {
            "WATTLOG_BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": own_kafka.topic_prefix,
            "WATTLOG_REGISTRY_PORT": str(port),
            "WATTLOG_REGISTRY_METRICS_PORT": str(metrics_port),
        }
        command = [sys.executable, "-c", "from services.runtime.embedded.registry_server import main; main()"]
        started: list[subprocess.Popen[bytes]] = []

        def start() -> tuple["subprocess.Popen[bytes]", str]:
            with (tmp_path / "log").open("ab") as output:
                started.append(subprocess.Popen(command, env=env, stdout=output, stderr=output))
            eventually(lambda: _status(f"http://127.0.0.1:{metrics_port}/readyz") == 200)
            return started[-1], f"http://127.0.0.1:{port}"

        yield start
        for process in started:
            process.kill()
            process.wait()

    def test_loses_nothing_when_it_is_killed(
        self, process: Callable[[], tuple["subprocess.Popen[bytes]", str]]
    ) -> None:
        first, url = process()
        with RegistryClient(url) as client:
            client.register("s", V1)
            first.send_signal(signal.SIGKILL)
            first.wait()
            second, _ = process()
            assert client.lookup("s", V1).version == 1
        second.terminate()
        assert second.wait(30) == 0

    def test_waits_for_kafka(self, tmp_path: Path, cache_dir: Path) -> None:
        port, controller_port, registry_port, metrics_port = free_ports(4)
        env = os.environ | {
            "WATTLOG_BOOTSTRAP_SERVERS": f"127.0.0.1:{port}",
            "WATTLOG_REGISTRY_PORT": str(registry_port),
            "WATTLOG_REGISTRY_METRICS_PORT": str(metrics_port),
        }
        command = [sys.executable, "-c", "from services.runtime.embedded.registry_server import main; main()"]
        with (tmp_path / "log").open("ab") as output:
            process = subprocess.Popen(command, env=env, stdout=output, stderr=output)
        ready = f"http://127.0.0.1:{metrics_port}/readyz"
        try:
            eventually(lambda: "registry cannot read its schemas" in (tmp_path / "log").read_text())
            assert _status(ready) == 503
            with EmbeddedKafka(tmp_path, port, controller_port, jars_dir=cache_dir / "kafka"):
                eventually(lambda: _status(ready) == 200)
                process.terminate()
                assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.HTTPError:
        return 0
