from services.runtime.settings import KafkaSettings
from services.runtime.topics import new_topic, streams


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
