"""Pages of CPOs: objects as they came, and a next page that is nowhere else."""

import pytest

from services.ocpi.inbound.pulled import Raw, first_url, last_updated, next_url, objects, total

URL = "https://cpo.example.com/ocpi/locations?limit=100"


class TestFirstUrl:
    def test_begins_where_the_last_pull_ended(self) -> None:
        assert first_url("https://x/l", None, 100) == "https://x/l?limit=100"
        assert first_url("https://x/l?a=1", 0, 5) == "https://x/l?a=1&date_from=1970-01-01T00:00:00.000Z&limit=5"


class TestObjects:
    def test_are_byte_for_byte_as_they_came(self) -> None:
        body = b'{"data": [ {"b": 1.50,  "a":"\\u00e9"}, 7 ], "status_code": 1000}'
        assert objects(body, ["x", 7]) == [Raw(b'{"b": 1.50,  "a":"\\u00e9"}', "x"), Raw(b"7", 7)]

    @pytest.mark.parametrize("values", [None, {}, "text", 5])
    def test_of_what_is_no_list_are_none(self, values: object) -> None:
        assert objects(b"{}", values) == []


class TestNextUrl:
    def test_is_in_the_link_header(self) -> None:
        assert next_url({"link": '<https://cpo.example.com/p2>; rel="next"'}, URL) == "https://cpo.example.com/p2"
        assert next_url({"link": "</p2?a=1>; rel=next"}, URL) == "https://cpo.example.com/p2?a=1"

    @pytest.mark.parametrize("link", ["", '<https://cpo.example.com/p0>; rel="prev"', "nonsense"])
    def test_is_none_on_the_last_page(self, link: str) -> None:
        assert next_url({"link": link}, URL) is None

    @pytest.mark.parametrize("link", ["https://evil.example.com/", "http://cpo.example.com/p2", "//evil/p2"])
    def test_is_never_elsewhere(self, link: str) -> None:
        with pytest.raises(ValueError, match="elsewhere"):
            next_url({"link": f'<{link}>; rel="next"'}, URL)


class TestTotal:
    def test_is_what_the_partner_says_if_it_is_a_number(self) -> None:
        assert (total({"x-total-count": "12"}), total({"x-total-count": "many"}), total({})) == (12, None, None)


class TestLastUpdated:
    def test_is_nothing_when_it_cannot_be_read(self) -> None:
        assert last_updated({"last_updated": "1970-01-01T00:00:01Z"}) == 1000
        assert [last_updated(one) for one in (None, {}, {"last_updated": 5}, {"last_updated": "soon"})] == [0] * 4
