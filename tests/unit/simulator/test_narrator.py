import io
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console

from services.simulator.acn import Recording
from services.simulator.app import Tally
from services.simulator.figures import unmeasured
from services.simulator.narrator import Narrator


def plain() -> tuple[Narrator, io.StringIO]:
    written = io.StringIO()
    return Narrator(Console(file=written, width=200)), written


class TestProgress:
    def test_is_one_line_for_every_tenth_without_a_terminal(self) -> None:
        narrator, written = plain()
        with narrator.progress("charging", 200):
            for done in range(201):
                narrator.advanced(done)
        lines = written.getvalue().splitlines()
        assert len(lines) == 10
        assert lines[-1] == "charging: 200 of 200"

    def test_says_what_else_there_is_to_say(self) -> None:
        narrator, written = plain()
        with narrator.progress("charging", 2):
            narrator.charged(Tally(connected=3, sessions_done=2, messages_answered=7))
        assert written.getvalue() == "charging: 2 of 2, 3 stations connected, 7 messages answered\n"

    def test_survives_that_there_is_nothing_to_do(self) -> None:
        narrator, written = plain()
        with narrator.progress("charging", 0):
            narrator.advanced(0)
        assert written.getvalue() == "charging: 0 of 0\n"

    def test_is_a_bar_in_a_terminal(self) -> None:
        written = io.StringIO()
        narrator = Narrator(Console(file=written, force_terminal=True, width=120))
        with narrator.progress("charging", 4):
            narrator.charged(Tally(connected=3, sessions_done=4))
        narrator.advanced(4)
        assert "4/4" in written.getvalue()
        assert "3 stations connected" in written.getvalue()


class TestFaults:
    def test_are_named_when_there_were_any(self) -> None:
        narrator, written = plain()
        narrator.faults(Tally())
        narrator.faults(Tally(faults=Counter(drop=3, offline=1)))
        assert written.getvalue() == "On purpose: 3 connections cut, 1 stations without network for a while.\n"


class TestWords:
    def test_are_written_as_they_are(self) -> None:
        narrator, written = plain()
        narrator.say("[bold]not markup[/]")
        narrator.trouble("[x] neither")
        assert written.getvalue() == "[bold]not markup[/]\n[x] neither\n"

    @pytest.mark.parametrize(("count", "lines"), [(0, 0), (3, 3), (10, 10), (25, 11)])
    def test_of_deviations_are_not_endless(self, count: int, lines: int) -> None:
        narrator, written = plain()
        narrator.wrong([f"deviation {number}" for number in range(count)])
        assert len(written.getvalue().splitlines()) == lines

    @pytest.mark.parametrize(("count", "lines"), [(0, 1), (2, 3), (25, 12)])
    def test_name_the_recording_its_authors_and_what_was_skipped(self, count: int, lines: int) -> None:
        narrator, written = plain()
        narrator.recording(Recording((), str(Path("somewhere")), ("row skipped",) * count))
        assert "Lee, Li, Low 2019, CC BY 4.0" in written.getvalue()
        assert len(written.getvalue().splitlines()) == lines

    def test_tell_how_time_is_compressed(self) -> None:
        narrator, written = plain()
        narrator.charging(240, 100 * 3_600_000, 8000.0)
        assert "240 sessions: 100 hours of station time, 8,000 times as fast" in written.getvalue()

    def test_offer_queries_that_can_be_copied_in_one_line(self) -> None:
        narrator, written = plain()
        query = "SELECT [1, 2] AS list, " + "x, " * 200 + "1"
        narrator.queries([query])
        assert f'  .venv/bin/wattlog sql "{query}"' in written.getvalue().splitlines()

    def test_show_the_table_and_where_everything_is(self) -> None:
        narrator, written = plain()
        narrator.table(unmeasured("no"))
        narrator.stays("ws://127.0.0.1:9000/ocpp", "http://127.0.0.1:8123")
        assert "not measured" in written.getvalue()
        assert "ws://127.0.0.1:9000/ocpp/<station>" in written.getvalue()
