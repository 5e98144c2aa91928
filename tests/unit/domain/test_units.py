import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.units import datetime_of, millis_of, parse_rfc3339, rfc3339


class TestParseRfc3339:
    @pytest.mark.parametrize(
        ("text", "millis"),
        [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-09-21T12:13:20Z", 1_789_992_800_000),
            ("2026-09-21T14:13:20+02:00", 1_789_992_800_000),
            ("2026-09-21 12:13:20Z", 1_789_992_800_000),
            ("2026-09-21T12:13:20.5Z", 1_789_992_800_500),
            ("2026-09-21T12:13:20.123456789Z", 1_789_992_800_123),
            ("2026-09-21T12:13:20.000-00:30", 1_789_994_600_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ],
    )
    def test_reads_what_stations_write(self, text: str, millis: int) -> None:
        assert parse_rfc3339(text) == millis

    def test_reads_a_missing_zone_as_utc(self) -> None:
        assert parse_rfc3339("2026-09-21T12:13:20") == parse_rfc3339("2026-09-21T12:13:20Z")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "now",
            "2026-09-21",
            "222222017-10-27T19:10:11Z",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-09-21T12:13:61Z",
            "2026-09-21T12:13:20+99:99",
            "2026-09-21T12:13:20.Zebra",
            "2026-09-21X12:13:20Z",
            "2026-09-21T12:13:20Z" * 1000,
            "²026-09-21T12:13:20Z",
        ],
    )
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            parse_rfc3339(text)

    @given(st.text(max_size=40))
    def test_never_fails_in_another_way(self, text: str) -> None:
        with contextlib.suppress(ValueError):
            parse_rfc3339(text)

    @given(st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999))
    def test_reads_back_what_rfc3339_writes(self, millis: int) -> None:
        assert parse_rfc3339(rfc3339(millis)) == millis


class TestMillisOf:
    def test_reads_a_naive_datetime_as_utc(self) -> None:
        assert millis_of(datetime(1970, 1, 1, 0, 0, 1)) == 1000  # noqa: DTZ001

    def test_rounds_down(self) -> None:
        assert millis_of(datetime(1970, 1, 1, microsecond=1999, tzinfo=UTC)) == 1

    def test_honours_the_zone(self) -> None:
        assert millis_of(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0


class TestDatetimeOf:
    def test_refuses_years_that_datetime_does_not_have(self) -> None:
        with pytest.raises(OverflowError):
            datetime_of(10**18)
