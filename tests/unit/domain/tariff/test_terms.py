"""Tariffs come out of events as they went in."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from services.domain.events import tariff as events
from services.domain.tariff.model import (
    Amount,
    DayOfWeek,
    Dimension,
    PriceComponent,
    Reservation,
    Tariff,
    TariffElement,
    TariffRestrictions,
    TaxIncluded,
)
from services.domain.tariff.terms import tariff_of, terms_of
from services.runtime.codec import Codec
from tests.unit.domain.tariff.test_simple import terms

FULL = Tariff(
    tariff_id="T1",
    currency="EUR",
    elements=(
        TariffElement(
            (
                PriceComponent(Dimension.ENERGY, Decimal("0.25"), Decimal(19), 100),
                PriceComponent(Dimension.PARKING_TIME, Decimal(-1), None, 0),
            ),
            TariffRestrictions(
                start_time=time(22),
                end_time=time(),
                start_date=date(2026, 1, 31),
                end_date=date(2027, 1, 1),
                min_kwh=Decimal("0.5"),
                max_kwh=Decimal(20),
                min_current=Decimal(6),
                max_current=Decimal(32),
                min_power=Decimal("3.7"),
                max_power=Decimal(300),
                min_duration_s=60,
                max_duration_s=3600,
                day_of_week=frozenset({DayOfWeek.SUNDAY, DayOfWeek.MONDAY}),
                reservation=Reservation.RESERVATION_EXPIRES,
            ),
        ),
        TariffElement((PriceComponent(Dimension.FLAT, Decimal(1)),)),
    ),
    tax_included=TaxIncluded.NOT_APPLICABLE,
    vat_unknown=True,
    min_price=Amount(Decimal(1), None),
    max_price=Amount(Decimal(50), Decimal("59.5")),
    starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    ends_at=datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
)


class TestTerms:
    def test_of_a_tariff_are_the_tariff(self) -> None:
        found = terms_of(FULL, "REGULAR", "Europe/Berlin")
        assert tariff_of(found) == FULL
        assert (found.type, found.time_zone) == ("REGULAR", "Europe/Berlin")

    def test_go_through_avro_exactly(self) -> None:
        codec = Codec()
        state = events.Tariff(tenant="t", tariff_id="T1", terms=terms_of(FULL), updated_at=1)
        assert codec.decode(codec.encode(state)) == state

    def test_that_are_simple_are_one_element_that_always_holds(self) -> None:
        found = tariff_of(terms("0.4", "2", "1", "19"))
        (element,) = found.elements
        assert element.restrictions is None
        assert [(one.type.value, one.price, one.vat, one.step_size) for one in element.price_components] == [
            ("ENERGY", Decimal("0.4"), 19, 0),
            ("TIME", 2, 19, 0),
            ("PARKING_TIME", 2, 19, 0),
            ("FLAT", 1, 19, 0),
        ]
        assert not found.vat_unknown

    def test_with_elements_do_not_count_their_simple_prices(self) -> None:
        odd = replace(terms_of(FULL), energy_price_per_kwh=Decimal(99))
        assert tariff_of(odd) == FULL
