"""A SOAP station's presence: its first word, its answers, silence, and what it is asked."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.domain.events.station import (
    CommandAnswered,
    SecurityEventRaised,
    StationConnected,
    StationDisconnected,
)
from services.domain.events.transaction import TransactionStarted
from services.ocpp.connection import Connection
from services.ocpp.soap.line import SoapLine, Turned
from services.ocpp.wire import frames
from services.ocpp.wire.faults import V16S
from services.ocpp.wire.frames import Call, CallError, CallResult
from tests.unit.ocpp.test_dispatch import asked
from tests.unit.ocpp.test_edge import KEY, START, Around, Socket

BEAT = Call("h1", "Heartbeat", {})
BEGIN = Call("s1", "StartTransaction", START)


class Station:
    """A line at an edge, and what it was asked."""

    def __init__(self, around: Around) -> None:
        self.around = around
        self.asked: list[Call] = []
        edge = around.edge
        connection = Connection(edge.edge, "CP1", V16S, edge.new_epoch(KEY))
        self.line = SoapLine(edge, connection, "198.51.100.4", 1, lambda _, call: self.asked.append(call))
        edge.connected(self.line)


@pytest.fixture
def around() -> Around:
    return Around(ocpp_soap_silence_s=10, max_pending_calls=2)


async def settled(true: Callable[[], bool]) -> None:
    for _ in range(100):
        if true():
            return
        await asyncio.sleep(0)
    assert true()


class TestAnswer:
    async def test_comes_at_once_from_memory(self, around: Around) -> None:
        frame = await Station(around).line.answer(BEAT)
        assert isinstance(frame, CallResult)
        assert frame.payload.keys() == {"currentTime"}

    async def test_is_an_error_for_what_is_wrong(self, around: Around) -> None:
        frame = await Station(around).line.answer(Call("x", "Nonsense", {}))
        assert isinstance(frame, CallError)
        assert frame.code == "NotImplemented"

    async def test_waits_until_kafka_has_it(self, around: Around) -> None:
        station = Station(around)
        around.up = False
        waiting = asyncio.create_task(station.line.answer(BEGIN))
        await settled(lambda: bool(around.waiting))
        assert not waiting.done()
        around.back_up()
        assert isinstance(await waiting, CallResult)

    async def test_is_one_for_a_request_that_is_said_again_meanwhile(self, around: Around) -> None:
        station = Station(around)
        around.up = False
        first = asyncio.create_task(station.line.answer(BEGIN))
        second = asyncio.create_task(station.line.answer(BEGIN))
        await settled(lambda: bool(around.waiting))
        around.back_up()
        assert await first == await second
        assert len(around.of(TransactionStarted)) == 1
        assert await station.line.answer(BEGIN) == await first

    async def test_never_comes_when_kafka_stays_away(self) -> None:
        around = Around()
        station = Station(around)
        around.up = False
        waiting = asyncio.create_task(station.line.answer(BEGIN))
        await settled(lambda: bool(around.waiting))
        around.tick(21)
        with pytest.raises(Turned, match="keep it"):
            await waiting
        assert KEY not in around.edge.sockets
        around.back_up()
        assert [event.reason for event in around.of(StationDisconnected)] == ["refused"]

    async def test_comes_though_another_edge_has_the_station_now(self, around: Around) -> None:
        station = Station(around)
        around.up = False
        waiting = asyncio.create_task(station.line.answer(BEGIN))
        await settled(lambda: bool(around.waiting))
        station.line.close(1008, "displaced")
        around.back_up()
        assert isinstance(await waiting, CallResult)

    async def test_is_given_up_in_the_end(self, around: Around, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.ocpp.soap.line._GRACE_S", -20)
        station = Station(around)
        around.up = False
        with pytest.raises(Turned):
            await station.line.answer(BEGIN)

    async def test_is_refused_to_who_says_too_much_at_once(self, around: Around) -> None:
        station = Station(around)
        around.up = False
        calls = [Call(f"s{n}", "StartTransaction", START | {"meterStart": n}) for n in range(4)]
        waiting = [asyncio.create_task(station.line.answer(call)) for call in calls[:3]]
        await settled(lambda: len(around.waiting) >= 2)
        with pytest.raises(Turned, match="too many"):
            await station.line.answer(calls[3])
        around.back_up()
        await asyncio.gather(*waiting, return_exceptions=True)

    async def test_is_refused_for_as_long_as_a_pause_lasts(self, around: Around) -> None:
        station = Station(around)
        station.line.pause(2)
        with pytest.raises(Turned):
            await station.line.answer(BEAT)
        around.now += 2000
        assert isinstance(await station.line.answer(BEAT), CallResult)


class TestPresence:
    async def test_is_told_once_and_ends_in_silence(self, around: Around) -> None:
        station = Station(around)
        await station.line.answer(BEAT)
        around.tick(30)
        assert len(around.of(StationConnected)) == 1
        assert [event.reason for event in around.of(StationDisconnected)] == ["lost"]
        assert station.line.ending == "lost"

    async def test_lasts_while_it_speaks(self, around: Around) -> None:
        station = Station(around)
        for number in range(10):
            around.tick(4)
            await station.line.answer(Call(f"h{number}", "Heartbeat", {}))
        assert around.of(StationDisconnected) == []

    async def test_moves_without_alarm(self, around: Around) -> None:
        for _ in range(20):
            Station(around)
        assert around.of(SecurityEventRaised) == []
        assert len(around.of(StationDisconnected)) >= 19

    async def test_gives_way_to_a_websocket(self, around: Around) -> None:
        station = Station(around)
        around.connect()
        assert station.line.ending == "displaced"
        assert isinstance(around.edge.sockets[KEY], Socket)

    async def test_ends_once(self, around: Around) -> None:
        station = Station(around)
        station.line.abort("lost")
        station.line.close(1012, "drained")
        assert [event.reason for event in around.of(StationDisconnected)] == ["lost"]

    async def test_with_a_wrong_address_is_a_security_event_once_for_each(self, around: Around) -> None:
        station = Station(around)
        for detail in ("a", "a", "b"):
            station.line.misplaced(detail)
        assert [event.detail for event in around.of(SecurityEventRaised)] == ["a", "b"]

    def test_numbers_what_comes_without_a_number(self, around: Around) -> None:
        line = Station(around).line
        assert [line.next_number(), line.next_number()] == [1, 2]


class TestAsking:
    async def test_ends_with_the_answer(self, around: Around) -> None:
        station = Station(around)
        self.command(around)
        (call,) = station.asked
        assert (call.action, call.payload) == ("Reset", {"type": "Soft"})
        station.line.heard(frames.call_result(call.message_id, {"status": "Accepted"}))
        (result,) = around.of(CommandAnswered)
        assert (result.status, result.outcome.value) == ("Accepted", "ACCEPTED")

    async def test_that_comes_to_nothing_is_no_sign_of_life(self, around: Around) -> None:
        station = Station(around)
        around.tick(3)
        self.command(around)
        (call,) = station.asked
        heard_at = station.line.heard_at
        station.line.failed(frames.call_error(call.message_id, "GenericError", "cannot be reached"))
        (result,) = around.of(CommandAnswered)
        assert (result.outcome.value, result.detail) == ("FAILED", "GenericError: cannot be reached")
        assert station.line.heard_at == heard_at

    async def test_after_the_end_is_heard_by_nobody(self, around: Around) -> None:
        station = Station(around)
        self.command(around)
        (call,) = station.asked
        station.line.close(1008, "displaced")
        station.line.heard(frames.call_result(call.message_id, {"status": "Accepted"}))
        (result,) = around.of(CommandAnswered)
        assert result.outcome.value == "TIMED_OUT"

    def command(self, around: Around) -> None:
        around.tick(5)
        command = replace(
            asked("1", deadline_at=around.now + 30_000),
            operation="Reset",
            payload_json='{"type":"Soft"}',
            requested_at=around.now,
        )
        around.edge.commands.take([command], around.now)
