"""Commands: who sends them, when, and that each ends in one result."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandSent, Station
from services.domain.folding import Event
from services.ocpp.commands import Commands
from services.ocpp.connection import Connection, Step
from services.ocpp.delivery import Asker
from services.ocpp.outbound.command import Stamp, result
from tests.unit.ocpp.circumstances import EDGE, NOW, TENANT, V16
from tests.unit.ocpp.test_dispatch import asked

KEY = f"{TENANT}/CP1"
TIMEOUT, HORIZON = 30_000, 600_000


class Line:
    def __init__(self, name: str = "CP1") -> None:
        self.connection = Connection(EDGE, name, V16, 7)
        self.key = f"{TENANT}/{name}"
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def answer(self, status: str = "Accepted") -> list[Event]:
        message_id = orjson.loads(self.sent[-1])[1]
        return list(self.connection.receive(orjson.dumps([3, message_id, {"status": status}]), NOW).events)


class Desk:
    """Commands with everything around them written down."""

    def __init__(self, opened: bool = True) -> None:
        self.lines: dict[str, Line] = {}
        self.stations = {KEY: Station(tenant=TENANT, station_id="CP1", updated_at=1)}
        self.elsewhere: set[str] = set()
        self.published: list[Any] = []
        self.commands = Commands(
            EDGE,
            self.lines,
            self.stations.get,
            self.elsewhere.__contains__,
            self.published.append,
            self.hold,
            (TIMEOUT, HORIZON),
        )
        self.kafka = True
        self.held: list[tuple[Step, Asker]] = []
        self.sent: list[CommandSent] = []
        if opened:
            self.commands.open(NOW)

    def hold(self, step: Step, asker: Asker, now: int) -> None:
        self.sent += [event for event in step.events if isinstance(event, CommandSent)]
        if self.kafka:
            asker.release(step, 0)
        else:
            self.held.append((step, asker))

    def connect(self, now: int = NOW) -> Line:
        line = self.lines[KEY] = Line()
        self.commands.came(KEY, now)
        self.commands.tick(now + 1000)
        return line

    def outcomes(self) -> list[tuple[str, CommandOutcome]]:
        return [(event.command_id, event.outcome) for event in self.published]


class TestServe:
    def test_sends_to_a_station_that_is_connected(self) -> None:
        desk = Desk()
        line = desk.connect()
        desk.commands.take([asked("a")], NOW)
        assert orjson.loads(line.sent[0])[2:] == ["RemoteStopTransaction", {"transactionId": 1}]
        assert desk.published == []

    def test_keeps_it_for_a_station_that_is_not(self) -> None:
        desk = Desk()
        desk.commands.take([asked("a")], NOW)
        assert desk.commands.waiting == 1
        line = desk.connect(NOW + 10_000)
        assert len(line.sent) == 1
        assert desk.commands.waiting == 0

    def test_sends_one_at_a_time(self) -> None:
        desk = Desk()
        line = desk.connect()
        desk.commands.take([asked("a"), asked("b")], NOW)
        assert len(line.sent) == 1
        line.answer()
        desk.commands.answered(line, NOW)
        assert len(line.sent) == 2

    def test_sends_nothing_before_all_is_known(self) -> None:
        desk = Desk(opened=False)
        line = desk.connect()
        desk.commands.take([asked("a"), asked("b")], NOW)
        desk.commands.take([result(asked("a"), CommandOutcome.ACCEPTED, Stamp(EDGE, 1, NOW))], NOW)
        assert line.sent == []
        desk.commands.open(NOW)
        assert len(line.sent) == 1
        assert desk.commands.waiting == 0

    def test_goes_on_after_one_that_is_not_possible(self) -> None:
        desk = Desk()
        line = desk.connect()
        desk.commands.take([replace(asked("odd"), operation="SetNetworkProfile"), asked("good")], NOW)
        assert desk.outcomes() == [("odd", CommandOutcome.FAILED)]
        assert desk.published[0].detail == "SetNetworkProfile is no operation of ocpp1.6"
        assert len(line.sent) == 1

    def test_does_not_send_what_another_edge_answered(self) -> None:
        desk = Desk()
        desk.commands.take([asked("a")], NOW)
        desk.commands.take([result(asked("a"), CommandOutcome.REJECTED, Stamp(EDGE, 1, NOW))], NOW)
        assert desk.connect().sent == []

    @pytest.mark.parametrize("known", [False, True])
    def test_says_at_once_that_a_station_cannot_come(self, known: bool) -> None:
        desk = Desk()
        disabled = Station(tenant=TENANT, station_id="CP1", enabled=False, updated_at=1)
        desk.stations.clear()
        desk.stations.update({KEY: disabled} if known else {})
        desk.commands.take([asked("a"), asked("b")], NOW)
        assert desk.outcomes() == [("a", CommandOutcome.UNREACHABLE), ("b", CommandOutcome.UNREACHABLE)]

    def test_ignores_records_of_other_kinds(self) -> None:
        desk = Desk()
        desk.commands.take([object(), Station(tenant=TENANT, station_id="x", updated_at=1)], NOW)
        assert desk.commands.waiting == 0


class TestTick:
    def test_ends_a_call_that_nobody_answers_and_sends_the_next(self) -> None:
        desk = Desk()
        line = desk.connect()
        desk.commands.take([asked("a"), asked("b", deadline_at=NOW + 99_000)], NOW)
        desk.commands.tick(NOW + TIMEOUT - 1)
        assert desk.published == []
        desk.commands.tick(NOW + TIMEOUT)
        assert desk.outcomes() == [("a", CommandOutcome.TIMED_OUT)]
        assert len(line.sent) == 2

    def test_lets_commands_expire(self) -> None:
        desk = Desk()
        desk.commands.take([asked("a")], NOW)
        desk.commands.tick(NOW + 29_999)
        assert desk.published == []
        desk.commands.tick(NOW + 30_000)
        desk.commands.tick(NOW + 31_000)
        assert desk.outcomes() == [("a", CommandOutcome.EXPIRED)]
        assert desk.commands.waiting == 0

    def test_leaves_the_edge_that_holds_the_station_its_time(self) -> None:
        desk = Desk()
        desk.elsewhere.add(KEY)
        desk.commands.take([asked("a")], NOW)
        desk.commands.tick(NOW + 30_000 + TIMEOUT)
        assert desk.published == []
        desk.commands.tick(NOW + 30_000 + TIMEOUT + 1000)
        assert desk.outcomes() == [("a", CommandOutcome.EXPIRED)]

    def test_lets_nothing_expire_before_all_is_known(self) -> None:
        desk = Desk(opened=False)
        desk.commands.take([asked("a")], NOW)
        desk.commands.tick(NOW + 99_000)
        assert desk.published == []

    def test_says_the_same_as_every_other_edge(self) -> None:
        first, second = Desk(), Desk()
        for desk in (first, second):
            desk.commands.take([asked("a")], NOW)
            desk.commands.tick(NOW + 30_000)
        assert first.published[0].event_id == second.published[0].event_id


class TestClosed:
    def test_ends_the_open_call(self) -> None:
        desk = Desk()
        line = desk.connect()
        desk.commands.take([asked("a")], NOW)
        desk.commands.closed(line, NOW)
        assert desk.outcomes() == [("a", CommandOutcome.TIMED_OUT)]
        desk.commands.tick(NOW + 99_000)
        assert len(desk.published) == 1

    def test_is_nothing_when_none_is_open(self) -> None:
        desk = Desk()
        desk.commands.closed(desk.connect(), NOW)
        assert desk.published == []

    def test_of_an_older_connection_leaves_the_newer_one_alone(self) -> None:
        desk = Desk()
        older = desk.connect()
        desk.commands.take([asked("a")], NOW)
        newer = desk.connect()
        desk.commands.take([asked("b")], NOW)
        assert len(newer.sent) == 1
        desk.commands.closed(older, NOW)
        assert desk.outcomes() == [("a", CommandOutcome.TIMED_OUT)]
        (answered,) = newer.answer()
        assert isinstance(answered, CommandAnswered)
        assert answered.command_id == "b"
        desk.commands.tick(NOW + TIMEOUT)
        assert len(desk.published) == 1


class TestOnce:
    def test_is_known_to_kafka_before_it_is_sent(self) -> None:
        desk = Desk()
        desk.kafka = False
        line = desk.connect()
        desk.commands.take([asked("a")], NOW + 2000)
        assert (line.sent, [sent.command_id for sent in desk.sent]) == ([], ["a"])
        (step, asker), *_ = desk.held
        asker.release(step, 5)
        assert len(line.sent) == 1

    def test_is_not_sent_late_when_its_time_has_run_out_meanwhile(self) -> None:
        desk = Desk()
        desk.kafka = False
        line = desk.connect()
        desk.commands.take([asked("a")], NOW + 2000)
        desk.commands.tick(NOW + 2000 + TIMEOUT)
        (step, asker), *_ = desk.held
        asker.give_up()
        asker.release(step, 5)
        assert line.sent == []
        assert desk.outcomes() == [("a", CommandOutcome.TIMED_OUT)]

    def test_is_not_sent_again_by_whom_the_station_comes_to(self) -> None:
        first, second = Desk(), Desk()
        first.connect()
        first.commands.take([asked("a")], NOW + 2000)
        second.commands.take([asked("a")], NOW + 2000)
        line = second.lines[KEY] = Line()
        second.commands.came(KEY, NOW + 3000)
        assert line.sent == []
        second.commands.take(first.sent, NOW + 3100)
        second.commands.tick(NOW + 4000)
        assert line.sent == []

    def test_waits_a_moment_only_if_it_was_asked_before_the_station_came(self) -> None:
        desk = Desk()
        line = desk.lines[KEY] = Line()
        desk.commands.take([], NOW)
        desk.commands.came(KEY, NOW - 1)
        desk.commands.take([asked("new")], NOW)
        assert len(line.sent) == 1

    def test_ends_when_its_sender_died(self) -> None:
        first, other = Desk(), Desk()
        first.connect()
        first.commands.take([asked("a")], NOW + 2000)
        other.commands.take([asked("a"), *first.sent], NOW + 2000)
        other.commands.tick(NOW + 2000 + TIMEOUT + 4999)
        assert other.published == []
        other.commands.tick(NOW + 2000 + TIMEOUT + 5000)
        assert other.outcomes() == [("a", CommandOutcome.TIMED_OUT)]
        other.commands.tick(NOW + 2000 + TIMEOUT + 6000)
        assert len(other.published) == 1

    def test_is_over_with_its_answer(self) -> None:
        first, other = Desk(), Desk()
        line = first.connect()
        first.commands.take([asked("a")], NOW + 2000)
        other.commands.take([asked("a"), *first.sent, *line.answer()], NOW + 2000)
        other.commands.tick(NOW + 2000 + TIMEOUT + 5000)
        assert other.published == []
