"""Prices for drivers without a contract: with taxes, and everything that can come to count."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.domain.events.common import (
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRestrictions,
    TariffTerms,
)
from services.nap.outbound.rates import energy_prices, energy_rate
from services.nap.outbound.static import table_publication
from services.nap.schemas import Which
from tests.unit.nap.facts import NOW, PUBLISHER, needs_schemas, plain, rich, scene, valid
from tests.unit.ocpi.facts import TERMS, tariff

ENERGY = PriceComponent(type="ENERGY", price=Decimal("0.40"), vat_percent=Decimal(19))
HOUR = PriceComponent(type="TIME", price=Decimal("3.00"), vat_percent=Decimal(19))
PARKED = PriceComponent(type="PARKING_TIME", price=Decimal("6.00"), vat_percent=Decimal(19))
START_FEE = PriceComponent(type="FLAT", price=Decimal("0.35"), vat_percent=Decimal(19))


def element(*parts: PriceComponent, **limits: Any) -> TariffElement:
    return TariffElement(price_components=parts, restrictions=TariffRestrictions(**limits) if limits else None)


def terms(*elements: TariffElement, **changes: Any) -> TariffTerms:
    return replace(TERMS, elements=elements, **changes)


def prices(of: TariffTerms) -> list[dict[str, Any]]:
    told = energy_prices(of, rich(), "de", NOW)
    assert valid(Which.STATIC, table_publication(scene(tariffs={"AC-2026": tariff(terms=of)}), PUBLISHER, NOW))
    return told


def values(of: TariffTerms) -> list[tuple[str, str]]:
    return [(one["priceType"]["value"], str(one["value"])) for one in prices(of)]


class TestKinds:
    def test_of_simple_terms(self) -> None:
        assert values(TERMS) == [("pricePerKWh", "0.5355"), ("basePrice", "0.4165")]

    def test_of_elements(self) -> None:
        told = values(terms(element(ENERGY, HOUR, START_FEE), element(PARKED)))
        assert told == [
            ("pricePerKWh", "0.476"), ("pricePerMinute", "0.0595"), ("basePrice", "0.4165"),
            ("pricePerMinute", "0.119"),
        ]  # fmt: skip

    def test_of_parking_say_so(self) -> None:
        (told,) = prices(terms(element(PARKED)))
        assert told["additionalInformation"]["values"][0]["value"] == "after charging has ended"

    def test_that_cost_nothing_are_free(self) -> None:
        nothing = replace(TERMS, energy_price_per_kwh=Decimal(0), session_fee=Decimal(0))
        assert values(nothing) == [("free", "0")]
        assert values(terms(element(replace(ENERGY, price=Decimal(0))))) == [("free", "0")]

    def test_are_rounded_to_a_millionth_and_never_written_with_an_exponent(self) -> None:
        dear = replace(
            TERMS, energy_price_per_kwh=Decimal(100), time_price_per_hour=Decimal(1), vat_percent=Decimal(0)
        )
        assert values(dear)[:2] == [("pricePerKWh", "100"), ("pricePerMinute", "0.016667")]


class TestTaxes:
    @pytest.mark.parametrize(
        ("changes", "vat", "told"),
        [
            ({}, Decimal(19), {"value": Decimal("0.476"), "taxIncluded": True, "taxRate": Decimal(19)}),
            ({"tax_included": "YES"}, Decimal(19), {"value": Decimal("0.4"), "taxIncluded": True, "taxRate": 19}),
            ({"tax_included": "YES"}, None, {"value": Decimal("0.4"), "taxIncluded": True}),
            ({"tax_included": "N/A"}, None, {"value": Decimal("0.4")}),
            ({}, None, {"value": Decimal("0.4"), "taxIncluded": False}),
            ({"taxes_unknown": True}, Decimal(0), {"value": Decimal("0.4"), "taxIncluded": False}),
        ],
    )
    def test_are_in_the_price_where_they_are_known(
        self, changes: dict[str, Any], vat: Decimal | None, told: dict[str, Any]
    ) -> None:
        (found,) = prices(terms(element(replace(ENERGY, vat_percent=vat)), **changes))
        assert found == {"priceType": {"value": "pricePerKWh"}} | told


class TestRestrictions:
    def test_of_time_and_energy_are_told_in_whole_minutes_and_kwh(self) -> None:
        (told,) = prices(terms(element(HOUR, min_duration_s=3_660, max_kwh=Decimal("20.5"))))
        assert told["timeBasedApplicability"] == {"fromMinute": 61}
        assert told["energyBasedApplicability"] == {"toKWh": 20}

    def test_of_days_are_told_in_local_time(self) -> None:
        night = element(ENERGY, start_time="22:00", end_time="00:00", day_of_week=("SUNDAY", "MONDAY"))
        (told,) = prices(terms(night))
        (period,) = told["overallPeriod"]["validPeriod"]
        assert period["recurringTimePeriodOfDay"] == [
            {"startTimeOfPeriod": "22:00:00+02:00", "endTimeOfPeriod": "23:59:59+02:00"}
        ]
        (days,) = period["recurringDayWeekMonthPeriod"]
        assert [one["value"] for one in days["comDayWeekMonth"]["applicableDay"]] == ["monday", "sunday"]

    def test_of_dates_are_told(self) -> None:
        (told,) = prices(terms(element(ENERGY, start_date="2026-01-01", end_date="2027-01-01", end_time="06:00")))
        period = told["overallPeriod"]
        assert (period["overallStartTime"], period["overallEndTime"]) == (
            "2026-01-01T00:00:00+02:00", "2027-01-01T00:00:00+02:00",
        )  # fmt: skip
        assert period["validPeriod"][0]["recurringTimePeriodOfDay"][0]["endTimeOfPeriod"] == "06:00:00+02:00"

    def test_of_dates_alone_have_no_times(self) -> None:
        (told,) = prices(terms(element(ENERGY, end_date="2027-01-01")))
        assert "validPeriod" not in told["overallPeriod"]

    def test_that_the_profile_has_no_words_for_are_remarks(self) -> None:
        (told,) = prices(terms(element(ENERGY, min_power=Decimal("50.000"), max_current=Decimal(32))))
        remark = told["additionalInformation"]["values"][0]["value"]
        assert remark == "max current 32 A, min power 50 kW"

    def test_leave_out_what_never_counts_and_reservations(self) -> None:
        told = values(
            terms(
                element(START_FEE, reservation="RESERVATION"),
                element(ENERGY, end_time="06:00"),
                element(replace(ENERGY, price=Decimal(1))),
                element(replace(ENERGY, price=Decimal(2))),
                element(replace(ENERGY, type="PARTY")),
            )
        )
        assert told == [("pricePerKWh", "0.476"), ("pricePerKWh", "1.19")]


class TestRate:
    def test_has_the_least_and_the_most_that_is_paid(self) -> None:
        limited = replace(
            TERMS,
            min_price=PriceLimit(excl_vat=Decimal(1), incl_vat=Decimal("1.19")),
            max_price=PriceLimit(excl_vat=Decimal(50)),
        )
        told = energy_rate(tariff(terms=limited), rich(), (), "de", NOW)
        assert (told["minimumDeliveryFee"], told["maximumDeliveryFee"]) == (Decimal("1.19"), Decimal(50))
        assert "payment" not in told


@needs_schemas
class TestProfile:
    def test_permits_every_kind_of_restriction(self) -> None:
        every = element(
            HOUR,
            start_time="08:00",
            end_time="18:00",
            start_date="2026-01-01",
            end_date="2026-12-31",
            day_of_week=("MONDAY",),
            min_kwh=Decimal(1),
            max_kwh=Decimal(2),
            min_current=Decimal(6),
            max_power=Decimal(11),
            min_duration_s=60,
            max_duration_s=120,
        )
        assert plain({"x": prices(terms(every))})["x"][0]["timeBasedApplicability"] == {
            "fromMinute": 1,
            "toMinute": 2,
        }
