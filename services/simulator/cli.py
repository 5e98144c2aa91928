"""`wattlog simulate`: charge with simulated stations against any running OCPP edge."""

import asyncio
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from services.domain.units import datetime_of
from services.runtime.bus import NotDurable, publish_sync
from services.runtime.clock import now_ms
from services.runtime.codec import Codec
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.simulator import acn, ledger, registry
from services.simulator.faults import BadFaults, Faults
from services.simulator.fleet import FleetOptions, NobodyConnected, run_fleet
from services.simulator.narrator import Narrator
from services.simulator.plan import Visit, plan, span
from services.simulator.station import StationSpec

simulate = typer.Typer(add_completion=False, help="Charge with simulated stations that really sign.")

_TOKENS = 40


@dataclass(frozen=True, slots=True)
class SimulateSettings:
    """Where stations are registered."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    specs: list[StationSpec]
    plans: list[tuple[Visit, ...]]
    options: FleetOptions
    ledger: Path | None


@simulate.command()
def run(  # noqa: PLR0913  one for each option
    url: Annotated[str, typer.Option(help="the edge, without the station's id")] = "ws://127.0.0.1:9000/ocpp",
    stations: Annotated[int, typer.Option(min=1, help="OCPP 1.6 and 2.0.1 in turn")] = 10,
    sessions: Annotated[int, typer.Option(min=0, help="recorded sessions to replay")] = 40,
    speed: Annotated[float, typer.Option(min=0.001, help="station seconds per second")] = 5000.0,
    faults: Annotated[str, typer.Option(help="e.g. drop=0.01,duplicate=0.02,malformed=0.01,offline=0.1")] = "",
    seed: Annotated[str, typer.Option(help="what chance, keys and passwords follow from")] = "wattlog",
    prefix: Annotated[str, typer.Option(help="beginning of station ids; empty: SIM and the time")] = "",
    register: Annotated[bool, typer.Option(help="register stations and cards in Kafka first")] = True,
    stay: Annotated[bool, typer.Option(help="stay connected until Ctrl-C, ready for remote starts")] = False,
    acn_dir: Annotated[str, typer.Option(envvar="WATTLOG_ACN_DIR", help="directory of ACN-Data CSV files")] = "",
    ledger_file: Annotated[
        Path | None, typer.Option("--ledger", help="write what was sent here, JSON lines")
    ] = None,
) -> None:
    """Charge with simulated stations that replay recorded sessions and sign every meter record."""
    now = now_ms()
    console = Console()
    try:
        options = FleetOptions(
            url=url, speed=speed, seed=seed, faults=Faults.parse(faults), stay=stay, idle_from=now
        )
        recording = acn.read(Path(acn_dir) if acn_dir else None)
        Narrator(console).recording(recording)
        specs = registry.fleet_specs(stations, prefix or f"SIM-{datetime_of(now):%m%d-%H%M%S}", seed)
        tokens = registry.token_uids(_TOKENS)
        if register:
            _register(specs, tokens, now)
        wanted = Wanted(specs, plan(recording.sessions, stations, sessions, tokens, now), options, ledger_file)
        raise typer.Exit(uvloop.run(_simulated(wanted, Narrator(console))))
    except (BadFaults, acn.NoSessions, NobodyConnected, NotDurable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _register(specs: list[StationSpec], tokens: list[str], now: int) -> None:
    settings = load(SimulateSettings)
    tenant, salt = settings.common.tenant, f"{now:016d}".encode()
    states = registry.station_states(specs, tenant, lambda secret: registry.password_hash(secret, salt), now)
    published = [*registry.site(tenant, now), *states, *registry.token_registrations(tokens, tenant, now)]
    publish_sync(settings.kafka, Codec(), published)


async def _simulated(wanted: Wanted, narrator: Narrator) -> int:
    """Exit code: 1 when stations still hold messages that nobody confirmed, or were told something wrong."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    first_at, last_at = span(wanted.plans)
    total = sum(map(len, wanted.plans))
    narrator.charging(total, last_at - first_at, wanted.options.speed)
    with narrator.progress("charging", total):
        entries = await run_fleet(wanted.specs, wanted.plans, wanted.options, stopping, narrator.charged)
    if wanted.ledger is not None:
        ledger.write(wanted.ledger, entries)
    problems = [f"{entry.station_id}: {problem}" for entry in entries for problem in entry.problems]
    unfinished = [entry for entry in entries if not (entry.stop_acked or entry.refused)]
    narrator.wrong(problems)
    narrator.say(f"{sum(entry.stop_acked for entry in entries)} sessions confirmed, {len(unfinished)} unfinished.")
    return 1 if problems or unfinished else 0
