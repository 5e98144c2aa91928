from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tariff.reading import Reader, Refused, Warned, parse_json


class TestJson:
    def test_has_exact_numbers(self) -> None:
        assert parse_json(b'{"a": 0.1, "b": 1e2, "c": 3}') == {"a": Decimal("0.1"), "b": Decimal(100), "c": 3}

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "not JSON"),
            ("{", "not JSON"),
            (b"\xff", "not JSON"),
            ("[NaN]", "NaN is no number"),
            ("[-Infinity]", "-Infinity is no number"),
            ("1" * 5000, "not JSON"),
            ("[" * 100_000, "too deeply"),
            ("1e" + "9" * 30, "not JSON"),
        ],
    )
    def test_that_is_none_is_refused(self, text: str | bytes, says: str) -> None:
        with pytest.raises(Refused, match=says):
            parse_json(text)

    @given(st.text())
    def test_of_any_text_is_read_or_refused(self, text: str) -> None:
        with suppress(Refused):
            parse_json(text)


class TestNumbers:
    @pytest.mark.parametrize("value", [5, Decimal("5"), "5", "5.0"])
    def test_may_be_numbers_or_strings(self, value: object) -> None:
        reader = Reader()
        assert reader.number(value, "$.x") == 5
        assert not reader.warnings

    def test_may_be_long(self) -> None:
        assert Reader().number("12345678901234.5", "$.x") == Decimal("12345678901234.5")

    def test_with_many_decimals_are_used_and_warned_about(self) -> None:
        reader = Reader()
        assert reader.number(Decimal("26.100000000000012"), "$.x") == Decimal("26.100000000000012")
        assert reader.warnings == [Warned("$.x", "has more than 4 decimals")]

    @pytest.mark.parametrize(
        ("value", "says"),
        [
            (None, "not a number"),
            (True, "not a number"),
            ("ten", "not a number"),
            ([1], "not a number"),
            (0.1, "binary"),
            ("NaN", "no number"),
            (Decimal("Infinity"), "no number"),
            (Decimal("1e15"), "more digits"),
            (10**400, "more digits"),
            (Decimal("1e-25"), "more digits"),
            (Decimal("1." + "1" * 24), "more digits"),
        ],
    )
    def test_that_are_none_are_refused(self, value: object, says: str) -> None:
        with pytest.raises(Refused, match=rf"\$\.x .*{says}"):
            Reader().number(value, "$.x")

    def test_may_be_missing_or_null(self) -> None:
        assert Reader().optional_number({"x": None}, "x", "$") is None
        assert Reader().optional_whole({}, "x", "$") is None
        assert Reader().optional_number({"x": 1}, "x", "$") == 1

    @pytest.mark.parametrize("value", [-1, Decimal("1.5"), "x"])
    def test_that_count_are_whole(self, value: object) -> None:
        assert Reader().optional_whole({"x": Decimal("60.0")}, "x", "$") == 60
        with pytest.raises(Refused):
            Reader().whole(value, "$.x")


class TestTimes:
    @pytest.mark.parametrize(
        "text",
        [
            *("2026-03-02T09:00:00Z", "2026-03-02T09:00:00", "2026-03-02T10:00:00+01:00"),
            *("2026-03-02T09:00:00.000Z", "2026-03-02t09:00:00z", "2026-03-02T09:00:00Z "),
        ],
    )
    def test_are_utc_unless_they_say_otherwise(self, text: str) -> None:
        assert Reader().optional_moment({"x": text}, "x", "$") == datetime(2026, 3, 2, 9, tzinfo=UTC)

    @pytest.mark.parametrize("value", ["yesterday", 5, [], "0001-01-01T00:00:00+23:00"])
    def test_that_are_none_are_refused(self, value: object) -> None:
        with pytest.raises(Refused, match="not a time like"):
            Reader().moment(value, "$.x")
        with pytest.raises(Refused, match="not a time of day"):
            Reader().time_of_day(value, "$.x")
        with pytest.raises(Refused, match="not a date"):
            Reader().date(value, "$.x")

    def test_may_be_missing(self) -> None:
        assert Reader().optional_moment({}, "x", "$") is None
        assert Reader().date("2026-03-02", "$.x") == date(2026, 3, 2)

    @pytest.mark.parametrize(
        ("text", "wanted", "warned"),
        [("09:30", time(9, 30), 0), ("09:30:15", time(9, 30, 15), 1), ("24:00", time(), 1), ("09", time(9), 1)],
    )
    def test_of_day_are_hours_and_minutes(self, text: str, wanted: time, warned: int) -> None:
        reader = Reader()
        assert reader.time_of_day(text, "$.x") == wanted
        assert len(reader.warnings) == warned


class TestShapes:
    def test_that_are_others_are_refused(self) -> None:
        with pytest.raises(Refused, match=r"\$ is not an object"):
            Reader().fields([], "$")
        with pytest.raises(Refused, match=r"\$ is not a list"):
            Reader().items({}, "$")
        with pytest.raises(Refused, match=r"\$\.x is missing"):
            Reader().required({"x": None}, "x", "$")
