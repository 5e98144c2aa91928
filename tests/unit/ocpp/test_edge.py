"""The edge: sockets that come, speak, fall silent and go, with nothing real around it but the machines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.certificate import Certificate
from services.domain.events.common import CertificateStatus, CommandOutcome, RegistrationStatus
from services.domain.events.station import (
    CommandAnswered,
    CommandRequested,
    Connection,
    ProtocolViolated,
    SecurityEventRaised,
    Station,
    StationConnected,
    StationDisconnected,
)
from services.domain.folding import Event
from services.ocpp import connection as machine
from services.ocpp.connection import Step
from services.ocpp.delivery import Delivery
from services.ocpp.edge import StationEdge
from services.ocpp.frame_log import FrameLog
from services.ocpp.settings import OcppSettings
from services.ocpp.tls import Certificate as Shown
from tests.unit.ocpp.circumstances import EDGE, NOW, TENANT, V16, registered_as
from tests.unit.ocpp.test_dispatch import asked

START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 5, "timestamp": "2026-09-21T14:13:20Z"}
KEY = f"{TENANT}/CP1"
QUIET = FrameLog(TENANT, "edge-1", lambda _event, _done: None, lambda: NOW, lambda _turn: None, enabled=False)

REVOKED = Certificate(
    tenant=TENANT, station_id="CP1", order_id="o", serial_number="a1b", subject="CN=CP1", issuer="CN=CA",
    not_before=NOW, not_after=NOW + 1000, status=CertificateStatus.REVOKED, updated_at=NOW,
)  # fmt: skip


class Socket:
    """A socket that writes down what is done to it."""

    def __init__(self, edge: StationEdge, name: str = "CP1", address: str = "198.51.100.4") -> None:
        self.edge = edge
        self.connection = machine.Connection(edge.edge, name, V16, edge.new_epoch(f"{TENANT}/{name}"))
        self.key = f"{TENANT}/{name}"
        self.address = address
        self.security_profile = 1
        self.certificate: Shown | None = None
        self.credit = edge.settings.station_messages_per_s
        self.credit_at = NOW
        self.heard_at = edge.tick_number
        self.ping_s = edge.settings.ping_s
        self.moves = False
        self.pinged = False
        self.ending = ""
        self.sent: list[Any] = []
        self.pings = 0
        self.pauses: list[float] = []
        self.codes: list[int] = []

    def send(self, data: bytes) -> None:
        self.sent.append(orjson.loads(data))

    def ping(self) -> None:
        self.pings += 1

    def close(self, code: int, ending: str, said: str = "") -> None:
        self.ending = self.ending or ending
        self.codes.append(code)

    def abort(self, ending: str) -> None:
        self.close(0, ending)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def read_on(self) -> None:
        self.pauses.append(-1)

    def release(self, step: Step, waited_ms: int) -> None:
        self.connection.settle(step)
        self.edge.replied(waited_ms)
        assert step.reply is not None
        self.send(step.reply)

    def give_up(self) -> None:
        self.close(1013, "refused")

    def gone(self) -> None:
        """What happens after a close."""
        self.edge.disconnected(self, self.ending or "closed")


class Around:
    """An edge, its clock, its Kafka and its registry."""

    def __init__(
        self, later: Callable[[Callable[[], None]], object] = lambda _turn: None, **settings: Any
    ) -> None:
        self.now = NOW
        self.up = True
        self.published: list[Event] = []
        self.waiting: list[Callable[[Exception | None], None]] = []
        self.stations = {KEY: Station(tenant=TENANT, station_id="CP1", updated_at=1)}
        self.delivery = Delivery(self.send, lambda: self.now, 20_000)
        self.edge = StationEdge(
            OcppSettings(**settings), EDGE, self.delivery, self.stations.get, lambda: self.now, QUIET, later
        )
        self.edge.begin()

    def send(self, event: Event, done: Callable[[Exception | None], None]) -> None:
        self.published.append(event)
        if self.up:
            done(None)
        else:
            self.waiting.append(done)

    def back_up(self) -> None:
        self.up = True
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done(None)

    def connect(self, name: str = "CP1") -> Socket:
        socket = Socket(self.edge, name)
        self.edge.connected(socket)
        return socket

    def say(self, socket: Socket, action: str, payload: Any, message_id: str = "m1") -> Any:
        self.edge.received(socket, orjson.dumps([2, message_id, action, payload]))
        return socket.sent[-1] if socket.sent else None

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.published if isinstance(event, kind)]

    def tick(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.now += 1000
            self.edge.tick()


class TestConnected:
    def test_is_told_with_who_holds_the_socket(self) -> None:
        around = Around()
        socket = around.connect()
        (event,) = around.of(StationConnected)
        (state,) = around.of(Connection)
        assert (event.edge_id, event.epoch, event.remote_address) == (
            "edge-1",
            socket.connection.epoch,
            "198.51.100.4",
        )
        assert (state.connected, state.epoch, state.edge_id) == (True, event.epoch, "edge-1")
        assert around.edge.sockets == {KEY: socket}

    def test_the_newest_wins(self) -> None:
        around = Around()
        older = around.connect()
        newer = around.connect()
        assert (older.ending, older.codes) == ("displaced", [1008])
        assert around.edge.sockets == {KEY: newer}
        assert newer.connection.epoch > older.connection.epoch
        older.gone()
        assert [event.reason for event in around.of(StationDisconnected)] == ["displaced"]
        assert [state.connected for state in around.of(Connection)] == [True, True]
        assert around.edge.sockets == {KEY: newer}

    def test_that_flaps_raises_a_security_event(self) -> None:
        around = Around(flaps_per_minute=3)
        for _ in range(6):
            around.connect()
        events = around.of(SecurityEventRaised)
        assert [event.type for event in events] == ["ConnectionFlapping"] * 2
        assert events[0].detail == "displaced more than 3 times a minute"

    def test_gets_the_commands_that_wait_for_it(self) -> None:
        around = Around()
        around.edge.commands.take([asked("a", deadline_at=NOW + 60_000)], NOW)
        assert around.connect().sent[0][2] == "RemoteStopTransaction"


class TestDisconnected:
    def test_is_told(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.disconnected(socket, "lost")
        (event,) = around.of(StationDisconnected)
        assert (event.reason, event.epoch) == ("lost", socket.connection.epoch)
        assert [state.connected for state in around.of(Connection)] == [True, False]
        assert around.edge.sockets == {}
        assert around.edge.metrics.disconnects["lost"] == 1

    def test_ends_the_open_command(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.commands.take([asked("a", deadline_at=NOW + 60_000)], NOW)
        socket.gone()
        (event,) = around.of(CommandAnswered)
        assert event.outcome is CommandOutcome.TIMED_OUT


class TestReceived:
    def test_answers_from_memory_at_once_and_publishes(self) -> None:
        around = Around()
        socket = around.connect()
        around.up = False
        assert around.say(socket, "Authorize", {"idTag": "VALID1"})[2] == {"idTagInfo": {"status": "Accepted"}}
        assert len(around.waiting) == 1

    def test_answers_what_must_be_durable_when_it_is(self) -> None:
        around = Around()
        socket = around.connect()
        around.up = False
        assert around.say(socket, "StartTransaction", START) is None
        assert around.say(socket, "Heartbeat", {}, "m2")[:2] == [3, "m2"]
        around.back_up()
        assert socket.sent[-1][:2] == [3, "m1"]
        assert around.edge.metrics.ack_durable_s.counts[0] == 1

    def test_gives_up_in_time_for_the_station_to_keep_its_message(self) -> None:
        around = Around()
        socket = around.connect()
        around.up = False
        around.say(socket, "StartTransaction", START)
        around.tick(19)
        assert socket.codes == []
        around.tick(1)
        assert (socket.codes, socket.sent) == ([1013], [])

    def test_gives_a_retry_on_the_next_connection_the_same_answer(self) -> None:
        around = Around()
        first = around.say(around.connect(), "StartTransaction", START, "m1")
        again = around.say(around.connect(), "StartTransaction", START, "other")
        assert first[2] == again[2]

    def test_costs_one_answer_when_we_have_a_defect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        around = Around()
        socket = around.connect()

        def broken(*_: Any) -> Step:
            raise ZeroDivisionError

        with monkeypatch.context() as patched:
            patched.setattr(machine.Connection, "receive", broken)
            assert around.say(socket, "Heartbeat", {})[:3] == [4, "m1", "InternalError"]
        assert around.of(ProtocolViolated)[0].frame == b'[2,"m1","Heartbeat",{}]'
        assert around.say(socket, "Heartbeat", {}, "m2")[:2] == [3, "m2"]

    def test_costs_one_answer_when_an_event_cannot_be_written(self, monkeypatch: pytest.MonkeyPatch) -> None:
        around = Around()
        socket = around.connect()
        send = around.send

        def unwritable(event: Event, done: Callable[[Exception | None], None]) -> None:
            if event.FULL_NAME.endswith("TransactionStarted"):
                raise ValueError("does not fit")
            send(event, done)

        monkeypatch.setattr(around.delivery, "_send", unwritable)
        assert around.say(socket, "StartTransaction", START)[:3] == [4, "m1", "InternalError"]
        assert socket.connection.pending == 0

    def test_reads_a_flood_later_instead_of_refusing_it(self) -> None:
        around = Around(station_messages_per_s=10)
        socket = around.connect()
        for number in range(12):
            around.say(socket, "Heartbeat", {}, str(number))
        assert len(socket.sent) == 12
        assert socket.pauses[0] > 0

    def test_lets_a_station_save_up(self) -> None:
        around = Around(station_messages_per_s=10)
        socket = around.connect()
        around.now += 3_600_000
        for number in range(100):
            around.say(socket, "Heartbeat", {}, str(number))
        assert socket.pauses == []
        for number in range(100):
            around.say(socket, "Heartbeat", {}, str(number))
        assert socket.pauses != []

    def test_takes_nothing_amiss_when_the_clock_is_set_back(self) -> None:
        around = Around(station_messages_per_s=10)
        socket = around.connect()
        around.now -= 3_600_000
        for number in range(12):
            around.say(socket, "Heartbeat", {}, str(number))
        assert all(pause < 1 for pause in socket.pauses)

    def test_counts_large_messages_as_many(self) -> None:
        around = Around(station_messages_per_s=10)
        socket = around.connect()
        around.say(socket, "DataTransfer", {"vendorId": "v", "data": "x" * 30_000})
        assert len(socket.pauses) == 1

    def test_reads_no_more_while_too_many_replies_wait(self) -> None:
        around = Around(max_pending_calls=3)
        socket = around.connect()
        around.up = False
        for number in range(3):
            around.say(socket, "StartTransaction", START | {"meterStart": number}, str(number))
        assert socket.pauses == [0]

    def test_passes_answers_to_the_next_command(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.commands.take([asked("a"), asked("b")], NOW)
        around.edge.received(socket, orjson.dumps([3, socket.sent[0][1], {"status": "Rejected"}]))
        assert around.of(CommandAnswered)[0].outcome is CommandOutcome.REJECTED
        assert len(socket.sent) == 2

    def test_does_not_take_any_answer_for_that_to_a_command(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.commands.take([asked("a"), asked("b")], NOW)
        around.edge.received(socket, b'[3,"other",{}]')
        assert len(socket.sent) == 1

    def test_counts_by_action_and_outcome(self) -> None:
        around = Around()
        socket = around.connect()
        around.say(socket, "Heartbeat", {})
        around.say(socket, "Nonsense", {})
        assert set(around.edge.metrics.handling_s) == {(V16, "Heartbeat", "ok"), (V16, "", "NotImplemented")}


class TestMisbehaved:
    def test_keeps_the_frame(self) -> None:
        around = Around()
        around.edge.misbehaved(around.connect(), b"\x00", "binary frame")
        assert around.of(ProtocolViolated)[0].frame == b"\x00"

    def test_becomes_events_only_so_often(self) -> None:
        around = Around()
        socket = around.connect()
        for _ in range(100):
            around.edge.misbehaved(socket, b"", "x")
        assert len(around.of(ProtocolViolated)) == 30


class TestOpenForWork:
    def test_is_not_before_everything_was_read(self) -> None:
        around = Around()
        around.edge.ready = False
        assert not around.edge.open_for_work

    def test_is_not_while_leaving(self) -> None:
        around = Around()
        around.edge.draining = True
        assert not around.edge.open_for_work

    def test_is_not_while_kafka_is_known_to_be_down(self) -> None:
        around = Around()
        around.up = False
        socket = around.connect()
        around.say(socket, "StartTransaction", START)
        assert around.edge.open_for_work
        around.tick(21)
        assert not around.edge.open_for_work
        assert around.say(socket, "Heartbeat", {}, "h")[:2] == [3, "h"]
        around.back_up()
        assert around.edge.open_for_work


class TestRegistered:
    @pytest.mark.parametrize("gone", [True, False])
    def test_shows_a_station_out(self, gone: bool) -> None:
        around = Around()
        socket = around.connect()
        station = around.stations.pop(KEY) if gone else replace(around.stations[KEY], enabled=False)
        around.edge.registered(KEY, None if gone else station)
        assert (socket.ending, socket.codes) == ("refused", [1008])

    def test_ends_its_commands(self) -> None:
        around = Around()
        around.edge.commands.take([asked("a", deadline_at=NOW + 60_000)], NOW)
        del around.stations[KEY]
        around.edge.registered(KEY, None)
        assert around.of(CommandAnswered)[0].outcome is CommandOutcome.UNREACHABLE

    def test_has_a_station_boot_again_once_it_is_accepted(self) -> None:
        around = Around()
        around.edge.edge = registered_as(RegistrationStatus.PENDING)
        socket = around.connect()
        around.edge.registered(KEY, around.stations[KEY])
        assert around.of(CommandRequested) == []
        around.say(socket, "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        around.edge.registered(KEY, replace(around.stations[KEY], registration=RegistrationStatus.PENDING))
        assert around.of(CommandRequested) == []
        around.edge.registered(KEY, around.stations[KEY])
        (asked_for,) = around.of(CommandRequested)
        assert (asked_for.operation, asked_for.payload_json) == (
            "TriggerMessage", '{"requestedMessage":"BootNotification"}',
        )  # fmt: skip
        assert (asked_for.station_id, asked_for.deadline_at) == ("CP1", NOW + 60_000)

    def test_leaves_the_others_alone(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.registered(KEY, around.stations[KEY])
        around.edge.registered(f"{TENANT}/CP2", None)
        assert socket.ending == ""


def elsewhere(epoch: int, connected: bool = True, edge_id: str = "edge-2") -> Connection:
    return Connection(
        tenant=TENANT, station_id="CP1", edge_id=edge_id, epoch=epoch, connected=connected, protocol=V16, since=NOW
    )


class TestAddressOf:
    def test_is_where_the_station_is_connected_from(self) -> None:
        around = Around()
        around.connect()
        assert around.edge._address_of(KEY) == "198.51.100.4"
        assert around.edge._address_of("nobody") is None


class TestHeldElsewhere:
    def test_gives_way_to_a_newer_connection(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.held_elsewhere([elsewhere(socket.connection.epoch + 1)])
        assert socket.ending == "displaced"
        socket.gone()
        assert [state.connected for state in around.of(Connection)] == [True]

    def test_insists_against_an_older_one(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.held_elsewhere([elsewhere(socket.connection.epoch - 1, connected=False)])
        assert socket.ending == ""
        last = around.of(Connection)[-1]
        assert (last.connected, last.epoch, last.edge_id) == (True, socket.connection.epoch, "edge-1")

    def test_takes_a_higher_epoch_than_any_other(self) -> None:
        around = Around()
        around.edge.held_elsewhere([elsewhere(NOW + 10**9)])
        assert around.connect().connection.epoch == NOW + 10**9 + 1

    def test_takes_a_higher_epoch_than_its_own_former_life(self) -> None:
        around = Around()
        around.edge.ready = False
        around.edge.held_elsewhere([elsewhere(NOW + 10**9, edge_id="edge-1")])
        assert around.connect().connection.epoch > NOW + 10**9

    def test_says_what_ended_when_it_was_killed(self) -> None:
        around = Around()
        around.edge.ready = False
        closed = replace(elsewhere(NOW - 6, edge_id="edge-1"), station_id="CP2")
        around.edge.held_elsewhere(
            [elsewhere(NOW - 5, edge_id="edge-1"), closed, replace(closed, connected=False), elsewhere(NOW - 9)]
        )
        around.edge.begin()
        (event,) = around.of(StationDisconnected)
        assert (event.station_id, event.reason, event.epoch) == ("CP1", "lost", NOW - 5)
        (state,) = around.of(Connection)
        assert (state.connected, state.epoch) == (False, NOW - 5)
        around.edge.begin()
        assert len(around.of(StationDisconnected)) == 1

    def test_leaves_what_another_edge_has_taken_over_alone(self) -> None:
        around = Around()
        around.edge.ready = False
        around.edge.held_elsewhere([elsewhere(NOW - 5, edge_id="edge-1"), elsewhere(NOW - 4)])
        around.edge.begin()
        assert around.published == []

    def test_is_not_confused_by_its_own_records(self) -> None:
        around = Around()
        socket = around.connect()
        around.edge.held_elsewhere([elsewhere(socket.connection.epoch, edge_id="edge-1"), object()])
        assert socket.ending == ""
        assert len(around.of(Connection)) == 1

    def test_waits_with_commands_for_the_edge_that_holds_it(self) -> None:
        around = Around(call_timeout_s=30)
        around.edge.held_elsewhere([elsewhere(NOW + 1)])
        around.edge.commands.take([asked("a", deadline_at=NOW + 5000)], NOW)
        around.tick(10)
        assert around.of(CommandAnswered) == []
        around.edge.held_elsewhere([elsewhere(NOW, connected=False)])
        around.tick(1)
        assert around.of(CommandAnswered) == []
        around.edge.held_elsewhere([elsewhere(NOW + 1, connected=False)])
        around.tick(1)
        assert around.of(CommandAnswered)[0].outcome is CommandOutcome.EXPIRED


class TestTick:
    def test_pings_who_is_silent_and_drops_who_stays_so(self) -> None:
        around = Around(ping_s=30)
        socket = around.connect()
        around.tick(29)
        assert socket.pings == 0
        around.tick(12)
        assert (socket.pings, socket.ending) == (1, "")
        around.tick(30)
        assert (socket.pings, socket.ending) == (1, "lost")

    def test_leaves_who_speaks_alone(self) -> None:
        around = Around(ping_s=30)
        socket = around.connect()
        for minute in range(5):
            around.tick(25)
            around.say(socket, "Heartbeat", {}, str(minute))
        assert (socket.pings, socket.ending) == (0, "")

    def test_looks_at_everybody_within_ten_seconds(self) -> None:
        around = Around(ping_s=30)
        sockets = [around.connect(f"CP{number}") for number in range(205)]
        around.tick(30)
        around.tick(12)
        assert {socket.pings for socket in sockets} == {1}

    def test_forgets_who_has_gone(self) -> None:
        around = Around(ping_s=5)
        socket = around.connect()
        around.tick(1)
        socket.gone()
        around.tick(30)
        assert socket.pings == 0


class TestGauges:
    def test_say_how_things_are(self) -> None:
        around = Around()
        around.connect()
        around.connect("CP2").gone()
        around.up = False
        around.say(around.edge.sockets[KEY], "StartTransaction", START)  # type: ignore[arg-type]
        gauges = around.edge._gauges()
        assert gauges["connections_ocpp1_6"] == 1
        assert gauges["held_replies"] == 1
        assert gauges["waiting_commands"] == 0


class TestManyDepartures:
    def test_are_told_a_few_at_a_time_and_none_is_forgotten(self) -> None:
        turns: list[Callable[[], None]] = []
        around = Around(later=turns.append)
        sockets = [around.connect(f"CP{number}") for number in range(50)]
        for socket in sockets:
            around.edge.disconnected(socket, "lost")
        assert (around.edge.sockets, len(around.of(StationDisconnected))) == ({}, 20)
        while turns:
            turns.pop()()
        assert len(around.of(StationDisconnected)) == 50

    def test_do_not_hide_that_a_station_is_back(self) -> None:
        turns: list[Callable[[], None]] = []
        around = Around(later=turns.append)
        for number in range(20):
            around.edge.disconnected(around.connect(f"CP{number}"), "lost")
        around.edge.disconnected(around.connect("late"), "lost")
        around.connect("late")
        turns.pop()()
        assert [state.connected for state in around.of(Connection) if state.station_id == "late"] == [True, True]


class TestRevokedCertificates:
    def came_with(self, serial_number: str | None, *told: str) -> Socket:
        """A station that is connected, once certificate a1b is revoked, and that is `told`."""
        known = replace(EDGE, certificate={REVOKED.key: REVOKED}.get)
        delivery = Delivery(lambda _event, done: done(None), lambda: NOW, 20_000)
        edge = StationEdge(OcppSettings(), known, delivery, lambda _key: None, lambda: NOW, QUIET)
        edge.begin()
        socket = Socket(edge)
        socket.certificate = None if serial_number is None else Shown(("CP1",), (), serial_number)
        edge.connected(socket)
        edge.revoked(*told)
        return socket

    @pytest.mark.parametrize("told", [(), (KEY,)])
    def test_end_the_connection_that_was_made_with_them(self, told: tuple[str, ...]) -> None:
        assert self.came_with("a1b", *told).codes == [1008]

    @pytest.mark.parametrize("serial_number", ["c2d", None])
    def test_end_no_other(self, serial_number: str | None) -> None:
        assert self.came_with(serial_number).codes == []

    def test_of_stations_that_are_not_here_end_nothing(self) -> None:
        assert self.came_with("a1b", f"{TENANT}/CP2").codes == []

    def test_are_known_by_their_status(self) -> None:
        known = {REVOKED.key: REVOKED, f"{TENANT}/c2d": replace(REVOKED, status=CertificateStatus.INSTALLED)}
        edge = replace(EDGE, certificate=known.get)
        assert [edge.revoked(number) for number in ("a1b", "c2d", "e3f")] == [True, False, False]
