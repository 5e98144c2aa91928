"""What all tests share: one embedded Kafka per run, and topics of each test's own."""

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.embedded.registry_server import RegistryServer, RegistrySettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import ensure, new_topic

# Machines are shared and slow at times: no property may fail for the time that it takes.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
# `make test` tries a hundred examples of everything, always the same: what lands does not hang on a draw.
hypothesis_settings.register_profile("patient", derandomize=True, **_PATIENT)
# `make check` tries a few, others each time.
hypothesis_settings.register_profile("quick", max_examples=10, **_PATIENT)
hypothesis_settings.load_profile(os.environ.get("WATTLOG_TEST_PROFILE", "patient"))

# Their assertions say what they compared, as those of test files do.
_PLAYS = ("metered201", "reusable_states", "station16", "stations")
pytest.register_assert_rewrite("tests.integration", *(f"tests.conformance.{name}" for name in _PLAYS))

ROOT = Path(__file__).resolve().parents[1]

NewTopicName = Callable[..., str]
"""(name="topic", partitions=1, **config) -> the full name of a new topic that nobody else uses."""


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """Where downloads are kept from one run to the next."""
    return Path(os.environ.get("WATTLOG_CACHE_DIR", ROOT / ".wattlog"))


@pytest.fixture(scope="session")
def embedded_kafka(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[EmbeddedKafka]:
    """The broker of this run. Tests that stop or kill a broker start one of their own."""
    port, controller_port = free_ports(2)
    data_dir = tmp_path_factory.mktemp("kafka")
    with EmbeddedKafka(data_dir, port, controller_port, heap="1g", jars_dir=cache_dir / "kafka") as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka(embedded_kafka: EmbeddedKafka) -> KafkaSettings:
    """The address of this run's broker. No topics exist but those that tests create."""
    return KafkaSettings(bootstrap_servers=embedded_kafka.bootstrap_servers)


@pytest.fixture(scope="session")
def registry(kafka: KafkaSettings) -> Iterator[str]:
    """URL of this run's schema registry. Its global settings are not for tests to change."""
    with RegistryServer(RegistrySettings(kafka=kafka, registry_port=0)) as server:
        yield server.url


_numbers = itertools.count(1)


@pytest.fixture
def own_kafka(kafka: KafkaSettings) -> Iterator[KafkaSettings]:
    """The broker under a prefix of this test's own, so that topics and groups cannot meet another test's.

    Its topics go when the test is over: a broker with those of a thousand tests runs out of memory.
    """
    own = replace(kafka, topic_prefix=f"t{next(_numbers)}.")
    yield own
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    made = [name for name in admin.list_topics(timeout=10).topics if name.startswith(own.topic_prefix)]
    wait((admin.delete_topics(made) if made else {}).values(), timeout=30)


@pytest.fixture
def new_topic_name(kafka: KafkaSettings) -> NewTopicName:
    """Creates topics: `new_topic_name("inputs", partitions=4, **{"cleanup.policy": "compact"})`."""

    def create(name: str = "topic", partitions: int = 1, **config: str) -> str:
        own = replace(kafka, topic_prefix=f"t{next(_numbers)}.", partitions=partitions)
        ensure(own, [new_topic(own, name, partitions, config)])
        return f"{own.topic_prefix}{name}"

    return create
