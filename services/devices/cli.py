"""`wattlog device …`: what stations have told about themselves, what they should be, and mending that."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.devices.after_boot import report_command, request_id
from services.devices.apply import Pace, commands, operations
from services.devices.template import BadTemplate, read, said
from services.domain.events.common import CommandOutcome
from services.domain.events.device import Device, DeviceTemplate
from services.domain.events.station import CommandAnswered, CommandRequested, Connection
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reaching_kafka, reading
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.tail import Tail
from services.runtime.view import View

device = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Show and mend stations' variables and configuration keys."
)
template = typer.Typer(no_args_is_help=True, help="How stations of a vendor and model should be configured.")
device.add_typer(template, name="template")

_LOOK_S: Final = 0.05
_GRACE_S: Final = 40.0

StationId = Annotated[str, typer.Argument(metavar="STATION", help="identity, as in the station's connection URL")]
Deadline = Annotated[int, typer.Option("--timeout", min=1, help="seconds that the station has to come and answer")]
AsJson = Annotated[bool, typer.Option("--json", help="everything, as JSON")]


@device.command()
def show(
    station_id: StationId,
    text: Annotated[str, typer.Option("--text", help="only variables whose name contains this")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a station has told: variables or configuration keys, reports and what is missing, monitors."""
    known = _device(station_id)
    if as_json:
        typer.echo(orjson.dumps(known.to_record(), option=orjson.OPT_INDENT_2).decode())
        return
    table = Table("variable", "value", "", "unit", caption_justify="left")
    shown = [one for one in known.variables if text.casefold() in said(one).casefold()]
    for one in sorted(shown, key=said):
        access = "read only" if one.mutability == "ReadOnly" else ""
        table.add_row(*map(Text, (said(one), one.value or "", access, one.unit or "")))
    left_out = f", {known.left_out} more had no room" if known.left_out else ""
    table.caption = f"{len(shown)} of {len(known.variables)} variables{left_out}"
    Console().print(table)
    for report in known.reports:
        missing = f", missing {', '.join(map(str, report.missing))}" if report.missing else ""
        state = "complete" if report.complete else f"not complete{missing}"
        typer.echo(f"report {report.request_id or '-'} {report.report_base or ''}: {report.parts} parts, {state}")
    for monitor in known.monitors:
        alert = f", in alert at {monitor.actual_value}" if monitor.alert else ""
        limit = f"{monitor.type} {monitor.value or ''}".strip()
        typer.echo(f"monitor {monitor.monitor_id} {monitor.component}/{monitor.variable}: {limit}{alert}")
    typer.echo(f"template {known.template_id}: {len(known.drift)} differ" if known.template_id else "no template")


@device.command()
def drift(
    station_id: Annotated[str, typer.Argument(metavar="[STATION]", help="default: all stations")] = "",
    template_id: Annotated[str, typer.Option("--template", help="only stations of this template")] = "",
) -> None:
    """Show where stations are not as their templates want; exit code 1 when any is not."""
    found = [_device(station_id)] if station_id else _devices(template_id)
    table = Table("station", "variable", "wanted", "actual", "why", caption_justify="left")
    for known in found:
        for one in known.drift:
            why = one.reason.value.lower().replace("_", " ")
            table.add_row(*map(Text, (known.station_id, said(one), one.wanted, one.actual or "", why)))
    differ = sum(bool(known.drift) for known in found)
    table.caption = f"{differ} of {len(found)} stations differ"
    Console().print(table)
    if differ:
        raise typer.Exit(1)


@device.command()
def report(station_id: StationId, timeout_s: Deadline = 60) -> None:
    """Ask a station for all its variables (OCPP 1.6: configuration keys), and wait until they have come."""
    tenant, now = load(CommonSettings).tenant, now_ms()
    with reading(Connection) as connections:
        connection = connections.get(f"{tenant}/{station_id}")
    if connection is None:
        fail(f"{station_id} has never been connected: nobody knows which version it speaks")
    asked = report_command(tenant, station_id, connection.protocol, f"cli {now}", now, timeout_s * 1000)
    number = request_id(asked.command_id) if asked.operation == "GetBaseReport" else None

    def come(known: Device | None) -> bool:
        if known is None or known.updated_at < now:
            return False
        return number is None or any(one.request_id == number and one.complete for one in known.reports)

    with reading(Device) as devices:
        _ask([asked], timeout_s)
        known = _waited(devices, asked.key, come, timeout_s)
    if known is None:
        fail(f"{station_id}: the report is not complete, see `wattlog device show {station_id}`")
    typer.echo(f"{station_id}: {len(known.variables)} variables, {len(known.drift)} not as wanted")


@device.command()
def apply(
    station_id: Annotated[str, typer.Argument(metavar="[STATION]", help="one station, now")] = "",
    template_id: Annotated[str, typer.Option("--template", help="all stations of this template, at a pace")] = "",
    per_second: Annotated[float, typer.Option("--pace", min=0.02, help="stations asked per second at most")] = 5.0,
    timeout_s: Deadline = 60,
) -> None:
    """Ask stations to become as wanted: one at once, or those of a template by operations of `wattlog fleet`."""
    if bool(station_id) is bool(template_id):
        fail("give a station, or --template")
    if template_id:
        _apply_to_many(template_id, Pace(max(1, round(per_second * 60)), timeout_s=timeout_s))
        return
    known = _device(station_id)
    asked = commands(known, now_ms(), timeout_s)
    if not asked:
        typer.echo(f"{station_id}: nothing that could be set differs")
        return
    began = now_ms()
    with reading(Device) as devices:
        outcomes = _ask(asked, timeout_s, lenient=True)
        _waited(devices, known.key, lambda now: now is not None and now.updated_at >= began, 5)
        left = devices.get(known.key)
    for command, outcome in zip(asked, outcomes, strict=True):
        typer.echo(f"{command.operation}: {outcome}")
    still = len(left.drift) if left is not None else 0
    typer.echo(f"{station_id}: {still} not as wanted")
    if still:
        raise typer.Exit(1)


@template.command("set")
def set_template(file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON")]) -> None:
    """Add a template or replace the one of the same id; stations get it at once, and nothing is sent to them."""
    try:
        made = read(yaml.safe_load(file.read_text()), load(CommonSettings).tenant, now_ms())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, BadTemplate) as error:
        fail(f"{file}: {' '.join(str(error).split())}")
    publish(made)
    typer.echo(f"{made.template_id}: {len(made.variables)} variables; `wattlog device drift` shows who differs")


@template.command("remove")
def remove_template(template_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Want nothing of its stations any more; what they have stays."""
    with reading(DeviceTemplate) as known:
        found = known.get(f"{load(CommonSettings).tenant}/{template_id}")
    if found is None or found.removed:
        fail(f"there is no template {template_id}: `wattlog device template list` shows them")
    publish(DeviceTemplate.from_record(found.to_record() | {"removed": True, "updated_at": now_ms()}))
    typer.echo(f"{template_id} is removed.")


@template.command("list")
def list_templates() -> None:
    """Show the templates, and how many stations have and follow them."""
    tenant = load(CommonSettings).tenant
    with reading(DeviceTemplate) as known:
        found = [one for _, one in sorted(known.items()) if one.tenant == tenant and not one.removed]
    stations = _devices("")
    table = Table("template", "vendor", "model", "firmware", "variables", "stations", "differ")
    for one in found:
        own = [known.drift for known in stations if known.template_id == one.template_id]
        counts = (str(len(one.variables)), str(len(own)), str(sum(map(bool, own))))
        table.add_row(*map(Text, (one.template_id, one.vendor, one.model, one.firmware, *counts)))
    Console().print(table)


def _device(station_id: str) -> Device:
    with reading(Device) as known:
        found = known.get(f"{load(CommonSettings).tenant}/{station_id}")
    if found is None:
        fail(f"{station_id} has told nothing yet: `wattlog device report {station_id}` asks it")
    return found


def _devices(template_id: str) -> list[Device]:
    tenant = load(CommonSettings).tenant
    with reading(Device) as known:
        return [
            one
            for _, one in sorted(known.items())
            if one.tenant == tenant and template_id in ("", one.template_id)
        ]


def _apply_to_many(template_id: str, pace: Pace) -> None:
    begun = operations(_devices(template_id), now_ms(), pace)
    for requested, named in begun:
        publish(requested, *named)
        typer.echo(f"{requested.fleet_id}  {requested.operation} to {requested.stations_total} stations")
    typer.echo("`wattlog fleet status ID` shows how it goes." if begun else "nothing that could be set differs")


def _ask(asked: list[CommandRequested], timeout_s: int, *, lenient: bool = False) -> list[str]:
    """Ask and wait for all results; fails at the first that is not ACCEPTED unless `lenient`."""
    results = reaching_kafka(lambda: asyncio.run(_results(asked, timeout_s)))
    said_: list[str] = []
    for command in asked:
        result = results.get(command.command_id)
        if result is None:
            fail("no result: is `wattlog ocpp` running?")
        outcome = result.outcome.value.lower().replace("_", " ")
        outcome += f" ({result.status or result.detail})" if result.status or result.detail else ""
        if result.outcome is not CommandOutcome.ACCEPTED and not lenient:
            fail(f"{command.station_id}: {outcome}")
        said_.append(outcome)
    return said_


async def _results(asked: list[CommandRequested], timeout_s: int) -> dict[str, CommandAnswered]:
    found: dict[str, CommandAnswered] = {}
    wanted = {command.command_id for command in asked}

    def take(events: Any) -> None:
        found.update({one.command_id: one for one in events if getattr(one, "command_id", "") in wanted
                      and isinstance(one, CommandAnswered)})  # fmt: skip

    codec = await asyncio.to_thread(codec_of, load(CommonSettings))
    with ExitStack() as stack:
        tail = Tail(load(KafkaSettings), codec, [CommandAnswered.TOPIC], take, min(c.requested_at for c in asked))
        tail.start()
        stack.callback(tail.stop)
        await asyncio.to_thread(publish, *asked)
        for _ in range(int((timeout_s + _GRACE_S) / _LOOK_S)):
            if len(found) == len(wanted):
                break
            await asyncio.sleep(_LOOK_S)
    return found


def _waited(view: View[Device], key: str, true: Callable[[Device | None], bool], within_s: float) -> Device | None:
    """The device as soon as it is so; None when it does not become so."""
    for _ in range(int(within_s / _LOOK_S)):
        known = view.get(key)
        if true(known):
            return known
        time.sleep(_LOOK_S)
    return None
