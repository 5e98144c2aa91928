"""The streams of schemas/topics.yaml as Kafka topics."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic, TopicMetadata  # type: ignore[attr-defined]

from services.runtime.schemas import schemas_dir
from services.runtime.settings import KafkaSettings

_DAY_MS = 86_400_000
_KNOWN_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Stream:
    """One entry of topics.yaml."""

    name: str
    about: str
    key: tuple[str, ...]
    compacted: bool
    retention_ms: int
    partitions: int
    producers: tuple[str, ...]
    consumers: tuple[str, ...]

    def config(self) -> dict[str, str]:
        """The topic's Kafka configuration."""
        if self.compacted:
            return {"cleanup.policy": "compact"}
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}


@cache
def streams() -> dict[str, Stream]:
    """Every stream by name."""
    entries = yaml.safe_load((schemas_dir() / "topics.yaml").read_text())
    return {name: _stream(name, entry) for name, entry in entries.items()}


def _stream(name: str, entry: dict[str, object]) -> Stream:
    days = int(str(entry.get("retention_days", -1)))
    return Stream(
        name=name,
        about=str(entry["about"]),
        key=tuple(entry["key"]),  # type: ignore[arg-type]
        compacted=entry["cleanup"] == "compact",
        retention_ms=days * _DAY_MS if days > 0 else -1,
        partitions=int(str(entry["partitions"])),
        producers=tuple(entry["producers"]),  # type: ignore[arg-type]
        consumers=tuple(entry["consumers"]),  # type: ignore[arg-type]
    )


def new_topic(kafka: KafkaSettings, name: str, partitions: int, config: dict[str, str]) -> NewTopic:
    """A topic as these settings make it: prefixed, and with no more partitions than they allow."""
    return NewTopic(
        kafka.topic_prefix + name,
        num_partitions=min(partitions, kafka.partitions),
        replication_factor=kafka.replication_factor,
        config=config,
    )


def create_topics(kafka: KafkaSettings, names: Iterable[str] | None = None) -> list[str]:
    """Create the streams (all, or those named) that do not exist yet; the names that were created."""
    wanted = [streams()[name] for name in (streams() if names is None else names)]
    return ensure(kafka, [new_topic(kafka, s.name, s.partitions, s.config()) for s in wanted])


def ensure(kafka: KafkaSettings, topics: list[NewTopic]) -> list[str]:
    """Create topics, taking those that exist as they are; KafkaException for any other trouble."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    created = []
    for name, future in admin.create_topics(topics, operation_timeout=30).items():
        try:
            future.result(timeout=60)
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    _wait_known(admin, created)
    return created


def _wait_known(admin: AdminClient, names: list[str]) -> None:
    """A topic is created before the broker knows that it leads it: who uses it at once may be told otherwise."""
    until = time.monotonic() + _KNOWN_WITHIN_S
    unknown = set(names)
    while unknown and time.monotonic() < until:
        known = admin.list_topics(timeout=10).topics
        unknown = {name for name in unknown if name not in known or not _led(known[name])}
        time.sleep(_POLL_S if unknown else 0)


def _led(topic: TopicMetadata) -> bool:
    led = [part.error is None and part.leader >= 0 for part in topic.partitions.values()]
    return topic.error is None and bool(led) and all(led)
