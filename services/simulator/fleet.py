"""Many live stations in one process: connect all, start the clock, collect what they sent and were answered."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from services.domain.units import Millis
from services.simulator.app import LiveStation, Tally, Wiring
from services.simulator.clock import VirtualClock
from services.simulator.dialect import Dialect
from services.simulator.faults import Faults
from services.simulator.ledger import Entry
from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, derived_key
from services.simulator.plan import Visit, span
from services.simulator.station import PLUG_MS, Station, StationSpec
from services.simulator.v16 import SUBPROTOCOL as V16_SUBPROTOCOL
from services.simulator.v16 import V16
from services.simulator.v201 import V201

_LEAD_MS = 60_000
_APART_S = 0.02
"""Stations connect this far apart, so that a fleet does not come as one thundering herd."""


class NobodyConnected(Exception):
    """Stations could not connect; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """How a fleet runs. Stations give up `drain_s` after the last car has left.

    Without any car their time begins at `idle_from`.
    """

    url: str
    speed: float
    seed: str = "wattlog"
    sample_every_s: int = 900
    faults: Faults = field(default_factory=Faults)
    stay: bool = False
    connect_within_s: float = 60.0
    drain_s: float = 90.0
    answer_within_s: float = 30.0
    idle_from: Millis = 0


OnProgress = Callable[[Tally], None]


async def run_fleet(
    specs: Sequence[StationSpec],
    plans: Sequence[Sequence[Visit]],
    options: FleetOptions,
    stopping: asyncio.Event,
    progress: OnProgress,
) -> list[Entry]:
    """Replay `plans[i]` at `specs[i]` and return the ledger, in the order in which transactions ended.

    `progress` is called about five times a second. With `options.stay` stations remain connected until `stopping`.
    Raises NobodyConnected when not all stations are accepted in time.
    """
    first_at, last_at = span(plans)
    clock = VirtualClock(first_at - PLUG_MS - _LEAD_MS if last_at else options.idle_from, options.speed)
    entries: list[Entry] = []
    wiring = Wiring(
        options.url, clock, Tally(), entries.append, options.faults, options.answer_within_s, options.stay
    )
    stations = [live_station(spec, visits, wiring, options) for spec, visits in zip(specs, plans, strict=True)]
    begin, end = asyncio.Event(), asyncio.Event()
    running = [asyncio.create_task(_in_turn(stations, number, begin, end)) for number in range(len(stations))]
    watcher = asyncio.create_task(_report(wiring.tally, progress))
    try:
        if await _all_ready(stations, running, wiring.tally, options, stopping):
            clock.start(asyncio.get_running_loop().time())
            begin.set()
            await _finished(running, stopping, _limit_s(clock, last_at, options))
    finally:
        end.set()
        watcher.cancel()
        outcomes = await asyncio.gather(*running, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
    progress(wiring.tally)
    return entries


def live_station(spec: StationSpec, visits: Sequence[Visit], wiring: Wiring, options: FleetOptions) -> LiveStation:
    """A station with its meter; register, message ids and faults follow from the seed and the station's id."""
    rng = Random(f"{options.seed}\x1f{spec.station_id}")
    resolution_wh = Decimal(1) if spec.protocol == V16_SUBPROTOCOL else Decimal("0.1")
    identity = MeterIdentity(
        vendor=spec.vendor,
        model="Sim meter 1",
        serial=spec.serial,
        firmware="1.0",
        gateway="Sim gateway 1",
        gateway_serial=f"G{spec.serial}",
        gateway_firmware=spec.firmware,
        evse_uid=spec.evse_uid,
    )
    register_wh = rng.randrange(1_000_000, 100_000_000) * resolution_wh
    meter = Meter(
        identity, derived_key(options.seed, spec.serial), register_wh, resolution_wh, rng.randrange(1, 5000)
    )
    station = Station(spec, meter, visits, options.sample_every_s * 1000)
    return LiveStation(station, _dialect(spec, meter, options), wiring, rng)


def _dialect(spec: StationSpec, meter: Meter, options: FleetOptions) -> Dialect:
    if spec.protocol == V16_SUBPROTOCOL:
        return V16(spec, meter.public_key_hex, options.sample_every_s)
    return V201(spec)


async def _in_turn(stations: Sequence[LiveStation], number: int, begin: asyncio.Event, end: asyncio.Event) -> None:
    """The first station goes ahead: a backend that does not know the fleet yet is not stormed."""
    while number and not stations[0].ready and not end.is_set():
        await asyncio.sleep(0.05)
    await asyncio.sleep(number * _APART_S)
    await stations[number].run(begin, end)


async def _all_ready(
    stations: Sequence[LiveStation],
    running: Sequence["asyncio.Task[None]"],
    tally: Tally,
    options: FleetOptions,
    stopping: asyncio.Event,
) -> bool:
    """True once all stations are accepted, False when asked to stop before; NobodyConnected when time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + options.connect_within_s + len(stations) * _APART_S
    while not all(station.ready for station in stations):
        if stopping.is_set() or any(task.done() for task in running):
            return False
        if loop.time() > deadline:
            ready = sum(station.ready for station in stations)
            why = "; ".join(f"{name} ({times} times)" for name, times in tally.trouble.most_common(3))
            raise NobodyConnected(
                f"{ready} of {len(stations)} stations were accepted at {options.url} within "
                f"{options.connect_within_s:g} s, {why or 'no answer to BootNotification'}: "
                "check that the OCPP edge runs there and that the stations are registered"
            )
        await asyncio.sleep(0.05)
    return True


async def _finished(
    running: Sequence["asyncio.Task[None]"], stopping: asyncio.Event, limit_s: float | None
) -> None:
    """Until all stations are done, somebody asks to stop, or the time is up."""
    stop = asyncio.create_task(stopping.wait())
    every = asyncio.gather(*running, return_exceptions=True)
    await asyncio.wait((stop, every), timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()


def _limit_s(clock: VirtualClock, last_at: Millis, options: FleetOptions) -> float | None:
    return None if options.stay else (last_at - clock.begins_at) / 1000 / clock.speed + options.drain_s


async def _report(tally: Tally, progress: OnProgress) -> None:
    while True:
        progress(tally)
        await asyncio.sleep(0.2)
