"""The tariff book puts what was announced together with the tariffs, and forgets what is long over."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from services.runtime.tariff_book import TariffBook
from tests.unit.domain.tariff.test_simple import terms

NOON = 1_790_000_000_000
HOUR = 3_600_000
DAYS_90 = 90 * 24 * HOUR
KNOWN = Tariff(
    tenant="t", tariff_id="T1", terms=replace(terms("0.40"), tariff_id="T1"), updated_at=NOON - 9 * HOUR
)


def announced(price: str = "0.20", starts_at: int = NOON, **changes: object) -> EnergyPriceAnnounced:
    known = EnergyPriceAnnounced(
        event_id=f"e{starts_at}{price}", tenant="t", tariff_id="T1", starts_at=starts_at, ends_at=starts_at + HOUR,
        energy_price_per_kwh=Decimal(price), recorded_at=starts_at - HOUR,
    )  # fmt: skip
    return replace(known, **changes)  # type: ignore[arg-type]


class Book(TariffBook):
    """A book that is written in by a test; nothing is read from Kafka."""

    def __init__(self) -> None:
        super().__init__(KafkaSettings(), Codec())

    def write(self, *prices: EnergyPriceAnnounced) -> "Book":
        for price in prices:
            self._announced(price.key, price)
        return self


class TestPrices:
    def test_are_those_of_the_tariff(self) -> None:
        other = announced(tariff_id="T2")
        assert Book().write(announced(), other).prices("t/T1") == [announced()]
        assert Book().prices("t/T1") == []

    def test_of_one_interval_are_replaced_by_the_last_that_was_announced(self) -> None:
        book = Book().write(announced("0.20"), announced("0.30"))
        assert [one.energy_price_per_kwh for one in book.prices("t/T1")] == [Decimal("0.30")]

    def test_that_kafka_has_forgotten_are_forgotten(self) -> None:
        old, kept = announced(starts_at=NOON), announced(starts_at=NOON + 2 * HOUR)
        new = announced(starts_at=NOON + 99 * HOUR, recorded_at=old.ends_at + DAYS_90 + 1)
        assert Book().write(old, kept, new).prices("t/T1") == [kept, new]

    def test_that_are_deleted_stay(self) -> None:
        book = Book().write(announced())
        book._announced(announced().key, None)
        assert book.prices("t/T1") == [announced()]


class TestAt:
    @pytest.mark.parametrize(
        ("now", "price", "since"),
        [
            (NOON - 1, "0.40", KNOWN.updated_at),
            (NOON, "0.20", NOON),
            (NOON + HOUR - 1, "0.20", NOON),
            (NOON + HOUR, "0.40", NOON + HOUR),
        ],
    )
    def test_has_the_price_that_holds_and_since_when(self, now: int, price: str, since: int) -> None:
        found = Book().write(announced()).at(KNOWN, now)
        assert (found.terms.energy_price_per_kwh, found.updated_at) == (Decimal(price), since)

    def test_leaves_prices_of_single_places_out(self) -> None:
        assert Book().write(announced(location_id="L1")).at(KNOWN, NOON) == KNOWN

    def test_has_two_views_to_be_kept_up_to_date(self) -> None:
        book = Book()
        assert book.views == (book.tariffs, book.announced)
