"""Pages of CDRs, as ClickHouse gives them: whatever is asked for, each record once, in order, and all counted."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus
from services.ocpi import cdr_pages
from services.ocpi.inbound.page_request import page_request
from services.ocpi.store import Store
from services.ocpi.wire.paging import PageRequest
from services.ocpi.wire.parties import Party
from services.runtime.clickhouse import ClickHouseSettings, query
from tests.integration.ocpi_case import warehouse
from tests.unit.ocpi.facts import TENANT, cdr, detail

TNM = Party("NL", "TNM")
HOUR_MS = 3_600_000
START = 1_790_000_000_000
NOW = START + 1_000 * HOUR_MS
RECORDS = 400
Key = tuple[int, str]


def record(number: int, updated_at: int, contract: str = "NLTNM") -> Cdr:
    made = detail(cdr_id=f"c{number:04}", contract_id=f"{contract}C12345678")
    return replace(cdr(made), updated_at=updated_at, issued_at=updated_at)


def records() -> tuple[list[Cdr], list[Cdr]]:
    """Those as they were issued, and those that were credited later: some at one moment, many in one hour."""
    chance = random.Random(7)
    times = [START, START + 1, *(START + chance.randrange(HOUR_MS) for _ in range(RECORDS // 2))]
    times += [START + chance.randrange(30) * HOUR_MS for _ in range(RECORDS - len(times))]
    issued = [record(number, at) for number, at in enumerate(times)]
    later = [
        replace(
            one, status=CdrStatus.CREDITED, version=2, updated_at=one.updated_at + chance.randrange(HOUR_MS * 2)
        )
        for one in chance.sample(issued, RECORDS // 4)
    ]
    return issued, [one for one in later if one.updated_at != one.issued_at]


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, ClickHouseSettings, list[Key]]]:
    """A store of the records of two providers, and the keys of one's as they stand."""
    issued, credited = records()
    others = [record(number, START + number, "DE8AA") for number in range(5_000, 5_020)]
    with warehouse(Path(tmp_path_factory.mktemp("pulled"))) as (ours, settings):
        for part in (issued[:150], issued[150:], others, credited):
            ours.put(part)
        standing = {one.cdr_id: one.updated_at for one in (*issued, *credited)}
        yield Store(settings), settings, sorted((at, cdr_id) for cdr_id, at in standing.items())


def keys_of(store: Store, asked: PageRequest) -> tuple[list[Key], int, bool]:
    page = store.cdrs(TENANT, TNM, asked)
    return [(state.updated_at, state.cdr_id) for state in page.objects], page.total, page.more


class TestPulledCdrs:
    @pytest.mark.parametrize("limit", [1000, 90, 7])
    def test_are_all_reached_by_links(
        self, pulled: tuple[Store, ClickHouseSettings, list[Key]], limit: int
    ) -> None:
        store, _, standing = pulled
        asked = page_request({"limit": str(limit)}, NOW)
        found: list[Key] = []
        more = True
        while more:
            keys, total, more = keys_of(store, asked)
            found += keys
            assert total == len(standing)
            asked = replace(asked, after=found[-1], total=total, offset=len(found))
        assert found == standing

    def test_are_found_by_offset(self, pulled: tuple[Store, ClickHouseSettings, list[Key]]) -> None:
        store, _, standing = pulled
        chance = random.Random(8)
        for offset in (1, 199, 399, 400, 5_000, *(chance.randrange(RECORDS) for _ in range(12))):
            found = keys_of(store, page_request({"offset": str(offset), "limit": "30"}, NOW))
            assert found == (standing[offset : offset + 30], RECORDS, offset + 30 < RECORDS)

    def test_are_those_of_the_interval(self, pulled: tuple[Store, ClickHouseSettings, list[Key]]) -> None:
        store, _, standing = pulled
        chance = random.Random(9)
        edges = [START, START + HOUR_MS, START // HOUR_MS * HOUR_MS, START + HOUR_MS * 3 // 2]
        for _ in range(15):
            first, end = (chance.choice([*edges, START + chance.randrange(32 * HOUR_MS)]) for _ in range(2))
            inside = [key for key in standing if first <= key[0] < end]
            offset = chance.choice([0, 3])
            asked = replace(page_request({"limit": "1000"}, NOW), from_ms=first, before_ms=end, offset=offset)
            assert keys_of(store, asked) == (inside[offset:], len(inside), False)

    def test_are_counted_from_hours_that_are_added_up_already(
        self, pulled: tuple[Store, ClickHouseSettings, list[Key]]
    ) -> None:
        """Not from all records: the plan says which projection it reads."""
        _, settings, _ = pulled
        values = {"tenant": TENANT, "provider": "NLTNM", "from_ms": 0, "before_ms": NOW}
        hours = {"hours_from_ms": 0, "hours_before_ms": NOW}
        plan = query(settings, f"EXPLAIN {cdr_pages.COUNT}", values | hours)
        assert any("by_hour" in line for row in plan for line in row.values())
