"""`wattlog sql "…"`: ask ClickHouse from a shell, as the user that reads."""

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from services.runtime.clickhouse import ClickHouseSettings, Refused, Unreachable, ask
from services.runtime.settings import load

sql = typer.Typer(add_completion=False, help="Ask ClickHouse.")


class Output(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_FORMATS = {Output.TABLE: "JSONCompact", Output.CSV: "CSVWithNames", Output.JSON: "JSONEachRow"}
_ON_THE_RIGHT = ("Int", "UInt", "Float", "Decimal", "Nullable(Int", "Nullable(UInt", "Nullable(Decimal")


@sql.command()
def query(
    statement: Annotated[str, typer.Argument(metavar="SQL", help="e.g. 'SELECT * FROM v_cdrs LIMIT 10'")],
    output: Annotated[Output, typer.Option("--format", "-f", help="how to write the answer")] = Output.TABLE,
) -> None:
    """Ask ClickHouse: tables sessions, cdrs, meter_readings, station_status, authorizations; views v_*."""
    try:
        written, answer = ask(load(ClickHouseSettings), statement, _FORMATS[output])
    except (Unreachable, Refused) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if output is Output.TABLE and written == _FORMATS[Output.TABLE] and answer:
        Console().print(shown(json.loads(answer)))
    else:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def shown(answer: dict[str, Any]) -> Group:
    """An answer in JSONCompact as a table for the terminal, numbers to the right, and how many rows there are."""
    table = Table()
    for column in answer["meta"]:
        right = column["type"].startswith(_ON_THE_RIGHT)
        table.add_column(Text(printable(column["name"])), justify="right" if right else "left", overflow="fold")
    for row in answer["data"]:
        table.add_row(*(Text(printable(cell), style="dim" if cell is None else "") for cell in row))
    count = answer["rows"]
    return Group(table, Text(f"{count} row{'' if count == 1 else 's'}"))


def printable(value: Any) -> str:
    """Text that a station cannot use to write elsewhere on the operator's terminal."""
    if value is None:
        return "NULL"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
