"""One live station: a socket, the virtual clock and faults around the models that know what to say."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from services.domain.units import Millis
from services.simulator.clock import VirtualClock
from services.simulator.connection import (
    Answered,
    Asked,
    Connection,
    Failed,
    Ignored,
    Message,
    Part,
    error,
    result,
)
from services.simulator.dialect import Dialect, Refusal
from services.simulator.faults import Faults, garbage
from services.simulator.ledger import Entry, entry
from services.simulator.station import PluggedIn, Station, Step, Stopped, Transaction

_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 10.0


@dataclass(slots=True)
class Tally:
    """What a fleet has done so far."""

    connected: int = 0
    sessions_started: int = 0
    sessions_done: int = 0
    messages_sent: int = 0
    messages_answered: int = 0
    connections: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all stations of a fleet share. `url` is the edge's address without the station's id."""

    url: str
    clock: VirtualClock
    tally: Tally
    book: Callable[[Entry], None]
    faults: Faults = Faults()
    answer_within_s: float = 30.0
    stay: bool = False


class LiveStation:
    """Runs one station against an edge until its last car has left and every message about it is answered."""

    def __init__(self, station: Station, dialect: Dialect, wiring: Wiring, rng: Random) -> None:
        self._station = station
        self._dialect = dialect
        self._wiring = wiring
        self._rng = rng
        self._connection = Connection(lambda: f"{rng.getrandbits(96):024x}", int(wiring.answer_within_s * 1000))
        self._wake = asyncio.Event()
        self._prodded = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._offline_until_s = 0.0
        self._heartbeat_s = 300.0
        self._booted = False
        self._failures = 0
        self._open: list[Transaction] = []

    @property
    def ready(self) -> bool:
        """The backend has accepted this station and it is connected."""
        return self._connection.registered

    @property
    def idle(self) -> bool:
        """Nothing is left to say."""
        return self._connection.idle

    async def run(self, begin: asyncio.Event, stopping: asyncio.Event) -> None:
        """Connect, live through the plan once `begin` is set, say everything, close; `stopping` cuts it short."""
        link = asyncio.create_task(self._stay_connected())
        life = asyncio.create_task(self._live(begin))
        stop = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait((link, life, stop), return_when=asyncio.FIRST_COMPLETED)
            if self._socket is not None:
                await self._socket.close()
        finally:
            for task in (link, life, stop):
                task.cancel()
            outcomes = await asyncio.gather(link, life, stop, return_exceptions=True)
            for transaction in self._open:
                self._write(transaction)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _live(self, begin: asyncio.Event) -> None:
        await begin.wait()
        loop, clock = asyncio.get_running_loop(), self._wiring.clock
        while self._wiring.stay or self._station.next_at() is not None or not self._connection.idle:
            due = self._station.next_at()
            wait_s = None if due is None else clock.seconds_until(due, loop.time())
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._prodded.wait()
            self._prodded.clear()
            for step in self._station.advance(clock.now(loop.time())):
                self._tell(step)

    def _tell(self, step: Step) -> None:
        """Queue the messages about a step, and let the network fail when it is time for that."""
        if isinstance(step, PluggedIn) and self._strikes("offline", self._wiring.faults.offline):
            self._offline_until_s = asyncio.get_running_loop().time() + self._wiring.faults.offline_s
            self._cut()
        for message in self._dialect.messages(step, offline=not self._connection.up):
            if message.transaction is not None and message.part is Part.START:
                self._open.append(message.transaction)
                self._wiring.tally.sessions_started += 1
            elif message.transaction is not None and message.part is Part.UPDATE:
                message.transaction.samples_sent += 1
            self._connection.enqueue(message)
        if isinstance(step, Stopped) and step.transaction.refused:
            self._write(step.transaction)
        self._wake.set()

    async def _stay_connected(self) -> None:
        while True:
            try:
                async with connect(**self._handshake()) as socket:
                    self._wiring.tally.connections += 1
                    await self._talk(socket)
            except (OSError, WebSocketException, TimeoutError) as trouble:
                self._wiring.tally.trouble[_named(trouble)] += 1
                await asyncio.sleep(_retry_after_s(trouble))
            backoff_s = min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** min(self._failures, 10))
            self._failures += 1
            offline_s = self._offline_until_s - asyncio.get_running_loop().time()
            await asyncio.sleep(max(backoff_s * (0.5 + self._rng.random()), offline_s))

    def _handshake(self) -> dict[str, Any]:
        spec = self._station.spec
        credentials = base64.b64encode(f"{spec.station_id}:{spec.password}".encode()).decode()
        return {
            "uri": f"{self._wiring.url.rstrip('/')}/{spec.station_id}",
            "subprotocols": [Subprotocol(self._dialect.subprotocol)],
            "additional_headers": {"Authorization": f"Basic {credentials}"},
            "compression": None,
            "ping_interval": None,
            "open_timeout": 20,
            "close_timeout": 2,
            "proxy": None,
            "user_agent_header": None,
        }

    async def _talk(self, socket: ClientConnection) -> None:
        """One connection from its first to its last frame."""
        self._socket = socket
        boots = not self._booted or self._station.spec.boots_on_reconnect
        self._connection.opened(self._dialect.boot() if boots else None)
        if not boots:
            self._introduce()
        self._wiring.tally.connected += 1
        reader = asyncio.create_task(self._read(socket))
        reader.add_done_callback(lambda _task: self._wake.set())
        try:
            while not reader.done():
                self._wake.clear()
                await self._send_due(socket)
                self._prod_if_idle()
                await self._wait()
            await reader
        finally:
            reader.cancel()
            self._socket = None
            self._connection.closed()
            self._wiring.tally.connected -= 1
            self._prod_if_idle()

    async def _wait(self) -> None:
        """Until there may be something to send; a Heartbeat is due when there was nothing for long."""
        loop = asyncio.get_running_loop()
        wake_at_ms = self._connection.wake_at()
        wait_s = self._heartbeat_s if wake_at_ms is None else max(0.0, wake_at_ms / 1000 - loop.time())
        try:
            # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the wake-up.
            async with asyncio.timeout(wait_s + 0.001):
                await self._wake.wait()
        except TimeoutError:
            if wake_at_ms is None and self._connection.registered:
                self._connection.enqueue(self._dialect.heartbeat())

    async def _send_due(self, socket: ClientConnection) -> None:
        due = self._connection.next_frame(_now_ms())
        if due is None:
            return
        text, message = due
        if self._strikes("malformed", self._wiring.faults.malformed):
            await socket.send(garbage(self._rng))
        await socket.send(text)
        self._wiring.tally.messages_sent += 1
        if message.transaction is not None and (message.attempts > 1 or message.echo):
            message.transaction.repeats += 1
        if message.part is not None and self._strikes("drop", self._wiring.faults.drop):
            self._cut()

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            match self._connection.received(text, _now_ms()):
                case Answered(message, payload):
                    self._take(message, payload)
                case Failed(message, code, description):
                    self._wiring.tally.trouble[f"{message.action}: {code} {description}"[:120]] += 1
                case Asked() as asked:
                    await socket.send(self._answer(asked))
                case Ignored():
                    self._wiring.tally.trouble["frame without meaning"] += 1
            self._wake.set()

    def _take(self, message: Message, payload: dict[str, Any]) -> None:
        self._wiring.tally.messages_answered += 1
        self._failures = 0
        if message.action == "BootNotification":
            self._registered(payload)
        self._dialect.learn(message, payload)
        transaction = message.transaction
        if transaction is None or message.part is None or message.echo:
            return
        match message.part:
            case Part.START:
                transaction.start_acked = True
            case Part.UPDATE:
                transaction.samples_acked += 1
            case Part.STOP:
                transaction.stop_acked = True
                self._wiring.tally.sessions_done += 1
                self._write(transaction)
        if self._strikes("duplicate", self._wiring.faults.duplicate):
            self._connection.enqueue_first(replace(message, attempts=0, echo=True))

    def _registered(self, payload: dict[str, Any]) -> None:
        interval_s = payload.get("interval")
        wait_s = float(interval_s) if isinstance(interval_s, int) and interval_s > 0 else 300.0
        if payload.get("status") == "Accepted":
            self._heartbeat_s = wait_s
            self._booted = self._connection.registered = True
            self._introduce()
        else:
            self._connection.boot_again(self._dialect.boot(), _now_ms() + int(min(wait_s, 10.0) * 1000))

    def _introduce(self) -> None:
        for message in reversed(self._dialect.introduce(self._station_now())):
            self._connection.enqueue_first(message)

    def _answer(self, asked: Asked) -> str:
        try:
            answer = self._dialect.answer(asked.action, asked.payload, self._station, self._station_now())
        except Refusal as refusal:
            return error(asked.message_id, refusal.code, str(refusal))
        self._prodded.set()
        return result(asked.message_id, answer)

    def _prod_if_idle(self) -> None:
        """Let the life of the station end, if that is what it waits for."""
        if self._connection.idle:
            self._prodded.set()

    def _write(self, transaction: Transaction) -> None:
        line = entry(transaction)
        if line is not None:
            self._wiring.book(line)
        self._open = [other for other in self._open if other is not transaction]

    def _station_now(self) -> Millis:
        return self._wiring.clock.now(asyncio.get_running_loop().time())

    def _strikes(self, fault: str, chance: float) -> bool:
        if not self._wiring.faults.strikes(chance, self._rng):
            return False
        self._wiring.tally.faults[fault] += 1
        return True

    def _cut(self) -> None:
        """Lose the connection without a goodbye."""
        if self._socket is not None:
            self._socket.transport.abort()


def _now_ms() -> int:
    return int(asyncio.get_running_loop().time() * 1000)


def _named(trouble: Exception) -> str:
    if isinstance(trouble, InvalidStatus):
        return f"refused with HTTP {trouble.response.status_code}"
    return f"{type(trouble).__name__}: {trouble}"[:120]


def _retry_after_s(trouble: Exception) -> float:
    """What a 503 asks for, at most the longest back-off."""
    if isinstance(trouble, InvalidStatus):
        with suppress(ValueError):
            return min(_LONGEST_BACKOFF_S, max(0.0, float(trouble.response.headers.get("Retry-After", "0"))))
    return 0.0
