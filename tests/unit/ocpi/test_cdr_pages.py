"""A page has each record once, at the place where it stands, whatever the table has of it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.common import CdrStatus
from services.ocpi import cdr_pages
from services.ocpi.cdr_pages import cdr_page
from services.ocpi.inbound.page_request import page_request
from services.ocpi.wire.paging import PageRequest
from tests.unit.ocpi.facts import cdr, detail

NOW = 1_800_000_000_000


class Table:
    """What ClickHouse would answer, from rows (updated at, id, gone), some of them twice."""

    def __init__(self, rows: list[tuple[int, str, bool]]) -> None:
        self.rows = rows
        self.asked: list[dict[str, Any]] = []

    def __call__(self, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(values)
        inside = [row for row in self.rows if values["from_ms"] <= row[0] < values["before_ms"]]
        if "count()" in sql:
            there = sum(not gone for _, _, gone in inside)
            return [{"total": there - len({row for row in inside if row[2]})}]
        after = (values["after_ms"], values["after_id"]) if "after_ms" in values else (-1, "")
        there_rows = sorted(row for row in inside if not row[2] and row[:2] > after)
        gone_rows = sorted(row for row in inside if row[2] and row[:2] > after)
        if "offset" in values:
            gone_keys = {row[:2] for row in gone_rows}
            found = [row for row in there_rows if row[:2] not in gone_keys][values["offset"] :][:1]
        else:
            found = [*there_rows[: values["rows"]], *gone_rows[: values["rows"]]]
        return [self.row(*row) for row in found]

    @staticmethod
    def row(updated_at: int, cdr_id: str, gone: bool) -> dict[str, Any]:
        state = replace(cdr(detail(cdr_id=cdr_id)), updated_at=updated_at)
        return {
            "updated_ms": updated_at,
            "cdr_id": cdr_id,
            "gone": gone,
            "state": "" if gone else msgspec.json.encode(state).decode(),
        }


def crawl(table: Table, limit: int) -> list[list[tuple[int, str]]]:
    asked: PageRequest = page_request({"limit": str(limit)}, NOW)
    pages: list[list[tuple[int, str]]] = []
    while True:
        page = cdr_page(table, "wattlog", "NLTNM", asked)
        pages.append([(state.updated_at, state.cdr_id) for state in page.objects])
        if not page.more:
            return pages
        asked = replace(asked, after=pages[-1][-1], total=page.total)


def rows_of(moves: list[tuple[int, int | None]]) -> list[tuple[int, str, bool]]:
    """Records by (issued at, credited at or None)."""
    rows: list[tuple[int, str, bool]] = []
    for number, (issued_at, credited_at) in enumerate(moves):
        name = f"c{number:03}"
        rows.append((issued_at, name, False))
        if credited_at is not None and credited_at != issued_at:
            rows += [(issued_at, name, True), (credited_at, name, False)]
    return rows


TIMES = st.integers(0, 5)
MOVES = st.lists(st.tuples(TIMES, st.none() | TIMES), max_size=40)


class TestCdrPage:
    @settings(max_examples=150)
    @given(MOVES, st.integers(1, 7), st.data())
    def test_has_each_record_once_where_it_stands(
        self, moves: list[tuple[int, int | None]], limit: int, data: st.DataObject
    ) -> None:
        rows = rows_of(moves)
        twice = data.draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cdr_pages, "_SPARE", data.draw(st.integers(0, 3)))
            pages = crawl(Table([*rows, *twice]), limit)
        standing = [
            (issued_at if credited_at is None else credited_at, f"c{number:03}")
            for number, (issued_at, credited_at) in enumerate(moves)
        ]
        assert [key for page in pages for key in page] == sorted(standing)
        assert all(len(page) == limit for page in pages[:-1])

    @given(MOVES, st.integers(0, 45))
    def test_is_found_by_offset_too(self, moves: list[tuple[int, int | None]], offset: int) -> None:
        table = Table(rows_of(moves))
        (everything,) = crawl(table, 1000)
        asked = page_request({"offset": str(offset)}, NOW)
        page = cdr_page(table, "wattlog", "NLTNM", asked)
        assert [state.cdr_id for state in page.objects] == [cdr_id for _, cdr_id in everything[offset:]]
        assert page.total == len(moves)

    def test_is_read_at_once_unless_many_records_are_gone(self) -> None:
        table = Table(rows_of([(1, None)] * 50))
        cdr_page(table, "wattlog", "NLTNM", replace(page_request({"limit": "10"}, NOW), total=50))
        assert Counter("rows" in values for values in table.asked) == {True: 1}

    def test_goes_on_reading_where_most_are_gone(self) -> None:
        table = Table(rows_of([(1, 9)] * 60 + [(2, None)] * 3))
        page = cdr_page(table, "wattlog", "NLTNM", page_request({"limit": "2"}, NOW))
        assert ([state.updated_at for state in page.objects], page.more) == ([2, 2], True)

    def test_does_not_count_what_a_link_has_counted(self) -> None:
        table = Table(rows_of([(1, None)] * 5))
        page = cdr_page(table, "wattlog", "NLTNM", replace(page_request({}, NOW), total=77))
        assert page.total == 77
        assert all("rows" in values for values in table.asked)

    def test_reads_from_the_key_on_and_not_from_the_beginning(self) -> None:
        table = Table(rows_of([(3, None)] * 5))
        cdr_page(table, "wattlog", "NLTNM", replace(page_request({}, NOW), after=(3, "c002"), total=5))
        assert [(asked["from_ms"], asked["after_ms"], asked["after_id"]) for asked in table.asked] == [
            (3, 3, "c002")
        ]

    def test_keeps_the_status_of_a_record(self) -> None:
        credited = replace(cdr(), status=CdrStatus.CREDITED)
        row = Table.row(credited.updated_at, credited.cdr_id, False)
        row["state"] = msgspec.json.encode(credited).decode()
        page = cdr_page(lambda *_: [row], "wattlog", "NLTNM", replace(page_request({}, NOW), total=1))
        assert page.objects == [credited]
