"""Keeps stations' lists like the whitelist: reads both, and publishes what the register says."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from prometheus_client import Gauge

from services.domain.events.station import CommandAnswered, Connection, LocalList, Station
from services.domain.events.token import Token
from services.domain.folding import Event
from services.fleet.local_lists.register import Policy, Register
from services.runtime import process
from services.runtime.bus import Bus, NotDurable
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tail import Tail
from services.runtime.view import View

_TICK_S: Final = 1.0
_LOOK_S: Final = 0.05
_behind = Gauge("fleet_local_lists_behind", "Stations whose local authorization list is not what it should be")


async def keep(kafka: KafkaSettings, codec: Codec, policy: Policy, host: process.Process) -> None:
    """Learn what stations have, then tell them what has changed until the process is to stop. One such may run."""
    bus = Bus(kafka, codec)
    stations: View[Station] = View(kafka, codec, Station.TOPIC)
    connections: View[Connection] = View(kafka, codec, Connection.TOPIC)
    tokens: View[Token] = View(kafka, codec, Token.TOPIC, lambda _key, _token: register.token_changed(now_ms()))
    register = Register(policy, lambda: (token for _, token in tokens.items()), connections.get, now_ms())
    views: list[View[Any]] = [stations, connections, tokens]
    lists = Tail(kafka, codec, [LocalList.TOPIC], register.restore)
    readers: list[Any] = [lists, *views]
    try:
        for reader in readers:
            reader.start()
        await _until(host, lambda: lists.caught_up and all(view.caught_up for view in views))
        lists.stop()
        since_ms = register.restored()
        results = Tail(
            kafka, codec, [CommandAnswered.TOPIC], lambda events: register.take(events, now_ms()),
            now_ms() if since_ms is None else since_ms,
        )  # fmt: skip
        results.start()
        readers.append(results)
        await _until(host, lambda: results.caught_up)
        while not host.stopping.is_set():
            due = register.tick((station for _, station in stations.items()), now_ms())
            await _publish(bus, due.lists, host)
            await _publish(bus, due.commands, host)
            _behind.set(register.behind)
            await asyncio.sleep(_TICK_S)
    finally:
        for reader in readers:
            reader.stop()
        await bus.close()


async def _publish(bus: Bus, events: Sequence[Event], host: process.Process) -> None:
    """Return when Kafka has them; edges drop a command that they have seen, so trying again does no harm."""
    while events:
        try:
            await bus.publish(*events)
            return
        except NotDurable as error:
            host.log.warning("Kafka does not confirm, trying again", events=len(events), error=str(error))
            if host.stopping.is_set():
                return


async def _until(host: process.Process, true: Callable[[], bool]) -> None:
    while not true() and not host.stopping.is_set():
        await asyncio.sleep(_LOOK_S)
