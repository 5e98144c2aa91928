"""Commands to stations: sent by the edge that holds the socket, one at a time, and each ends in a result."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested, CommandSent, Station
from services.domain.folding import Event
from services.domain.units import Millis
from services.ocpp.connection import OK, Connection, Step
from services.ocpp.delivery import Asker
from services.ocpp.dispatch import Dispatch
from services.ocpp.inbound.reply import Edge
from services.ocpp.outbound import command as outbound

_GRACE_MS: Final = 1000
_SENDERS_GRACE_MS: Final = 5000
"""How much longer than its own time limit the sender of a command may take to say how it ended."""

_TAKEOVER_MS: Final = 1000
"""In this time an edge reads what another one did before the station came here."""


class Line(Protocol):
    """A station's socket, as far as commands are concerned."""

    connection: Connection
    key: str

    def send(self, data: bytes) -> None:
        """Send a text frame."""


class Sending:
    """A CALL that leaves as soon as Kafka knows that it does; without Kafka it does not, and its time runs out."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def release(self, step: Step, _waited_ms: Millis) -> None:
        if self._line.connection.open_call == step.message_id:
            assert step.reply is not None
            self._line.send(step.reply)

    def give_up(self) -> None:
        """Nothing to do: it was not sent."""


class Commands:
    """`lines` are the sockets that this edge holds, by station; `elsewhere` tells whether another edge holds it;
    `hold` publishes a step's events and then releases it.

    Each is sent once at most: that it is sent is in Kafka before it leaves, and nobody sends it after that.
    Results of commands that cannot reach a station have the same event id from every edge, so that it does no harm
    if several say so.
    """

    def __init__(
        self,
        edge: Edge,
        lines: Mapping[str, Line],
        station: Callable[[str], Station | None],
        elsewhere: Callable[[str], bool],
        publish: Callable[[Event], None],
        hold: Callable[[Step, Asker, Millis], None],
        times_ms: tuple[Millis, Millis],
    ) -> None:
        self._edge = edge
        self._lines = lines
        self._station = station
        self._elsewhere = elsewhere
        self._publish = publish
        self._hold = hold
        self._timeout_ms, horizon_ms = times_ms
        self._dispatch = Dispatch(horizon_ms)
        self._calling: dict[str, Line] = {}
        self._came: dict[str, Millis] = {}
        self._open = False

    @property
    def waiting(self) -> int:
        """Commands that have not been sent, whichever edge they are for."""
        return len(self._dispatch)

    def open(self, now_ms: Millis) -> None:
        """All that was asked and answered before we came is known: begin."""
        self._open = True
        for key in self._dispatch.waiting():
            self.serve(key, now_ms)

    def take(self, events: Iterable[Any], now_ms: Millis) -> None:
        """Records of `station.commands` and `station.results`, as they come."""
        for event in events:
            if isinstance(event, CommandAnswered):
                self._dispatch.answered(event, now_ms)
            elif isinstance(event, CommandSent):
                self._dispatch.sent(event, now_ms)
            elif isinstance(event, CommandRequested) and self._dispatch.requested(event, now_ms) and self._open:
                self.serve(event.key, now_ms)

    def came(self, key: str, now_ms: Millis) -> None:
        """A station has connected here. What was asked before waits a moment: another edge may be sending it."""
        self._came[key] = now_ms
        self.serve(key, now_ms)

    def serve(self, key: str, now_ms: Millis) -> None:
        """Send the station's next command, if it is here, free, and has one."""
        if not self._open:
            return
        line, station = self._lines.get(key), self._station(key)
        while line is None or not line.connection.calling:
            if line is None and station is not None and station.enabled:
                return
            command = self._dispatch.next(key, now_ms, self._came.get(key, 0))
            if command is None:
                return
            if line is None:
                self._end(command, CommandOutcome.UNREACHABLE, 0, now_ms, "station is not registered or disabled")
                continue
            self._put(command, line, now_ms)

    def answered(self, line: Line, now_ms: Millis) -> None:
        """The station has answered our call."""
        self._calling.pop(line.key, None)
        self.serve(line.key, now_ms)

    def closed(self, line: Line, now_ms: Millis) -> None:
        """The station's connection is gone, and our call with it."""
        if self._calling.get(line.key) is line:
            del self._calling[line.key]
        if self._lines.get(line.key) is line:
            self._came.pop(line.key, None)
        result = line.connection.close(now_ms)
        if result is not None:
            self._publish(result)

    def tick(self, now_ms: Millis) -> None:
        """End calls and commands whose time is up; every second."""
        for line in list(self._calling.values()):
            result = line.connection.expire(now_ms)
            if result is not None:
                self._publish(result)
                self.answered(line, now_ms)
        if not self._open:
            return
        for key in [key for key, came_at in self._came.items() if came_at + _TAKEOVER_MS <= now_ms]:
            del self._came[key]
            self.serve(key, now_ms)
        for sent in self._dispatch.unanswered(now_ms - _SENDERS_GRACE_MS):
            self._end(sent, CommandOutcome.TIMED_OUT, sent.epoch, now_ms, "its sender died: done, or not")
        for command in self._dispatch.expired(now_ms):
            # Whoever holds the socket may have sent it at the last moment and be waiting for the answer.
            wait_ms = self._timeout_ms + _GRACE_MS if self._elsewhere(command.key) else 0
            if command.deadline_at + wait_ms <= now_ms:
                self._end(command, CommandOutcome.EXPIRED, 0, now_ms, "not connected or busy until the deadline")

    def _put(self, command: CommandRequested, line: Line, now_ms: Millis) -> None:
        try:
            data = line.connection.call(command, now_ms + self._timeout_ms)
        except outbound.NotPossible as error:
            self._end(command, CommandOutcome.FAILED, line.connection.epoch, now_ms, str(error))
            return
        self._calling[line.key] = line
        stamp = outbound.Stamp(self._edge.edge_id, line.connection.epoch, now_ms)
        sent = outbound.sent(command, stamp, now_ms + self._timeout_ms)
        call = Step("", OK, data, (sent,), durable=True, message_id=line.connection.open_call)
        self._hold(call, Sending(line), now_ms)

    def _end(
        self,
        command: CommandRequested | CommandSent,
        outcome: CommandOutcome,
        epoch: int,
        now_ms: Millis,
        detail: str,
    ) -> None:
        stamp = outbound.Stamp(self._edge.edge_id, epoch, now_ms)
        result = outbound.result(command, outcome, stamp, detail=detail)
        self._dispatch.answered(result, now_ms)
        self._publish(result)
