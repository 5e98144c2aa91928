"""Strings fit the fields of OCPI, and what does not is said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpi.wire.strings import ci_text, coordinate, text


class TestText:
    @pytest.mark.parametrize("value", ["Hafenstraße 12", "x" * 45, "充电站"])
    def test_passes_what_fits(self, value: str) -> None:
        warnings: list[str] = []
        assert (text(value, 45, "address", warnings), warnings) == (value, [])

    @pytest.mark.parametrize(
        ("value", "told"), [("x" * 46, "x" * 45), ("a\r\nb", "a  b"), ("tab\there", "tab here"), ("", "#NA")]
    )
    def test_changes_what_does_not(self, value: str, told: str) -> None:
        assert text(value, 45, "address", []) == told

    def test_says_so(self) -> None:
        warnings: list[str] = []
        text("x" * 46, 45, "address", warnings)
        assert warnings == ["address: does not fit OCPI and was changed"]

    @given(st.text(max_size=300), st.integers(min_value=1, max_value=255))
    def test_is_always_printable_and_short_enough(self, value: str, most: int) -> None:
        told = text(value, most, "field", [])
        assert told.isprintable()
        assert told == "#NA" or 0 < len(told) <= most


class TestCiText:
    def test_is_ascii(self) -> None:
        warnings: list[str] = []
        assert ci_text("Säule\n1", 36, "id", warnings) == "S?ule?1"
        assert warnings == ["id: does not fit OCPI and was changed"]

    def test_keeps_case_and_separators(self) -> None:
        assert ci_text("de*Wat*E0001*1", 36, "id", []) == "de*Wat*E0001*1"


class TestCoordinate:
    @pytest.mark.parametrize(
        ("value", "told"),
        [
            ("53.543000", "53.543000"),
            ("9.9", "9.90000"),
            ("-3", "-3.00000"),
            ("52.123456789", "52.1234567"),
            ("0", "0.00000"),
        ],
    )
    def test_has_five_to_seven_decimals(self, value: str, told: str) -> None:
        warnings: list[str] = []
        assert (coordinate(value, 2, "latitude", warnings), warnings) == (told, [])

    @pytest.mark.parametrize("value", ["", "north", "1e2", "123.4", "--1", "1.2.3", "٣.٤", "NaN", "12,5"])
    def test_is_zero_with_a_warning_when_it_is_none(self, value: str) -> None:
        warnings: list[str] = []
        assert coordinate(value, 2, "latitude", warnings) == "0.00000"
        assert warnings == ["latitude: not known"]

    @given(st.text(max_size=20))
    def test_always_has_the_form_of_the_specification(self, value: str) -> None:
        assert re.fullmatch(r"-?[0-9]{1,3}\.[0-9]{5,7}", coordinate(value, 3, "longitude", []))
