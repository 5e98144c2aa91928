"""Publications are made anew after a while, and say whether they have changed."""

import gzip
from decimal import Decimal
from typing import Any

import pytest

from services.nap.publication import Shelf, packs, published, unchanged
from tests.unit.ocpi.facts import START

CONTENT: dict[str, Any] = {"publicationTime": "now", "price": Decimal("0.30")}


class TestShelf:
    def test_makes_one_when_it_is_asked_and_keeps_it_for_a_while(self) -> None:
        made: list[int] = []

        def make(now: int) -> dict[str, Any]:
            made.append(now)
            return {"publicationTime": str(now)}

        shelf = Shelf(make, 10_000)
        assert made == []
        for at in (0, 9_999, 10_000, 5_000, 10_001):
            assert shelf.take(START + at) is not None
        assert made == [START, START + 10_000, START + 5_000]

    def test_has_none_while_there_is_nothing_to_publish(self) -> None:
        assert Shelf(lambda now: None, 10_000).take(START) is None

    def test_tells_when_the_content_changed_and_not_when_it_was_made(self) -> None:
        content = dict(CONTENT)
        shelf = Shelf(lambda now: content | {"publicationTime": str(now)}, 0)
        first, second = shelf.take(START), shelf.take(START + 5_000)
        content["price"] = Decimal("0.31")
        third = shelf.take(START + 9_000)
        assert first is not None
        assert second is not None
        assert third is not None
        assert first.etag == second.etag != third.etag
        assert (second.changed_at, second.made_at, third.changed_at) == (START, START + 5_000, START + 9_000)
        assert first.body != second.body


class TestPublished:
    def test_has_exact_numbers_and_the_same_packed(self) -> None:
        one = published(CONTENT, None, START)
        assert one.body == b'{"publicationTime":"now","price":0.30}'
        assert gzip.decompress(one.packed) == one.body
        assert one.last_modified == "Mon, 21 Sep 2026 14:13:20 GMT"


class TestUnchanged:
    @pytest.mark.parametrize(
        ("headers", "same"),
        [
            ({}, False),
            ({"if-none-match": "*"}, True),
            ({"if-none-match": '"x"'}, False),
            ({"if-modified-since": "Mon, 21 Sep 2026 14:13:20 GMT"}, True),
            ({"if-modified-since": "Mon, 21 Sep 2026 14:13:19 GMT"}, False),
            ({"if-modified-since": "yesterday"}, False),
            ({"if-modified-since": "Mon, 99 Foo 99999999999999999999 14:13:20 GMT"}, False),
            ({"if-modified-since": "Mon, 21 Sep 2026 14:13:20 GMT", "if-none-match": '"x"'}, False),
        ],
    )
    def test_is_what_the_headers_say(self, headers: dict[str, str], same: bool) -> None:
        assert unchanged(published(CONTENT, None, START), headers) is same

    def test_takes_the_tag_weak_or_not_and_among_others(self) -> None:
        one = published(CONTENT, None, START)
        strong = one.etag.removeprefix("W/")
        assert all(unchanged(one, {"if-none-match": tag}) for tag in (one.etag, strong, f'"a", {one.etag}'))


class TestPacks:
    @pytest.mark.parametrize(
        ("accepted", "packed"),
        [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("gzip; q=0.00", False),
         ("", False), ("br", False), ("gzipped", False)],
    )  # fmt: skip
    def test_is_what_the_header_says(self, accepted: str, packed: bool) -> None:
        assert packs(accepted) is packed
