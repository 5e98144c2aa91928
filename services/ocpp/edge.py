"""The edge: the sockets that it holds, and what happens when one opens, says something, falls silent or closes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any, Final, NamedTuple, Protocol

import structlog

from services.domain.events.common import RegistrationStatus
from services.domain.events.station import (
    Connection,
    SecurityEventRaised,
    Station,
)
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp import connection as machine
from services.ocpp import presence
from services.ocpp.commands import Commands, Line
from services.ocpp.connection import Step
from services.ocpp.delivery import Asker, Delivery
from services.ocpp.door import Door
from services.ocpp.frame_log import FrameLog
from services.ocpp.inbound.reply import Answer, Edge
from services.ocpp.inquiries import Inquire, nobody
from services.ocpp.metrics import EdgeMetrics
from services.ocpp.registration import boot_again
from services.ocpp.revocation import REVOKED
from services.ocpp.settings import OcppSettings
from services.ocpp.throttle import Buckets
from services.ocpp.tls import Certificate
from services.ocpp.turnstile import Turnstile
from services.ocpp.wire.faults import Fault

POLICY_VIOLATION: Final = 1008
SERVICE_RESTART: Final = 1012
TRY_AGAIN_LATER: Final = 1013

_ANSWERS: Final = frozenset({"CallResult", "CallError"})
_SWEEP_TICKS: Final = 10
"""Every connection is looked at once in so many seconds."""

_BYTES_PER_MESSAGE: Final = 1024
_BURST_S: Final = 10
"""A station may save up what it may send in this time."""

TURN_S: Final = 0.01
_DEPARTURES_PER_TURN: Final = 20

log = structlog.get_logger(__name__)


class Socket(Asker, Line, Protocol):
    """One station's open WebSocket."""

    address: str
    security_profile: int
    certificate: Certificate | None
    """That it came with."""
    credit: int
    """Messages that it may send before anybody looks how fast they come."""
    credit_at: Millis
    """When it was given."""
    heard_at: int
    """Tick of the last frame."""
    moves: bool
    """It may speak to one edge and then to another: being displaced by that is nothing strange."""
    pinged: bool
    """A ping was sent and nothing heard since."""
    ending: str
    """Why we close it, in StationDisconnected's words; "" while we do not."""

    @property
    def ping_s(self) -> int:
        """Silence after which it is pinged; a second such time without a word ends it."""

    def ping(self) -> None:
        """Send a ping."""

    def close(self, code: int, ending: str, said: str = "") -> None:
        """Close it with a WebSocket close code."""

    def abort(self, ending: str) -> None:
        """Drop it without waiting for anything."""

    def pause(self, seconds: float) -> None:
        """Stop reading, for some seconds or (0) until the replies that wait have gone."""

    def read_on(self) -> None:
        """A call is answered that waited for others: fewer are open."""


class Departure(NamedTuple):
    """A connection that has ended."""

    connection: machine.Connection
    key: str
    reason: str
    at_ms: Millis


class StationEdge:
    """All state of an edge process, in memory only: everything in it can be lost without losing anything.

    `now_ms` is the clock; `delivery` the way to Kafka; `frames` the message log; `station` looks up the registry;
    `later` calls a function after TURN_S: of many connections that end at once, a few are told at a time.
    `inquire` asks others than stations and passes their answers on, later.
    """

    def __init__(
        self,
        settings: OcppSettings,
        edge: Edge,
        delivery: Delivery,
        station: Callable[[str], Station | None],
        now_ms: Callable[[], Millis],
        frames: FrameLog,
        later: Callable[[Callable[[], None]], object] = lambda _turn: None,
        inquire: Inquire = nobody,
    ) -> None:
        self.edge = edge
        self.inquire = inquire
        self.departures: Turnstile[Departure] = Turnstile(_DEPARTURES_PER_TURN, self._tell, later)
        self.settings = settings
        self.delivery = delivery
        self.frames = frames
        self.sockets: dict[str, Socket] = {}
        self.metrics = EdgeMetrics(self._gauges)
        self.tick_number = 0
        self.draining = False
        self.ready = False
        self.broken_files: Callable[[], int] = lambda: 0
        """Sets of certificate files that have changed and cannot be used."""
        self.door = Door(settings, station, self._raise, self._address_of, now_ms(), edge.revoked)
        self.commands = Commands(
            edge,
            self.sockets,
            station,
            lambda key: self._elsewhere.get(key, 0) > 0,
            delivery.publish,
            delivery.hold,
            (settings.call_timeout_s * 1000, settings.commands_horizon_s * 1000),
        )
        self.now_ms = now_ms
        self._epoch = 0
        self._elsewhere: dict[str, int] = {}
        self._left_open: dict[str, Connection] = {}
        self._flaps = Buckets(settings.flaps_per_minute / 60, settings.flaps_per_minute)
        self._open: Counter[str] = Counter()
        self._unswept: Iterator[Socket] = iter(())

    @property
    def open_for_work(self) -> bool:
        """False while stations are better off keeping their messages."""
        return self.ready and not self.draining and not self.delivery.down(self.now_ms())

    def begin(self) -> None:
        """All that we decide from has been read: let stations in.

        Connections that this edge had when it was last killed have ended, which nobody could tell then.
        """
        now_ms = self.now_ms()
        for state in self._left_open.values():
            self.delivery.publish(
                presence.ended(self.edge, state, "lost", now_ms),
                presence.state(self.edge, state, False, now_ms),
            )
        self._left_open.clear()
        self.ready = True
        self.commands.open(now_ms)

    def new_epoch(self, key: str) -> int:
        """A number higher than that of every earlier connection of the station, here or elsewhere."""
        self._epoch = max(self._epoch + 1, self.now_ms(), self._elsewhere.get(key, 0) + 1)
        return self._epoch

    def connected(self, socket: Socket) -> None:
        """A station was let in. The newest connection wins: one that cannot be told dead from alive must not."""
        now_ms, connection = self.now_ms(), socket.connection
        older = self.sockets.get(socket.key)
        self.sockets[socket.key] = socket
        if older is not None:
            self._displace(older, now_ms)
        self._elsewhere.pop(socket.key, None)
        self._open[connection.protocol] += 1
        self.metrics.connects[connection.protocol] += 1
        self.delivery.publish(
            presence.begun(self.edge, connection, socket.address, socket.security_profile, now_ms),
            presence.state(self.edge, connection, True, now_ms),
        )
        self.commands.came(socket.key, now_ms)

    def disconnected(self, socket: Socket, reason: str) -> None:
        """A station's connection has ended; `reason` in StationDisconnected's words."""
        now_ms = self.now_ms()
        self.metrics.disconnects[reason] += 1
        self._open[socket.connection.protocol] -= 1
        self.commands.closed(socket, now_ms)
        if self.sockets.get(socket.key) is socket:
            del self.sockets[socket.key]
        left = Departure(socket.connection, socket.key, reason, now_ms)
        if self.departures.passes(left):
            self._tell(left)

    def _tell(self, left: Departure) -> None:
        """Publish that a connection has ended; if the station is back or elsewhere by now, only that."""
        connection = left.connection
        ended = presence.ended(self.edge, connection, left.reason, left.at_ms)
        if left.key in self.sockets or left.key in self._elsewhere:
            self.delivery.publish(ended)
        else:
            self.delivery.publish(ended, presence.state(self.edge, connection, False, left.at_ms))

    def received(self, socket: Socket, data: bytes) -> None:
        """A text frame of a station."""
        started = perf_counter()
        now_ms, connection = self.now_ms(), socket.connection
        socket.heard_at, socket.pinged = self.tick_number, False
        try:
            step = connection.receive(data, now_ms)
            self._carry_out(step, socket, now_ms)
        except Exception as error:  # a defect must cost one answer, not a connection
            log.exception("defect while handling a frame", station=socket.key, error=repr(error))
            step = connection.failed(data, now_ms)
            self._carry_out(step, socket, now_ms)
        self.metrics.handling_s[connection.protocol, step.action, step.outcome].observe(perf_counter() - started)
        socket.credit -= 1 + len(data) // _BYTES_PER_MESSAGE
        if socket.credit < 0:
            self._slow_down(socket, now_ms)
        if connection.pending >= self.settings.max_pending_calls:
            socket.pause(0)

    def misbehaved(self, socket: Socket, data: bytes, said: str) -> None:
        """A frame that the WebSocket layer does not pass on: it ends the connection, and an event keeps it."""
        events = socket.connection.refuse(data, Fault.RPC_FRAMEWORK, said, self.now_ms())
        if events:
            self.delivery.publish(*events)

    def replied(self, waited_ms: Millis) -> None:
        """A reply that waited for Kafka has gone."""
        self.metrics.ack_durable_s.observe(waited_ms / 1000)

    def registered(self, key: str, station: Station | None) -> None:
        """A registry entry has changed: who is no longer welcome is shown out, who waited for it is let in."""
        socket = self.sockets.get(key)
        if station is None or not station.enabled:
            if socket is not None:
                socket.close(POLICY_VIOLATION, "refused", "station is disabled")
            self.commands.serve(key, self.now_ms())
            return
        waits = socket is not None and socket.connection.waits_to_be_accepted
        if waits and station.registration is RegistrationStatus.ACCEPTED:
            self.delivery.publish(boot_again(station, self.now_ms()))

    def revoked(self, *keys: str) -> None:
        """Of these stations, or of all: who came with a certificate that is revoked by now is shown out."""
        for socket in [self.sockets[key] for key in keys or self.sockets if key in self.sockets]:
            if self.door.mistrust(socket.certificate) == REVOKED:
                socket.close(POLICY_VIOLATION, "refused", "certificate is revoked")

    def held_elsewhere(self, connections: Iterable[Any]) -> None:
        """Records of `station.connection`: another edge has, or had, a station. The higher epoch is right."""
        now_ms = self.now_ms()
        for state in connections:
            if not isinstance(state, Connection):
                continue
            self._epoch = max(self._epoch, 0 if self.ready else state.epoch)
            if state.edge_id == self.edge.edge_id:
                self._note_former_life(state)
            elif state.epoch >= self._elsewhere.get(state.key, 0):
                self._note_other_edge(state, now_ms)

    def tick(self) -> None:
        """Everything that time brings about; every second."""
        now_ms = self.now_ms()
        self.tick_number += 1
        self.delivery.sweep(now_ms)
        self.commands.tick(now_ms)
        for socket in self._some_sockets():
            self._look_after(socket)

    def _carry_out(self, step: Step, socket: Socket, now_ms: Millis) -> None:
        if step.inquiry is not None:
            self.inquire(step.inquiry.questions, partial(self._decided, socket, step.inquiry))
            return
        if step.durable:
            self.delivery.hold(step, socket, now_ms)
            return
        if step.events:
            self.delivery.publish(*step.events)
        if step.reply is not None:
            socket.send(step.reply)
        if step.action in _ANSWERS and not socket.connection.calling:
            self.commands.answered(socket, now_ms)

    def _decided(self, socket: Socket, inquiry: machine.StepInquiry, answers: Sequence[Answer]) -> None:
        """Those whom we asked have answered; the station may be gone by now, and will ask again."""
        if socket.ending or self.sockets.get(socket.key) is not socket:
            return
        now_ms = self.now_ms()
        try:
            self._carry_out(inquiry.then(answers, now_ms), socket, now_ms)
        except Exception as error:  # as above; the station asks again
            log.exception("defect while deciding by answers of others", station=socket.key, error=repr(error))
        socket.read_on()

    def _slow_down(self, socket: Socket, now_ms: Millis) -> None:
        """Read a station that sends more than it may later: nothing is lost, and nobody else waits for it."""
        per_s = self.settings.station_messages_per_s
        earned = max(0, now_ms - socket.credit_at) * per_s // 1000
        credit = min(socket.credit + earned, _BURST_S * per_s)
        socket.credit, socket.credit_at = credit, now_ms
        if credit < 0:
            socket.pause(-credit / per_s)

    def _some_sockets(self) -> list[Socket]:
        """A tenth of all sockets at a time."""
        share = len(self.sockets) // _SWEEP_TICKS + 1
        some = list(islice(self._unswept, share))
        if len(some) < share:
            self._unswept = iter(list(self.sockets.values()))
        return some

    def _look_after(self, socket: Socket) -> None:
        silent_s = self.tick_number - socket.heard_at
        if self.sockets.get(socket.key) is not socket:
            return
        if silent_s >= 2 * socket.ping_s and socket.pinged:
            socket.abort("lost")
        elif silent_s >= socket.ping_s and not socket.pinged:
            socket.pinged = True
            socket.ping()

    def _displace(self, socket: Socket, now_ms: Millis) -> None:
        socket.close(POLICY_VIOLATION, "displaced", "a newer connection of this station has replaced this one")
        if not socket.moves and not self._flaps.take(socket.key, now_ms):
            self._raise(
                SecurityEventRaised(
                    event_id=self._id("SecurityEventRaised", socket.connection),
                    tenant=self.edge.tenant,
                    station_id=socket.connection.station_id,
                    type="ConnectionFlapping",
                    detail=f"displaced more than {self.settings.flaps_per_minute} times a minute",
                    remote_address=socket.address,
                    recorded_at=now_ms,
                )
            )

    def _raise(self, event: SecurityEventRaised) -> None:
        log.warning("security event", type=event.type, station=event.key, detail=event.detail)
        self.delivery.publish(event)

    def _address_of(self, key: str) -> str | None:
        socket = self.sockets.get(key)
        return socket.address if socket else None

    def _note_former_life(self, state: Connection) -> None:
        """Our own record: news only while we have not begun."""
        if self.ready:
            return
        self._left_open.pop(state.key, None)
        if state.connected:
            self._left_open[state.key] = state

    def _note_other_edge(self, state: Connection, now_ms: Millis) -> None:
        left_open = self._left_open.get(state.key)
        if left_open is not None and left_open.epoch < state.epoch:
            del self._left_open[state.key]
        mine = self.sockets.get(state.key)
        if mine is not None and mine.connection.epoch > state.epoch:
            # The topic keeps the last record of a station: that has to be ours.
            self.delivery.publish(presence.state(self.edge, mine.connection, True, now_ms))
        elif state.connected:
            self._elsewhere[state.key] = state.epoch
            if mine is not None:
                self._displace(mine, now_ms)
        else:
            self._elsewhere.pop(state.key, None)

    def _id(self, name: str, connection: machine.Connection) -> str:
        return derived_id(name, self.edge.tenant, connection.station_id, self.edge.edge_id, connection.epoch)

    def _gauges(self) -> Mapping[str, float]:
        return {
            **{f"connections_{protocol.replace('.', '_')}": n for protocol, n in self._open.items()},
            "held_replies": self.delivery.held,
            "unconfirmed_publications": self.delivery.outstanding,
            "lost_publications": self.delivery.lost,
            "dropped_frames": self.frames.dropped,
            "broken_files": self.broken_files(),
            "overdue_revocation_lists": len(self.door.lists.overdue(self.now_ms())),
            "waiting_commands": self.commands.waiting,
            "kafka_silent_seconds": self.delivery.silent_ms(self.now_ms()) / 1000,
        }
