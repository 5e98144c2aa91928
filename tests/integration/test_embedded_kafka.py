"""The embedded Kafka itself: started, stopped, killed, and what it keeps. One broker of its own."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from services.runtime.embedded.kafka import EmbeddedKafka, answers
from services.runtime.embedded.ports import free_ports
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import KafkaSettings
from services.runtime.topics import ensure, new_topic

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedKafka]:
    """A broker that tests may kill, in a directory with a space and an umlaut in its name."""
    port, controller_port = free_ports(2)
    data_dir = tmp_path_factory.mktemp("own") / "data of Jörg"
    own = EmbeddedKafka(data_dir, port, controller_port, jars_dir=cache_dir / "kafka")
    yield own.start()
    own.stop()


def settings(broker: EmbeddedKafka) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=broker.bootstrap_servers)


def write(broker: EmbeddedKafka, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "acks": "all"})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(60) == 0


def read_all(broker: EmbeddedKafka, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "reader"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = [message.value() for message in consumer.consume(count, 60)]
    consumer.close()
    return found


def cluster(broker: EmbeddedKafka) -> str:
    found = AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(timeout=10).cluster_id
    assert found
    return str(found)


class TestEmbeddedKafka:
    def test_keeps_what_it_acknowledged_when_it_is_killed(self, broker: EmbeddedKafka) -> None:
        values = [f"{number}".encode() for number in range(1000)]
        ensure(settings(broker), [new_topic(settings(broker), "kept", 1, {})])
        write(broker, "kept", values)
        before, pid = cluster(broker), broker.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        broker.stop()
        assert broker.pid is None
        broker.start()
        assert read_all(broker, "kept", len(values)) == values
        assert cluster(broker) == before

    def test_stops_cleanly_and_starts_on_other_ports(self, broker: EmbeddedKafka) -> None:
        ensure(settings(broker), [new_topic(settings(broker), "moved", 1, {})])
        write(broker, "moved", [b"one"])
        old, before = broker.port, cluster(broker)
        broker.stop()
        assert not answers(old)
        assert not broker.pid_file.exists()
        broker.port, broker.controller_port = free_ports(2)
        told: list[str] = []
        broker.start(told.append)
        assert told == ["starting Kafka"]
        assert read_all(broker, "moved", 1) == [b"one"]
        assert cluster(broker) == before

    def test_ends_one_that_a_killed_parent_left_behind(self, broker: EmbeddedKafka, cache_dir: Path) -> None:
        pid = broker.pid
        assert pid
        orphan = psutil.Process(pid)
        broker.pid_file.write_text(broker.pid_file.read_text().replace(str(os.getpid()), "4194304"))
        again = EmbeddedKafka(
            broker.pid_file.parents[1], broker.port, broker.controller_port, jars_dir=cache_dir / "kafka"
        )
        with again:
            assert answers(broker.port)
            assert again.pid != pid
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


class TestStart:
    def test_names_a_port_that_is_taken(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(CannotStart, match=f"Port {port} is in use: stop what listens there, or set"):
                EmbeddedKafka(tmp_path, port, 1).start()

    def test_shows_its_last_words_when_it_ends(self, tmp_path: Path, cache_dir: Path) -> None:
        port, controller_port = free_ports(2)
        broken = EmbeddedKafka(tmp_path, port, controller_port, jars_dir=cache_dir / "kafka")
        broken.prepare()
        (tmp_path / "kafka" / "data" / "meta.properties").write_text("rubbish")
        with pytest.raises(
            CannotStart, match=r"Kafka ended with status 1: see .*kafka\.log, which ends in\n(.|\n)+"
        ):
            broken.start()
        assert broken.pid is None
        assert not broken.pid_file.exists()

    def test_says_so_when_the_storage_cannot_be_formatted(self, tmp_path: Path, cache_dir: Path) -> None:
        broken = EmbeddedKafka(tmp_path, 0, 0, heap="1m", jars_dir=cache_dir / "kafka")
        with pytest.raises(CannotStart, match="cannot be formatted"):
            broken.prepare()

    def test_gives_up_on_one_that_does_not_answer(self, tmp_path: Path) -> None:
        with pytest.raises(CannotStart, match=r"did not answer within 0\.01 s"):
            EmbeddedKafka(tmp_path, free_ports(1)[0]).wait_ready(timeout_s=0.01)
