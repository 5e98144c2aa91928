"""ClickHouse SQL as lexemes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.clickhouse_sql import statements, tokens


class TestTokens:
    @pytest.mark.parametrize(
        ("sql", "texts"),
        [
            ("SELECT 1", ["SELECT", "1"]),
            ("a.b(c)", ["a", ".", "b", "(", "c", ")"]),
            (r"'it\'s' 'it''s' 'a\\'", [r"'it\'s'", "'it''s'", r"'a\\'"]),
            ('`a``b` "x""y" `p\\`q`', ["`a``b`", '"x""y"', "`p\\`q`"]),
            ("a -- c\nb # c\nc /* ; */ d", ["a", "b", "c", "d"]),
            ("$x$ ; 'a' $x$ $$b$$", ["$x$ ; 'a' $x$", "$$b$$"]),
            ("1e10 0x1F été _x", ["1e10", "0x1F", "été", "_x"]),
            ("", []),
            ("-- only", []),
        ],
    )
    def test_are_those_of_clickhouse(self, sql: str, texts: list[str]) -> None:
        assert [token.text for token in tokens(sql)] == texts

    @pytest.mark.parametrize(
        ("sql", "name"),
        [
            ("url", "url"),
            ("`url`", "url"),
            ('"u\\"rl"', 'u"rl'),
            ("`a``b`", "a`b"),
            ("'url'", ""),
            ("12", ""),
            ("(", ""),
        ],
    )
    def test_know_their_name_without_quotes(self, sql: str, name: str) -> None:
        assert [token.name for token in tokens(sql)] == [name]

    def test_say_where_they_stand(self) -> None:
        sql = "SELECT /* x */ 'a;b'"
        assert [sql[token.start : token.end] for token in tokens(sql)] == ["SELECT", "'a;b'"]

    def test_are_words_in_any_case_unless_quoted(self) -> None:
        plain, quoted = tokens("select `select`")
        assert plain.is_word("SELECT")
        assert not quoted.is_word("SELECT")

    @given(st.text())
    def test_come_of_any_text(self, sql: str) -> None:
        ends = [(token.start, token.end) for token in tokens(sql)]
        assert ends == sorted(ends)


class TestStatements:
    def test_end_with_semicolons_outside_strings_and_comments(self) -> None:
        sql = "-- first; not yet\nCREATE TABLE a (b String COMMENT 'x; it''s');\n\n/* ; */ SELECT 1;\nSELECT `a;b`"
        assert statements(sql) == [
            "-- first; not yet\nCREATE TABLE a (b String COMMENT 'x; it''s')",
            "/* ; */ SELECT 1",
            "SELECT `a;b`",
        ]

    @pytest.mark.parametrize("sql", ["", " \n", ";", ";;", "-- nothing", "/* nothing */;"])
    def test_are_none_where_nothing_is_said(self, sql: str) -> None:
        assert statements(sql) == []

    @given(st.text())
    def test_come_of_any_text(self, sql: str) -> None:
        assert all(part.strip() for part in statements(sql))
