"""What clients of other languages play, and what they write down.

A client is a program whose only argument is a plan, as JSON: `url` (without the station's name), `station`,
`password`, `protocol`, `token`, `pause_ms` between readings, and `sessions`: each with the readings of the meter
in Wh and a `way`:
  local    the token is authorized at the station
  remote   the station is asked to start and to stop
  offline  everything from start to stop happens while it is not connected, and is told afterwards
It plays one session after the other, sends every message until it is answered, and prints lines of JSON: its
ledger (`transaction`, `meter_start`, `meter_stop`, `wh`, `token`, one line per session) and, in between,
`{"ask": "start"}` or `{"ask": "stop", "transaction": ...}` when it waits to be asked. It ends with 0 when all has
gone as it should. One that does not know the `transaction` leaves it out; one that does not know when everything
was acknowledged says `{"done": true}` and ends with its stdin.
"""

import json
import random
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.domain.events.common import CommandOutcome
from services.runtime.settings import KafkaSettings
from tests.integration.clients_world import TOKEN, World
from tests.integration.ocpp_case import PASSWORD, station

Ledger = list[dict[str, Any]]
WAYS = ("local", "remote", "offline")
_OVER_S = 300.0


@dataclass(frozen=True)
class Client:
    """A station made of somebody else's library."""

    station: str
    protocol: str
    command: Callable[[Path], Sequence[str]]
    """The program, given the cache folder; builds it, or skips the test when it cannot be had."""
    ways: tuple[str, ...] = WAYS
    from_zero: bool = False
    """Its meter begins every session with 0."""
    where: dict[str, Any] = field(default_factory=lambda: {"evseId": 1})
    """Where it can be asked to start."""
    fractions: int = 1
    """Meters count in such parts of a Wh; a power of two, so that floats hold them exactly."""
    more: Callable[[World, str, Path], dict[str, Any]] = field(default=lambda *_: {})
    """What else its plan says, given its name and the cache folder."""
    entry: Callable[[World], dict[str, Any]] = field(default=lambda _world: {})
    """What the registry says of it beyond its name and password."""


def opened(kafka: KafkaSettings, folder: Path, clients: Sequence[Client]) -> World:
    """A running system that knows these stations."""
    world = World(kafka, folder)
    world.open([station(client.station, **client.entry(world)) for client in clients])
    return world


def plan(
    world: World, client: Client, cache: Path, sessions: list[dict[str, Any]], pause_ms: int
) -> dict[str, Any]:
    return {
        "url": f"ws://127.0.0.1:{world.port}/ocpp",
        "station": client.station,
        "password": PASSWORD,
        "protocol": client.protocol,
        "token": TOKEN,
        "pause_ms": pause_ms,
        "sessions": sessions,
    } | client.more(world, client.station, cache)


def drawn_sessions(client: Client, ways: Sequence[str], rng: random.Random) -> list[dict[str, Any]]:
    """A session of each way, one after the other on the same meter."""
    sessions, parts = [], rng.randrange(1, 1_000_000) * client.fractions
    for way in ways:
        parts = 0 if client.from_zero else parts
        readings = [parts] if client.from_zero else []
        readings += [parts := parts + rng.randrange(1, 4000) for _ in range(rng.randrange(3, 7))]
        wh = [part // client.fractions if client.fractions == 1 else part / client.fractions for part in readings]
        sessions.append({"way": way, "wh": wh})
    return sessions


def play(world: World, client: Client, cache: Path, sessions: list[dict[str, Any]], pause_ms: int = 30) -> Ledger:
    """Run a client to its end; its ledger. Asks it to start and stop when it waits for that."""
    program = client.command(cache)
    argument = json.dumps(plan(world, client, cache, sessions, pause_ms))
    log = world.folder / f"{client.station}.log"
    ledger: Ledger = []
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*program, argument],
            cwd=world.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    watchdog = threading.Timer(_OVER_S, process.kill)
    watchdog.start()
    assert process.stdout is not None
    assert process.stdin is not None
    with process.stdout, process.stdin:
        for line in process.stdout:
            said = json.loads(line)
            if "done" in said:
                world.wait_for_records(client.station, ledger)
                process.stdin.close()
            elif "ask" in said:
                _ask(world, client, said)
            else:
                ledger.append(said)
    code = process.wait()
    watchdog.cancel()
    assert code == 0, f"{client.station} ended with {code}: {log.read_text(errors='replace')[-4000:]}"
    return ledger


def _ask(world: World, client: Client, said: dict[str, Any]) -> None:
    if said["ask"] == "start":
        token = {"idToken": TOKEN, "type": "ISO14443"}
        world.ask(client.station, "RequestStartTransaction", {"idToken": token, "remoteStartId": 7} | client.where)
    else:
        world.ask(client.station, "RequestStopTransaction", {"transactionId": said["transaction"]})


def check(world: World, client: Client, ledger: Ledger, sessions: list[dict[str, Any]]) -> None:
    """The ledger is what was planned, the records are the ledger, and the station did as it was asked."""
    told = [(line["meter_start"], line["meter_stop"]) for line in ledger]
    assert told == [(session["wh"][0], session["wh"][-1]) for session in sessions]
    world.wait_for_records(client.station, ledger)
    assert {record.detail.protocol for record in world.records(client.station)} == {client.protocol}
    commands = 2 * sum(session["way"] == "remote" for session in sessions)
    assert world.outcomes(client.station) == [CommandOutcome.ACCEPTED] * commands
