from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import TariffTerms
from services.domain.tariff import Costs, checked, price

FREE = TariffTerms(
    tariff_id="T1",
    currency="EUR",
    energy_price_per_kwh=Decimal(0),
    time_price_per_hour=Decimal(0),
    session_fee=Decimal(0),
    vat_percent=Decimal(0),
)


def terms(kwh: str = "0", hour: str = "0", session: str = "0", vat: str = "0") -> TariffTerms:
    return replace(
        FREE,
        energy_price_per_kwh=Decimal(kwh),
        time_price_per_hour=Decimal(hour),
        session_fee=Decimal(session),
        vat_percent=Decimal(vat),
    )


def costs(*amounts: str) -> Costs:
    return Costs(*(Decimal(amount) for amount in amounts))


def places(most: int, decimals: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**decimals).map(lambda n: Decimal(n).scaleb(-decimals))


class TestPrice:
    @pytest.mark.parametrize(
        ("of", "energy_wh", "duration_s", "wanted"),
        [
            (terms(), "12345", 3600, costs("0", "0", "0", "0", "0")),
            (terms(kwh="0.45", vat="19"), "10000", 3600, costs("4.5", "0", "0", "4.5", "5.355")),
            (terms(kwh="0.25", vat="10"), "20000", 3600, costs("5", "0", "0", "5", "5.5")),
            (terms(hour="6"), "0", 600, costs("0", "1", "0", "1", "1")),
            (terms(hour="1"), "0", 1, costs("0", "0.0003", "0", "0.0003", "0.0003")),
            (terms(session="1.5", vat="7.5"), "0", 0, costs("0", "0", "1.5", "1.5", "1.6125")),
            (
                terms("0.39", "1.2", "0.35", "19"),
                "12345",
                4321,
                costs("4.8146", "1.4403", "0.35", "6.6049", "7.8598"),
            ),
        ],
    )
    def test_adds_up_components(self, of: TariffTerms, energy_wh: str, duration_s: int, wanted: Costs) -> None:
        assert price(of, Decimal(energy_wh), duration_s) == wanted

    def test_rounds_each_component_once_half_to_even(self) -> None:
        # 0.0001 Wh steps at 0.5 per kWh are 0.00000005: the tie is at 5 in the fifth decimal.
        assert price(terms(kwh="1"), Decimal("0.05"), 0).energy_cost == Decimal("0.0000")
        assert price(terms(kwh="1"), Decimal("0.15"), 0).energy_cost == Decimal("0.0002")
        assert price(terms(kwh="1"), Decimal("0.0501"), 0).energy_cost == Decimal("0.0001")

    def test_does_not_round_energy_before_it_is_priced(self) -> None:
        assert price(terms(kwh="1000"), Decimal("0.0001"), 0).energy_cost == Decimal("0.0001")

    def test_refuses_costs_that_no_record_can_hold(self) -> None:
        with pytest.raises(ValueError, match="beyond"):
            price(terms(kwh="100000"), Decimal("9999999999999999"), 0)

    @given(places(10**9, 4), st.integers(0, 10**8), places(9, 6), places(9, 6), places(9, 6), places(100, 4))
    def test_is_within_half_a_unit_of_the_exact_amounts(
        self, energy_wh: Decimal, duration_s: int, kwh: Decimal, hour: Decimal, fee: Decimal, vat: Decimal
    ) -> None:
        found = price(terms(str(kwh), str(hour), str(fee), str(vat)), energy_wh, duration_s)
        half = Fraction(1, 20_000)
        assert abs(Fraction(found.energy_cost) - Fraction(energy_wh) * Fraction(kwh) / 1000) <= half
        assert abs(Fraction(found.time_cost) - duration_s * Fraction(hour) / 3600) <= half
        assert abs(Fraction(found.session_cost) - Fraction(fee)) <= half
        total = found.energy_cost + found.time_cost + found.session_cost
        assert found.total_excl_vat == total
        assert abs(Fraction(found.total_incl_vat) - Fraction(total) * (100 + Fraction(vat)) / 100) <= half


class TestChecked:
    def test_lets_good_terms_pass(self) -> None:
        good = terms("0.123456", "100000", "1", "19.5")
        assert checked(good) is good

    @pytest.mark.parametrize(
        ("bad", "says"),
        [
            (replace(FREE, tariff_id=""), "tariff id ''"),
            (replace(FREE, tariff_id="a b"), "tariff id 'a b'"),
            (replace(FREE, tariff_id="../x"), "tariff id '../x'"),
            (replace(FREE, tariff_id="x" * 37), "tariff id"),
            (replace(FREE, currency="eur"), "currency 'eur'"),
            (replace(FREE, currency="EURO"), "currency 'EURO'"),
            (terms(kwh="-0.1"), "price per kWh -0.1 is not between 0 and 100000"),
            (terms(kwh="NaN"), "price per kWh NaN"),
            (terms(hour="Infinity"), "price per hour Infinity"),
            (terms(session="100000.01"), "session fee 100000.01"),
            (terms(kwh="0.1234567"), "price per kWh 0.1234567 has more than 6 decimals"),
            (terms(vat="100.5"), "VAT in percent 100.5"),
            (terms(vat="1.00001"), "VAT in percent 1.00001 has more than 4 decimals"),
        ],
    )
    def test_says_what_is_wrong(self, bad: TariffTerms, says: str) -> None:
        with pytest.raises(ValueError, match="^" + says.replace("..", r"\.\.")):
            checked(bad)
