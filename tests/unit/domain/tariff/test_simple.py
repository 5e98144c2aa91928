from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from services.domain.events.common import TariffTerms
from services.domain.tariff import checked

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


def places(most: int, decimals: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**decimals).map(lambda n: Decimal(n).scaleb(-decimals))


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
