"""The station's end of an OCPP-J connection, without a socket: what to send next, what an arriving frame means.

One call is open at a time (OCPP-J 1.6 §4.1.1, 2.0.1 part 4 §4.1.1). Messages about transactions stay queued in
order until they are answered, across timeouts, errors and reconnections, each attempt with a new message id, as
real stations do; all others are forgotten when the connection is lost.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from services.simulator.station import Transaction

CALL, CALLRESULT, CALLERROR = 2, 3, 4
_LONGEST_RETRY_MS = 30_000

Payload = dict[str, Any]


class Part(StrEnum):
    """Which part of a transaction a message tells about."""

    START = "start"
    UPDATE = "update"
    STOP = "stop"


@dataclass(slots=True, eq=False)
class Message:
    """A call to make. `payload` is asked for at each attempt; None means that there is nothing to say any more.

    `part` is set on messages about transactions, which are never dropped. `echo` marks a deliberate repetition.
    """

    action: str
    payload: Callable[[], Payload | None]
    transaction: Transaction | None = None
    part: Part | None = None
    attempts: int = 0
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    message: Message
    payload: Payload


@dataclass(frozen=True, slots=True)
class Failed:
    """A CALLERROR; a message about a transaction is tried again after a while."""

    message: Message
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A call from the backend, to be answered with `result` or `error`."""

    message_id: str
    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that means nothing here: late, unknown or malformed."""

    reason: str


Incoming = Answered | Failed | Asked | Ignored


def encode(frame: list[Any]) -> str:
    """A frame as JSON text; Decimals are written as exact numbers."""
    return orjson.dumps(frame, default=_exact).decode()


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"{type(value).__name__} has no place in an OCPP frame")


def result(message_id: str, payload: Payload) -> str:
    """The frame that answers a call."""
    return encode([CALLRESULT, message_id, payload])


def error(message_id: str, code: str, description: str) -> str:
    """The frame that refuses a call."""
    return encode([CALLERROR, message_id, code, description, {}])


class Connection:
    """The queue and the open call of one station. Times are milliseconds of any clock that only goes forward."""

    def __init__(self, new_id: Callable[[], str], answer_within_ms: int = 30_000, retry_ms: int = 1_000) -> None:
        self._new_id = new_id
        self._answer_within_ms = answer_within_ms
        self._retry_ms = retry_ms
        self._queue: deque[Message] = deque()
        self._boot: Message | None = None
        self._open: tuple[str, Message] | None = None
        self._deadline = 0
        self._not_before = 0
        self.up = False
        self.registered = False

    @property
    def idle(self) -> bool:
        """Nothing is queued and nothing is unanswered."""
        return not self._queue and self._open is None

    @property
    def queued(self) -> int:
        return len(self._queue) + (self._open is not None)

    def enqueue(self, message: Message) -> None:
        """Queue a call; one that is not about a transaction is dropped while there is no connection."""
        if self.up or message.part is not None:
            self._queue.append(message)

    def enqueue_first(self, message: Message) -> None:
        self._queue.appendleft(message)

    def opened(self, boot: Message | None) -> None:
        """A socket is there. Only `boot` is sent until `registered` is set; without `boot` it is set now."""
        self.up = True
        self._boot = boot
        self.registered = boot is None
        self._not_before = 0

    def boot_again(self, boot: Message, at_ms: int) -> None:
        """The backend has not accepted the station yet: introduce it again at `at_ms`."""
        self._boot, self._not_before = boot, at_ms

    def closed(self) -> None:
        """The socket is gone: what was unanswered and must not be lost is next again."""
        self.up = self.registered = False
        if self._open is not None:
            self._queue.appendleft(self._open[1])
            self._open = None
        self._queue = deque(message for message in self._queue if message.part is not None)

    def next_frame(self, now_ms: int) -> tuple[str, Message] | None:
        """The next call as text with its message, or None when nothing may be sent now."""
        if not self.up:
            return None
        if self._open is not None:
            if now_ms < self._deadline:
                return None
            # No answer in time: what must not be lost is due again a little later, the rest is forgotten.
            unanswered, self._open = self._open[1], None
            self._retry_later(unanswered, now_ms)
        if now_ms < self._not_before:
            return None
        while (message := self._next_message()) is not None:
            payload = message.payload()
            if payload is None:
                continue
            message_id = self._new_id()
            message.attempts += 1
            self._open, self._deadline = (message_id, message), now_ms + self._answer_within_ms
            return encode([CALL, message_id, message.action, payload]), message
        return None

    def wake_at(self) -> int | None:
        """When to ask `next_frame` again although nothing has arrived; None: not before something does."""
        if self._open is not None:
            return self._deadline
        if self._not_before and (self._boot is not None or self._queue):
            return self._not_before
        return None

    def received(self, text: str | bytes, now_ms: int) -> Incoming:
        """What a frame means. Raises nothing, whatever arrives."""
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError as trouble:
            return Ignored(f"not JSON: {trouble}")
        match frame:
            case [2, str() as message_id, str() as action, dict() as payload]:
                return Asked(message_id, action, payload)
            case [3, str() as message_id, dict() as payload] if (
                message := self._answer_to(message_id)
            ) is not None:
                return Answered(message, payload)
            case [4, str() as message_id, code, *rest] if (message := self._answer_to(message_id)) is not None:
                self._retry_later(message, now_ms)
                return Failed(message, str(code), str(rest[0]) if rest else "")
        return Ignored(f"unexpected frame: {str(frame)[:100]}")

    def _next_message(self) -> Message | None:
        if self._boot is not None:
            boot, self._boot = self._boot, None
            return boot
        return self._queue.popleft() if self.registered and self._queue else None

    def _answer_to(self, message_id: str) -> Message | None:
        if self._open is None or self._open[0] != message_id:
            return None
        message, self._open = self._open[1], None
        return message

    def _retry_later(self, message: Message, now_ms: int) -> None:
        if message.part is not None:
            self._queue.appendleft(message)
        elif not self.registered:
            self._boot = message
        else:
            return
        self._not_before = now_ms + min(self._retry_ms * message.attempts, _LONGEST_RETRY_MS)
