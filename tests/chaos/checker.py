"""Compares what a crashed, killed and rebalanced run left in Kafka with what an undisturbed fold would have."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from services.runtime.settings import KafkaSettings
from services.runtime.streaming.changelog import SEAL
from tests.chaos.workload import PROCESSOR, LightCodec, Progressed, Reading, SessionNow, fold

_encode_state = msgspec.msgpack.Encoder().encode


@dataclass
class Expected:
    """What an undisturbed run gives."""

    outputs: dict[str, bytes] = field(default_factory=dict)
    sessions: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> "Expected":
        result, encode = cls(), LightCodec().encode
        for reading in readings:
            changes = fold(result.states.get, reading)
            result.states.update(changes.states)
            for event in changes.events:
                if isinstance(event, Progressed):
                    result.outputs[event.event_id] = encode(event)
                elif isinstance(event, SessionNow):
                    result.sessions[event.session] = encode(event)
        return result


@dataclass
class Anomalies:
    """Each must be 0, but for the duplicates with equal content."""

    expected_outputs: int = 0
    outputs: int = 0
    lost: int = 0
    unexpected: int = 0
    wrong_content: int = 0
    out_of_order: int = 0
    equal_duplicates: int = 0
    expected_dead_letters: int = 0
    lost_dead_letters: int = 0
    expected_states: int = 0
    wrong_states: int = 0
    wrong_session_states: int = 0

    @property
    def clean(self) -> bool:
        wrong_outputs = self.lost + self.unexpected + self.wrong_content + self.out_of_order
        return wrong_outputs + self.lost_dead_letters + self.wrong_states + self.wrong_session_states == 0

    def table(self) -> str:
        return "\n".join(f"{name.replace('_', ' '):24} {value:>10,}" for name, value in asdict(self).items())


def check(kafka: KafkaSettings, expected: Expected, dead_letters: int) -> Anomalies:
    """Read every topic of the run and count what is wrong."""
    found = Anomalies(
        expected_outputs=len(expected.outputs), expected_dead_letters=dead_letters, expected_states=0
    )
    _check_outputs(kafka, expected, found)
    latest = latest_states(kafka)
    kept = {key: _encode_state(state) for key, state in expected.states.items() if state is not None}
    found.expected_states = len(kept)
    found.wrong_states = sum(latest.get(key) != kept.get(key) for key in latest.keys() | kept.keys())
    now = {m[1].decode(): m[2] for m in read_all(kafka, SessionNow.TOPIC)}
    found.wrong_session_states = sum(
        now.get(key) != expected.sessions.get(key) for key in now.keys() | expected.sessions.keys()
    )
    codec = LightCodec()._real
    letters = {codec.decode(value).event_id for _, _, value in read_all(kafka, PROCESSOR.dead_letters)}
    found.lost_dead_letters = abs(dead_letters - len(letters))
    return found


def _check_outputs(kafka: KafkaSettings, expected: Expected, found: Anomalies) -> None:
    decode = msgspec.msgpack.Decoder(Progressed).decode
    seen: Counter[str] = Counter()
    newest: dict[str, int] = {}
    for _, _, value in read_all(kafka, Progressed.TOPIC):
        output = decode(value)
        found.outputs += 1
        wanted = expected.outputs.get(output.event_id)
        if wanted is None:
            found.unexpected += 1
            continue
        found.wrong_content += wanted != value
        seen[output.event_id] += 1
        if seen[output.event_id] > 1:
            found.equal_duplicates += wanted == value
        elif output.seq != newest.get(output.session, -1) + 1:
            found.out_of_order += 1
        newest[output.session] = max(newest.get(output.session, -1), output.seq)
    found.lost = len(expected.outputs) - len(seen)


def latest_states(kafka: KafkaSettings) -> dict[str, bytes]:
    """What a recovery from the whole changelog would give."""
    sealed: dict[bytes, bytes | None] = {}
    open_: dict[int, dict[bytes, bytes | None]] = {}
    for partition, key, value in read_all(kafka, PROCESSOR.changelog):
        if key == SEAL:
            sealed.update(open_.pop(partition, {}))
        else:
            open_.setdefault(partition, {})[key] = value
    return {key.decode(): value for key, value in sealed.items() if value is not None}


def _watermarks(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """First and end offset; a broker may not know yet that it leads a partition that was just made."""
    for _ in range(50):
        try:
            first, end = consumer.get_watermark_offsets(partition, 30)
        except KafkaException:
            time.sleep(0.2)
        else:
            return first, end
    raise TimeoutError(f"nobody leads {partition}")


def read_all(kafka: KafkaSettings, stream: str) -> Iterator[tuple[int, bytes, Any]]:
    """(partition, key, value) of every record of a topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": f"{kafka.topic_prefix}checker",
            "enable.auto.commit": False,
        }
    )
    topic = kafka.topic_prefix + stream
    partitions = consumer.list_topics(topic, 30).topics[topic].partitions
    ends = {}
    for partition in partitions:
        first, end = _watermarks(consumer, TopicPartition(topic, partition))
        if first < end:
            ends[partition] = end
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    while ends:
        message = consumer.poll(30)
        if message is None:
            raise TimeoutError(f"{topic} cannot be read to its end {ends}")
        for each in [message, *consumer.consume(10_000, 0)]:
            assert each.error() is None, each.error()
            partition, offset = each.partition() or 0, each.offset() or 0
            yield partition, each.key() or b"", each.value()
            if offset >= ends.get(partition, 0) - 1:
                ends.pop(partition, None)
    consumer.close()
