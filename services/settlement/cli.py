"""`wattlog settlement …` and `wattlog agreement …`: who pays for what, and how far it is settled."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain import proof_link
from services.domain.contract_ids import provider_named
from services.domain.events.agreement import Agreement
from services.domain.events.cdr import CdrCredited, CdrIssued
from services.domain.events.common import SettlementStep
from services.domain.events.settlement import CdrChained, CdrStepRequested
from services.domain.events.tariff import Tariff
from services.domain.ids import derived_id
from services.domain.units import Millis, datetime_of, millis_of
from services.runtime.clickhouse import ClickHouseSettings, Refused, Unreachable, query
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reaching_kafka, reading
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.runtime.tail import Tail
from services.settlement.app import main
from services.settlement.chain import breaks, heads, record_sha256
from services.settlement.correction_cli import correct, credit
from services.settlement.statement import Line, Statement, as_csv, as_json, month_of, plain, statement

settlement = typer.Typer(
    add_completion=False,
    help="How far charge detail records are settled. Without a command: run the process that folds it.",
)
agreement = typer.Typer(add_completion=False, no_args_is_help=True, help="Who pays for whose contracts.")

_READ_S: Final = 3600.0
_LOOK_S: Final = 0.2
_NEEDS_REASON: Final = frozenset({SettlementStep.DISPUTE, SettlementStep.DECLINE})
_LINES: Final = """
SELECT
    cdr_id, credit_reference_id, status, agreement_id, station_id, contract_id, toUnixTimestamp64Milli(started_at),
    toUnixTimestamp64Milli(ended_at), energy_wh, currency, total_cost_excl_vat, total_cost_incl_vat,
    toUnixTimestamp64Milli(issued_at), hashes
FROM settlements FINAL
LEFT JOIN
(
    SELECT cdr_id, arrayMap(v -> tupleElement(v, 'sha256'), signed_meter_values) AS hashes
    FROM cdrs FINAL
    WHERE tenant = {tenant:String} AND cdr_id IN
    (
        SELECT cdr_id
        FROM settlements
        WHERE tenant = {tenant:String} AND partner_id = {partner:String}
            AND issued_at >= fromUnixTimestamp64Milli({first:Int64})
            AND issued_at < fromUnixTimestamp64Milli({after:Int64})
    )
) AS signed USING (cdr_id)
WHERE tenant = {tenant:String} AND partner_id = {partner:String}
    AND issued_at >= fromUnixTimestamp64Milli({first:Int64})
    AND issued_at < fromUnixTimestamp64Milli({after:Int64})
"""
_OPEN: Final = """
SELECT cdr_id, partner_id, status, reason, currency, total_cost_incl_vat, updated_at
FROM settlements FINAL
WHERE tenant = {tenant:String} AND ({status:String} = '' OR status = {status:String})
    AND ({partner:String} = '' OR partner_id = {partner:String})
ORDER BY updated_at DESC
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class StatementSettings:
    """What a statement says beside its records."""

    proof_public_url: str = setting("", "address of drivers' pages in links, e.g. https://proof.example.com")


class Step(StrEnum):
    """What an operator may ask for; credits come with the records that take others back."""

    DELIVER = "deliver"
    ACCEPT = "accept"
    DECLINE = "decline"
    DISPUTE = "dispute"
    INVOICE = "invoice"


class Format(StrEnum):
    """How a statement is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


@settlement.callback(invoke_without_command=True)
def process(context: typer.Context) -> None:
    """How far charge detail records are settled. Without a command: run the process that folds it."""
    if context.invoked_subcommand is None:
        main()


@settlement.command("step")
def take_step(
    step: Annotated[Step, typer.Argument(help="what happened to the record")],
    cdr_ids: Annotated[list[str], typer.Argument(metavar="CDR...", help="ids of charge detail records")],
    by: Annotated[str, typer.Option(help="who asks; kept with the step")],
    reason: Annotated[str, typer.Option(help="why, in words; a dispute or decline needs one")] = "",
    reference: Annotated[str, typer.Option(help="e.g. the number of the invoice")] = "",
) -> None:
    """Ask for a step in the life of records: deliver, accept, decline, dispute, invoice."""
    wanted = SettlementStep(step.name)
    if wanted in _NEEDS_REASON and not reason:
        fail(f"say why with --reason: a {step.value} without a reason helps nobody")
    if wanted is SettlementStep.INVOICE and not reference:
        fail("give the invoice's number with --reference")
    tenant, now = load(CommonSettings).tenant, now_ms()
    publish(
        *(
            CdrStepRequested(
                event_id=derived_id("CdrStepRequested", tenant, cdr_id, wanted, by, reason, reference, now),
                tenant=tenant,
                cdr_id=cdr_id,
                step=wanted,
                reason=reason,
                reference=reference,
                requested_by=by,
                requested_at=now,
            )
            for cdr_id in dict.fromkeys(cdr_ids)
        )
    )
    typer.echo(
        f"{step.value} asked for {len(set(cdr_ids))} records; `wattlog settlement list` shows where they stand."
    )


@settlement.command("list")
def list_settlements(
    status: Annotated[str, typer.Option(help="only of this status, e.g. DISPUTED")] = "",
    partner: Annotated[str, typer.Option(help="only of this partner, e.g. NL-TNM")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="the last changed so many")] = 50,
) -> None:
    """Show records and how far they are settled, the last changed first."""
    found = _asked(_OPEN, {"status": status.upper(), "partner": _partner(partner), "limit": limit})
    table = Table("record", "partner", "status", "cost", "changed", "reason", caption_justify="left")
    table.caption = f"{len(found)} record{'' if len(found) == 1 else 's'}"
    for row in found:
        cost = "not priced" if row["total_cost_incl_vat"] is None else plain(row["total_cost_incl_vat"])
        cells = (row["cdr_id"], row["partner_id"] or "", row["status"], f"{cost} {row['currency'] or ''}")
        table.add_row(*(Text(cell) for cell in (*cells, f"{row['updated_at']:%Y-%m-%d %H:%M}", row["reason"])))
    Console().print(table)


@settlement.command("statement")
def show_statement(
    partner: Annotated[str, typer.Argument(help="who pays, e.g. NL-TNM")],
    month: Annotated[str, typer.Argument(help="e.g. 2026-11: what was issued in it")],
    form: Annotated[Format, typer.Option("--format", help="table, csv (the lines) or json (all)")] = Format.TABLE,
    zone: Annotated[str, typer.Option(help="time zone in which the month begins and ends")] = "Europe/Berlin",
    out: Annotated[Path | None, typer.Option(help="write to this file")] = None,
) -> None:
    """A partner's month: every record issued in it, credits too, and totals that are the sums of the lines."""
    try:
        first, after = month_of(month, ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        fail(f"{month!r} in {zone!r} is no month: give e.g. 2026-11 and --zone Europe/Berlin")
    partner_id = _partner(partner)
    rows = _asked(_LINES, {"partner": partner_id, "first": first, "after": after})
    made = statement(partner_id, month, map(_line, rows))
    if form is Format.TABLE:
        _print(made)
        return
    written = as_csv(made).encode() if form is Format.CSV else as_json(made)
    if out is None:
        typer.echo(written.decode().rstrip("\n"))
    else:
        out.write_bytes(written)
        typer.echo(f"{len(made.lines)} lines written to {out}.")


def _line(row: Mapping[str, Any]) -> Line:
    *told, hashes = row.values()
    page, tenant = load(StatementSettings).proof_public_url, load(CommonSettings).tenant
    return replace(Line(*told), driver_url=proof_link.link_of(page, tenant, row["cdr_id"], hashes))


@settlement.command("chain")
def check_chain(
    expect: Annotated[list[str] | None, typer.Option(help="a head that was kept: it must be on a chain")] = None,
) -> None:
    """Check the hash chains over all issued records against the records, and show the heads to keep."""
    tenant = load(CommonSettings).tenant
    typer.echo("Reading every issued record and every link ...", err=True)
    records, links = reaching_kafka(lambda: asyncio.run(_chains(tenant)))
    wrong = [*breaks(records, links)]
    known = {link.link_sha256 for link in links}
    wrong += [f"{head} is on no chain: links were taken off" for head in expect or () if head not in known]
    for sentence in wrong:
        typer.echo(sentence, err=True)
    for link in heads({link.cdr_id: link for link in links}.values()):
        typer.echo(f"{link.link_sha256} {link.height}")
    verdict = f"{len(wrong)} things are wrong" if wrong else "all on their chains and unchanged"
    typer.echo(f"{len(records)} records: {verdict}.", err=True)
    if wrong:
        raise typer.Exit(1)


async def _chains(tenant: str) -> tuple[dict[str, str], list[CdrChained]]:
    """The hash of every issued record by its id, and all links."""
    records: dict[str, str] = {}
    links: list[CdrChained] = []

    def take(events: Sequence[Any]) -> None:
        for event in events:
            if event.tenant != tenant:
                continue
            if isinstance(event, CdrChained):
                links.append(event)
            elif isinstance(event, (CdrIssued, CdrCredited)):
                records.setdefault(event.cdr_id, record_sha256(event.detail))

    tail = Tail(load(KafkaSettings), codec_of(load(CommonSettings)), (CdrChained.TOPIC, CdrIssued.TOPIC), take)
    tail.start()
    try:
        async with asyncio.timeout(_READ_S):
            while not tail.caught_up:
                await asyncio.sleep(_LOOK_S)
    finally:
        tail.stop()
    return records, links


settlement.command()(correct)
settlement.command()(credit)


@agreement.command("add")
def add_agreement(
    agreement_id: Annotated[str, typer.Argument(help="its name, e.g. TNM-2026")],
    partner: Annotated[str, typer.Option(help="provider whose contracts it covers, e.g. NL-TNM")],
    name: Annotated[str, typer.Option(help="in words, for statements")] = "",
    tariff: Annotated[str, typer.Option(help="what the partner pays; default: the station's tariff")] = "",
    payment_days: Annotated[int, typer.Option(min=0, max=365, help="days from statement to due date")] = 30,
    valid_from: Annotated[str, typer.Option("--from", help="first day, UTC; default: from now on")] = "",
) -> None:
    """Say who pays for a provider's contracts. Its terms never change: new terms are a new agreement."""
    tenant, now = load(CommonSettings).tenant, now_ms()
    if agreement_id in _agreements(tenant):
        fail(f"{agreement_id} is there already, and its terms never change: end it, and add another")
    if tariff:
        with reading(Tariff) as view:
            if view.get(f"{tenant}/{tariff}") is None:
                fail(f"there is no tariff {tariff}: add it first with `wattlog tariff add`")
    starts = _day(valid_from) if valid_from else now
    partner_id = _partner(partner)
    publish(
        Agreement(
            tenant=tenant,
            agreement_id=agreement_id,
            partner_id=partner_id,
            name=name or agreement_id,
            tariff_id=tariff or None,
            payment_days=payment_days,
            valid_from=starts,
            valid_to=None,
            updated_at=now,
        )
    )
    typer.echo(f"{partner_id} pays for its contracts from {datetime_of(starts):%Y-%m-%d %H:%M} UTC on.")


@agreement.command("end")
def end_agreement(
    agreement_id: Annotated[str, typer.Argument(help="as `wattlog agreement list` shows it")],
    day: Annotated[str, typer.Option("--on", help="first day that it no longer covers, UTC; default: now")] = "",
) -> None:
    """End an agreement; sessions that started before stay covered."""
    tenant, now = load(CommonSettings).tenant, now_ms()
    known = _agreements(tenant).get(agreement_id)
    if known is None:
        fail(f"there is no agreement {agreement_id}: `wattlog agreement list` shows all")
    ends = _day(day) if day else now
    if ends < now:
        fail("an end in the past would take back what was stated already: give a day to come")
    publish(Agreement.from_record(known.to_record() | {"valid_to": ends, "updated_at": now}))
    typer.echo(f"{agreement_id} covers what starts before {datetime_of(ends):%Y-%m-%d %H:%M} UTC.")


@agreement.command("list")
def list_agreements() -> None:
    """Show all agreements."""
    found = _agreements(load(CommonSettings).tenant)
    table = Table("agreement", "partner", "tariff", "from", "to", "due", "name", caption_justify="left")
    table.caption = f"{len(found)} agreement{'' if len(found) == 1 else 's'}"
    for _, known in sorted(found.items()):
        until = "" if known.valid_to is None else f"{datetime_of(known.valid_to):%Y-%m-%d %H:%M}"
        cells = (known.agreement_id, known.partner_id, known.tariff_id or "the station's")
        days = f"{datetime_of(known.valid_from):%Y-%m-%d %H:%M}", until, f"{known.payment_days} days", known.name
        table.add_row(*(Text(cell) for cell in (*cells, *days)))
    Console().print(table)


def _agreements(tenant: str) -> dict[str, Agreement]:
    with reading(Agreement) as view:
        return {known.agreement_id: known for _, known in view.items() if known.tenant == tenant}


def _partner(text: str) -> str:
    """NL-TNM in whichever spelling; fails for what names no provider."""
    partner_id = provider_named(text)
    if text and partner_id is None:
        fail(f"{text!r} names no provider: give country and party, e.g. NL-TNM")
    return partner_id or ""


def _day(text: str) -> Millis:
    try:
        return millis_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except ValueError:
        fail(f"{text!r} is no day: give e.g. 2026-12-01")


def _asked(sql: str, parameters: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    try:
        return query(load(ClickHouseSettings), sql, {"tenant": load(CommonSettings).tenant, **parameters})
    except (Unreachable, Refused) as error:
        fail(str(error))


def _print(made: Statement) -> None:
    table = Table(
        "agreement", "records", "credits", "kWh", "before VAT", "with VAT", title=f"{made.partner_id} {made.month}"
    )
    for total in made.totals:
        counts = str(total.records), str(total.credits), plain(total.energy_kwh) or ""
        costs = (f"{plain(cost)} {total.currency or ''}" for cost in (total.excl_vat, total.incl_vat))
        table.add_row(total.agreement_id or "", *counts, *costs)
    table.caption = f"{len(made.lines)} lines, {made.unpriced} of them not priced, {made.disputed} disputed"
    Console().print(table)
