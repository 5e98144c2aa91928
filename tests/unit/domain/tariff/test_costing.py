"""What periods cost: lines that add up to the total, and one engine behind simple terms and full tariffs."""

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import ChargingPeriod, PriceLine
from services.domain.tariff.costing import ADJUSTMENT, asks_for_the_time_of_day, cost, zone_of
from services.domain.tariff.engine import CannotPrice
from services.domain.tariff.model import Amount, Reservation
from services.domain.tariff.session import ClockState
from services.domain.tariff.terms import terms_of
from services.domain.units import millis_of
from tests.unit.domain.tariff.priced import component, element, tariff
from tests.unit.domain.tariff.test_simple import places, terms

NINE = millis_of(datetime(2026, 3, 2, 20, 50, tzinfo=UTC))
BERLIN = ZoneInfo("Europe/Berlin")


def period(minute: int, until: int, wh: str = "0", *, parking: bool = False) -> ChargingPeriod:
    return ChargingPeriod(
        started_at=NINE + minute * 60_000, ended_at=NINE + until * 60_000, energy_wh=Decimal(wh), parking=parking
    )


def told(lines: tuple[PriceLine, ...]) -> list[tuple[str, Decimal, Decimal, Decimal | None]]:
    return [(one.kind, one.quantity, one.cost_excl_vat, one.cost_incl_vat) for one in lines]


HOUR = (period(0, 30, "10000"), period(30, 45, "5000"), period(45, 60, parking=True))


class TestCost:
    def test_of_simple_terms_has_a_line_for_each_price(self) -> None:
        found = cost(terms("0.4", "2", "1", "19"), HOUR, UTC)
        assert told(found.lines) == [
            ("FLAT", 1, 1, Decimal("1.19")),
            ("ENERGY", 15_000, 6, Decimal("7.14")),
            ("TIME", 2700, Decimal("1.5"), Decimal("1.785")),
            ("PARKING_TIME", 900, Decimal("0.5"), Decimal("0.595")),
        ]
        assert found.priced.total == Amount(Decimal(9), Decimal("10.71"))
        assert found.periods == HOUR

    def test_has_the_reservation_before_it_at_its_price(self) -> None:
        reserved = element(component("TIME", "4"), component("FLAT", "1"), reservation=Reservation.RESERVATION)
        found = cost(
            terms_of(tariff(reserved, element(component("ENERGY", "0.4")))),
            HOUR,
            UTC,
            reserved_from=NINE - 900_000,
        )
        assert told(found.lines)[:2] == [("RESERVATION_FLAT", 1, 1, 1), ("RESERVATION_TIME", 900, 1, 1)]
        assert (found.priced.reservation, found.priced.total) == (
            Amount(Decimal(2), Decimal(2)),
            Amount(Decimal(8), Decimal(8)),
        )
        assert (found.reserved, found.periods) == ((period(-15, 0),), HOUR)

    def test_cuts_a_reservation_where_its_price_changes(self) -> None:
        late = element(component("TIME", "6"), start_time=time(21, 45), reservation=Reservation.RESERVATION)
        early = element(component("TIME", "2"), reservation=Reservation.RESERVATION)
        found = cost(terms_of(tariff(late, early)), HOUR, BERLIN, reserved_from=NINE - 1_800_000)
        assert found.reserved == (period(-30, -5), period(-5, 0))
        assert told(found.lines) == [
            ("RESERVATION_TIME", 1500, Decimal("0.8333"), Decimal("0.8333")),
            ("RESERVATION_TIME", 300, Decimal("0.5"), Decimal("0.5")),
        ]

    @pytest.mark.parametrize("since", [None, NINE, NINE + 1])
    def test_has_no_reservation_that_was_not_made_before(self, since: int | None) -> None:
        reserved = element(component("TIME", "4"), reservation=Reservation.RESERVATION)
        assert cost(terms_of(tariff(reserved)), HOUR, UTC, reserved_from=since).reserved == ()

    def test_keeps_reservations_out_where_they_have_no_price(self) -> None:
        found = cost(terms("0.4", "2", "1", "19"), HOUR, UTC, reserved_from=NINE - 900_000)
        assert (found.reserved, found.priced.reservation) == ((), None)

    def test_follows_the_time_of_day_of_the_place(self) -> None:
        night = element(component("ENERGY", "0.2", vat="19"), start_time=time(22), end_time=time(6))
        of_night = terms_of(tariff(night, element(component("ENERGY", "0.5", vat="19"))))
        periods = (period(0, 10, "2000"), period(60, 68, "1000"))
        assert told(cost(of_night, periods, BERLIN).lines) == [
            ("ENERGY", 2000, 1, Decimal("1.19")),
            ("ENERGY", 1000, Decimal("0.2"), Decimal("0.238")),
        ]
        assert told(cost(of_night, periods, UTC).lines) == [("ENERGY", 3000, Decimal("1.5"), Decimal("1.785"))]

    def test_marks_what_hangs_on_the_clock(self) -> None:
        simple = terms("0.4", "2", "1", "19")
        assert [one.clock_unproven for one in cost(simple, HOUR, UTC).lines] == [False, False, True, True]
        proven = cost(simple, HOUR, UTC, ClockState.SYNCHRONISED)
        assert not any(one.clock_unproven for one in proven.lines)

    def test_shows_what_a_limit_makes_of_the_lines(self) -> None:
        capped = tariff(element(component("ENERGY", "1", vat="10")), max_price=Amount(Decimal(12), Decimal(13)))
        found = cost(terms_of(capped), HOUR, UTC)
        assert told(found.lines) == [
            ("ENERGY", 15_000, 15, Decimal("16.5")),
            (ADJUSTMENT, 1, -3, Decimal("-3.5")),
        ]

    def test_has_no_taxes_that_are_not_known(self) -> None:
        odd = tariff(element(component("ENERGY", "1")), vat_unknown=True, max_price=Amount(Decimal(12), None))
        assert told(cost(terms_of(odd), HOUR, UTC).lines) == [
            ("ENERGY", 15_000, 15, None),
            (ADJUSTMENT, 1, -3, None),
        ]

    def test_has_no_lines_where_nothing_has_a_price(self) -> None:
        found = cost(
            terms_of(tariff(element(component("FLAT", "1"), start_time=time(3), end_time=time(4)))), HOUR, UTC
        )
        assert (found.lines, found.priced.total) == ((), None)

    def test_fills_blocks_once(self) -> None:
        blocks = tariff(
            element(component("PARKING_TIME", "6", step_size=1800), component("ENERGY", "1", step_size=0))
        )
        (_, parked) = cost(terms_of(blocks), HOUR, UTC).lines
        assert (parked.quantity, parked.added, parked.cost_excl_vat) == (900, 900, 3)

    def test_prices_by_average_power(self) -> None:
        fast = element(component("TIME", "12", step_size=0), min_power=Decimal(20))
        slow = element(component("TIME", "6", step_size=0))
        lines = cost(terms_of(tariff(fast, slow)), (period(0, 30, "11000"), period(30, 60, "2000")), UTC).lines
        assert told(lines) == [("TIME", 1800, 6, 6), ("TIME", 1800, 3, 3)]

    def test_cannot_be_told_where_the_tariff_does_not_hold_yet(self) -> None:
        later = replace(terms("1"), starts_at=NINE + 1)
        with pytest.raises(CannotPrice):
            cost(later, HOUR, UTC)

    def test_refuses_what_no_record_can_hold(self) -> None:
        with pytest.raises(ValueError, match="beyond"):
            cost(terms("100000"), (period(0, 1, "9999999999999999"),), UTC)

    @given(
        st.lists(st.tuples(st.integers(1, 500), places(90_000, 4), st.booleans()), min_size=1, max_size=8),
        places(9, 6), places(9, 6), places(9, 6), places(100, 4),
    )  # fmt: skip
    def test_has_lines_that_add_up_to_the_total(
        self, used: list[tuple[int, Decimal, bool]], kwh: Decimal, hour: Decimal, fee: Decimal, vat: Decimal
    ) -> None:
        minute, periods = 0, []
        for lasts, wh, parking in used:
            periods.append(period(minute, minute + lasts, str(wh), parking=parking))
            minute += lasts
        found = cost(terms(str(kwh), str(hour), str(fee), str(vat)), periods, UTC)
        total = found.priced.total
        assert total is not None
        assert sum(one.cost_excl_vat for one in found.lines) == total.excl_vat
        assert sum(one.cost_incl_vat or 0 for one in found.lines) == total.incl_vat


class TestZones:
    def test_are_asked_for_by_days_and_times_only(self) -> None:
        energy = component("ENERGY", "1")
        assert asks_for_the_time_of_day(tariff(element(energy, end_time=time(6))))
        assert not asks_for_the_time_of_day(tariff(element(energy, max_duration_s=6), element(energy)))

    def test_are_the_first_that_is_one(self) -> None:
        assert zone_of(None, "", "Europe/Nowhere", "../x", "\x00", "Asia/Tokyo", "Europe/Berlin") == ZoneInfo(
            "Asia/Tokyo"
        )
        assert zone_of("Nowhere") is None
