from decimal import Decimal
from typing import Any

import pytest

from services.domain.signed_meter.exact import decimal_of, difference, plain, to_kwh


class TestNumbers:
    @pytest.mark.parametrize("value", [Decimal("1.50"), "1.50", " 1.50", "+1.50", "1.50 "])
    def test_are_decimals_or_text(self, value: Any) -> None:
        assert decimal_of(value) == Decimal("1.50")

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            1.5,
            1,
            "",
            "1,5",
            "1e5",
            "NaN",
            "٣",
            "1" * 200,
            Decimal("NaN"),
            Decimal("Infinity"),
            Decimal("1E+41"),
            Decimal("1E-41"),
            Decimal("1." + "1" * 41),
        ],
    )
    def test_are_nothing_else(self, value: Any) -> None:
        with pytest.raises(ValueError, match="is no usable number"):
            decimal_of(value)

    def test_are_never_rounded(self) -> None:
        most, least = Decimal("9" * 40), Decimal("1E-40")
        assert decimal_of(most) - decimal_of(least) != difference(most, least)
        assert difference(difference(most, least), most) == -least


class TestKwh:
    @pytest.mark.parametrize("unit", ["Wh", "wh", " WH "])
    def test_come_from_watt_hours(self, unit: str) -> None:
        assert to_kwh(Decimal(1500), unit) == (Decimal("1.500"), "kWh")

    @pytest.mark.parametrize("unit", ["kWh", "KWH", "kwh "])
    def test_stay_what_they_are(self, unit: str) -> None:
        assert to_kwh(Decimal("1.50"), unit) == (Decimal("1.50"), "kWh")

    @pytest.mark.parametrize("unit", [None, "", "sec", "varh"])
    def test_do_not_come_from_anything_else(self, unit: str | None) -> None:
        assert to_kwh(Decimal(7), unit) == (Decimal(7), unit or "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.3450", "12.345"),
        ("1000", "1000"),
        ("1E+3", "1000"),
        ("0.000", "0"),
        ("-0.0", "0"),
        ("0E-9", "0"),
        ("-1.50", "-1.5"),
    ],
)
def test_text_has_no_exponent_and_no_zeros_at_the_end(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text
