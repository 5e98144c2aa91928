"""ClickHouse for every process, as far as it needs none (tests/integration/test_clickhouse_migrations.py)."""

import socket
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError
from hypothesis import given
from hypothesis import strategies as st

from services.domain.failures import TryAgain
from services.runtime import clickhouse
from services.runtime.clickhouse import (
    ClickHouseSettings,
    ClickHouseWriter,
    Refused,
    Unreachable,
    ask,
    connect,
    connect_writer,
    dedup_token,
    insert_arrow,
)
from services.runtime.settings import load

RANGE = st.tuples(st.text("abc.v1", min_size=1), st.integers(0, 11), st.integers(0), st.integers(0))


@pytest.fixture
def nobody() -> Iterator[ClickHouseSettings]:
    """An address where nothing answers: a port that is bound and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield ClickHouseSettings(clickhouse_url=f"http://127.0.0.1:{bound.getsockname()[1]}")


class TestSettings:
    def test_read_as_one_user_and_write_as_another(self) -> None:
        assert load(ClickHouseSettings, {}).clickhouse_user != load(ClickHouseWriter, {}).clickhouse_writer

    def test_come_from_the_environment(self) -> None:
        assert (
            load(ClickHouseSettings, {"WATTLOG_CLICKHOUSE_URL": "https://ch:8443"}).clickhouse_url
            == "https://ch:8443"
        )


class TestConnect:
    def test_says_how_to_start_it_when_nothing_answers(self, nobody: ClickHouseSettings) -> None:
        with pytest.raises(
            Unreachable, match=r"no ClickHouse answers on http://127\.0\.0\.1:\d+: start it with `make up`"
        ):
            connect(nobody)
        with pytest.raises(TryAgain):
            connect_writer(nobody, ClickHouseWriter())


class TestAsk:
    def test_says_how_to_start_it_when_nothing_answers(self, nobody: ClickHouseSettings) -> None:
        with pytest.raises(Unreachable, match="start it with `make up`"):
            ask(nobody, "SELECT 1", "CSV")

    def test_does_not_take_another_server_for_clickhouse(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            url = f"http://127.0.0.1:{other.getsockname()[1]}"
            import threading

            def hang_up() -> None:
                other.accept()[0].close()

            thread = threading.Thread(target=hang_up)
            thread.start()
            with pytest.raises(Unreachable):
                ask(ClickHouseSettings(clickhouse_url=url), "SELECT 1", "CSV")
            thread.join()


class TestDedupToken:
    def test_names_topics_partitions_and_offsets(self) -> None:
        assert dedup_token([("b", 1, 5, 9), ("a", 0, 3, 3)]) == "a-0-3-3,b-1-5-9"

    @given(st.lists(RANGE))
    def test_does_not_depend_on_the_order(self, ranges: list[tuple[str, int, int, int]]) -> None:
        assert dedup_token(ranges) == dedup_token(reversed(ranges))

    @given(st.lists(RANGE, max_size=60))
    def test_is_of_bounded_length(self, ranges: list[tuple[str, int, int, int]]) -> None:
        assert len(dedup_token(ranges)) <= 256

    def test_tells_other_offsets_apart(self) -> None:
        many = [("t", number, 0, number) for number in range(100)]
        assert dedup_token(many) != dedup_token([*many[:-1], ("t", 99, 0, 100)])


class Failing:
    """A client whose inserts fail."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def insert_arrow(self, *_: Any, **__: Any) -> None:
        raise self.error


class TestInsertArrow:
    ROWS = pa.table({"a": [1]})

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("connection refused"),
            OperationalError("503", code=202),
            *[DatabaseError("busy", code=code) for code in (159, 202, 241, 242, 252, 999)],
        ],
    )
    def test_asks_to_be_tried_again_for_what_passes(self, error: Exception) -> None:
        with pytest.raises(TryAgain):
            insert_arrow(Failing(error), "t", self.ROWS, "x")  # type: ignore[arg-type]

    @pytest.mark.parametrize("code", [None, 16, 60, 117, 497, 516])
    def test_fails_for_what_does_not(self, code: int | None) -> None:
        with pytest.raises(DatabaseError):
            insert_arrow(Failing(DatabaseError("no", code=code)), "t", self.ROWS, "x")  # type: ignore[arg-type]


class TestQuoted:
    @pytest.mark.parametrize(("name", "quoted"), [("a", "`a`"), ("a`b", "`a\\`b`"), ("a\\", "`a\\\\`")])
    def test_keeps_a_name_a_name(self, name: str, quoted: str) -> None:
        assert clickhouse._quoted(name) == quoted


class TestRefused:
    def test_is_no_reason_to_try_again(self) -> None:
        assert not issubclass(Refused, TryAgain)
