"""`wattlog fleet`: the process; with a word behind it, the tool that begins and watches operations."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.domain.events.station import LocalList
from services.fleet.app import main
from services.runtime.command_line import fail, reading
from services.runtime.settings import CommonSettings, load, setting

fleet = typer.Typer(
    add_completion=False,
    help="Ask many stations the same, at a pace. Without a command: run the process that does.",
)

_LOOK_S: Final = 0.5
_TIMEOUT_S: Final = 30.0
_PATIENCE_S: Final = 60.0
_NEVER_PROXIED: Final = ("all://127.0.0.1", "all://localhost")
_SHOWN_FAILURES: Final = 20

FleetId = Annotated[str, typer.Argument(metavar="ID", help="as `wattlog fleet list` shows it")]
Wait = Annotated[bool, typer.Option("--watch/--no-watch", help="show how it goes until it stops")]


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How tools reach the operations API."""

    api_url: str = setting("http://127.0.0.1:8080", "operations API that tools speak to")
    api_key: str = setting("", "API key that tools show (`wattlog operator add`)")


@fleet.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """Ask many stations the same, at a pace. Without a command: run the process that does."""
    if context.invoked_subcommand is None:
        main()


@fleet.command()
def start(  # noqa: PLR0913  each is an option
    operation: Annotated[str, typer.Argument(help="OCPP action, e.g. UpdateFirmware")],
    payload: Annotated[str, typer.Option(help="its payload as JSON, or @FILE")] = "{}",
    stations: Annotated[str, typer.Option(help="ids, comma separated, or @FILE with one a line")] = "",
    vendor: Annotated[str | None, typer.Option(help="only stations of this vendor")] = None,
    model: Annotated[str | None, typer.Option(help="only of this model")] = None,
    firmware: Annotated[str | None, typer.Option(help="only those that booted with this firmware")] = None,
    location: Annotated[str | None, typer.Option(help="only at this location")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="every station")] = False,
    pace: Annotated[float, typer.Option(help="stations asked per second at most")] = 5.0,
    in_flight: Annotated[int, typer.Option(help="stations that may be asked and not have answered")] = 50,
    max_failures: Annotated[int, typer.Option(help="percent of failures at which it stops itself")] = 20,
    skip_offline: Annotated[bool, typer.Option(help="pass stations over that are not connected")] = False,
    timeout_s: Annotated[int, typer.Option("--timeout", help="seconds that a station has to answer")] = 60,
    deadline_s: Annotated[int, typer.Option("--deadline", help="seconds until nobody is asked any more")] = 86_400,
    watch: Wait = True,
) -> None:
    """Begin an operation, and watch it. Ctrl-C ends the watching, not the operation."""
    order: dict[str, Any] = {
        "operation": operation, "payload": _json(_text(payload)), "pace_per_s": pace, "max_in_flight": in_flight,
        "max_failures_percent": max_failures, "if_offline": "skip" if skip_offline else "wait",
        "timeout_s": timeout_s, "deadline_s": deadline_s,
    }  # fmt: skip
    if stations:
        order["stations"] = _text(stations).replace(",", "\n").split()
    else:
        named = {"vendor": vendor, "model": model, "firmware": firmware, "location": location, "all": everyone}
        order["selector"] = {name: value for name, value in named.items() if value}
    told = ask("POST", "/fleet", orjson.dumps(order))
    typer.echo(told["fleet_id"])
    if watch:
        follow(told["fleet_id"])


@fleet.command("lists")
def local_lists() -> None:
    """Show the local authorization lists that are kept (`wattlog station local-list`), as of the last answers."""
    tenant = load(CommonSettings).tenant
    with reading(LocalList) as view:
        found = [known for _, known in sorted(view.items()) if known.tenant == tenant]
    table = Table("station", "list", "version", "tokens", "detail", caption_justify="left")
    table.caption = f"{len(found)} station{'' if len(found) == 1 else 's'}"
    for known in found:
        left_out = f"no room for {known.left_out} tokens" if known.left_out else ""
        detail = "; ".join(said for said in (known.detail, left_out) if said)
        count = f"{len(known.entries)} of {known.wanted}"
        cells = (known.station_id, known.status.value.lower(), str(known.version), count, detail)
        table.add_row(*map(Text, cells))
    Console().print(table)


@fleet.command()
def status(fleet_id: FleetId, watch: Wait = False) -> None:
    """Show how an operation stands."""
    if watch:
        follow(fleet_id)
    else:
        _summary(ask("GET", f"/fleet/{fleet_id}"))


@fleet.command()
def stop(fleet_id: FleetId) -> None:
    """Ask no further station; those that were asked may still answer."""
    ask("POST", f"/fleet/{fleet_id}/stop")
    typer.echo(f"{fleet_id} asks nobody else.", err=True)


@fleet.command()
def resume(fleet_id: FleetId, watch: Wait = False) -> None:
    """Go on with an operation that was stopped."""
    ask("POST", f"/fleet/{fleet_id}/resume")
    if watch:
        follow(fleet_id)


@fleet.command("list")
def list_operations() -> None:
    """Show operations, newest first."""
    table = Table("id", "operation", "status", "done", "of", "accepted", "requested", "by")
    table.columns[0].no_wrap = True
    for told in ask("GET", "/fleet")["fleet"]:
        names = ("fleet_id", "operation", "status", "done", "stations", "accepted", "requested_at", "requested_by")
        table.add_row(*(Text(str(told[name])) for name in names))
    Console().print(table)


def follow(fleet_id: str) -> None:
    """Show the progress until nobody else is asked; exit code 1 unless all have accepted."""
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    last: dict[str, Any] = {}
    with Progress(*bars, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("")
        for last in _states(fleet_id):
            said = f"{last['accepted']} accepted, {last['done'] - last['accepted']} not, {last['asked']} asked"
            progress.update(bar, total=last["stations"], completed=last["done"], description=said)
    _summary(last)
    if last["accepted"] < last["stations"]:
        sys.exit(1)


def _states(fleet_id: str) -> Iterator[dict[str, Any]]:
    """How it stands, again and again; the API may be away for a while, which the operation does not mind."""
    away_since = None
    while True:
        try:
            told = request("GET", f"/fleet/{fleet_id}")
        except Away as error:
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > _PATIENCE_S:
                fail(str(error))
            time.sleep(_LOOK_S)
            continue
        away_since = None
        yield told
        if told["status"] == "FINISHED" or (told["status"] == "STOPPED" and not told["asked"]):
            return
        time.sleep(_LOOK_S)


def _summary(told: dict[str, Any]) -> None:
    reason = f" ({told['reason']})" if told["reason"] else ""
    names = ("waiting", "asked", "accepted", "rejected", "failed", "timed_out", "expired", "unreachable")
    counts = ", ".join(f"{told[name]} {name.replace('_', ' ')}" for name in names if told[name])
    typer.echo(f"{told['operation']}: {told['status'].lower()}{reason}, {told['stations']} stations: {counts}")
    for failure in told["failures"][:_SHOWN_FAILURES]:
        typer.echo(f"  {failure['station_id']}: {failure['outcome'].lower()}: {failure['detail'] or '-'}")
    left = len(told["failures"][_SHOWN_FAILURES:]) + told["failures_not_shown"]
    if left > 0:
        typer.echo(f"  and {left} more")


class Away(Exception):
    """The operations API does not answer, or cannot now."""


def ask(method: str, path: str, body: bytes | None = None) -> Any:
    """What the operations API answers; fails with its own words when it refuses, or when it is away."""
    try:
        return request(method, path, body)
    except Away as error:
        fail(str(error))


def request(method: str, path: str, body: bytes | None = None) -> Any:
    """What the operations API answers; fails with its own words when it refuses. Away when it is."""
    settings = load(ApiSettings)
    if not settings.api_key:
        fail("no API key: `export WATTLOG_API_KEY=$(wattlog operator add NAME)`")
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    try:
        with httpx.Client(headers=headers, timeout=_TIMEOUT_S, mounts=dict.fromkeys(_NEVER_PROXIED)) as http:
            answer = http.request(method, settings.api_url.rstrip("/") + path, content=body)
        told = orjson.loads(answer.content)
    except (httpx.HTTPError, orjson.JSONDecodeError) as error:
        said = f"the operations API at {settings.api_url} does not answer ({error}): is `wattlog console` running?"
        raise Away(said) from None
    if answer.is_server_error:
        raise Away(told["detail"])
    if answer.is_error:
        fail(told["detail"])
    return told


def _text(given: str) -> str:
    if not given.startswith("@"):
        return given
    try:
        return Path(os.path.expanduser(given[1:])).read_text()
    except OSError as error:
        fail(f"cannot read {given[1:]}: {error.strerror}")


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        fail(f"--payload is not JSON: {error}")
