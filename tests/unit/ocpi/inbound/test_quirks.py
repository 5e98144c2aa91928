"""What comes in is read as its partner means it."""

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import PartnerQuirks
from services.ocpi.inbound.quirks import query

INCLUSIVE = PartnerQuirks(date_to="INCLUSIVE")


def date_to(raw: str, quirks: PartnerQuirks = INCLUSIVE) -> str:
    return parse_qs(query(quirks, raw.encode()).decode())["date_to"][0]


class TestDateTo:
    @pytest.mark.parametrize(
        ("written", "means"),
        [
            ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.001Z"),
            ("2026-11-21T10:00:00.999Z", "2026-11-21T10:00:01.000Z"),
            ("2026-11-21T10:00:00", "2026-11-21T10:00:00.001Z"),
            ("2026-11-21T10:00:00%2B01:00", "2026-11-21T09:00:00.001Z"),
            ("2026-11-21T10:00:00+01:00", "2026-11-21T09:00:00.001Z"),
        ],
    )
    def test_that_is_inclusive_is_the_moment_after(self, written: str, means: str) -> None:
        assert date_to(f"limit=5&date_to={written}") == means

    def test_is_left_to_those_who_mean_what_the_specification_does(self) -> None:
        raw = b"date_to=2026-11-21T10:00:00Z"
        assert query(PartnerQuirks(), raw) == raw

    def test_of_a_link_of_ours_is_not_moved_again(self) -> None:
        raw = b"date_to=2026-11-21T10:00:00.001Z&cursor=1_2_3"
        assert query(INCLUSIVE, raw) == raw

    def test_keeps_the_other_parameters(self) -> None:
        told = parse_qs(query(INCLUSIVE, b"limit=5&date_to=2026-11-21T10:00:00Z&date_from=").decode(), True)
        assert (told["limit"], told["date_from"]) == (["5"], [""])

    @pytest.mark.parametrize(
        "raw", [b"", b"limit=5", b"date_to=yesterday", b"date_to=", b"date_to=" + b"9" * 9_000]
    )
    def test_that_cannot_be_read_is_refused_where_it_is_used(self, raw: bytes) -> None:
        assert query(INCLUSIVE, raw) == raw

    @given(st.binary(max_size=200))
    def test_survives_whatever_is_sent(self, raw: bytes) -> None:
        query(INCLUSIVE, b"date_to=" + raw)
