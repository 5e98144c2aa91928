"""What a demonstration tells on the way: a progress bar in a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from services.domain.units import Millis
from services.simulator import figures
from services.simulator.acn import Recording
from services.simulator.app import Tally
from services.simulator.figures import Figure

_SHOWN = 10
_MS_PER_HOUR = 3_600_000


class Narrator:
    """Speaks to one console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._title = ""
        self._total = 0
        self._told_percent = 0

    def say(self, text: str) -> None:
        self._console.print(escape(text), highlight=False)

    def trouble(self, text: str) -> None:
        self._console.print(f"[bold red]{escape(text)}[/]", highlight=False)

    def recording(self, recording: Recording) -> None:
        """Where the sessions come from, and what was skipped."""
        count, source = len(recording.sessions), recording.source
        self.say(f"{count} recorded sessions (ACN-Data, Lee, Li, Low 2019, CC BY 4.0) from {source}.")
        for warning in recording.warnings[:_SHOWN]:
            self.say(f"  {warning}")
        if len(recording.warnings) > _SHOWN:
            self.say(f"  and {len(recording.warnings) - _SHOWN} more rows were skipped")

    def charging(self, sessions: int, span_ms: Millis, speed: float) -> None:
        hours = span_ms / _MS_PER_HOUR
        self.say(
            f"Charging {sessions} sessions: {hours:,.0f} hours of station time, {speed:,.0f} times as fast ..."
        )

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[None]:
        """Show how far something of `total` steps is until the block ends."""
        self._title, self._total, self._told_percent = title, total, 0
        if not self._console.is_terminal:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TextColumn("{task.fields[note]}"), console=self._console) as self._bar:
            self._task = self._bar.add_task(title, total=total, note="")
            yield
        self._bar = None

    def charged(self, tally: Tally) -> None:
        """Progress of a fleet."""
        self.advanced(
            tally.sessions_done,
            f"{tally.connected} stations connected, {tally.messages_answered} messages answered",
        )

    def faults(self, tally: Tally) -> None:
        """What was made to go wrong."""
        words = {
            "drop": "connections cut",
            "duplicate": "messages sent twice",
            "malformed": "malformed frames",
            "offline": "stations without network for a while",
        }
        done = [f"{tally.faults[fault]} {word}" for fault, word in words.items() if tally.faults[fault]]
        if done:
            self.say(f"On purpose: {', '.join(done)}.")

    def advanced(self, done: int, note: str = "") -> None:
        """`done` steps so far; without a terminal one line for every tenth."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)
            return
        percent = 100 * done // self._total if self._total else 100
        if percent // 10 > self._told_percent // 10:
            self._told_percent = percent
            self.say(f"{self._title}: {done} of {self._total}{', ' * bool(note)}{note}")

    def wrong(self, findings: Sequence[str]) -> None:
        """The first few deviations, in words."""
        for finding in findings[:_SHOWN]:
            self.trouble(finding)
        if len(findings) > _SHOWN:
            self.trouble(f"and {len(findings) - _SHOWN} more deviations")

    def table(self, outcome: Sequence[Figure], title: str = figures.STORED) -> None:
        self._console.print(figures.table(outcome, title))

    def queries(self, queries: Sequence[str]) -> None:
        """SQL to try, ready to be copied."""
        self.say("\nThree queries to try:")
        for query in queries:
            self._console.print(
                f'  .venv/bin/wattlog sql "{query}"', markup=False, highlight=False, soft_wrap=True
            )

    def stays(self, ocpp_url: str, clickhouse_url: str) -> None:
        self.say("\nEverything keeps running until Ctrl-C:")
        self.say(f"  stations at {ocpp_url}/<station>, ClickHouse at {clickhouse_url}.")
