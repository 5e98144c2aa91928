"""What a sink has taken from Kafka and not yet committed, and how it becomes Arrow tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.lib as pa
from confluent_kafka import Message

from services.domain.failures import BadRecord
from services.runtime.clickhouse import dedup_token

Rows = Mapping[str, list[Mapping[str, Any]]]
"""Rows by table; a row names its columns."""

_UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError)


@dataclass(slots=True)
class Batch:
    """Records in the order in which they were taken; the first number of an entry is its place in that order."""

    opened_at: float
    entries: list[tuple[int, Message, Rows]] = field(default_factory=list)
    bad: list[tuple[int, Message, BadRecord]] = field(default_factory=list)
    ranges: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    record_count: int = 0
    row_count: int = 0
    oldest_ms: int | None = None
    newest_ms: int = 0

    def add(self, message: Message, rows: Rows) -> None:
        """Take a record with the rows that it makes, which may be none."""
        self.entries.append((self._take(message), message, rows))
        self.row_count += sum(len(found) for found in rows.values())

    def add_bad(self, message: Message, error: BadRecord) -> None:
        """Take a record that makes no rows because something is wrong with it."""
        self.bad.append((self._take(message), message, error))

    def _take(self, message: Message) -> int:
        place, offset = source_of(message), message.offset() or 0
        first, _ = self.ranges.get(place, (offset, offset))
        self.ranges[place] = (first, offset)
        stamp = message.timestamp()[1]
        self.oldest_ms = stamp if self.oldest_ms is None else min(self.oldest_ms, stamp)
        self.newest_ms = max(self.newest_ms, stamp)
        self.record_count += 1
        return self.record_count - 1

    @property
    def token(self) -> str:
        """Names exactly these records."""
        return dedup_token((topic, number, *ends) for (topic, number), ends in self.ranges.items())


def source_of(message: Message) -> tuple[str, int]:
    """Topic and partition."""
    return message.topic() or "", message.partition() or 0


def arrow_tables(batch: Batch, schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    """The batch's rows by table. A record whose rows do not fit their columns joins the bad ones."""
    try:
        return _tables((rows for _, _, rows in batch.entries), schemas)
    except _UNFIT:
        batch.entries = [entry for entry in batch.entries if _fits(batch, entry, schemas)]
        return _tables((rows for _, _, rows in batch.entries), schemas)


def _fits(batch: Batch, entry: tuple[int, Message, Rows], schemas: Mapping[str, pa.Schema]) -> bool:
    position, message, rows = entry
    try:
        _tables((rows,), schemas)
    except _UNFIT as error:
        refused = BadRecord(f"does not fit the table: {error}")
        refused.__cause__ = error
        batch.bad.append((position, message, refused))
        return False
    return True


def _tables(everything: Iterable[Rows], schemas: Mapping[str, pa.Schema]) -> dict[str, pa.Table]:
    merged: dict[str, list[Mapping[str, Any]]] = {}
    for rows in everything:
        for table, found in rows.items():
            if found:
                merged.setdefault(table, []).extend(found)
    return {table: pa.Table.from_pylist(found, schema=schemas[table]) for table, found in merged.items()}
