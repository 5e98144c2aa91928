"""A page has each record once, at the place where it stands, whatever the table has of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.ocpi import cdr_pages
from services.ocpi.cdr_pages import cdr_page
from services.ocpi.inbound.page_request import page_request
from services.ocpi.wire.paging import Page, PageRequest
from tests.unit.ocpi.facts import cdr, detail

NOW = 1_800_000_000_000


HOUR_MS = 3_600_000


class Table:
    """What ClickHouse would answer, from rows (updated at, id, gone), some of them twice."""

    def __init__(self, rows: list[tuple[int, str, bool]]) -> None:
        self.rows = rows
        self.asked: list[dict[str, Any]] = []

    def __call__(self, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(dict(values))
        inside = sorted(row for row in self.rows if values["from_ms"] <= row[0] < values["before_ms"])
        if "offset" in values:
            return [self.place(inside, values["offset"])]
        if "AS total" in sql:
            return [{"total": net(inside)}]
        if "beyond" in values:
            gone = {row[:2] for row in inside if row[2]}
            there = [row for row in inside if not row[2] and row[:2] not in gone]
            return [self.row(*row) for row in there[values["beyond"] :][: values["rows"]]]
        if "after_ms" in values:
            after = (values["after_ms"], values["after_id"], values["after_gone"])
            inside = [row for row in inside if row > after]
        return [self.row(*row) for row in inside[: values["rows"]]]

    @staticmethod
    def place(inside: list[tuple[int, str, bool]], offset: int) -> dict[str, Any]:
        until = 0
        for hour in sorted({row[0] // HOUR_MS for row in inside}):
            records = net([row for row in inside if row[0] // HOUR_MS == hour])
            until += records
            if until > offset:
                return {"total": net(inside), "hour_ms": hour * HOUR_MS, "before": until - records}
        return {"total": net(inside), "hour_ms": 0, "before": 0}

    def page(self, asked: PageRequest) -> Page[Cdr]:
        def begin(sql: str, values: dict[str, Any]) -> Callable[[], list[dict[str, Any]]]:
            return lambda: self(sql, values)

        return cdr_page(self, begin, "wattlog", "NLTNM", asked)

    @staticmethod
    def row(updated_at: int, cdr_id: str, gone: bool) -> dict[str, Any]:
        state = replace(cdr(detail(cdr_id=cdr_id)), updated_at=updated_at)
        return {
            "updated_ms": updated_at,
            "cdr_id": cdr_id,
            "gone": gone,
            "state": "" if gone else msgspec.json.encode(state).decode(),
        }


def net(rows: list[tuple[int, str, bool]]) -> int:
    return sum(-1 if gone else 1 for _, _, gone in rows)


def crawl(table: Table, limit: int) -> list[list[tuple[int, str]]]:
    asked: PageRequest = page_request({"limit": str(limit)}, NOW)
    pages: list[list[tuple[int, str]]] = []
    while True:
        page = table.page(asked)
        pages.append([(state.updated_at, state.cdr_id) for state in page.objects])
        if not page.more:
            return pages
        offset = asked.offset + len(page.objects)
        asked = replace(asked, after=pages[-1][-1], total=page.total, offset=offset)


def rows_of(moves: list[tuple[int, int | None]]) -> list[tuple[int, str, bool]]:
    """Records by (issued at, credited at or None)."""
    rows: list[tuple[int, str, bool]] = []
    for number, (issued_at, credited_at) in enumerate(moves):
        name = f"c{number:03}"
        rows.append((issued_at, name, False))
        if credited_at is not None and credited_at != issued_at:
            rows += [(issued_at, name, True), (credited_at, name, False)]
    return rows


TIMES = st.integers(0, 5) | st.integers(0, 4).map(lambda hours: hours * HOUR_MS) | st.integers(0, NOW - 1)
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

    @given(MOVES, st.integers(0, 45), st.integers(1, 50))
    def test_is_found_by_offset_too(self, moves: list[tuple[int, int | None]], offset: int, limit: int) -> None:
        table = Table(rows_of(moves))
        (everything,) = crawl(table, 1000)
        page = table.page(page_request({"offset": str(offset), "limit": str(limit)}, NOW))
        left = [cdr_id for _, cdr_id in everything[offset:]]
        assert [state.cdr_id for state in page.objects] == left[:limit]
        assert (page.total, page.more) == (len(moves), len(left) > limit)

    def test_found_by_offset_shows_what_was_written_twice_once(self) -> None:
        table = Table([*rows_of([(1, None), (2, None), (3, None)]), (3, "c002", False)])
        page = table.page(page_request({"offset": "1"}, NOW))
        assert [state.cdr_id for state in page.objects] == ["c001", "c002"]

    def test_is_read_at_once_unless_many_records_are_gone(self) -> None:
        table = Table(rows_of([(1, None)] * 50))
        table.page(replace(page_request({"limit": "10"}, NOW), total=50))
        assert Counter("after_ms" in values for values in table.asked if "hours_from_ms" not in values) == {
            False: 1
        }

    def test_goes_on_reading_where_most_are_gone(self) -> None:
        table = Table(rows_of([(1, 9)] * 60 + [(2, None)] * 3))
        page = table.page(page_request({"limit": "2"}, NOW))
        assert ([state.updated_at for state in page.objects], page.more) == ([2, 2], True)

    def test_does_not_count_what_a_link_has_counted(self) -> None:
        table = Table(rows_of([(1, None)] * 5))
        page = table.page(replace(page_request({}, NOW), after=(0, "c"), total=77))
        assert page.total == 77
        assert not any("hours_from_ms" in values for values in table.asked)

    def test_reached_by_a_link_that_did_not_count_is_counted(self) -> None:
        table = Table(rows_of([(1, None)] * 5))
        page = table.page(replace(page_request({}, NOW), after=(1, "c001")))
        assert ([state.cdr_id for state in page.objects], page.total) == (["c002", "c003", "c004"], 5)

    def test_reads_from_the_key_on_and_not_from_the_beginning(self) -> None:
        table = Table(rows_of([(3, None)] * 5))
        table.page(replace(page_request({}, NOW), after=(3, "c002"), total=5))
        keys = [(asked["from_ms"], asked["after_ms"], asked["after_id"]) for asked in table.asked]
        assert keys[0] == (3, 3, "c002")

    def test_reached_by_a_link_asks_for_as_much_time_as_should_hold_it(self) -> None:
        table = Table(rows_of([(at, None) for at in range(0, 1_000_000, 1_000)]))
        asked = replace(page_request({"limit": "10"}, 1_000_000), after=(499_000, "c499"), total=1_000, offset=500)
        page = table.page(asked)
        assert [state.cdr_id for state in page.objects] == [f"c{number}" for number in range(500, 510)]
        (only,) = table.asked
        assert 11_000 < only["before_ms"] - only["from_ms"] < 200_000

    def test_asks_for_more_time_where_there_is_less(self) -> None:
        table = Table(rows_of([(at, None) for at in range(500)] + [(900_000_000, None)]))
        asked = replace(page_request({"limit": "10"}, 1_000_000_000), after=(495, "c495"), total=501, offset=200)
        page = table.page(asked)
        assert [state.cdr_id for state in page.objects] == ["c496", "c497", "c498", "c499", "c500"]
        assert 1 < len(table.asked) < 5

    @pytest.mark.parametrize(
        ("from_ms", "before_ms", "hours"),
        [
            (0, 3 * HOUR_MS, (0, 3 * HOUR_MS)),
            (1, 3 * HOUR_MS + 1, (HOUR_MS, 3 * HOUR_MS)),
            (1, HOUR_MS + 1, (HOUR_MS, HOUR_MS)),
            (5, 9, (HOUR_MS, HOUR_MS)),
            (2 * HOUR_MS, 0, (2 * HOUR_MS, 2 * HOUR_MS)),
        ],
    )
    def test_is_counted_by_whole_hours_and_what_is_left(
        self, from_ms: int, before_ms: int, hours: tuple[int, int]
    ) -> None:
        table = Table([])
        table.page(replace(page_request({}, NOW), from_ms=from_ms, before_ms=before_ms))
        (counted,) = (values for values in table.asked if "hours_from_ms" in values)
        assert (counted["hours_from_ms"], counted["hours_before_ms"]) == hours

    def test_keeps_the_status_of_a_record(self) -> None:
        credited = replace(cdr(), status=CdrStatus.CREDITED)
        row = Table.row(credited.updated_at, credited.cdr_id, False)
        row["state"] = msgspec.json.encode(credited).decode()
        asked = replace(page_request({}, NOW), after=(0, "c"), total=1)
        page = cdr_page(lambda *_: [row], lambda *_: list, "wattlog", "NLTNM", asked)
        assert page.objects == [credited]
