"""`wattlog price`: prices charge detail records by their tariffs, a JSON line each."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.tariff.comparison import totals
from services.domain.tariff.engine import Priced, PriceLine, price_session
from services.domain.tariff.limits import LimitRule
from services.domain.tariff.lines import TIMED_KINDS, LineKind
from services.domain.tariff.model import Amount
from services.domain.tariff.ocpi_cdr import read_record
from services.domain.tariff.ocpi_tariff import SHAPES, read_tariff
from services.domain.tariff.reading import Reader, Refused, Warned, parse_json
from services.domain.tariff.session import Session

price = typer.Typer(add_completion=False, help="Price charge detail records by their tariffs.")

_MOST_BYTES = 16_000_000
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """A priced line: the record's session, its price, and what was wrong with the record and with its tariffs."""

    session: Session
    priced: Priced
    of_record: tuple[Warned, ...]
    of_tariffs: tuple[Warned, ...]


@price.command()
def run(
    file: Annotated[str, typer.Argument(help="lines of id, version, tz, cdr and tariff; - is standard input")],
    as_json: Annotated[bool, typer.Option("--json", help="print a line of totals for each line")] = False,
    limits: Annotated[
        LimitRule, typer.Option(help="min and max price: by the amount before taxes, or each amount for itself")
    ] = LimitRule.PAIR,
) -> None:
    """Price each line of FILE: a CDR, by the tariff of the line or, without one, by those that the CDR carries."""
    failed = False
    for number, text in enumerate(_lines(file), start=1):
        name: object = f"line {number}"
        try:
            line = _object(text)
            name = line.get("id", name)
            answer = priced(line, limits)
            found = totals(answer.session, answer.priced, len(answer.of_record))
        except (ValueError, ArithmeticError) as error:
            failed = True
            _tell_error(name, error, as_json)
            continue
        if as_json:
            typer.echo(json.dumps({"id": name, **found}, default=str))
        else:
            _show(str(name), answer)
    if failed:
        raise typer.Exit(1)


def priced(line: dict[str, Any], limits: LimitRule) -> Answer:
    """Price one line. ValueError says what is wrong with it."""
    version = str(line.get("version", "")).replace(".", "")
    if version not in SHAPES:
        raise Refused(f"version {line.get('version')!r} is none of {', '.join(SHAPES)}")
    record_reader, tariff_reader = Reader(), Reader()
    record = read_record(line.get("cdr"), version, _zone(line.get("tz")), record_reader)
    given = line.get("tariff")
    found = record.tariffs if given is None else given if isinstance(given, list) else [given]
    tariffs = [
        read_tariff(one, version, tariff_reader, f"tariff {index}") for index, one in enumerate(found, start=1)
    ]
    cost = price_session(record.session, tariffs, limits)
    return Answer(record.session, cost, tuple(record_reader.warnings), tuple(tariff_reader.warnings))


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from (line for line in sys.stdin.buffer if line.strip())
        return
    try:
        with Path(file).open("rb") as opened:
            yield from (line for line in opened if line.strip())
    except OSError as error:
        typer.echo(f"{file} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > _MOST_BYTES:
        raise Refused("the line is longer than 16 MB")
    return Reader().fields(parse_json(text), "the line")


def _zone(name: object) -> ZoneInfo:
    if not isinstance(name, str) or not name:
        raise Refused("tz is not the name of a time zone like Europe/Berlin")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"tz {name[:60]!r} is not the name of a time zone like Europe/Berlin") from None


def _tell_error(name: object, error: Exception, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"id": name, "error": str(error)}, default=str))
    else:
        typer.echo(f"{name}: {error}", err=True)


def _show(name: str, answer: Answer) -> None:
    """A table of lines and totals, and what was wrong with the record."""
    cost = answer.priced
    table = Table(title=Text(name), title_justify="left", box=None, padding=(0, 1, 0, 0))
    for column in ("period", "for"):
        table.add_column(column, no_wrap=True)
    for column in ("used", "added", "price", "VAT", "net", "gross"):
        table.add_column(column, no_wrap=True, justify="right")
    for line in cost.lines:
        table.add_row(*_row(line, answer.session))
    excl, incl = _amounts(cost.total)
    table.add_row(f"total {cost.currency}", ", ".join(cost.limited_by), "", "", "", "", excl, incl)
    console = Console()
    console.print(table)
    if any(line.clock_unproven for line in cost.lines):
        console.print("* hangs on a clock that nobody vouches for")
    for warned in (*answer.of_record, *answer.of_tariffs):
        console.print(Text(f"{warned.path}: {warned.says}"))


def _row(line: PriceLine, session: Session) -> list[str]:
    unit = " h" if line.kind in TIMED_KINDS else " kWh" if line.kind is LineKind.ENERGY else ""
    scale = _SECONDS_PER_HOUR if line.kind in TIMED_KINDS else 1
    began = session.periods[line.period].started_at.astimezone(session.zone)
    excl, incl = _amounts(line.shown)
    return [
        f"{began:%m-%d %H:%M:%S}",
        f"{line.kind}{'*' if line.clock_unproven else ''}",
        f"{line.quantity / scale:.3f}{unit}",
        f"{line.added / scale:.3f}" if line.added else "",
        f"{line.unit_price:f}",
        "-" if line.vat is None else f"{line.vat:f}%",
        excl,
        incl,
    ]


def _amounts(amount: Amount | None) -> tuple[str, str]:
    if amount is None:
        return "-", "-"
    return f"{amount.excl_vat:f}", "-" if amount.incl_vat is None else f"{amount.incl_vat:f}"
