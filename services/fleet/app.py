"""The fleet process: asks many stations at a pace, keeps local lists, and folds how stations last booted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from prometheus_client import Gauge

from services.domain.events.common import FleetStatus
from services.domain.events.fleet import FleetOperation, FleetRequested
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, StationBooted
from services.domain.folding import Event
from services.domain.units import Millis
from services.fleet.fold import Seen, fold
from services.fleet.local_lists.app import keep
from services.fleet.local_lists.register import Policy
from services.fleet.local_lists.station import MAX_ENTRIES, Terms
from services.fleet.register import Register
from services.runtime import process
from services.runtime.bus import Bus, NotDurable
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.registry import codec_of
from services.runtime.settings import load, setting
from services.runtime.streaming.host import Part
from services.runtime.streaming.processor import Processor
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import ProcessorSettings
from services.runtime.tail import Tail
from services.runtime.view import View

PROCESSOR: Processor[Seen] = Processor("fleet.v1", (StationBooted.TOPIC,), fold, Seen)

LONGEST_MS: Final = 8 * 86_400_000
"""Operations end within 6 days (the commands of 7 are kept): all that is not over began after this."""

_LOOK_S: Final = 0.05
_operations = Gauge("fleet_operations", "Operations on many stations that are not over")
_in_flight = Gauge("fleet_stations_in_flight", "Stations that were asked and have not answered")


@dataclass(frozen=True, slots=True)
class FleetSettings(ProcessorSettings):
    """What the fleet process needs to know."""

    fleet_metrics_port: int = setting(9107, "port of the fleet process's metrics and health endpoints")
    fleet_tick_ms: int = setting(200, "how often the next stations are asked")
    fleet_result_grace_s: int = setting(
        120, "time after a command's deadline in which an edge may still tell its result"
    )
    local_lists: bool = setting(
        False,
        "keep the local authorization lists of all stations like the whitelist, but for those whose entry says no;"
        " otherwise only of those whose entry says yes (`wattlog station local-list`)",
    )
    local_lists_per_minute: int = setting(600, "local list commands to all stations together")
    local_lists_settle_s: int = setting(
        10, "how long changes of the whitelist are gathered, and a station that has connected is left alone"
    )
    local_list_max_entries: int = setting(
        1000, "tokens on a local list, at most 8000; fewer where the station says so"
    )
    local_list_items_per_message: int = setting(100, "tokens in a SendLocalList to a station that does not say")

    def lists_policy(self) -> Policy:
        """How local lists are kept."""
        terms = Terms(
            grace_ms=self.fleet_result_grace_s * 1000,
            max_entries=min(self.local_list_max_entries, MAX_ENTRIES),
            items_per_message=self.local_list_items_per_message,
        )
        return Policy(self.local_lists, self.local_lists_per_minute, self.local_lists_settle_s * 1000, terms)


def main() -> None:
    """`wattlog fleet`."""
    settings = load(FleetSettings)
    process.run(partial(run, settings), "fleet", settings.fleet_metrics_port, settings.common)


async def run(settings: FleetSettings, host: process.Process) -> None:
    """Fold boots, ask stations and keep their lists until the process is to stop."""
    codec = await asyncio.to_thread(codec_of, settings.common)
    boots = Part(host.stopping)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(
            run_processor(
                PROCESSOR, settings.kafka, codec, settings.common.data_dir, boots,
                path="librdkafka", settings=settings.streaming,
            )
        )  # fmt: skip
        tasks.create_task(execute(settings, codec, host, lambda: boots.ready))
        tasks.create_task(keep(settings.kafka, codec, settings.lists_policy(), host))


async def execute(
    settings: FleetSettings, codec: Codec, host: process.Process, others_ready: Callable[[], bool] = lambda: True
) -> None:
    """Learn what was asked before, then go on asking. At most one such process may run."""
    bus = Bus(settings.kafka, codec)
    connections: View[Connection] = View(settings.kafka, codec, Connection.TOPIC)
    connections.start()
    register = Register(partial(_connected, connections), settings.fleet_result_grace_s * 1000)
    readers: list[Any] = [connections]
    try:
        since_ms = await _since(settings, codec, host)
        # One after the other: which commands are an operation's is known once its stations are.
        for topics, take in (
            ([FleetRequested.TOPIC], lambda events: register.take(events, now_ms())),
            ([CommandRequested.TOPIC, CommandAnswered.TOPIC], register.take_log),
        ):
            tail = Tail(settings.kafka, codec, topics, take, since_ms)
            tail.start()
            readers.append(tail)
            await _until(host, lambda tail=tail: tail.caught_up and connections.caught_up)  # type: ignore[misc]
        while not host.stopping.is_set():
            host.ready = others_ready()
            await _publish(bus, register.tick(now_ms()), host)
            _operations.set(len(register))
            _in_flight.set(register.in_flight)
            await asyncio.sleep(settings.fleet_tick_ms / 1000)
    finally:
        host.ready = False
        for reader in readers:
            reader.stop()
        await bus.close()


async def _since(settings: FleetSettings, codec: Codec, host: process.Process) -> Millis:
    """From when on events may matter: the beginning of whatever is not over."""
    states: View[FleetOperation] = View(settings.kafka, codec, FleetOperation.TOPIC)
    states.start()
    await _until(host, lambda: states.caught_up)
    states.stop()
    begun = (state.requested_at for _, state in states.items() if state.status is not FleetStatus.FINISHED)
    return min(begun, default=now_ms()) - LONGEST_MS


def _connected(connections: View[Connection], key: str) -> bool:
    connection = connections.get(key)
    return connection is not None and connection.connected


async def _publish(bus: Bus, events: list[Event], host: process.Process) -> None:
    """Return when Kafka has them. The ids are the same each time, so that trying again does no harm."""
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
