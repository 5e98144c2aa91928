from decimal import Decimal

import pytest
from hypothesis import given

from services.domain.tariff.engine import price_session
from services.domain.tariff.model import Amount, Reservation, Tariff
from services.domain.tariff.payable import payable, preauthorisation
from services.domain.tariff.session import Session
from tests.unit.domain.tariff.priced import component, element, tariff
from tests.unit.domain.tariff.test_engine import sessions, tariffs


class TestPayable:
    @pytest.mark.parametrize(
        ("amount", "currency", "wanted"),
        [
            ("5.1250", "EUR", "5.12"),
            ("5.1350", "EUR", "5.14"),
            ("5.5", "JPY", "6"),
            ("5.12345", "KWD", "5.123"),
            ("1.00005", "CLF", "1.0000"),
            ("-1.005", "CHF", "-1.00"),
        ],
    )
    def test_is_in_minor_units_half_to_even(self, amount: str, currency: str, wanted: str) -> None:
        assert str(payable(Decimal(amount), currency)) == wanted


class TestPreauthorisation:
    @given(sessions, tariffs)
    def test_covers_every_session_within_its_bounds(self, charged: Session, of: Tariff) -> None:
        kwh = sum((period.energy_kwh or Decimal(0) for period in charged.periods), Decimal(0))
        charging_s = int(sum((period.charging_s or Decimal(0) for period in charged.periods), Decimal(0)))
        parking_s = int(sum((period.parking_s or Decimal(0) for period in charged.periods), Decimal(0)))
        total = price_session(charged, [of]).total
        assert total is None or total.incl_vat is not None
        most = preauthorisation(of, kwh, charging_s, parking_s)
        assert most >= (total.incl_vat if total is not None and total.incl_vat is not None else 0)

    def test_is_rounded_up_and_within_limits(self) -> None:
        kwh = element(component("ENERGY", "0.333", 0, "19"))
        reserved = element(component("FLAT", "99"), reservation=Reservation.RESERVATION)
        assert preauthorisation(tariff(kwh, reserved), Decimal(10), 3600) == Decimal("3.97")
        dear = tariff(kwh, min_price=Amount(Decimal(5), None))
        assert preauthorisation(dear, Decimal(10), 3600) == Decimal("5.00")
        dearer = tariff(kwh, min_price=Amount(Decimal(5), Decimal(6)), max_price=Amount(Decimal(7), None))
        assert preauthorisation(dearer, Decimal(10), 3600) == Decimal("6.00")
        capped = tariff(kwh, max_price=Amount(Decimal(2), Decimal("2.5")))
        assert preauthorisation(capped, Decimal(10), 3600) == Decimal("2.50")

    def test_leaves_unknown_taxes_out(self) -> None:
        of = tariff(element(component("ENERGY", "0.3", 0)), vat_unknown=True, currency="JPY")
        assert preauthorisation(of, Decimal(5), 0) == 2
