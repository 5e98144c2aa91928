"""The topics that a processor reads, as they are in Kafka."""

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from services.runtime import topics
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.processor import Processor, S

_TIMEOUT_S = 30.0


class UnfitInputs(Exception):
    """The inputs are not there, or not partitioned alike."""


def partitions_of(kafka: KafkaSettings, processor: Processor[S]) -> int:
    """Number of partitions that all inputs have; UnfitInputs, KafkaException when Kafka cannot be reached."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    known = admin.list_topics(timeout=_TIMEOUT_S).topics
    counts = {}
    for stream in processor.inputs:
        found = known.get(kafka.topic_prefix + stream)
        if found is None or found.error is not None:
            raise UnfitInputs(f"{processor.name} reads {stream}, which does not exist: create the topics first")
        counts[stream] = len(found.partitions)
    if len(set(counts.values())) > 1:
        raise UnfitInputs(f"{processor.name} needs inputs with equal numbers of partitions, and has {counts}")
    return next(iter(counts.values()))


def ensure_dead_letters(kafka: KafkaSettings, processor: Processor[S]) -> None:
    """Create the dead letter topic if nobody has; it is kept for ever."""
    config = {"cleanup.policy": "delete", "retention.ms": "-1"}
    topic = NewTopic(kafka.topic_prefix + processor.dead_letters, 1, kafka.replication_factor, config=config)
    topics.ensure(kafka, [topic])
