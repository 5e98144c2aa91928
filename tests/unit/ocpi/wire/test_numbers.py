"""Numbers reach partners digit for digit."""

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.wire.numbers import hours, hours_of_ms, kwh, number

ENERGIES = st.decimals(min_value=-(10**15), max_value=10**15, places=4, allow_nan=False, allow_infinity=False)


def as_json(value: Decimal) -> str:
    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("0", "0"),
            ("-0", "0"),
            ("0E-6", "0"),
            ("0.350000", "0.35"),
            ("100", "100"),
            ("1E+3", "1000"),
            ("-5.2942", "-5.2942"),
            ("123456789012345678901234567890.1234", "123456789012345678901234567890.1234"),
        ],
    )
    def test_has_neither_exponent_nor_trailing_zeros(self, value: str, shown: str) -> None:
        assert as_json(number(Decimal(value))) == shown

    @pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
    def test_refuses_what_json_cannot_write(self, value: str) -> None:
        with pytest.raises(ValueError, match="no JSON number"):
            number(Decimal(value))

    @given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
    def test_never_changes_the_value(self, value: Decimal) -> None:
        assert json.loads(as_json(number(value)), parse_float=Decimal, parse_int=Decimal) == value


class TestKwh:
    @pytest.mark.parametrize(
        ("energy_wh", "shown"),
        [("10987", "10.987"), ("0", "0"), ("0.1", "0.0001"), ("1500000", "1500"), ("3", "0.003")],
    )
    def test_moves_the_point_by_three(self, energy_wh: str, shown: str) -> None:
        assert as_json(kwh(Decimal(energy_wh))) == shown

    @given(ENERGIES)
    def test_can_be_turned_back_exactly(self, energy_wh: Decimal) -> None:
        assert json.loads(as_json(kwh(energy_wh)), parse_float=Decimal, parse_int=Decimal) * 1000 == energy_wh


class TestHours:
    @pytest.mark.parametrize(("duration_s", "shown"), [(0, "0"), (3600, "1"), (1200, "0.3333"), (7103, "1.9731")])
    def test_have_four_decimals(self, duration_s: int, shown: str) -> None:
        assert as_json(hours(duration_s)) == shown

    @given(st.integers(min_value=0, max_value=10**9))
    def test_let_whole_seconds_be_recovered(self, duration_s: int) -> None:
        assert round(hours(duration_s) * 3600) == duration_s

    @pytest.mark.parametrize(
        ("duration_ms", "shown"), [(0, "0"), (3_600_000, "1"), (1_200_000, "0.33333333"), (36, "0.00001")]
    )
    def test_of_periods_have_eight_decimals(self, duration_ms: int, shown: str) -> None:
        assert as_json(hours_of_ms(duration_ms)) == shown
