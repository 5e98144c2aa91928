"""Simple terms are a tariff of one element; whole tariffs are told as they were added."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.domain.tariff.adding import read_tariffs
from services.domain.tariff.ocpi_tariff import read_tariff
from services.domain.tariff.reading import Reader, parse_json
from services.domain.tariff.terms import tariff_of
from services.ocpi.outbound.tariffs import tariff
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import encoded
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


def part(kind: str, price: float, **more: Any) -> dict[str, Any]:
    return {"type": kind, "price": price, "step_size": 1} | more


NIGHT = {"start_time": "22:00", "end_time": "06:00", "day_of_week": ["SATURDAY", "SUNDAY"]}
AMOUNTS = {
    "min_kwh": 1.5, "max_kwh": 20, "min_current": 6, "max_current": 32, "min_power": 3.7, "max_power": 22,
    "min_duration": 60, "max_duration": 3600, "start_date": "2026-01-01", "end_date": "2027-01-01",
}  # fmt: skip
FULL: dict[str, Any] = {
    "country_code": "DE", "party_id": "WAT", "id": "FULL", "currency": "EUR", "type": "AD_HOC_PAYMENT",
    "last_updated": "2026-01-01T00:00:00Z", "min_price": {"excl_vat": 0.5, "incl_vat": 0.6},
    "max_price": {"excl_vat": 50}, "start_date_time": "2026-01-01T00:00:00Z",
    "end_date_time": "2027-01-01T00:00:00Z",
    "elements": [
        {"price_components": [part("TIME", 2.4, vat=19)], "restrictions": {"reservation": "RESERVATION"}},
        {"price_components": [part("ENERGY", 0.3, vat=19, step_size=100)], "restrictions": NIGHT},
        {"price_components": [part("PARKING_TIME", 6, step_size=300)], "restrictions": AMOUNTS},
        {"price_components": [part("ENERGY", 0.5, vat=7), part("FLAT", 1, vat=0)]},
    ],
}  # fmt: skip


def back(object_: Any, version: str) -> Any:
    """What a partner reads in a tariff that it was told."""
    body = told(tariff(object_, OWNER, START), "Tariff", version, [])
    assert body is not None
    return read_tariff(parse_json(encoded(body)), version.replace(".", ""), Reader(), "$")


class TestFullTariff:
    @pytest.mark.parametrize("version", ["2.3.0", "2.2.1"])
    def test_is_read_by_the_partner_as_it_was_added(self, version: str) -> None:
        (added,) = read_tariffs(json.dumps(FULL).encode(), "Europe/Berlin")
        assert back(added.terms, version) == tariff_of(added.terms)

    def test_of_2_3_0_says_whether_taxes_are_included(self) -> None:
        limits = {"min_price": {"before_taxes": 1}, "max_price": {"before_taxes": 9, "after_taxes": 10}}
        (added,) = read_tariffs(json.dumps(FULL | limits | {"tax_included": "YES"}).encode())
        assert back(added.terms, "2.3.0") == tariff_of(added.terms)

    def test_loses_aloud_in_2_1_1_what_that_does_not_know(self) -> None:
        (added,) = read_tariffs(json.dumps(FULL).encode())
        warnings: list[str] = []
        body = told(tariff(added.terms, OWNER, START), "Tariff", "2.1.1", warnings)
        assert any("reservation" in one for one in warnings)
        assert body is not None
        assert [one["price_components"][0]["price"] for one in body["elements"]] == [
            Decimal("0.3"),
            Decimal("0.5"),
        ]
