"""A running OCPP edge on real Kafka and real sockets, stations to talk to it, and what it told Kafka."""

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import ClientConnection, connect

from services.domain.events.common import TokenStatus
from services.domain.events.station import CommandAnswered, CommandRequested, Station
from services.domain.events.token import Token
from services.domain.ids import derived_id
from services.ocpp import passwords
from services.ocpp.app import operate
from services.ocpp.edge import StationEdge
from services.ocpp.settings import OcppSettings
from services.ocpp.sockets import Listeners
from services.runtime.bus import publish_sync
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.tail import Tail
from services.runtime.topics import create_topics

PASSWORD = "a-password-of-20-chr"
TENANT = "wattlog"
V16, V201 = "ocpp1.6", "ocpp2.0.1"
TOPICS = [
    "station.events.v1", "station.state.v1", "station.connection.v1", "station.commands.v1", "station.results.v1",
    "transaction.events.v1", "authorization.events.v1", "token.state.v1", "ocpp.frames.v1",
    "certificate.events.v1", "certificate.state.v1", "tariff.state.v1", "tariff.prices.v1", "location.state.v1",
    "agreement.state.v1", "authorization.requests.v1", "authorization.answers.v1", "partner.state.v1",
    "charging.events.v1", "reservation.state.v1",
]  # fmt: skip
TOLD = [
    "station.events.v1", "station.results.v1", "transaction.events.v1", "authorization.events.v1",
    "ocpp.frames.v1",
]  # fmt: skip


def station(name: str, **changes: Any) -> Station:
    hashed = passwords.hashed(PASSWORD.encode(), bytes(16))
    values: dict[str, Any] = {"tenant": TENANT, "station_id": name, "password_hash": hashed, "updated_at": 1}
    return Station(**(values | changes))


def token(uid: str, **changes: Any) -> Token:
    values: dict[str, Any] = {
        "tenant": TENANT,
        "token_uid": uid,
        "token_type": "RFID",
        "contract_id": f"C-{uid}",
        "issuer": "test",
        "status": TokenStatus.VALID,
        "updated_at": 1,
    }
    return Token(**(values | changes))


def asked(name: str, operation: str, payload: dict[str, Any], within_ms: int = 20_000) -> CommandRequested:
    """A command to a station, from now on."""
    now = now_ms()
    command_id = derived_id("command", name, operation, now, time.perf_counter_ns())
    return CommandRequested(
        event_id=derived_id("CommandRequested", command_id),
        command_id=command_id,
        tenant=TENANT,
        station_id=name,
        operation=operation,
        payload_json=orjson.dumps(payload).decode(),
        requested_by="test",
        requested_at=now,
        deadline_at=now + within_ms,
    )


def registered(kafka: KafkaSettings, *names: str) -> KafkaSettings:
    """The edge's topics, some stations, and the tokens VALID1 and BLOCKED1."""
    create_topics(kafka, TOPICS)
    entries = [station(name) for name in names]
    publish_sync(kafka, Codec(), [token("VALID1"), token("BLOCKED1", status=TokenStatus.BLOCKED), *entries])
    return kafka


@dataclass
class RunningEdge:
    """An edge that lets stations in, and what Kafka has been told since it started."""

    edge: StationEdge
    port: int
    process: Process
    kafka: KafkaSettings
    listeners: Listeners
    told: list[Any] = field(default_factory=list)

    @property
    def tls_port(self) -> int | None:
        return self.listeners.tls_port

    def of(self, kind: type[Any], station_id: str | None = None) -> list[Any]:
        return [
            event
            for event in self.told
            if isinstance(event, kind) and (station_id is None or event.station_id == station_id)
        ]

    async def wait_for(self, kind: type[Any], count: int = 1, station_id: str | None = None) -> list[Any]:
        """The events of a type, once there are so many."""
        await until(lambda: len(self.of(kind, station_id)) >= count)
        return self.of(kind, station_id)

    def connect(
        self,
        name: str,
        protocols: Sequence[str] | None = (V16,),
        user: str | None = None,
        password: str | bytes = PASSWORD,
        **more: Any,
    ) -> connect:
        secret = password.encode() if isinstance(password, str) else password
        credentials = b64encode(f"{name if user is None else user}:".encode() + secret).decode()
        headers = {"Authorization": f"Basic {credentials}"}
        return connect(
            f"ws://127.0.0.1:{self.port}/ocpp/{name}",
            subprotocols=protocols,  # type: ignore[arg-type]
            additional_headers=headers,
            ping_interval=None,
            compression=None,
            **more,
        )

    async def ask(self, name: str, operation: str, payload: dict[str, Any], within_ms: int = 20_000) -> str:
        """Put a command into the log; its id."""
        command = asked(name, operation, payload, within_ms)
        await asyncio.to_thread(publish_sync, self.kafka, Codec(), [command])
        return command.command_id

    async def result(self, command_id: str) -> CommandAnswered:
        def found() -> list[CommandAnswered]:
            return [event for event in self.of(CommandAnswered) if event.command_id == command_id]

        await until(lambda: bool(found()))
        return found()[0]

    def say(self, *events: Any) -> None:
        publish_sync(self.kafka, Codec(), events)


@asynccontextmanager
async def running(kafka: KafkaSettings, data_dir: Path, **settings: Any) -> AsyncIterator[RunningEdge]:
    """An edge in this process, stopped in good order at the end."""
    named = {"ocpp_port": 0, "ocpp_soap_port": 0, "edge_id": "edge-1", "ping_s": 3600} | settings
    chosen = OcppSettings(common=CommonSettings(data_dir=data_dir), kafka=kafka, **named)
    process = Process("ocpp")
    started: asyncio.Future[tuple[StationEdge, Listeners]] = asyncio.get_running_loop().create_future()
    running_edge: list[RunningEdge] = []
    tail = Tail(kafka, Codec(), TOLD, lambda events: running_edge[0].told.extend(events), now_ms() - 1000)
    task = asyncio.create_task(
        operate(
            chosen, process, lambda edge, listeners: started.set_result((edge, listeners)), CollectorRegistry()
        )
    )
    try:
        edge, listeners = await asyncio.wait_for(started, 60)
        running_edge.append(RunningEdge(edge, listeners.port, process, kafka, listeners))
        tail.start()
        await until(lambda: tail.caught_up)
        yield running_edge[0]
    finally:
        process.stopping.set()
        await task
        tail.stop()


async def until(true: Callable[[], bool], within_s: float = 30.0) -> None:
    """Return as soon as it is true; an assertion fails when it never is."""
    for _ in range(int(within_s / 0.02)):
        if true():
            return
        await asyncio.sleep(0.02)
    assert true()


async def call(socket: ClientConnection, action: str, payload: Any, message_id: str = "m1") -> Any:
    """Send a CALL and return the next frame."""
    await socket.send(orjson.dumps([2, message_id, action, payload]).decode())
    return await answer(socket)


async def answer(socket: ClientConnection) -> Any:
    return orjson.loads(await asyncio.wait_for(socket.recv(), 30))
