"""`wattlog roaming …`: what we do at other CPOs as the provider of our drivers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.partner import Partner
from services.domain.events.roamingpull import RoamingPull
from services.domain.events.token import Token
from services.domain.hubs import reached
from services.domain.tokens import normalise_uid, token_key
from services.domain.units import Millis, millis_of
from services.ocpi.app import new_token
from services.ocpi.directory import owner_of
from services.ocpi.inbound.answered_commands import ACCEPTED, Said
from services.ocpi.outbound.configuration import RECEIVER
from services.ocpi.outbound.issued_tokens import issued
from services.ocpi.outbound.told import told
from services.ocpi.peer import Unusable
from services.ocpi.roaming.desk import is_cpo
from services.ocpi.roaming.puller import MODULES, Puller
from services.ocpi.roaming.session import Line, line_to
from services.ocpi.roaming.statement import LINES_SQL, as_json, plain, statement
from services.ocpi.settings import OcpiSettings
from services.runtime.clickhouse import ClickHouseSettings, Refused, Unreachable, query
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, reading
from services.runtime.sealing import CannotUnseal
from services.runtime.settings import CommonSettings, load

roaming = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Pull from CPOs, start and stop at their stations, settle."
)

T = TypeVar("T")
_BY: Final = "cli"
_SESSIONS: Final = """
SELECT session_id, status, token_uid, location_id, evse_uid, energy_wh, started_at FROM roaming_sessions FINAL
WHERE tenant = {tenant:String} AND partner_id = {partner:String}
ORDER BY last_updated DESC
LIMIT {limit:UInt32}
"""


class Module(StrEnum):
    """What can be pulled."""

    LOCATIONS = "locations"
    TARIFFS = "tariffs"
    SESSIONS = "sessions"
    CDRS = "cdrs"


PartnerId = Annotated[str, typer.Argument(help="as listed by `wattlog partner list`, e.g. DE-ALP")]
WithinS = Annotated[float, typer.Option("--within", min=0, max=110, help="seconds to wait for the result")]
LocationId = Annotated[str, typer.Option(help="id of its location")]
EvseUid = Annotated[str, typer.Option(help="uid of the EVSE there")]


@roaming.command()
def pull(
    partner_id: PartnerId,
    module: Annotated[list[Module] | None, typer.Option(help="only this; default: all that it serves")] = None,
    full: Annotated[bool, typer.Option("--full", help="everything, not only what is new")] = False,
) -> None:
    """Pull locations, tariffs, sessions and records: what was updated since the last pull."""
    wanted = [one.value for one in module or ()]

    async def pulled(line: Line) -> list[RoamingPull]:
        served = {endpoint.module for endpoint in line.cpo.partner.endpoints}
        puller = Puller(line.cpo.partner.tenant, line.holdings, line.bus.publish, now_ms, _progress)
        chosen = [one for one in MODULES if one in wanted or (not wanted and one in served)]
        return [await puller.pull(line.cpo, one, None if full else known.get(one)) for one in chosen]

    known = _reached(partner_id)
    for done in _with_line(partner_id, pulled):
        skipped = f", {done.skipped} of them could not be kept" if done.skipped else ""
        typer.echo(f"{done.module}: {done.objects} came, {done.changed} new or different{skipped}")


@roaming.command()
def push(
    partner_id: PartnerId,
    token: Annotated[list[str] | None, typer.Option(help="uid of a token; default: all that we issue")] = None,
) -> None:
    """Tell a CPO of tokens that we issue, so that it may let them charge without asking."""
    ours = load(OcpiSettings).operator
    with reading(Token) as view:
        tenant = load(CommonSettings).tenant
        found = [one for _, one in view.items() if one.tenant == tenant and owner_of(one) == ours]
    wanted = {normalise_uid(uid) for uid in token or ()}
    unknown = wanted - {one.token_uid for one in found}
    if unknown:
        fail(f"{', '.join(sorted(unknown))}: none of our tokens (their contracts begin with {ours.prefix})")
    chosen = [one for one in found if not wanted or one.token_uid in wanted]

    async def pushed(line: Line) -> None:
        for one in chosen:
            body = told(issued(one, ours, now_ms()), "Token", line.cpo.partner.version, [])
            url = f"{line.cpo.endpoint('tokens', RECEIVER)}/{'/'.join(ours)}/{one.token_uid}"
            await line.cpo.ask("PUT", url, body)

    _with_line(partner_id, pushed)
    typer.echo(f"{len(chosen)} token{'' if len(chosen) == 1 else 's'} told to {partner_id.upper()}.")


@roaming.command()
def start(
    partner_id: PartnerId,
    location: LocationId,
    token: Annotated[str, typer.Option(help="uid of one of our tokens")],
    evse: EvseUid = "",
    connector: Annotated[str, typer.Option(help="id of the connector there")] = "",
    within_s: WithinS = 60,
) -> None:
    """Start a session at a CPO's station, and wait for what the station says."""
    uid, ours = normalise_uid(token), load(OcpiSettings).operator
    with reading(Token) as view:
        known = view.get(token_key(load(CommonSettings).tenant, uid))
    if known is None or owner_of(known) != ours:
        fail(f"{uid} is none of our tokens (their contracts begin with {ours.prefix})")
    body = {"token": issued(known, ours, now_ms()), "location_id": location}
    body |= {"evse_uid": evse} if evse else {}
    _command(partner_id, "START_SESSION", body | ({"connector_id": connector} if connector else {}), within_s)


@roaming.command()
def stop(
    partner_id: PartnerId,
    session: Annotated[str, typer.Option(help="id of the session, as `roaming sessions` shows it")],
    within_s: WithinS = 60,
) -> None:
    """Stop a session of one of our drivers at a CPO's station."""
    _command(partner_id, "STOP_SESSION", {"session_id": session}, within_s)


@roaming.command()
def unlock(
    partner_id: PartnerId,
    location: LocationId,
    evse: EvseUid,
    connector: Annotated[str, typer.Option(help="id of the connector there")] = "1",
    within_s: WithinS = 60,
) -> None:
    """Unlock a connector of a CPO's station, so that a driver gets his cable back."""
    body = {"location_id": location, "evse_uid": evse, "connector_id": connector}
    _command(partner_id, "UNLOCK_CONNECTOR", body, within_s)


@roaming.command()
def sessions(
    partner_id: PartnerId, limit: Annotated[int, typer.Option(min=1, max=100_000, help="the last so many")] = 20
) -> None:
    """Show sessions of our drivers at a CPO, the last changed first."""
    rows = _asked(_SESSIONS, {"partner": partner_id.upper(), "limit": limit})
    table = Table("session", "status", "token", "location", "EVSE", "kWh", "since", caption_justify="left")
    for row in rows:
        since = "" if row["started_at"] is None else f"{row['started_at']:%Y-%m-%d %H:%M}"
        cells = [row[name] for name in ("session_id", "status", "token_uid", "location_id", "evse_uid")]
        table.add_row(*(Text(cell) for cell in (*cells, plain(row["energy_wh"] / 1000), since)))
    table.caption = f"{len(rows)} session{'' if len(rows) == 1 else 's'}"
    Console().print(table)


@roaming.command("statement")
def show_statement(
    partner_id: PartnerId,
    month: Annotated[str, typer.Argument(help="e.g. 2026-11: what was issued in it")],
    zone: Annotated[str, typer.Option(help="time zone in which the month begins and ends")] = "Europe/Berlin",
    in_json: Annotated[bool, typer.Option("--json", help="all of it, with its lines")] = False,
    out: Annotated[Path | None, typer.Option(help="write JSON to this file")] = None,
) -> None:
    """What we owe a CPO for a month: its records checked against their signed values and their tariffs."""
    first, after = _month(month, zone)
    rows = _asked(LINES_SQL, {"partner": partner_id.upper(), "first": first, "after": after})
    made = statement(partner_id.upper(), month, rows)
    if out is not None:
        out.write_bytes(as_json(made))
    if in_json:
        typer.echo(as_json(made).decode())
        return
    table = Table(
        "currency", "records", "credits", "kWh", "before VAT", "with VAT", title=f"{made.partner_id} {month}"
    )
    for total in made.totals:
        costs = plain(total.energy_kwh), plain(total.excl_vat), plain(total.incl_vat)
        table.add_row(total.currency, str(total.records), str(total.credits), *costs)
    table.caption = f"{len(made.lines)} lines, {made.doubtful} of them doubtful"
    Console().print(table)


def _command(partner_id: str, command: str, body: Mapping[str, Any], within_s: float) -> None:
    """ACCEPTED means that the station is asked, not that it does it: only the result says that."""

    async def given(line: Line) -> Said:
        sent, said = await line.commander.give(line.cpo, command, body, _BY)
        typer.echo(f"{said.result}: {said.message or 'the CPO has answered'}", err=True)
        if said.result != ACCEPTED:
            return said
        return await line.commander.result(sent, within_s)

    said = _with_line(partner_id, given)
    typer.echo(f"{said.result} {said.message}".strip())
    if said.result != ACCEPTED:
        raise typer.Exit(1)


def _with_line(partner_id: str, work: Callable[[Line], Awaitable[T]]) -> T:
    """Do something with a CPO; fail in one sentence when it cannot be spoken to."""
    chosen = load(OcpiSettings)
    partner, behind = _partner(partner_id)

    async def worked() -> T:
        async with line_to(partner, behind, chosen, now_ms, new_token) as line:
            return await work(line)

    try:
        return asyncio.run(worked())
    except (Unusable, CannotUnseal, TimeoutError) as error:
        _failed(partner, error)


def _failed(partner: Partner, error: Exception) -> NoReturn:
    fail(f"{partner.partner_id}: {error}")


def _partner(partner_id: str) -> tuple[Partner, tuple[Partner, ...]]:
    """A CPO that can be asked, and the parties let in behind it if it is a hub."""
    with reading(Partner) as view:
        found = reached(dict(view.items()))
    known = found.get(f"{load(CommonSettings).tenant}/{partner_id.upper()}")
    if known is None or not known.enabled:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    if not known.sealed_token:
        fail(f"{partner_id} has not exchanged credentials: `wattlog partner register` or `wattlog partner invite`")
    if not is_cpo(known):
        fail(f"{partner_id} is no CPO")
    of = (known.tenant, known.partner_id)
    return known, tuple(one for one in found.values() if (one.tenant, one.hub) == of and one.enabled)


def _reached(partner_id: str) -> dict[str, Millis]:
    """How far each module of a partner has been pulled."""
    with reading(RoamingPull) as view:
        key = f"{load(CommonSettings).tenant}/{partner_id.upper()}/"
        return {one.module: one.reached for name, one in view.items() if name.startswith(key)}


def _progress(module: str, objects: int, total: int | None) -> None:
    typer.echo(f"{module}: {objects}{'' if total is None else f' of {total}'}", err=True)


def _month(month: str, zone: str) -> tuple[Millis, Millis]:
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZoneInfo(zone))
        after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    except (ValueError, ZoneInfoNotFoundError):
        fail(f"{month!r} in {zone!r} is no month: give e.g. 2026-11 and --zone Europe/Berlin")
    return millis_of(first), millis_of(after)


def _asked(sql: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    try:
        return query(load(ClickHouseSettings), sql, {"tenant": load(CommonSettings).tenant, **parameters})
    except (Unreachable, Refused) as error:
        fail(str(error))
