"""Simple terms are a tariff of one element."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.ocpi.outbound.tariffs import tariff
from services.ocpi.outbound.told import told
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import START, TERMS

OWNER = Party("DE", "WAT")


class TestTariff:
    def test_has_what_costs_something(self) -> None:
        (element,) = tariff(TERMS, OWNER, START).elements
        assert [(one.type, one.price, one.vat) for one in element.price_components] == [
            ("ENERGY", Decimal("0.45"), 19),
            ("FLAT", Decimal("0.35"), 19),
        ]

    def test_that_is_free_is_energy_for_nothing(self) -> None:
        free = replace(TERMS, energy_price_per_kwh=Decimal(0), session_fee=Decimal(0))
        (element,) = tariff(free, OWNER, START).elements
        assert [(one.type, one.price) for one in element.price_components] == [("ENERGY", 0)]

    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1", "2.1.1"])
    def test_is_told_in_every_version(self, version: str) -> None:
        old = told(tariff(TERMS, OWNER, START), "Tariff", version, [])
        assert old is not None
        assert old["elements"][0]["price_components"][0]["price"] == Decimal("0.45")
