"""Kills one of two OCPP edges at random while stations charge and commands are on their way, then counts.

`python -m tests.chaos.edge_kills --seed 42 --kills 30` starts a broker of its own and prints the anomalies:
messages that were acknowledged and are not in Kafka, commands that a station got twice, commands that ended in
no result or in one that is not what happened. Exits with 1 for any.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
from confluent_kafka import Consumer, TopicPartition
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested
from services.domain.ids import derived_id
from services.runtime.bus import Bus
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from tests.chaos.own_broker import own_broker
from tests.integration.ocpp_case import PASSWORD, TENANT, V201, registered

ROOT = Path(__file__).resolve().parents[2]
STATIONS = 16
_ANSWER_S = 25.0
_COMMAND_DEADLINE_MS = 20_000
_SETTLE_S = 120.0


@dataclass
class Ledger:
    """What stations know and Kafka has to agree with."""

    acknowledged: set[tuple[str, str, int]] = field(default_factory=set)
    """Station, transaction, sequence number."""
    executed: Counter[str] = field(default_factory=Counter)
    """By command id."""
    requested: list[str] = field(default_factory=list)
    kills: int = 0


@dataclass
class Anomalies:
    """All but the last two must be zero."""

    lost: int
    executed_twice: int
    without_result: int
    wrong_result: int
    acknowledged: int
    commands: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.executed_twice or self.without_result or self.wrong_result)


class Edge:
    """`wattlog ocpp` as a process that can be killed and comes back on the same port."""

    def __init__(self, kafka: KafkaSettings, folder: Path, number: int) -> None:
        self.port, metrics = free_ports(2)
        self._ready_url = f"http://127.0.0.1:{metrics}/readyz"
        self._env = os.environ | {
            "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
            "WATTLOG_OCPP_PORT": str(self.port),
            "WATTLOG_OCPP_METRICS_PORT": str(metrics),
            "WATTLOG_OCPP_SOAP_PORT": "0",
            "WATTLOG_DATA_DIR": str(folder),
            "WATTLOG_EDGE_ID": f"edge-{number}",
            "WATTLOG_TRANSACTION_ID_SECRET": "the same on all edges",
            "WATTLOG_CALL_TIMEOUT_S": "5",
            "WATTLOG_LOG_LEVEL": "error",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "services", "ocpp"], cwd=ROOT, env=self._env)

    async def ready(self) -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    if (await client.get(self._ready_url)).status_code == 200:
                        return
                await asyncio.sleep(0.1)
        raise RuntimeError("an edge does not get ready")

    def end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)


class Player:
    """A station: charges without end, sends each message until it is acknowledged, does what it is told."""

    def __init__(self, name: str, edges: list[Edge], ledger: Ledger, chance: random.Random) -> None:
        self.name = name
        self._edges = edges
        self._ledger = ledger
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._message = 0

    async def charge(self, over: asyncio.Event) -> None:
        """Sessions of 2.0.1, one after the other; returns after a whole one."""
        session = 0
        while not over.is_set():
            transaction = f"{self.name}-{session}"
            for seq in range(6):
                await self._until_acknowledged(self._event(transaction, seq), transaction, seq)
                await asyncio.sleep(0.05)
            session += 1
        await self.listen(0)

    async def listen(self, seconds: float) -> None:
        """Stay connected and obey."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                socket = await self._connected()
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - time.monotonic()):
                    while True:
                        await self._take(socket, orjson.loads(await socket.recv()))
            except (OSError, WebSocketException, TimeoutError):
                self._socket = None

    async def close(self) -> None:
        if self._socket is not None:
            with suppress(OSError, WebSocketException):
                await self._socket.close()

    async def _until_acknowledged(self, payload: dict[str, Any], transaction: str, seq: int) -> None:
        while True:
            try:
                socket = await self._connected()
                self._message += 1
                message_id = f"{self._message}"
                await socket.send(orjson.dumps([2, message_id, "TransactionEvent", payload]).decode())
                async with asyncio.timeout(_ANSWER_S):
                    while not await self._take(socket, orjson.loads(await socket.recv()), message_id):
                        pass
            except (OSError, WebSocketException, TimeoutError):
                self._socket = None
                await asyncio.sleep(self._chance.uniform(0.05, 0.4))
            else:
                self._ledger.acknowledged.add((self.name, transaction, seq))
                return

    async def _take(self, socket: ClientConnection, frame: Any, waits_for: str = "") -> bool:
        """Obey a CALL; True for the answer that is waited for."""
        if frame[0] == 2:
            self._ledger.executed[frame[3]["data"]] += 1
            await socket.send(orjson.dumps([3, frame[1], {"status": "Accepted"}]).decode())
            return False
        return bool(frame[1] == waits_for)

    async def _connected(self) -> ClientConnection:
        if self._socket is None:
            edge = self._chance.choice(self._edges)
            credentials = b64encode(f"{self.name}:{PASSWORD}".encode()).decode()
            self._socket = await connect(
                f"ws://127.0.0.1:{edge.port}/ocpp/{self.name}",
                subprotocols=[V201],  # type: ignore[list-item]
                additional_headers={"Authorization": f"Basic {credentials}"},
                compression=None,
                open_timeout=5,
            )
        return self._socket

    def _event(self, transaction: str, seq: int) -> dict[str, Any]:
        kind = {0: "Started", 5: "Ended"}.get(seq, "Updated")
        reading = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": 1000.0 + seq}]}
        return {
            "eventType": kind, "timestamp": "2026-01-01T00:00:00Z", "triggerReason": "MeterValuePeriodic",
            "seqNo": seq, "transactionInfo": {"transactionId": transaction}, "meterValue": [reading],
        }  # fmt: skip


async def edge_kills(bootstrap: str, seed: int, kills: int) -> Anomalies:
    """Everything that went wrong in one run."""
    kafka = KafkaSettings(bootstrap, f"edges-{time.time_ns():x}-")
    names = [f"CHAOS{number:02d}" for number in range(STATIONS)]
    await asyncio.to_thread(registered, kafka, *names)
    ledger, over = Ledger(), asyncio.Event()
    with tempfile.TemporaryDirectory() as folder:
        edges = [Edge(kafka, Path(folder), number) for number in (1, 2)]
        players = [Player(name, edges, ledger, random.Random(seed + n)) for n, name in enumerate(names)]
        try:
            for edge in edges:
                edge.start()
            await asyncio.gather(*[edge.ready() for edge in edges])
            async with asyncio.TaskGroup() as tasks:
                charging = [tasks.create_task(player.charge(over)) for player in players]
                tasks.create_task(_command(kafka, names, ledger, over, random.Random(seed)))
                await _kill(edges, kills, random.Random(seed), ledger)
                over.set()
                await asyncio.gather(*charging)
            await asyncio.gather(*[player.listen(_COMMAND_DEADLINE_MS / 1000) for player in players])
            answered = await asyncio.to_thread(_settled, kafka, ledger)
        finally:
            for edge in edges:
                edge.end(signal.SIGKILL)
            await asyncio.gather(*[player.close() for player in players])
    return _anomalies(ledger, await asyncio.to_thread(_transactions, kafka), answered)


async def _kill(edges: list[Edge], kills: int, chance: random.Random, ledger: Ledger) -> None:
    await asyncio.sleep(2)
    for _ in range(kills):
        edge = chance.choice(edges)
        await asyncio.to_thread(edge.end, signal.SIGKILL)
        ledger.kills += 1
        await asyncio.sleep(chance.uniform(0, 1))
        edge.start()
        await edge.ready()
        await asyncio.sleep(chance.uniform(0.5, 2))


async def _command(
    kafka: KafkaSettings, names: list[str], ledger: Ledger, over: asyncio.Event, chance: random.Random
) -> None:
    bus = Bus(kafka, Codec())
    while not over.is_set():
        now = now_ms()
        command_id = derived_id("chaos", len(ledger.requested), now)
        await bus.publish(
            CommandRequested(
                event_id=derived_id("CommandRequested", command_id),
                command_id=command_id,
                tenant=TENANT,
                station_id=chance.choice(names),
                operation="DataTransfer",
                payload_json=orjson.dumps({"vendorId": "chaos", "data": command_id}).decode(),
                requested_by="chaos",
                requested_at=now,
                deadline_at=now + _COMMAND_DEADLINE_MS,
            )
        )
        ledger.requested.append(command_id)
        await asyncio.sleep(0.05)
    await bus.close()


def _settled(kafka: KafkaSettings, ledger: Ledger) -> dict[str, list[CommandOutcome]]:
    """The outcomes of each command, once every command has one or there was time enough."""
    until = time.monotonic() + _SETTLE_S
    while True:
        outcomes: dict[str, list[CommandOutcome]] = {}
        for event in _read(kafka, CommandAnswered.TOPIC):
            if isinstance(event, CommandAnswered):
                outcomes.setdefault(event.command_id, []).append(event.outcome)
        if outcomes.keys() >= set(ledger.requested) or time.monotonic() > until:
            return outcomes
        time.sleep(1)


def _transactions(kafka: KafkaSettings) -> set[tuple[str, str, int]]:
    return {(e.station_id, e.transaction_id, e.seq_no) for e in _read(kafka, "transaction.events.v1")}


def _read(kafka: KafkaSettings, stream: str) -> list[Any]:
    """Every event of a topic."""
    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap_servers, "group.id": "chaos", "enable.partition.eof": True}
    )
    topic, codec, found, open_partitions = kafka.topic_prefix + stream, Codec(), [], set()
    for number in consumer.list_topics(topic, timeout=30).topics[topic].partitions:
        open_partitions.add(number)
    consumer.assign([TopicPartition(topic, number, 0) for number in open_partitions])
    while open_partitions:
        for message in consumer.consume(1000, 5):
            if message.error():
                open_partitions.discard(message.partition())
            else:
                found.append(codec.decode(message.value() or b""))
    consumer.close()
    return found


def _anomalies(
    ledger: Ledger, stored: set[tuple[str, str, int]], answered: dict[str, list[CommandOutcome]]
) -> Anomalies:
    impossible = {
        CommandOutcome.ACCEPTED: {1},
        CommandOutcome.TIMED_OUT: {0, 1},
        CommandOutcome.EXPIRED: {0},
    }
    wrong = [
        command_id
        for command_id, outcomes in answered.items()
        for outcome in set(outcomes)
        if ledger.executed[command_id] not in impossible.get(outcome, set())
    ]
    return Anomalies(
        lost=len(ledger.acknowledged - stored),
        executed_twice=sum(count > 1 for count in ledger.executed.values()),
        without_result=len(set(ledger.requested) - answered.keys()),
        wrong_result=len(wrong),
        acknowledged=len(ledger.acknowledged),
        commands=len(ledger.requested),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--bootstrap", default="", help="a broker that runs; default: one started for this test")
    chosen = parser.parse_args()
    with own_broker(chosen.bootstrap) as bootstrap:
        anomalies = asyncio.run(edge_kills(bootstrap, chosen.seed, chosen.kills))
    print(anomalies)
    return 0 if anomalies.clean else 1


if __name__ == "__main__":
    sys.exit(main())
