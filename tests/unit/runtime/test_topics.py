"""The streams of topics.yaml, and that a topic can be used once it was made."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from services.runtime import topics
from services.runtime.settings import KafkaSettings
from services.runtime.topics import ensure, new_topic, streams


class TestStreams:
    def test_keeps_state_compacted_and_events_by_time(self) -> None:
        assert streams()["token.state.v1"].config() == {"cleanup.policy": "compact"}
        assert streams()["station.commands.v1"].config() == {
            "cleanup.policy": "delete",
            "retention.ms": str(7 * 86_400_000),
        }

    def test_keeps_dead_letters_for_ever(self) -> None:
        assert streams()["sessions.dlq.v1"].config()["retention.ms"] == "-1"


class TestNewTopic:
    def test_is_prefixed_and_limited_by_the_settings(self) -> None:
        topic = new_topic(KafkaSettings(topic_prefix="t.", partitions=3), "a", 12, {})
        assert (topic.topic, topic.num_partitions) == ("t.a", 3)

    def test_has_no_more_partitions_than_declared(self) -> None:
        assert new_topic(KafkaSettings(partitions=50), "a", 1, {}).num_partitions == 1


class Broker:
    """Creates topics, and knows them only when it is asked for the third time."""

    def __init__(self, trouble: KafkaError | None = None) -> None:
        self.asked = 0
        self._trouble = trouble

    def create_topics(self, wanted: list[Any], **_: Any) -> dict[str, Future[None]]:
        made: Future[None] = Future()
        if self._trouble is None:
            made.set_result(None)
        else:
            made.set_exception(KafkaException(self._trouble))
        return {topic.topic: made for topic in wanted}

    def list_topics(self, timeout: float) -> Any:
        self.asked += 1
        leader = -1 if self.asked == 2 else 1
        partitions = {0: SimpleNamespace(error=None, leader=leader)}
        known = {"t.a": SimpleNamespace(error=None, partitions=partitions)}
        return SimpleNamespace(topics={} if self.asked == 1 else known)


class TestEnsure:
    @staticmethod
    def ensured(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.setattr(topics, "AdminClient", lambda _: broker)
        kafka = KafkaSettings(topic_prefix="t.")
        return ensure(kafka, [new_topic(kafka, "a", 1, {})])

    def test_returns_when_the_broker_leads_what_was_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broker = Broker()
        assert (self.ensured(broker, monkeypatch), broker.asked) == (["t.a"], 3)

    def test_takes_what_is_there_as_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        broker = Broker(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS))
        assert (self.ensured(broker, monkeypatch), broker.asked) == ([], 0)

    def test_tells_of_any_other_trouble(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(KafkaException):
            self.ensured(Broker(KafkaError(KafkaError.POLICY_VIOLATION)), monkeypatch)

    def test_does_not_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(topics, "_KNOWN_WITHIN_S", 0)
        assert self.ensured(Broker(), monkeypatch) == ["t.a"]
