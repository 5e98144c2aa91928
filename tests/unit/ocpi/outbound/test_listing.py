"""Pages from memory: every object once, in order, whatever changes meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.inbound.page_request import page_request
from services.ocpi.outbound.listing import Listed, listed, page_of
from services.ocpi.wire.paging import Cursor

NOW = 1_790_000_000_000
OBJECTS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 30), max_size=20)


def crawl(objects: list[Listed[str]], limit: int) -> list[str]:
    params = {"limit": str(limit)}
    found: list[str] = []
    while True:
        page = page_of(objects, page_request(params, NOW))
        found += [item.value for item in page.objects]
        if not page.more:
            return found
        cursor = Cursor(NOW, *page.objects[-1][:2])
        params = {"limit": str(limit), "cursor": str(cursor)}


class TestPageOf:
    @given(OBJECTS, st.integers(1, 7))
    def test_gives_every_object_once(self, objects: dict[str, int], limit: int) -> None:
        found = crawl([listed(at, name, name) for name, at in objects.items()], limit)
        assert sorted(found) == sorted(objects)
        assert [objects[name] for name in found] == sorted(objects.values())

    @given(OBJECTS, st.integers(0, 30), st.integers(0, 30))
    def test_includes_the_beginning_and_excludes_the_end(
        self, objects: dict[str, int], first: int, last: int
    ) -> None:
        asked = page_request({}, NOW)
        interval = type(asked)(first, last, NOW, 0, 1000, None, ())
        page = page_of([listed(at, name, name) for name, at in objects.items()], interval)
        wanted = [name for name, at in objects.items() if first <= at < last]
        assert sorted(item.value for item in page.objects) == sorted(wanted)
        assert page.total == len(wanted)

    def test_can_be_asked_by_offset(self) -> None:
        objects = [listed(number, str(number), number) for number in range(5)]
        page = page_of(objects, page_request({"offset": "3", "limit": "1"}, NOW))
        assert ([item.value for item in page.objects], page.total, page.more) == ([3], 5, True)
        assert page_of(objects, page_request({"offset": "9"}, NOW)).objects == []

    def test_keeps_ids_that_a_cursor_can_carry(self) -> None:
        assert listed(1, "LOC-1", 0).sort_id == "LOC-1"
        assert listed(1, "Straße 1", 0).sort_id == listed(1, "Straße 1", 0).sort_id != "Straße 1"
