"""Batches of a sink, and how they become Arrow tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from services.domain.failures import BadRecord
from services.runtime.sink_batch import Batch, arrow_tables, source_of

SCHEMAS = {"a": pa.schema({"n": pa.int32(), "t": pa.string()}), "b": pa.schema({"d": pa.decimal128(6, 2)})}


@dataclass(frozen=True)
class Record:
    """What a sink sees of a Kafka message."""

    at: int
    number: int = 0
    stream: str = "s"
    stamp: int = 0

    def topic(self) -> str:
        return self.stream

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stamp


def a_row(n: Any, t: Any = "x") -> dict[str, list[Mapping[str, Any]]]:
    return {"a": [{"n": n, "t": t}]}


def batch_of(*rows: Any) -> Batch:
    batch = Batch(0.0)
    for offset, made in enumerate(rows):
        batch.add(Record(offset), made)  # type: ignore[arg-type]
    return batch


class TestBatch:
    def test_knows_its_records_and_rows(self) -> None:
        batch = batch_of(a_row(1), {"a": [{}, {}], "b": [{}]}, {})
        batch.add_bad(Record(3), BadRecord("x"))  # type: ignore[arg-type]
        assert (batch.record_count, batch.row_count, len(batch.bad)) == (4, 4, 1)
        assert batch.ranges == {("s", 0): (0, 3)}

    def test_names_exactly_its_records(self) -> None:
        batch = Batch(0.0)
        for record in (Record(5, 1), Record(2, 0), Record(7, 1), Record(9, 0, "r")):
            batch.add(record, {})  # type: ignore[arg-type]
        assert batch.token == "r-0-9-9,s-0-2-2,s-1-5-7"

    def test_knows_its_oldest_and_newest_record(self) -> None:
        batch = Batch(0.0)
        for stamp in (50, 20, 70):
            batch.add(Record(0, stamp=stamp), {})  # type: ignore[arg-type]
        assert (batch.oldest_ms, batch.newest_ms) == (20, 70)


class TestSourceOf:
    def test_is_topic_and_partition(self) -> None:
        assert source_of(Record(1, 2, "t")) == ("t", 2)  # type: ignore[arg-type]


class TestArrowTables:
    def test_puts_the_rows_of_all_records_together(self) -> None:
        tables = arrow_tables(batch_of(a_row(1), a_row(2), {"b": [{"d": None}]}, {"a": []}), SCHEMAS)
        assert {name: table.num_rows for name, table in tables.items()} == {"a": 2, "b": 1}
        assert tables["a"].to_pylist() == [{"n": 1, "t": "x"}, {"n": 2, "t": "x"}]

    def test_is_empty_without_rows(self) -> None:
        assert arrow_tables(batch_of({}, {"a": []}), SCHEMAS) == {}

    def test_sorts_out_records_that_do_not_fit(self) -> None:
        from decimal import Decimal

        batch = batch_of(
            a_row(1),
            a_row(2**40),
            a_row("no number"),
            {"b": [{"d": Decimal("1.234")}]},
            a_row(3, "\ud800"),
            {"a": [{"n": 4, "t": "x"}], "b": [{"d": Decimal("99999.99")}]},
            a_row(5),
        )
        tables = arrow_tables(batch, SCHEMAS)
        assert [row["n"] for row in tables["a"].to_pylist()] == [1, 5]
        assert "b" not in tables
        assert [position for position, _, _ in batch.bad] == [1, 2, 3, 4, 5]
        assert all("does not fit the table" in str(error) for _, _, error in batch.bad)
        assert batch.bad[0][2].__cause__ is not None
        assert batch.ranges == {("s", 0): (0, 6)}
