"""How `wattlog sql` writes answers."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from services.analytics import cli


def shown(answer: dict[str, Any]) -> str:
    out = io.StringIO()
    Console(file=out, width=100, force_terminal=False).print(cli.shown(answer))
    return out.getvalue()


ANSWER = {
    "meta": [{"name": "station", "type": "String"}, {"name": "n", "type": "Nullable(UInt64)"}],
    "data": [["CP1", "12"], ["[red]x[/red]", None]],
    "rows": 2,
}


class TestShown:
    def test_shows_names_rows_and_how_many(self) -> None:
        text = shown(ANSWER)
        assert "station" in text
        assert "2 rows" in text
        assert "NULL" in text

    def test_takes_no_markup_from_data(self) -> None:
        assert "[red]x[/red]" in shown(ANSWER)

    def test_shows_an_answer_without_rows(self) -> None:
        assert "0 rows" in shown({"meta": [{"name": "a", "type": "Int8"}], "data": [], "rows": 0})

    def test_counts_one_row_as_one(self) -> None:
        one = {"meta": [{"name": "a", "type": "Array(Int8)"}], "data": [[[1, 2]]], "rows": 1}
        assert shown(one).endswith("\n1 row\n")
        assert "[1, 2]" in shown(one)


class TestPrintable:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "NULL"),
            ("é☃", "é☃"),
            (1.5, "1.5"),
            (True, "true"),
            ({"a": [1, None]}, '{"a": [1, null]}'),
            ("\x1b[2J\x07", "\\x1b[2J\\x07"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("\u202e", "\\u202e"),
        ],
    )
    def test_writes_one_safe_line(self, value: Any, text: str) -> None:
        assert cli.printable(value) == text

    @given(st.text())
    def test_writes_nothing_that_a_terminal_obeys(self, text: str) -> None:
        assert cli.printable(text).isprintable() or text == ""


class TestQuery:
    def test_says_what_to_do_when_nothing_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATTLOG_CLICKHOUSE_URL", "http://127.0.0.1:1")
        done = CliRunner().invoke(cli.sql, ["SELECT 1"])
        assert done.exit_code == 1
        assert "no ClickHouse answers on http://127.0.0.1:1: start it with `make up`" in done.output

    def test_wants_a_statement(self) -> None:
        assert CliRunner().invoke(cli.sql, []).exit_code == 2
