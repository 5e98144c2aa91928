"""Circumstances of a message: times, whole numbers, ids and warnings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.ids import derived_id
from services.ocpp.inbound.reply import canonical
from services.ocpp.wire.faults import Fault, Refused
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, context


class TestTime:
    @pytest.mark.parametrize(
        ("text", "millis"),
        [
            ("2026-09-21T14:13:20Z", NOW),
            ("2026-09-21T14:13:20.5Z", NOW + 500),
            ("2026-09-21T14:13:20", NOW),
            ("2026-09-21T16:13:20+02:00", NOW),
            ("2026-09-21T14:13:20.123456789Z", NOW + 123),
            ("2000-01-01T00:00:00Z", 946_684_800_000),
            ("2099-12-31T23:59:59Z", 4_102_444_799_000),
        ],
    )
    def test_is_the_stations_when_it_can_be(self, text: str, millis: int) -> None:
        now = context(now_ms=5)
        assert now.time({"timestamp": text}) == millis
        assert now.warnings == []

    @pytest.mark.parametrize(
        "text",
        [
            "222222017-10-27T19:10:11Z", "", "now", "2026-09-21", "2026-09-21T24:00:00Z", "2026-13-01T00:00:00Z",
            "2026-09-21T14:13:20+99:99", "2016-12-31T23:59:60Z", "2026-09-21T14:13:20Z[Etc/UTC]",
            "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z",
            "2100-01-01T00:00:00Z", "\x00" * 19, "２０２６-09-21T14:13:20Z", "x" * 60_000,
        ],
    )  # fmt: skip
    def test_is_that_of_receipt_with_a_warning_when_it_cannot(self, text: str) -> None:
        now = context()
        assert now.time({"timestamp": text}) == NOW
        (said,) = now.warnings
        assert said.endswith("the time of receipt is used")
        assert len(said) < 300

    @given(st.text(max_size=40))
    def test_never_fails(self, text: str) -> None:
        assert isinstance(context().time({"timestamp": text}), int)


class TestWhole:
    @pytest.mark.parametrize(("value", "whole"), [(5, 5), (0, 0), (-1, -1), (2**31 - 1, 2**31 - 1), (3.0, 3)])
    def test_is_the_number(self, value: float, whole: int) -> None:
        now = context()
        assert now.whole({"n": value}, "n") == whole
        assert isinstance(now.whole({"n": value}, "n"), int)
        assert now.warnings == []

    @pytest.mark.parametrize(
        "value", [2**31, -(2**31), 2**63, 99_999_999_999, 1e300, -1e300, 1.8446744073709552e19]
    )
    def test_is_left_out_with_a_warning_when_out_of_range(self, value: float) -> None:
        now = context()
        assert now.whole({"n": value}, "n") is None
        assert now.warnings == [f"n {value} is out of range: left out"]

    def test_is_nothing_when_it_is_not_there(self) -> None:
        assert context().whole({}, "n") is None


class TestEventId:
    def test_is_derived_from_tenant_station_and_content(self) -> None:
        assert context().event_id("X", "a", 1, None) == derived_id("X", TENANT, STATION, "a", 1, None)

    def test_does_not_know_message_id_or_time(self) -> None:
        assert context(message_id="m1", now_ms=1).event_id("X") == context(message_id="m2", now_ms=2).event_id("X")


class TestWarn:
    def test_keeps_the_first_of_very_many(self) -> None:
        now = context()
        for number in range(5000):
            now.warn(str(number))
        assert now.warnings == [str(number) for number in range(20)]


class TestCanonical:
    @given(st.dictionaries(st.text("abc"), st.integers(-9, 9)))
    def test_is_one_text_whatever_the_order(self, value: dict[str, int]) -> None:
        assert canonical(value) == canonical(dict(reversed(value.items())))

    def test_refuses_what_is_nested_too_deeply(self) -> None:
        deep: list[object] = []
        for _ in range(900):
            deep = [deep]
        with pytest.raises(Refused) as caught:
            canonical(deep)
        assert caught.value.fault is Fault.FORMAT
