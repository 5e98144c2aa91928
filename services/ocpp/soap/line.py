"""A station that speaks SOAP, for the edge: a socket that opens with its first word and closes in silence."""

import asyncio
from collections.abc import Callable
from typing import Final

from services.domain.events.station import SecurityEventRaised
from services.domain.ids import derived_id
from services.ocpp.connection import Connection, Step
from services.ocpp.edge import TRY_AGAIN_LATER, StationEdge
from services.ocpp.soap.envelope import Request
from services.ocpp.tls import Certificate
from services.ocpp.wire import frames
from services.ocpp.wire.frames import Call, CallError, CallResult

Answer = CallResult | CallError
Ask = Callable[["SoapLine", Call], None]
"""Sends a CALL of ours to the station; its answer comes back through `SoapLine.heard`."""

_GRACE_S: Final = 2
_FULL: Final = "too many messages at once"


class Turned(Exception):
    """No answer: the station keeps its message and comes back."""


class SoapLine:
    """One station's presence at this edge, which begins and ends with StationConnected and -Disconnected.

    `speech` and `announced` (the URL where it listens) are those of its last request.
    """

    moves = True

    def __init__(self, edge: StationEdge, connection: Connection, address: str, profile: int, ask: Ask) -> None:
        self._edge = edge
        self._ask = ask
        self._replies: dict[str, asyncio.Future[Answer | None]] = {}
        self._read_again_at = 0
        self._warned_of = ""
        self._requests = 0
        self.connection = connection
        self.key = f"{edge.edge.tenant}/{connection.station_id}"
        self.address = address
        self.security_profile = profile
        self.certificate: Certificate | None = None
        self.credit = edge.settings.station_messages_per_s
        self.credit_at = edge.now_ms()
        self.heard_at = edge.tick_number
        self.pinged = False
        self.ending = ""
        self.request: Request | None = None

    @property
    def ping_s(self) -> int:
        """Nobody is pinged: what counts is the whole of it, which the edge takes for two such times."""
        return self._edge.settings.ocpp_soap_silence_s // 2

    def note(self, received: bool, document: bytes) -> None:
        """Into the message log: an envelope of the station's (`received`), or of ours."""
        connection = self.connection
        self._edge.frames.note(connection.station_id, connection.protocol, received, document)

    def next_number(self) -> int:
        """Tells requests apart that have no MessageID."""
        self._requests += 1
        return self._requests

    async def answer(self, call: Call) -> Answer:
        """Our answer to a CALL of the station, once it may go; Turned when it may not, or the time is up."""
        if self._edge.now_ms() < self._read_again_at or len(self._replies) > self._edge.settings.max_pending_calls:
            raise Turned(_FULL)
        waiting = self._replies.get(call.message_id)
        if waiting is None:
            waiting = self._replies[call.message_id] = asyncio.get_running_loop().create_future()
            self._edge.received(self, frames.call(*call))
        try:
            # The station that asks again, since it did not wait, is answered together with its first request.
            answer = await asyncio.wait_for(asyncio.shield(waiting), self._edge.settings.hold_s + _GRACE_S)
        except TimeoutError:
            answer = None
        if answer is None:
            raise Turned("cannot store your message now, keep it")
        return answer

    def heard(self, frame: bytes) -> None:
        """The station's answer to a CALL of ours."""
        if not self.ending:
            self._edge.received(self, frame)

    def failed(self, frame: bytes) -> None:
        """A CALL of ours came to nothing: an answer for the edge, yet no sign of life."""
        heard_at, pinged = self.heard_at, self.pinged
        self.heard(frame)
        self.heard_at, self.pinged = heard_at, pinged

    def send(self, data: bytes) -> None:
        """An answer to the station, for whom its request waits, or a CALL."""
        frame = frames.parse(data)
        if isinstance(frame, Call):
            self._ask(self, frame)
            return
        assert isinstance(frame, CallResult | CallError)
        waiting = self._replies.pop(frame.message_id, None)
        if waiting is not None:
            waiting.set_result(frame)

    def release(self, step: Step, waited_ms: int) -> None:
        """Events are durable: the reply goes."""
        self.connection.settle(step)
        self._edge.replied(waited_ms)
        assert step.reply is not None
        self.send(step.reply)

    def give_up(self) -> None:
        """They are not, in all the time that a station waits: let it keep its message and come back."""
        self.close(TRY_AGAIN_LATER, "refused")

    def ping(self) -> None:
        """There is nothing to ping: a station speaks when it likes."""

    def close(self, code: int, ending: str, said: str = "") -> None:
        """It is no longer here; who still waits for a durable reply gets it all the same, unless we give up."""
        if self.ending:
            return
        self.ending = ending
        if code == TRY_AGAIN_LATER:
            for waiting in self._replies.values():
                waiting.set_result(None)
            self._replies.clear()
        self._edge.disconnected(self, ending)

    def abort(self, ending: str) -> None:
        """As `close`."""
        self.close(0, ending)

    def pause(self, seconds: float) -> None:
        """What comes in the meantime is turned away."""
        self._read_again_at = self._edge.now_ms() + int(seconds * 1000)

    def read_on(self) -> None:
        """Nothing to do: requests come one by one."""

    def misplaced(self, detail: str) -> None:
        """It announces an address that is not its own: told once for each."""
        if detail == self._warned_of:
            return
        self._warned_of = detail
        edge, connection = self._edge, self.connection
        edge.delivery.publish(
            SecurityEventRaised(
                event_id=derived_id(
                    "SecurityEventRaised", edge.edge.tenant, connection.station_id, connection.epoch, detail
                ),
                tenant=edge.edge.tenant,
                station_id=connection.station_id,
                type="SoapAddressMismatch",
                detail=detail,
                remote_address=self.address,
                recorded_at=edge.now_ms(),
            )
        )
