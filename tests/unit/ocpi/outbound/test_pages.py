"""Links lead to the next page with all that the request said."""

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from services.domain.units import parse_rfc3339
from services.ocpi.inbound.page_request import page_request
from services.ocpi.outbound.pages import headers, next_url

NOW = parse_rfc3339("2026-11-21T10:00:00Z")
LAST = (NOW - 5_000, "c74d35c4-db80-5ff6-8861-4c9f10d3309c")
URL = "https://roaming.example.com/ocpi/2.2.1/cdrs"


class TestHeaders:
    def test_count_and_limit_every_page(self) -> None:
        assert headers(URL, page_request({"limit": "7"}, NOW), total=3, returned=3, last=None) == {
            "X-Total-Count": "3",
            "X-Limit": "7",
        }

    def test_show_the_limit_that_was_applied(self) -> None:
        assert headers(URL, page_request({"limit": "2000"}, NOW), 1, 1, None)["X-Limit"] == "1000"

    def test_link_to_the_next_page_if_there_is_one(self) -> None:
        link = headers(URL, page_request({"limit": "1"}, NOW), total=3, returned=1, last=LAST)["Link"]
        assert link.startswith(f"<{URL}?offset=1&limit=1&cursor=")
        assert link.endswith('>; rel="next"')


class TestNextUrl:
    def test_keeps_the_filters_readable(self) -> None:
        asked = page_request({"date_from": "2016-01-01T00:00:00Z", "date_to": "2016-12-31T23:59:59Z"}, NOW)
        assert (
            "?date_from=2016-01-01T00:00:00Z&date_to=2016-12-31T23:59:59Z&offset=100&limit=100&cursor="
            in next_url(URL, asked, 3, 100, LAST)
        )

    def test_counts_the_offset_on(self) -> None:
        asked = page_request({"offset": "150", "limit": "50"}, NOW)
        assert "offset=200&limit=50" in next_url(URL, asked, 3, 50, LAST)

    def test_holds_the_next_request_to_the_time_of_the_first(self) -> None:
        first = page_request({}, NOW)
        query = parse_qs(urlsplit(next_url(URL, first, 3, 100, LAST)).query)
        second = page_request({name: values[0] for name, values in query.items()}, NOW + 600_000)
        assert (second.before_ms, second.after) == (NOW, LAST)

    @given(st.text(alphabet="0123456789-:TZ. +&=<>\"'", max_size=30))
    def test_lets_nothing_break_out_of_the_link(self, text: str) -> None:
        first = page_request({}, NOW)
        odd = type(first)(
            **{name: getattr(first, name) for name in first.__slots__} | {"filters": (("date_from", text),)}
        )
        url = next_url(URL, odd, 3, 1, LAST)
        assert not set(url) & set("<>\"' ")
        assert parse_qs(urlsplit(url).query, keep_blank_values=True)["date_from"] == [text]
