"""The protocol machine of one station's connection, without I/O: frames and times in, steps out.

Each direction has a slot of its own (OCPP-J 2.0.1, 4.1.1): a CALL of ours that waits for its answer never holds up
answering the station, and the other way round.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested, ProtocolViolated, StationBooted
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpp.grants import Grants
from services.ocpp.inbound.cost import NONE_BEGUN, learned
from services.ocpp.inbound.reply import Answer, Ask, Context, Edge, Inquiry, Reply, canonical
from services.ocpp.offers import Offers
from services.ocpp.outbound import batches
from services.ocpp.outbound import command as outbound
from services.ocpp.registration import BOOT, Registration
from services.ocpp.routes import WITHOUT_WARNINGS, Route, routes
from services.ocpp.wire import frames
from services.ocpp.wire.faults import V16, V21, Fault, Refused, code, family
from services.ocpp.wire.frames import Call, CallError, CallResult, CallResultError, Malformed, Send
from services.ocpp.wire.schemas import actions, tolerated

MAX_FRAME_KEPT = 4096
"""Bytes of an offending frame that its event keeps."""

MAX_VIOLATIONS_PER_MINUTE = 30
"""Violations of one connection that become events; the rest are only counted."""

TOLERATED = "Tolerated"
UNMATCHED = "Unmatched"
"""Codes of ProtocolViolated beside OCPP's: let through with a warning; an answer to no open call of ours."""

OK = "ok"
REPEATED = "repeated"

_MINUTE_MS = 60_000


class Busy(Exception):
    """Our own CALL is still open: one at a time (a defect of the caller)."""


class Step(NamedTuple):
    """What to do about a frame: publish `events`, send `reply`; if `durable`, the latter after the former.

    `action` and `outcome` are for counting. A durable reply is reported back by `Connection.settle`.
    """

    action: str
    outcome: str
    reply: bytes | None = None
    events: tuple[Event, ...] = ()
    durable: bool = False
    message_id: str = ""
    fingerprint: int = 0
    inquiry: "StepInquiry | None" = None


class StepInquiry(NamedTuple):
    """What has to be asked elsewhere, and what to do about the answers (None: there was none)."""

    questions: tuple[Ask, ...]
    then: Callable[[Sequence[Answer], Millis], Step]


class _Outgoing(NamedTuple):
    message_id: str
    action: str
    command: CommandRequested
    deadline_ms: Millis
    rest: tuple[dict[str, Any], ...] = ()
    """What is still to be said: a request may need several CALLs."""
    answers: tuple[dict[str, Any], ...] = ()


class Connection:
    """The state of one connection. `epoch` numbers the connections of a station, the newest is the highest."""

    __slots__ = (
        "_begun", "_grants", "_last", "_limits", "_minute", "_offers", "_outgoing", "_pending", "_quirks",
        "_registration", "_routes", "_violations",
        "edge", "epoch", "protocol", "station_id",
    )  # fmt: skip

    def __init__(self, edge: Edge, station_id: str, protocol: str, epoch: int) -> None:
        self.edge = edge
        self.station_id = station_id
        self.protocol = protocol
        self.epoch = epoch
        self._routes = routes(protocol)
        self._quirks = edge.quirks_of(station_id)
        self._pending: tuple[str, ...] = ()
        self._last: tuple[str, int, bytes] | None = None
        self._outgoing: _Outgoing | None = None
        self._limits: dict[str, int] = {}
        self._offers = Offers()
        self._begun = NONE_BEGUN
        self._grants = Grants()
        self._registration = Registration()
        self._violations = 0
        self._minute = 0

    @property
    def pending(self) -> int:
        """Calls of the station whose replies wait to be durable."""
        return len(self._pending)

    @property
    def calling(self) -> bool:
        """True while a CALL of ours is open."""
        return self._outgoing is not None

    @property
    def open_call(self) -> str:
        """Message id of our open CALL; "" without one."""
        return "" if self._outgoing is None else self._outgoing.message_id

    @property
    def waits_to_be_accepted(self) -> bool:
        """True while the last that the station was told is that its registration is pending."""
        return self._registration.pending

    def receive(self, data: bytes, now_ms: Millis) -> Step:
        """Take one text frame."""
        try:
            frame = frames.parse(data)
        except Malformed as error:
            return self._malformed(error, data, now_ms)
        if isinstance(frame, Call):
            return self._call(frame, data, now_ms)
        if isinstance(frame, CallResult | CallError):
            return self._answer(frame, data, now_ms)
        if self.protocol != V21:
            said = f"message type of a {type(frame).__name__} is not 2, 3 or 4"
            return self._malformed(Malformed(Fault.MESSAGE_TYPE, said, frame.message_id), data, now_ms)
        return self._sent(frame, data, now_ms)

    def settle(self, step: Step) -> None:
        """A durable reply has been sent: remember it for a retry with the same message id."""
        self._no_longer_pending(step.message_id)
        assert step.reply is not None
        self._last = (step.message_id, step.fingerprint, step.reply)

    def call(self, command: CommandRequested, deadline_ms: Millis) -> bytes:
        """The frame of our CALL for a command; NotPossible if it cannot be put, Busy if another one is open."""
        if self._outgoing is not None:
            raise Busy(f"{self.station_id} has not answered {self._outgoing.message_id}")
        if not self._registration.may_be_asked(self.edge.registration(self.station_id)):
            raise outbound.NotPossible("the station's registration is rejected: it is not to be asked anything")
        action, payload = outbound.request(command, family(self.protocol))
        self._registration.asks(action, payload)
        message_id = derived_id("call", command.command_id, self.epoch)
        first, *rest = batches.parts(action, payload, self._limits)
        self._outgoing = _Outgoing(message_id, action, command, deadline_ms, tuple(rest))
        return frames.call(message_id, action, first)

    def expire(self, now_ms: Millis) -> CommandAnswered | None:
        """The result of our open CALL if its time is up. An answer that still comes is then an unmatched one."""
        if self._outgoing is None or now_ms < self._outgoing.deadline_ms:
            return None
        return self._give_up("no answer in time", now_ms)

    def close(self, now_ms: Millis) -> CommandAnswered | None:
        """The result of our open CALL when the connection ends: the station may have done it, or not."""
        return self._give_up("connection closed before the answer", now_ms) if self._outgoing else None

    def failed(self, data: bytes, now_ms: Millis) -> Step:
        """What to do about a frame that a defect of ours kept from being handled: it is recorded, not lost."""
        said = code(self.protocol, Fault.INTERNAL)
        events = self._violated(said, "defect while handling this frame", None, data, now_ms)
        try:
            frame = frames.parse(data)
        except Malformed:
            return Step("", said, None, events)
        if not isinstance(frame, Call):
            return Step("", said, None, events)
        self._no_longer_pending(frame.message_id)
        return Step("", said, frames.call_error(frame.message_id, said, ""), events)

    def refuse(self, data: bytes, fault: Fault, description: str, now_ms: Millis) -> tuple[Event, ...]:
        """The event of a frame that never reached this machine (binary, too large, a defect of ours)."""
        return self._violated(code(self.protocol, fault), description, None, data, now_ms)

    def _call(self, frame: Call, data: bytes, now_ms: Millis) -> Step:
        message_id, action, payload = frame
        if message_id in self._pending:
            return Step(action if action in self._routes else "", REPEATED)
        if self._last is not None and self._last[0] == message_id and self._last[1] == hash(data):
            return Step(action if action in self._routes else "", REPEATED, self._last[2])
        route = self._routes.get(action)
        if route is None:
            known = action in actions(self.protocol)
            fault = Fault.NOT_SUPPORTED if known else Fault.NOT_IMPLEMENTED
            said = f"{action[:50]!r} is not {'supported' if known else 'known'}"
            return self._refused(frame, fault, said, data, now_ms)
        context = Context(self.edge, self.station_id, self.protocol, self.epoch, message_id, now_ms)
        context.offered, context.begun = self._offers.by_evse(), self._begun
        context.granted = self._grants.by_token()
        try:
            self._require_registration(action)
            self._check(route, payload, context)
            reply = route.inbound(payload, context)
        except Refused as error:
            return self._refused(frame, error.fault, error.description, data, now_ms)
        if reply.inquiry is not None:
            self._pending += (message_id,)
            then = partial(self._decided, frame, data, context, reply.inquiry)
            return Step(action, OK, inquiry=StepInquiry(reply.inquiry.questions, then))
        return self._replied(frame, data, context, reply, now_ms)

    def _decided(
        self, frame: Call, data: bytes, context: Context, inquiry: Inquiry, answers: Sequence[Answer],
        now_ms: Millis,
    ) -> Step:  # fmt: skip
        """What was asked elsewhere has been answered, or not: now there is a reply."""
        self._no_longer_pending(frame.message_id)
        return self._replied(frame, data, context, inquiry.then(answers, now_ms), now_ms)

    def _replied(self, frame: Call, data: bytes, context: Context, reply: Reply, now_ms: Millis) -> Step:
        message_id, action, payload = frame
        self._learn(action, payload, reply)
        text, fingerprint = frames.call_result(message_id, reply.payload), hash(data)
        events = reply.events
        if context.warnings and action in WITHOUT_WARNINGS:
            events += self._violated(TOLERATED, "; ".join(context.warnings), action, data, now_ms)
        if reply.durable:
            self._pending += (message_id,)
        else:
            self._last = (message_id, fingerprint, text)
        return Step(action, OK, text, events, reply.durable, message_id, fingerprint)

    def _learn(self, action: str, payload: dict[str, Any], reply: Reply) -> None:
        """Note what a message that was taken means for later ones."""
        self._grants.learn(reply.events)
        if action == BOOT:
            self._booted(reply)
        elif action == "NotifyReport":
            self._limits |= batches.limits_told(payload)
        elif action == "TransactionEvent":
            self._begun = learned(self._begun, reply.events, self.edge)
            if payload["eventType"] == "Ended":
                self._offers.ended(payload["transactionInfo"]["transactionId"])

    def _check(self, route: Route, payload: dict[str, Any], context: Context) -> None:
        """Mend what this maker's stations are known to get wrong, then tolerate or refuse the rest."""
        quirks = self._quirks
        if quirks is not None:
            context.warnings = quirks.mend(route.action, payload)
        if not route.schema.is_valid(payload):
            warnings = tolerated(route.schema, payload)
            if quirks is not None and quirks.hard:
                raise Refused(Fault.FORMAT, warnings[0])
            context.warnings += warnings

    def _booted(self, reply: Reply) -> None:
        """Now it has said who made it."""
        self._registration.told(reply.payload["status"])
        for event in reply.events:
            if isinstance(event, StationBooted):
                said = event.vendor, event.model, event.firmware_version or ""
                self._quirks = self.edge.quirks_of(self.station_id, *said)

    def _require_registration(self, action: str) -> None:
        if self._registration.accepted:
            return
        if not self._registration.may_say(action, self.edge.registration(self.station_id)):
            raise Refused(Fault.SECURITY, f"{action} before the station is accepted")

    def _no_longer_pending(self, message_id: str) -> None:
        one = self._pending == (message_id,)  # nearly always: stations wait for one reply before the next call
        self._pending = () if one else tuple([other for other in self._pending if other != message_id])

    def _answer(self, frame: CallResult | CallError, data: bytes, now_ms: Millis) -> Step:
        kind = type(frame).__name__
        if self._outgoing is None or self._outgoing.message_id != frame.message_id:
            said = f"{kind} for {frame.message_id[:50]!r}, which is not open: late, repeated or never sent"
            return Step(kind, UNMATCHED, None, self._violated(UNMATCHED, said, None, data, now_ms))
        outgoing = self._outgoing
        self._outgoing = None
        stamp = outbound.Stamp(self.edge.edge_id, self.epoch, now_ms)
        result = outbound.answered(outgoing.command, outgoing.action, family(self.protocol), frame, stamp)
        if result.outcome is CommandOutcome.FAILED:
            return self._failed(outgoing, frame, result, stamp)
        assert isinstance(frame, CallResult)
        answers = (*outgoing.answers, frame.payload)
        if outgoing.action == "GetVariables":
            self._limits |= batches.limits_told(frame.payload)
        if outgoing.action == "SetChargingProfile" and result.outcome is CommandOutcome.ACCEPTED:
            self._offers.accepted(outgoing.command.payload_json, self.protocol)
        if outgoing.rest and not batches.goes_on(outgoing.action, frame.payload):
            parts = len(answers) + len(outgoing.rest)
            return Step(kind, OK, None, (replace(result, detail=f"{len(answers) - 1} of {parts} parts accepted"),))
        if outgoing.rest:
            return Step(kind, OK, self._call_next(outgoing, answers))
        if outgoing.answers:
            whole = CallResult(frame.message_id, batches.joined(outgoing.action, answers))
            result = outbound.answered(outgoing.command, outgoing.action, family(self.protocol), whole, stamp)
        return Step(kind, OK, None, (result,))

    def _call_next(self, outgoing: _Outgoing, answers: tuple[dict[str, Any], ...]) -> bytes:
        """The CALL for the next part of a request that is said in several."""
        payload, *rest = outgoing.rest
        message_id = derived_id("call", outgoing.command.command_id, self.epoch, len(answers))
        self._outgoing = outgoing._replace(message_id=message_id, rest=tuple(rest), answers=answers)
        return frames.call(message_id, outgoing.action, payload)

    def _failed(
        self, outgoing: _Outgoing, frame: CallResult | CallError, result: CommandAnswered, stamp: outbound.Stamp
    ) -> Step:
        """The answer is a CALLERROR, or none at all; what was said to earlier parts is kept."""
        kind, refusal = type(frame).__name__, None
        if isinstance(frame, CallResult) and self.protocol == V21:
            refusal = frames.call_result_error(frame.message_id, Fault.FORMAT.value, result.detail or "")
        if outgoing.answers:
            result = self._partly(outgoing, CommandOutcome.FAILED, result.detail or "", stamp)
        return Step(kind, OK, refusal, (result,))

    def _partly(
        self, outgoing: _Outgoing, outcome: CommandOutcome, detail: str, stamp: outbound.Stamp
    ) -> CommandAnswered:
        done = len(outgoing.answers)
        said = f"{detail} (after {done} of {done + 1 + len(outgoing.rest)} parts)"
        text = canonical(batches.joined(outgoing.action, outgoing.answers))
        return outbound.result(outgoing.command, outcome, stamp, detail=said, answer_json=text)

    def _sent(self, frame: Send | CallResultError, data: bytes, now_ms: Millis) -> Step:
        """OCPP-J 2.1, 4.2.4 and 4.2.5: neither is answered, whatever is wrong with it."""
        if isinstance(frame, CallResultError):
            said = f"our answer to {frame.message_id[:50]!r} was not understood: {frame.description}"
            return Step("CallResultError", OK, None, self._violated(frame.code[:50], said, None, data, now_ms))
        route = self._routes.get(frame.action)
        try:
            if route is None:
                raise Refused(Fault.NOT_IMPLEMENTED, f"{frame.action[:50]!r} is not known")
            self._require_registration(frame.action)
            context = Context(self.edge, self.station_id, self.protocol, self.epoch, frame.message_id, now_ms)
            self._check(route, frame.payload, context)
            return Step(frame.action, OK, None, route.inbound(frame.payload, context).events)
        except Refused as error:
            said = code(self.protocol, error.fault)
            events = self._violated(said, error.description, frame.action[:50], data, now_ms)
            return Step("", said, None, events)

    def _malformed(self, error: Malformed, data: bytes, now_ms: Millis) -> Step:
        said = code(self.protocol, error.fault)
        events = self._violated(said, error.description, None, data, now_ms)
        # OCPP-J 1.6, 4.1.3: a message type that is not known is ignored. 2.0.1, 4.4: it is answered.
        ignored = error.fault is Fault.MESSAGE_TYPE and self.protocol == V16
        if error.message_id is None or ignored:
            return Step("", said, None, events)
        return Step("", said, frames.call_error(error.message_id, said, error.description), events)

    def _refused(self, frame: Call, fault: Fault, description: str, data: bytes, now_ms: Millis) -> Step:
        said = code(self.protocol, fault)
        action = frame.action if frame.action in self._routes else ""
        events = self._violated(said, description, frame.action[:50], data, now_ms)
        return Step(action, said, frames.call_error(frame.message_id, said, description), events)

    def _violated(
        self, said: str, description: str, action: str | None, data: bytes, now_ms: Millis
    ) -> tuple[Event, ...]:
        if now_ms // _MINUTE_MS != self._minute:
            self._minute, self._violations = now_ms // _MINUTE_MS, 0
        self._violations += 1
        if self._violations > MAX_VIOLATIONS_PER_MINUTE:
            return ()
        event = ProtocolViolated(
            event_id=derived_id(
                "ProtocolViolated", self.edge.tenant, self.station_id, self.epoch, now_ms, self._violations
            ),
            tenant=self.edge.tenant,
            station_id=self.station_id,
            protocol=self.protocol,
            code=said,
            description=description,
            action=action,
            frame=data[:MAX_FRAME_KEPT],
            recorded_at=now_ms,
        )
        return (event,)

    def _give_up(self, detail: str, now_ms: Millis) -> CommandAnswered:
        assert self._outgoing is not None
        outgoing = self._outgoing
        self._outgoing = None
        stamp = outbound.Stamp(self.edge.edge_id, self.epoch, now_ms)
        if outgoing.answers:
            return self._partly(outgoing, CommandOutcome.TIMED_OUT, detail, stamp)
        return outbound.result(outgoing.command, CommandOutcome.TIMED_OUT, stamp, detail=detail)
