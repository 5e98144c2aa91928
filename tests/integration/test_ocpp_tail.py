"""Following topics: every record, in order, from a moment or from the beginning."""

import asyncio
from typing import Any

import pytest

from services.domain.events.station import CommandAnswered, CommandRequested, Connection
from services.domain.events.token import Token
from services.runtime.bus import publish_sync
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from services.runtime.topics import create_topics
from tests.integration.ocpp_case import token, until
from tests.unit.ocpp.test_dispatch import asked

pytestmark = pytest.mark.integration

COMMANDS = [CommandRequested.TOPIC, CommandAnswered.TOPIC]


def say(kafka: KafkaSettings, *events: Any) -> None:
    publish_sync(kafka, Codec(), events)


class TestTail:
    async def test_gives_what_was_there_then_what_comes(self, own_kafka: KafkaSettings) -> None:
        create_topics(own_kafka, [Token.TOPIC])
        say(own_kafka, *[token(str(number)) for number in range(50)])
        found: list[Any] = []
        tail = Tail(own_kafka, Codec(), [Token.TOPIC], found.extend)
        tail.start()
        await until(lambda: tail.caught_up)
        assert {event.token_uid for event in found} == {str(number) for number in range(50)}
        say(own_kafka, token("later"))
        await until(lambda: found[-1].token_uid == "later")
        await asyncio.to_thread(tail.stop)

    async def test_keeps_the_order_of_a_key(self, own_kafka: KafkaSettings) -> None:
        create_topics(own_kafka, COMMANDS)
        say(own_kafka, *[asked(str(number), f"CP{number % 3}") for number in range(300)])
        found: list[Any] = []
        tail = Tail(own_kafka, Codec(), COMMANDS, found.extend)
        tail.start()
        await until(lambda: tail.caught_up)
        for station in range(3):
            numbers = [int(event.command_id) for event in found if event.station_id == f"CP{station}"]
            assert numbers == list(range(station, 300, 3))
        await asyncio.to_thread(tail.stop)

    async def test_begins_at_a_moment(self, own_kafka: KafkaSettings) -> None:
        create_topics(own_kafka, COMMANDS)
        say(own_kafka, asked("before"))
        await asyncio.sleep(0.05)
        moment = now_ms()
        say(own_kafka, asked("after"))
        found: list[Any] = []
        tail = Tail(own_kafka, Codec(), COMMANDS, found.extend, moment)
        tail.start()
        await until(lambda: bool(found))
        assert [event.command_id for event in found] == ["after"]
        await asyncio.to_thread(tail.stop)

    async def test_waits_for_topics_that_do_not_exist_yet(self, own_kafka: KafkaSettings) -> None:
        found: list[Any] = []
        tail = Tail(own_kafka, Codec(), [Token.TOPIC], found.extend)
        tail.start()
        await asyncio.sleep(0.5)
        assert not tail.caught_up
        create_topics(own_kafka, [Token.TOPIC])
        await until(lambda: tail.caught_up)
        await asyncio.to_thread(tail.stop)

    async def test_stops_while_kafka_cannot_be_reached(self) -> None:
        tail = Tail(KafkaSettings(bootstrap_servers="127.0.0.1:1"), Codec(), [Connection.TOPIC], lambda _: None)
        tail.start()
        await asyncio.sleep(0.1)
        assert not tail.caught_up
        await asyncio.to_thread(tail.stop)

    async def test_passes_over_what_cannot_be_read(self, own_kafka: KafkaSettings) -> None:
        create_topics(own_kafka, [Token.TOPIC])

        class Nonsense(Codec):
            def encode(self, event: Any) -> bytes:
                return b"nonsense"

        publish_sync(own_kafka, Nonsense(), [token("bad")])
        say(own_kafka, token("good"))
        found: list[Any] = []
        tail = Tail(own_kafka, Codec(), [Token.TOPIC], found.extend)
        tail.start()
        await until(lambda: tail.caught_up)
        assert [event.token_uid for event in found] == ["good"]
        await asyncio.to_thread(tail.stop)
