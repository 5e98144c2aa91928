"""Pages are asked for with whatever a query string can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.units import parse_rfc3339
from services.ocpi.inbound.page_request import LATEST, BadParameter, page_request, timeslot
from services.ocpi.wire.paging import Cursor

NOW = parse_rfc3339("2026-11-21T10:00:00Z")
YEAR_2026 = parse_rfc3339("2026-01-01T00:00:00Z")


class TestPageRequest:
    def test_means_everything_until_now_by_default(self) -> None:
        asked = page_request({}, NOW)
        assert (asked.from_ms, asked.before_ms, asked.offset, asked.limit) == (0, NOW, 0, 100)
        assert (asked.after, asked.filters) == (None, ())

    @pytest.mark.parametrize(
        ("text", "millis"),
        [
            ("2026-01-01T00:00:00Z", YEAR_2026),
            ("2026-01-01T00:00:00", YEAR_2026),
            ("2026-01-01T00:00:00.2Z", YEAR_2026 + 200),
            ("2026-01-01T00:00:00.123", YEAR_2026 + 123),
            ("2026-01-01T01:00:00+01:00", YEAR_2026),
            ("2026-01-01T01:00:00 01:00", YEAR_2026),
            ("0001-01-01T00:00:00Z", 0),
            ("9999-12-31T23:59:59Z", LATEST),
        ],
    )
    def test_reads_dates_as_partners_write_them(self, text: str, millis: int) -> None:
        assert page_request({"date_from": text}, NOW).from_ms == millis

    def test_takes_date_to_as_the_end(self) -> None:
        assert page_request({"date_to": "2026-01-01T00:00:00Z"}, NOW).before_ms == YEAR_2026

    def test_ends_now_when_date_to_is_yet_to_come(self) -> None:
        assert page_request({"date_to": "2099-01-01T00:00:00Z"}, NOW).before_ms == NOW

    def test_leaves_what_is_still_settling_to_the_next_pull(self) -> None:
        assert page_request({}, NOW, settle_ms=10_000).before_ms == NOW - 10_000

    def test_hides_nothing_from_who_says_where_its_next_pull_begins(self) -> None:
        asked = page_request({"date_to": "2026-11-21T10:00:00Z"}, NOW, settle_ms=10_000)
        assert asked.before_ms == NOW

    def test_keeps_the_filters_as_they_were_written(self) -> None:
        params = {"date_to": "2026-02-01T00:00:00", "limit": "5", "date_from": "2026-01-01T00:00:00.5Z", "x": "y"}
        assert page_request(params, NOW).filters == (
            ("date_from", "2026-01-01T00:00:00.5Z"),
            ("date_to", "2026-02-01T00:00:00"),
        )

    def test_treats_empty_parameters_as_absent(self) -> None:
        empty = dict.fromkeys(("date_from", "date_to", "offset", "limit", "cursor"), "")
        assert page_request(empty, NOW) == page_request({}, NOW)

    @pytest.mark.parametrize(("limit", "used"), [("1", 1), ("1000", 1000), ("1001", 1000), ("1000000000", 1000)])
    def test_lowers_a_limit_that_is_too_high(self, limit: str, used: int) -> None:
        assert page_request({"limit": limit}, NOW).limit == used

    def test_goes_on_where_a_cursor_says(self) -> None:
        cursor = Cursor(until_ms=NOW - 60_000, after_ms=YEAR_2026, after_id="c74d35c4-db80-5ff6-8861-4c9f10d3309c")
        asked = page_request({"cursor": str(cursor), "offset": "100"}, NOW, settle_ms=10_000)
        assert asked.after == (YEAR_2026, "c74d35c4-db80-5ff6-8861-4c9f10d3309c")
        assert (asked.before_ms, asked.until_ms, asked.offset) == (NOW - 60_000, NOW - 60_000, 100)
        assert asked.total is None

    def test_knows_from_a_cursor_how_many_were_counted(self) -> None:
        cursor = Cursor(until_ms=NOW, after_ms=YEAR_2026, after_id="c74d35c4", total=5_000_000)
        asked = page_request({"cursor": str(cursor)}, NOW)
        assert (asked.after, asked.total) == ((YEAR_2026, "c74d35c4"), 5_000_000)

    @pytest.mark.parametrize(
        "params",
        [
            {"cursor": "1_1_a_"},
            {"cursor": "1_1_a_-1"},
            {"cursor": "1_1_a_1_1"},
            {"limit": "0"},
            {"limit": "-1"},
            {"limit": "ten"},
            {"limit": "1.5"},
            {"limit": "1e3"},
            {"limit": "٣"},
            {"limit": "9" * 30},
            {"limit": "1; DROP TABLE cdrs"},
            {"offset": "-1"},
            {"offset": "9" * 17},
            {"offset": "+1"},
            {"offset": "' OR 1=1 --"},
            {"date_from": "yesterday"},
            {"date_from": "2026-01-01"},
            {"date_from": "222222017-10-27T19:10:11Z"},
            {"date_from": "2026-13-01T00:00:00Z"},
            {"date_from": "2026-01-01T24:30:00Z"},
            {"date_to": "2026-01-01T00:00:00Z'; DROP TABLE cdrs --"},
            {"date_to": "\x00" * 30},
            {"cursor": "1"},
            {"cursor": "1_2_"},
            {"cursor": "1_2_x'--"},
            {"cursor": "99999999999999_2_x"},
            {"cursor": "٣_٣_x"},
            {"cursor": "1_2_" + "x" * 65},
        ],
        ids=str,
    )
    def test_refuses_what_makes_no_sense_and_says_which(self, params: dict[str, str]) -> None:
        with pytest.raises(BadParameter, match=next(iter(params))):
            page_request(params, NOW)

    @given(
        st.dictionaries(
            st.sampled_from(["date_from", "date_to", "offset", "limit", "cursor"]), st.text(max_size=40)
        )
    )
    def test_yields_usable_numbers_or_refuses(self, params: dict[str, str]) -> None:
        try:
            asked = page_request(params, NOW)
        except BadParameter:
            return
        assert 0 <= asked.from_ms <= LATEST
        assert 0 <= asked.before_ms <= NOW
        assert asked.offset >= 0
        assert 1 <= asked.limit <= 1000


class TestTimeslot:
    def test_is_any_time_unless_it_is_said(self) -> None:
        assert timeslot({}) == (0, LATEST)
        assert timeslot({"timeslot_from": ""}) == (0, LATEST)

    def test_is_kept_in_links(self) -> None:
        wanted = {"timeslot_from": "1970-01-01T00:00:01Z", "timeslot_to": "1970-01-01T00:00:02Z"}
        assert timeslot(wanted) == (1_000, 2_000)
        assert page_request(wanted, NOW).filters == tuple(wanted.items())

    def test_that_is_no_time_is_refused(self) -> None:
        with pytest.raises(BadParameter, match="timeslot_to is no date-time"):
            timeslot({"timeslot_to": "soon"})
