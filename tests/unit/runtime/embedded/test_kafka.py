"""The embedded Kafka's configuration; tests/integration/test_embedded_kafka.py runs it."""

import re
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.embedded import kafka
from services.runtime.embedded.kafka import EmbeddedKafka, EmbeddedKafkaSettings
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import load


def as_java_reads(text: str) -> str:
    """Undo the escapes of a .properties file."""
    units = re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be")


def read(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


class TestEmbeddedKafkaSettings:
    def test_have_the_default_addresses(self) -> None:
        assert load(EmbeddedKafkaSettings, {}) == EmbeddedKafkaSettings(9092, 9093, "512m")

    def test_come_from_the_environment(self) -> None:
        assert load(EmbeddedKafkaSettings, {"WATTLOG_KAFKA_PORT": "7"}).kafka_port == 7


class TestProperties:
    def test_listen_on_loopback_alone(self, tmp_path: Path) -> None:
        properties = read(EmbeddedKafka(tmp_path, 7001, 7002).properties(tmp_path / "data"))
        assert properties["listeners"] == "PLAINTEXT://127.0.0.1:7001,CONTROLLER://127.0.0.1:7002"
        assert properties["advertised.listeners"] == "PLAINTEXT://127.0.0.1:7001"
        assert properties["controller.quorum.voters"] == "1@127.0.0.1:7002"
        assert properties["log.dirs"] == str(tmp_path / "data")

    def test_keep_what_no_topic_says_to_delete(self, tmp_path: Path) -> None:
        properties = read(EmbeddedKafka(tmp_path).properties(tmp_path))
        assert properties["log.retention.ms"] == "-1"
        assert properties["auto.create.topics.enable"] == "false"

    def test_need_no_second_broker(self, tmp_path: Path) -> None:
        properties = read(EmbeddedKafka(tmp_path).properties(tmp_path))
        replicas = {v for k, v in properties.items() if k.endswith(("replication.factor", "min.isr"))}
        assert replicas == {"1"}

    def test_carry_any_path(self) -> None:
        path = "/data/Grün/C:\\x/雪/🚗"
        assert as_java_reads(read(EmbeddedKafka(Path()).properties(Path(path)))["log.dirs"]) == path

    @given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=30))
    def test_are_plain_ascii_whatever_the_path(self, name: str) -> None:
        escaped = kafka._escaped(name)
        assert escaped.isascii()
        assert "\n" not in escaped
        assert as_java_reads(escaped) == name


class TestClusterId:
    def test_is_new_each_time_and_no_option(self) -> None:
        ids = {kafka.cluster_id() for _ in range(500)}
        assert len(ids) == 500
        assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", text) for text in ids)


class TestEmbeddedKafka:
    def test_has_no_pid_and_stops_at_once_before_it_was_started(self, tmp_path: Path) -> None:
        broker = EmbeddedKafka(tmp_path, 7001)
        assert broker.pid is None
        broker.stop()
        assert broker.bootstrap_servers == "127.0.0.1:7001"

    def test_leaves_alone_data_that_it_does_not_know(self, tmp_path: Path) -> None:
        (tmp_path / "kafka" / "data").mkdir(parents=True)
        (tmp_path / "kafka" / "data" / "precious").touch()
        broker = EmbeddedKafka(tmp_path)
        with pytest.raises(CannotStart, match="it is not ours to delete: restore it"):
            broker._format(None, tmp_path)  # type: ignore[arg-type]
        assert (tmp_path / "kafka" / "data" / "precious").exists()

    @pytest.mark.slow
    def test_does_not_take_another_server_for_kafka(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert not kafka.answers(server.getsockname()[1])

    def test_answers_nowhere_when_nobody_listens(self) -> None:
        assert not kafka.answers(1)
