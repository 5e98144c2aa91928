"""Tariffs in words."""

from dataclasses import replace
from decimal import Decimal

from services.cdrs.cli import told
from services.domain.events.common import PriceComponent, TariffElement, TariffRestrictions
from tests.unit.cdrs.test_fold import TERMS


def element(kind: str, price: str, reservation: str | None = None) -> TariffElement:
    return TariffElement(
        price_components=(PriceComponent(type=kind, price=Decimal(price), step_size=1),),
        restrictions=None if reservation is None else TariffRestrictions(reservation=reservation),
    )


class TestTold:
    def test_has_the_prices_of_simple_terms(self) -> None:
        assert told(TERMS) == "0.45 EUR per kWh, 1 EUR per hour, 0.5 EUR per session, plus 19 % VAT"

    def test_begins_with_what_charging_costs_not_with_a_reservation(self) -> None:
        elements = (element("FLAT", "3", "RESERVATION_EXPIRES"), element("ENERGY", "0.50"), element("FLAT", "1"))
        assert told(replace(TERMS, elements=elements)) == "0.5 EUR per kWh; and 2 more elements"

    def test_has_a_reservation_where_there_is_nothing_else(self) -> None:
        elements = (element("FLAT", "3", "RESERVATION"),)
        assert told(replace(TERMS, elements=elements)) == "3 EUR per session"

    def test_of_what_costs_nothing_says_so(self) -> None:
        assert told(replace(TERMS, elements=(element("ENERGY", "0"),))) == "free of charge"
