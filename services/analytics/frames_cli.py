"""`wattlog frames STATION`: what a station and we said to each other, from ClickHouse, and live from Kafka."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.text import Text

from services.analytics.cli import printable
from services.analytics.frames import frame_rows, like, statement
from services.domain.events.ocpp import FramesLogged
from services.runtime.clickhouse import ClickHouseSettings, Refused, Unreachable, query
from services.runtime.clock import now_ms
from services.runtime.command_line import WAIT_S, fail, reaching_kafka
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.tail import Tail

frames = typer.Typer(add_completion=False, help="Show what a station and we said to each other.")

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGE: Final = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_LOOK_S: Final = 0.2
_MOST_OPEN: Final = 20

Row = Mapping[str, Any]


@frames.command()
def show(
    station_id: Annotated[str, typer.Argument(metavar="STATION", help="identity, as in its connection URL")],
    action: Annotated[str, typer.Option(help="only calls of this action and their answers")] = "",
    since: Annotated[str, typer.Option(help="how far back: 30s, 15m, 1h, 7d")] = "1h",
    text: Annotated[str, typer.Option(help="only messages that contain this, upper or lower case")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="the newest so many")] = 200,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="show new messages as they come")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """Show the newest messages of a station, oldest first; passwords and keys are masked."""
    tell = _lines(Console(highlight=False, soft_wrap=True), as_json)
    if follow:
        wanted = Wanted(load(CommonSettings).tenant, station_id, action, text)
        reaching_kafka(lambda: asyncio.run(_follow(wanted, tell)))
        return
    since_ms = now_ms() - seconds(since) * 1000
    parameters = {"tenant": load(CommonSettings).tenant, "station": station_id, "since": since_ms}
    parameters |= {"action": action, "text": like(text), "limit": limit}
    try:
        found = query(load(ClickHouseSettings), statement(action, text), parameters)
    except (Unreachable, Refused) as error:
        fail(str(error))
    for row in reversed(found):
        tell(row)


class Wanted:
    """Which of the live frames are shown; remembers which calls are open, for their answers."""

    def __init__(self, tenant: str, station_id: str, action: str = "", text: str = "") -> None:
        self._whose = tenant, station_id
        self._action = action
        self._text = text.upper()
        self._open: dict[str, str] = {}

    def of(self, events: Iterable[Any]) -> list[Row]:
        """The rows of the frames that were asked for."""
        rows = [row for event in events if isinstance(event, FramesLogged) for row in frame_rows(event)]
        mine = [row for row in rows if (row["tenant"], row["station_id"]) == self._whose]
        return [row for row in map(self._named, mine) if self._matches(row)]

    def _named(self, row: Row) -> Row:
        if row["message_type"] in ("CALLRESULT", "CALLERROR"):
            action = self._open.pop(row["message_id"], "")
            return row if row["action"] else {**row, "action": action}
        if row["action"]:
            self._open = {**dict(list(self._open.items())[-_MOST_OPEN:]), row["message_id"]: row["action"]}
        return row

    def _matches(self, row: Row) -> bool:
        return (not self._action or row["action"] == self._action) and self._text in row["frame"].upper()


def seconds(age: str) -> int:
    """`1h` in seconds; fails when it is no age."""
    match = _AGE.fullmatch(age)
    if match is None:
        fail(f"{age!r} is no age: give e.g. 30s, 15m, 1h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def line(row: Row) -> Text:
    """One frame for the terminal."""
    at = row["at"] if isinstance(row["at"], datetime) else datetime.fromtimestamp(row["at"] / 1000, UTC)
    incoming = row["direction"] == "in"
    told = Text(f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} ", style="dim")
    told.append("→ " if incoming else "← ", style="green" if incoming else "cyan")
    told.append(f"{printable(row['action'] or '?')} ", style="bold")
    told.append(f"{printable(row['error_code'])} " if row["error_code"] else "", style="red")
    return told.append(printable(row["frame"]))


def _lines(console: Console, as_json: bool) -> Callable[[Row], None]:
    def tell(row: Row) -> None:
        if as_json:
            typer.echo(orjson.dumps(_plain(row)).decode())
        else:
            console.print(line(row))

    return tell


def _plain(row: Row) -> dict[str, Any]:
    at = row["at"]
    millis = int(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000) if isinstance(at, datetime) else at
    names = ("direction", "message_type", "message_id", "action", "error_code", "frame")
    return {"at_ms": millis} | {name: row[name] for name in names}


async def _follow(wanted: Wanted, tell: Callable[[Row], None]) -> None:
    def take(events: Any) -> None:
        for row in wanted.of(events):
            tell(row)

    codec = await asyncio.to_thread(codec_of, load(CommonSettings))
    tail = Tail(load(KafkaSettings), codec, [FramesLogged.TOPIC], take, now_ms())
    tail.start()
    try:
        waited_s = 0.0
        while True:
            await asyncio.sleep(_LOOK_S)
            waited_s += _LOOK_S
            if waited_s > WAIT_S and not tail.caught_up:
                raise TimeoutError
    finally:
        tail.stop()
