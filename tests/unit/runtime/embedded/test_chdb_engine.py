"""What the engine's shell does without the engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.embedded import chdb_engine
from services.runtime.embedded.chdb_engine import Query, quoted, quoted_name, split
from services.runtime.embedded.chdb_policy import ClickHouseError


class TestSplit:
    @pytest.mark.parametrize(
        ("statement", "body", "parts"),
        [
            (b"SELECT 1", b"", (b"SELECT 1", b"")),
            (b"", b"SELECT 1", (b"SELECT 1", b"")),
            (b"SELECT", b"1", (b"SELECT\n1", b"")),
            (b"INSERT INTO t FORMAT CSV", b"1,2", (b"INSERT INTO t FORMAT CSV", b"1,2")),
            (b"INSERT INTO t VALUES (1),", b"(2)", (b"INSERT INTO t VALUES", b" (1),(2)")),
            (b"", b"INSERT INTO t FORMAT CSV\n1", (b"INSERT INTO t FORMAT CSV\n", b"1")),
            (b"INSERT INTO t", b"FORMAT CSV\n1", (b"INSERT INTO t\nFORMAT CSV\n", b"1")),
            (b"", b"", (b"", b"")),
        ],
    )
    def test_parts_statement_and_data(self, statement: bytes, body: bytes, parts: tuple[bytes, bytes]) -> None:
        assert split(statement, body) == parts


class TestQuoted:
    def test_escapes_what_would_end_the_string(self) -> None:
        assert quoted("a'b\\c\0") == r"'a\'b\\c\0'"

    @given(st.text())
    def test_leaves_no_quote_unescaped(self, text: str) -> None:
        inside = quoted(text)[1:-1].replace("\\\\", "").replace("\\'", "")
        assert "'" not in inside


class TestQuotedName:
    def test_escapes_what_would_end_the_name(self) -> None:
        assert quoted_name("a`b\\") == "`a\\`b\\\\`"

    def test_refuses_nul(self) -> None:
        with pytest.raises(ClickHouseError, match="NUL"):
            quoted_name("a\0b")


class TestBounded:
    @pytest.mark.parametrize(
        ("asked", "limit", "bound"),
        [
            ("", 60, "60"),
            ("5", 60, "5"),
            ("99", 60, "60"),
            ("0", 60, "60"),
            ("5", 0, "5"),
            ("", 0, "0"),
            ("x", 7, "7"),
        ],
    )
    def test_is_the_smaller_where_zero_is_no_limit(self, asked: str, limit: int, bound: str) -> None:
        assert chdb_engine._bounded(asked, limit) == bound


class TestAllowed:
    def query(self, may_write: bool, **settings: str) -> Query:
        return Query(statement=b"SELECT 1", may_write=may_write, settings=settings)

    def test_lets_a_writer_set_nearly_everything(self) -> None:
        assert chdb_engine._allowed(self.query(True, insert_quorum="1")) == {"insert_quorum": "1"}

    @pytest.mark.parametrize("name", ["readonly", "dialect", "a b", "a='1', readonly", "", "é"])
    def test_lets_nobody_set_what_would_undo_the_rules(self, name: str) -> None:
        for may_write in (True, False):
            with pytest.raises(ClickHouseError, match="Unknown setting"):
                chdb_engine._allowed(self.query(may_write, **{name: "1"}))

    def test_lets_a_reader_set_how_the_answer_looks(self) -> None:
        asked = {"output_format_json_quote_decimals": "1", "join_use_nulls": "1", "max_threads": "1"}
        assert chdb_engine._allowed(self.query(False, **asked)) == asked
        with pytest.raises(ClickHouseError, match="readonly mode"):
            chdb_engine._allowed(self.query(False, insert_quorum="1"))


class TestPlainName:
    @pytest.mark.parametrize("name", ["", "a b", "a='1', b", "1a", "a\0"])
    def test_refuses_what_would_be_more_than_a_name(self, name: str) -> None:
        with pytest.raises(ClickHouseError, match="no name for a parameter"):
            chdb_engine._plain_name(name)


class TestEngineError:
    def test_takes_the_code_from_the_text(self) -> None:
        error = chdb_engine._engine_error(
            RuntimeError("Streaming query failed: Code: 60. DB::Exception: No t. (X)")
        )
        assert (error.code, str(error)) == (60, "Code: 60. DB::Exception: No t. (X)")

    def test_does_not_show_how_the_statement_was_judged(self) -> None:
        text = (
            "Code: 62. DB::Exception: Syntax error: failed at 1:"
            " In scope SELECT formatQuerySingleLine(base64Decode('eA==')). (SYNTAX_ERROR) (version 26.9.2.1)"
        )
        error = chdb_engine._engine_error(RuntimeError(text))
        assert str(error) == "Code: 62. DB::Exception: Syntax error: failed at 1. (SYNTAX_ERROR)"

    def test_keeps_the_text_when_there_is_no_code(self) -> None:
        error = chdb_engine._engine_error(RuntimeError("Connection is closed"))
        assert (error.code, str(error)) == (1002, "Connection is closed")
