"""Asking providers by way of Kafka: answers, silence, and a Kafka that does not take the question."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationAnswered, AuthorizationRequested
from services.ocpp.token_inquiries import TokenInquiries

REQUEST = AuthorizationRequested(
    event_id="r1", tenant="wattlog", token_uid="U", uid="u", token_type="Unknown", station_id="CP1",
    occasion="Authorize", requested_at=1000, deadline_at=61_000,
)  # fmt: skip
ANSWER = AuthorizationAnswered(
    event_id="a1", request_id="r1", tenant="wattlog", token_uid="U", station_id="CP1", outcome="ALLOWED",
    answered_at=1100,
)  # fmt: skip


class Kafka:
    """Takes what it is given, and says so when the test wants it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, Callable[[Exception | None], None]]] = []

    def send(self, event: Any, done: Callable[[Exception | None], None]) -> None:
        self.sent.append((event, done))


async def asked(inquiries: TokenInquiries) -> "asyncio.Task[AuthorizationAnswered | None]":
    task = asyncio.ensure_future(inquiries.answer(REQUEST))
    await asyncio.sleep(0)
    return task


class TestAnswer:
    async def test_is_the_one_to_the_question(self) -> None:
        kafka = Kafka()
        inquiries = TokenInquiries(kafka.send, lambda: 1000)
        task = await asked(inquiries)
        assert kafka.sent[0][0] == REQUEST
        kafka.sent[0][1](None)
        inquiries.take([REQUEST, replace(ANSWER, request_id="another"), ANSWER, ANSWER])
        assert await task == ANSWER
        inquiries.take([ANSWER])

    async def test_is_none_once_the_time_is_up(self) -> None:
        assert await TokenInquiries(Kafka().send, lambda: 61_000).answer(REQUEST) is None

    async def test_is_none_at_once_where_kafka_does_not_take_the_question(self) -> None:
        kafka = Kafka()
        task = await asked(TokenInquiries(kafka.send, lambda: 1000))
        kafka.sent[0][1](RuntimeError("away"))
        assert await task is None
        kafka.sent[0][1](RuntimeError("away"))

    async def test_is_none_with_too_many_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.ocpp.token_inquiries._MOST_OPEN", 0)
        kafka = Kafka()
        assert await TokenInquiries(kafka.send, lambda: 1000).answer(REQUEST) is None
        assert kafka.sent == []
