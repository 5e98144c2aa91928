from decimal import Decimal

import pytest

from services.domain.money import EXACT, rounded


class TestRounded:
    @pytest.mark.parametrize(
        ("amount", "wanted"),
        [
            ("0", "0.0000"),
            ("1.23456", "1.2346"),
            ("1.23445", "1.2344"),
            ("1.23455", "1.2346"),
            ("1.234550000000000000000000000000000001", "1.2346"),
            ("1.234450000000000000000000000000000001", "1.2345"),
            ("-1.23445", "-1.2344"),
            ("999999999999999.99994", "999999999999999.9999"),
        ],
    )
    def test_keeps_four_decimals_half_to_even(self, amount: str, wanted: str) -> None:
        assert str(rounded(Decimal(amount))) == wanted

    @pytest.mark.parametrize("amount", ["1E15", "-1E15", "1E999"])
    def test_refuses_what_no_record_can_hold(self, amount: str) -> None:
        with pytest.raises(ValueError, match="beyond what a record can hold"):
            rounded(Decimal(amount))


class TestExact:
    def test_has_room_for_the_longest_energy_times_the_longest_price(self) -> None:
        energy, price = Decimal("9999999999999999.9999"), Decimal("9999999999999999.999999")
        assert EXACT.multiply(energy, price) == Decimal("99999999999999999998990000000000.0000000001")
