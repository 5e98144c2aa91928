"""How `wattlog frames` picks and writes messages."""

from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.analytics import frames_cli
from services.analytics.frames_cli import Wanted, line, seconds
from tests.unit.analytics.test_frames import NOW, logged

CALL = b'[2,"1","Heartbeat",{}]'
ANSWER = b'[3,"1",{}]'


class TestWanted:
    def test_shows_one_station_of_one_tenant(self) -> None:
        event = logged(("CP1", True, CALL), ("CP2", True, CALL))
        assert [row["station_id"] for row in Wanted("t", "CP1").of([event, object()])] == ["CP1"]
        assert not Wanted("other", "CP1").of([event])

    def test_knows_the_answer_of_a_call_that_came_earlier(self) -> None:
        wanted = Wanted("t", "CP1", "Heartbeat")
        wanted.of([logged(("CP1", True, CALL))])
        rows = wanted.of([logged(("CP1", True, b'[2,"2","Authorize",{}]'), ("CP1", False, ANSWER))])
        assert [row["action"] for row in rows] == ["Heartbeat"]

    def test_keeps_the_action_of_an_answer_in_the_same_batch(self) -> None:
        rows = Wanted("t", "CP1").of([logged(("CP1", True, CALL), ("CP1", False, ANSWER))])
        assert [row["action"] for row in rows] == ["Heartbeat", "Heartbeat"]

    def test_finds_text_in_upper_or_lower_case(self) -> None:
        event = logged(("CP1", True, CALL), ("CP1", True, b'[2,"2","Authorize",{"idTag":"Ab"}]'))
        assert len(Wanted("t", "CP1", text="aB").of([event])) == 1


class TestSeconds:
    @pytest.mark.parametrize(("age", "wanted"), [("30s", 30), ("15m", 900), ("1h", 3600), ("7d", 604_800)])
    def test_reads_ages(self, age: str, wanted: int) -> None:
        assert seconds(age) == wanted

    @pytest.mark.parametrize("age", ["", "1", "h", "-1h", "1 h", "1w", "٣h", "9999999d", "1h; DROP"])
    def test_refuses_anything_else(self, age: str) -> None:
        with pytest.raises(typer.Exit):
            seconds(age)


class TestLine:
    def row(self, **changes: Any) -> dict[str, Any]:
        row: dict[str, Any] = {
            "at": NOW,
            "direction": "in",
            "action": "Heartbeat",
            "error_code": "",
            "frame": "[2]",
        }
        return row | changes

    def test_says_when_whence_and_what(self) -> None:
        assert line(self.row()).plain == "2026-09-21 14:13:20.000 → Heartbeat [2]"

    def test_says_errors_and_what_has_no_name(self) -> None:
        at = datetime(2026, 9, 21, tzinfo=UTC)
        told = line(self.row(at=at, direction="out", action="", error_code="GenericError")).plain
        assert told == "2026-09-21 00:00:00.000 ← ? GenericError [2]"

    def test_lets_no_station_write_elsewhere_on_the_terminal(self) -> None:
        assert "\x1b" not in line(self.row(frame="\x1b[2Jx")).plain


class TestShow:
    def test_says_what_to_do_when_clickhouse_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_CLICKHOUSE_URL", "http://127.0.0.1:9")
        answer = CliRunner().invoke(frames_cli.frames, ["CP1"])
        assert answer.exit_code == 1
        assert "no ClickHouse answers" in answer.output
