"""Plays charging stations against the running edge, and tells it what to ask them.

Whatever the edge says is validated by the `ocpp` package, which the edge does not use for that.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import orjson
from ocpp import messages
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from services.domain.events import station as registry
from services.domain.events.station import CommandAnswered
from services.domain.events.token import Token
from services.runtime.bus import Bus
from tests.integration.ocpp_case import TENANT, RunningEdge, asked, until
from tests.integration.ocpp_case import station as registry_entry

V16, V201, V21 = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
WITHIN_S = 30.0
_VERSION = {V16: "1.6", V201: "2.0.1", V21: "2.1"}
_CALL, _RESULT, _ERROR = 2, 3, 4

Event = TypeVar("Event")


class CallError(Exception):
    """A CALLERROR: raised when the edge answers with one; given to `expect` to answer the edge with one."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description


class Commanded(NamedTuple):
    """What the station heard of a command, and how the command ended."""

    payload: dict[str, Any]
    result: CommandAnswered


class Station:
    """One station on its WebSocket. Both directions are independent, as OCPP-J has it."""

    def __init__(self, csms: "Csms", name: str, protocol: str, socket: ClientConnection) -> None:
        self.csms = csms
        self.name = name
        self.protocol = protocol
        self.socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Future[list[Any]]] = {}
        self._calls: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a CALL; the payload of its CALLRESULT, or CallError."""
        message_id = f"{self.name}-{next(self._numbers)}"
        answered = self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.socket.send(orjson.dumps([_CALL, message_id, action, payload]).decode())
        frame = await asyncio.wait_for(answered, WITHIN_S)
        if frame[0] == _ERROR:
            raise CallError(frame[2], frame[3])
        assert len(frame) == 3
        answer = messages.CallResult(message_id, frame[2], action=action)
        await messages.validate_payload(answer, _VERSION[self.protocol])
        told: dict[str, Any] = frame[2]
        return told

    async def expect(self, action: str, answer: dict[str, Any] | CallError) -> dict[str, Any]:
        """The next CALL of the edge, which has to be this one: its payload, once it is answered."""
        message_id, payload = await self.next_call(action)
        if isinstance(answer, CallError):
            reply: list[Any] = [_ERROR, message_id, answer.code, answer.description, {}]
        else:
            reply = [_RESULT, message_id, answer]
        await self.socket.send(orjson.dumps(reply).decode())
        return payload

    async def next_call(self, action: str) -> tuple[str, dict[str, Any]]:
        """The id and payload of the edge's next CALL, not answered yet."""
        kind, message_id, said, payload = await asyncio.wait_for(self._calls.get(), WITHIN_S)
        assert (kind, said) == (_CALL, action)
        assert isinstance(message_id, str)
        assert 0 < len(message_id) <= 36
        await messages.validate_payload(messages.Call(message_id, action, payload), _VERSION[self.protocol])
        return message_id, payload

    async def commanded(
        self,
        operation: str,
        payload: dict[str, Any],
        answer: dict[str, Any] | CallError,
        action: str | None = None,
    ) -> Commanded:
        """Put a command into the log, answer its CALL (`action`: its name in this version), see it end."""
        command_id = await self.csms.ask(self.name, operation, payload)
        heard = await self.expect(action or operation, answer)
        return Commanded(heard, await self.csms.edge.result(command_id))

    async def refused_by_us(self, operation: str, payload: dict[str, Any]) -> CommandAnswered:
        """Put a command into the log that the edge cannot say to this station; its result."""
        return await self.csms.edge.result(await self.csms.ask(self.name, operation, payload))

    async def recorded(self, kind: type[Event], count: int = 1) -> list[Event]:
        """The events of a type that Kafka has of this station, once there are so many."""
        return await self.csms.edge.wait_for(kind, count, self.name)

    def told(self, *kinds: type[Any]) -> list[Any]:
        """The events of some types that Kafka has of this station by now, in their order."""
        return [e for e in self.csms.edge.told if isinstance(e, kinds) and e.station_id == self.name]

    async def leave(self) -> None:
        """Close the connection. A CALL of the edge that nobody expected fails the case."""
        await self.socket.close()
        await self._reading
        assert self._calls.empty(), f"not expected: {self._calls.get_nowait()}"

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                frame = orjson.loads(text)
                if frame[0] == _CALL:
                    self._calls.put_nowait(frame)
                else:
                    self._answers.pop(frame[1]).set_result(frame)
        except ConnectionClosed:
            pass
        for waiting in self._answers.values():
            waiting.set_exception(ConnectionError(f"closed: {self.socket.close_code}"))


@dataclass(slots=True)
class Csms:
    """The edge under test, with stations registered in advance so that no case waits for the registry."""

    edge: RunningEdge
    bus: Bus
    names: Iterator[str]

    def known(self, name: str) -> registry.Station:
        """The registry entry of a station, as the edge has it."""
        found = self.edge.edge.edge.station(f"{TENANT}/{name}")
        assert found is not None
        return found

    @asynccontextmanager
    async def station(self, protocol: str, name: str | None = None) -> AsyncIterator[Station]:
        """A station that has just connected (by default one that nobody else plays) and has said nothing yet."""
        chosen = name or next(self.names)
        async with self.edge.connect(chosen, (protocol,)) as socket:
            playing = Station(self, chosen, protocol, socket)
            try:
                yield playing
            except BaseException:
                await socket.close()
                raise
            await playing.leave()

    async def ask(self, name: str, operation: str, payload: dict[str, Any]) -> str:
        """Put a command to a station into the log; its id."""
        command = asked(name, operation, payload)
        await self.bus.publish(command)
        return command.command_id

    async def register(self, name: str, **changes: Any) -> None:
        """Register a station (fields of `station.state.v1`), and return when the edge knows."""
        entry = registry_entry(name, **changes)
        await self.bus.publish(entry)
        await until(lambda: self.edge.edge.door._station(entry.key) == entry)

    async def know(self, *tokens: Token) -> None:
        """Put tokens on the whitelist, and return when the edge knows."""
        await self.bus.publish(*tokens)
        await until(lambda: all(self.edge.edge.edge.token(token.key) == token for token in tokens))
