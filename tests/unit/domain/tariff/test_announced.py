"""The price that was announced for a place and time counts, and nothing else changes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.domain.events.tariff import EnergyPriceAnnounced
from services.domain.tariff.announced import terms_at
from services.domain.tariff.terms import terms_of
from tests.unit.domain.tariff.priced import component, element, tariff
from tests.unit.domain.tariff.test_simple import terms

BASE = terms("0.5", "1", "2", "19")


def announced(price: str, since: int = 100, until: int = 200, **others: object) -> EnergyPriceAnnounced:
    return replace(
        EnergyPriceAnnounced(
            event_id="e", tenant="t", tariff_id="T1", starts_at=since, ends_at=until,
            energy_price_per_kwh=Decimal(price), recorded_at=1,
        ),
        **others,
    )  # fmt: skip


class TestTermsAt:
    @pytest.mark.parametrize(("at", "price"), [(99, "0.5"), (100, "0.3"), (199, "0.3"), (200, "0.5")])
    def test_holds_from_its_start_to_before_its_end(self, at: int, price: str) -> None:
        assert terms_at(BASE, [announced("0.3")], None, at).energy_price_per_kwh == Decimal(price)

    def test_leaves_all_else_and_says_since_when(self) -> None:
        found = terms_at(BASE, [announced("-0.05")], "L1", 150)
        assert found == replace(BASE, energy_price_per_kwh=Decimal("-0.05"), price_from=100)
        assert terms_at(BASE, [], "L1", 150) is BASE

    def test_of_a_place_goes_before_that_of_all_and_the_newest_before_others(self) -> None:
        prices = [
            announced("1", location_id="L1", recorded_at=5),
            announced("2", location_id="L1", recorded_at=7),
            announced("3", recorded_at=9),
            announced("4", location_id="L2", recorded_at=9),
        ]
        assert terms_at(BASE, prices, "L1", 150).energy_price_per_kwh == 2
        assert terms_at(BASE, prices, None, 150).energy_price_per_kwh == 3

    def test_is_that_of_energy_in_every_element(self) -> None:
        full = tariff(
            element(component("ENERGY", "0.2"), component("TIME", "1"), min_kwh=Decimal(1)),
            element(component("ENERGY", "0.4")),
        )
        found = terms_at(terms_of(full), [announced("0.3")], None, 150)
        prices = [[(part.type, part.price) for part in one.price_components] for one in found.elements]
        assert prices == [[("ENERGY", Decimal("0.3")), ("TIME", 1)], [("ENERGY", Decimal("0.3"))]]
        assert found.elements[0].restrictions is not None
