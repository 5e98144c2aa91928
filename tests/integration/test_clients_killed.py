"""Clients in four languages charge while edge and processors are killed with -9; CDRs are still their ledgers."""

import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.runtime.settings import KafkaSettings
from tests.integration.clients_build import go, java, node, python
from tests.integration.clients_case import Client, Ledger, drawn_sessions, opened, play
from tests.integration.clients_world import World

pytestmark = pytest.mark.integration

SEED = 7
WAYS = ("local", "local", "offline") * 4
PAUSE_MS = 400
VICTIMS = ("ocpp", "sessions", "cdrs")
CLIENTS = [
    Client("NODE16", "ocpp1.6", node),
    Client("NODE201", "ocpp2.0.1", node, fractions=4),
    Client("PYTHON16", "ocpp1.6", python),
    Client("PYTHON21", "ocpp2.1", python, fractions=8),
    Client("JAVA16", "ocpp1.6", java),
    Client("GO201", "ocpp2.0.1", go, fractions=2),
]


@pytest.mark.timeout(1200)
def test_ledgers_are_records_whatever_is_killed(kafka: KafkaSettings, tmp_path: Path, cache_dir: Path) -> None:
    for client in CLIENTS:
        client.command(cache_dir)
    rng = random.Random(SEED)
    drawn = [drawn_sessions(client, WAYS, rng) for client in CLIENTS]
    world = opened(replace(kafka, topic_prefix="killed."), tmp_path, CLIENTS)
    try:
        with ThreadPoolExecutor(len(CLIENTS)) as pool:
            playing = [
                pool.submit(play, world, client, cache_dir, sessions, PAUSE_MS)
                for client, sessions in zip(CLIENTS, drawn, strict=True)
            ]
            kills = kill_while(world, playing, rng)
        for client, sessions, played in zip(CLIENTS, drawn, playing, strict=True):
            check(world, client, sessions, played.result())
    finally:
        world.stop()
    assert set(kills) == set(VICTIMS), kills


def kill_while(world: World, playing: list[Future[Ledger]], rng: random.Random) -> list[str]:
    """Kill one of the processes at random, again and again, until all have charged; who was killed."""
    kills: list[str] = []
    while not all(future.done() for future in playing):
        time.sleep(rng.uniform(0.5, 3))
        victims = [name for name in VICTIMS if name not in kills] or VICTIMS
        kills.append(rng.choice(victims))
        world.kill(kills[-1])
        time.sleep(rng.uniform(0, 1))
        world.start(kills[-1])
        world.wait_ready(kills[-1])
    return kills


def check(world: World, client: Client, sessions: list[dict[str, Any]], ledger: Ledger) -> None:
    told = [(line["meter_start"], line["meter_stop"]) for line in ledger]
    assert told == [(session["wh"][0], session["wh"][-1]) for session in sessions]
    world.wait_for_records(client.station, ledger)
