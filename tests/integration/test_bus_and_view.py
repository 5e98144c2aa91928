"""Bus, views and topics against a real broker."""

import asyncio
from dataclasses import replace

import pytest

from services.domain.events import common, token
from services.domain.folding import Event
from services.runtime.bus import Bus, NotDurable, publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View

pytestmark = pytest.mark.integration

NOWHERE = KafkaSettings(bootstrap_servers="127.0.0.1:1")


def a_token(uid: str, **changes: object) -> token.Token:
    return replace(
        token.Token(
            tenant="t",
            token_uid=uid,
            token_type="RFID",
            contract_id="NL-TNM-C1",
            issuer="TNM",
            status=common.TokenStatus.VALID,
            updated_at=1,
        ),
        **changes,
    )


@pytest.fixture
def fresh(own_kafka: KafkaSettings) -> KafkaSettings:
    """The broker under a prefix of this test's own, with the topics that these tests use."""
    create_topics(own_kafka, ["token.state.v1", "station.state.v1"])
    return own_kafka


class TestCreateTopics:
    def test_leaves_alone_what_exists(self, fresh: KafkaSettings) -> None:
        assert create_topics(fresh, ["token.state.v1"]) == []


class TestBus:
    async def test_publishes_and_a_view_shows_it(self, fresh: KafkaSettings) -> None:
        bus, view = Bus(fresh, Codec()), View[token.Token](fresh, Codec(), "token.state.v1")
        view.start()
        await bus.publish(a_token("A"), a_token("B"))
        await bus.publish(a_token("A", updated_at=2))
        await view.wait_caught_up()
        async with asyncio.timeout(10):
            while (seen := view.get("t/A")) is None or seen.updated_at != 2:
                await asyncio.sleep(0.01)
        assert {key for key, _ in view.items()} == {"t/A", "t/B"}
        assert await bus.close() == 0
        view.stop()

    async def test_publishes_nothing_at_once(self) -> None:
        await Bus(NOWHERE, Codec()).publish()

    async def test_says_so_when_the_broker_does_not_confirm(self) -> None:
        bus = Bus(NOWHERE, Codec())
        with pytest.raises(NotDurable, match="not confirmed by Kafka within"):
            await bus.publish(a_token("A"), timeout_s=0.3)
        assert bus.in_flight == 1
        assert await bus.close(timeout_s=0.1) == 1

    async def test_reports_each_event_once(self, fresh: KafkaSettings) -> None:
        bus, outcomes = Bus(fresh, Codec()), list[Exception | None]()
        for number in range(500):
            bus.send(a_token(str(number)), outcomes.append)
        assert await bus.flush() == 0
        assert outcomes == [None] * 500

    async def test_refuses_a_topic_that_does_not_exist(self, fresh: KafkaSettings) -> None:
        class Elsewhere(token.Token):
            TOPIC = "no.such.topic"

        bus = Bus(fresh, Codec())
        stray: Event = Elsewhere(**{n: getattr(a_token("A"), n) for n in token.Token.__slots__})
        with pytest.raises(NotDurable):
            await bus.publish(stray, timeout_s=1)


class TestPublishSync:
    def test_returns_when_the_broker_has_them(self, fresh: KafkaSettings) -> None:
        publish_sync(fresh, Codec(), [a_token("A"), a_token("B")])

    def test_says_so_when_the_broker_is_away(self) -> None:
        with pytest.raises(NotDurable):
            publish_sync(NOWHERE, Codec(), [a_token("A")], timeout_s=0.5)


class TestView:
    async def test_skips_records_that_it_cannot_read(self, fresh: KafkaSettings) -> None:
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": fresh.bootstrap_servers})
        topic = f"{fresh.topic_prefix}token.state.v1"
        producer.produce(topic, b"rubbish", b"t/X")
        producer.produce(topic, Codec().encode(a_token("A")), b"t/A")
        producer.produce(topic, None, b"t/A")
        producer.produce(topic, Codec().encode(a_token("C")), b"t/C")
        producer.flush()
        changes: list[tuple[str, bool]] = []
        view = View[token.Token](fresh, Codec(), "token.state.v1", lambda k, v: changes.append((k, v is None)))
        view.start()
        await view.wait_caught_up()
        assert [key for key, _ in view.items()] == ["t/C"]
        assert ("t/A", True) in changes
        assert len(view) == 1
        view.stop()

    async def test_says_what_it_waits_for_when_kafka_is_away(self) -> None:
        view = View[token.Token](NOWHERE, Codec(), "token.state.v1")
        view.start()
        with pytest.raises(TimeoutError, match=r"token\.state\.v1 was not read"):
            await view.wait_caught_up(timeout_s=0.2)
        assert not view.caught_up
        view.stop()
