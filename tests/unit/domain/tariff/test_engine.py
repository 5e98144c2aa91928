from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tariff.engine import CannotPrice, Priced, price_session
from services.domain.tariff.lines import LineKind
from services.domain.tariff.model import Amount, DayOfWeek, Reservation, Tariff, TaxIncluded
from services.domain.tariff.session import ClockState, Session
from tests.unit.domain.tariff.priced import START, component, element, session, tariff, used

BERLIN = ZoneInfo("Europe/Berlin")
KWH = tariff(element(component("ENERGY", "0.5")))

prices = st.integers(-100_000, 1_000_000).map(lambda n: f"{n / 10_000:.4f}")
vats = st.sampled_from([None, "0", "7", "19", "5.2"])
steps = st.sampled_from([0, 1, 60, 250, 900])
dimensions = st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"])
components = st.builds(component, dimensions, prices, steps, vats)
limits = st.sampled_from(
    [
        {},
        {"start_time": time(10), "end_time": time(2)},
        {"max_kwh": Decimal(5)},
        {"min_duration_s": 1800},
        {"day_of_week": frozenset({DayOfWeek.MONDAY})},
    ]
)
elements = st.builds(
    lambda some, limit: element(*some, **limit), st.lists(components, min_size=1, max_size=4), limits
)
taxes = st.sampled_from(TaxIncluded)
tariffs = st.builds(
    lambda some, tax: tariff(*some, tax_included=tax), st.lists(elements, min_size=1, max_size=4), taxes
)
parts = st.builds(
    lambda minutes, wh, kind: used(minutes, kwh=f"{wh / 1000:.3f}" if kind == "charging" else None, kind=kind),
    st.integers(1, 90),
    st.integers(0, 20_000),
    st.sampled_from(["charging", "parking"]),
)
sessions = st.lists(parts, min_size=1, max_size=8).map(lambda some: session(*some))


def excl_vat(found: Priced) -> Decimal:
    assert found.total is not None
    return found.total.excl_vat


class TestSums:
    @given(sessions, tariffs)
    def test_of_lines_and_adjustment_are_the_total(self, charged: Session, of: Tariff) -> None:
        found = price_session(charged, [of])
        shown = sum((line.shown.excl_vat for line in found.lines), Decimal(0))
        assert shown + found.adjustment == (found.total.excl_vat if found.total else 0)
        assert abs(found.adjustment) <= Decimal("0.00005") * (len(found.lines) + 1)

    @given(sessions, tariffs)
    def test_of_lines_are_quantity_times_price(self, charged: Session, of: Tariff) -> None:
        for line in price_session(charged, [of]).lines:
            timed = line.kind in (LineKind.TIME, LineKind.PARKING_TIME)
            exact = Fraction(line.quantity + line.added) * Fraction(line.unit_price) / (3600 if timed else 1)
            net = Fraction(line.cost.excl_vat)
            assert line.cost.incl_vat is not None
            gross = Fraction(line.cost.incl_vat)
            told = gross if of.tax_included is TaxIncluded.YES else net
            assert abs(told - exact) < Fraction(1, 10**60)
            vat = 0 if of.tax_included is TaxIncluded.NOT_APPLICABLE else Fraction(line.vat or 0)
            assert abs(net * (100 + vat) / 100 - gross) < Fraction(1, 10**60)

    @given(sessions, tariffs)
    def test_of_kinds_are_the_total_to_a_rounding_each(self, charged: Session, of: Tariff) -> None:
        found = price_session(charged, [of])
        kinds = [cost.excl_vat for cost in (found.energy, found.time, found.parking, found.fixed) if cost]
        assert (found.total is None) == (not kinds)
        assert abs(sum(kinds, Decimal(0)) - (found.total.excl_vat if found.total else 0)) <= Decimal("0.0003")

    def test_of_thirds_that_make_a_tie_are_rounded_as_a_tie(self) -> None:
        # 1 s and 2 s at 0.06 are thirds of 0.00005: together exactly half of 0.0001, which goes to even.
        charged = session(used(1), used(1))
        periods = tuple(
            replace(period, charging_s=Decimal(n)) for n, period in enumerate(charged.periods, start=1)
        )
        found = price_session(replace(charged, periods=periods), [tariff(element(component("TIME", "0.06", 0)))])
        assert excl_vat(found) == 0


class TestPeriods:
    @given(sessions, st.integers(0, 7), prices, prices)
    def test_may_be_split_where_blocks_are_of_one(self, charged: Session, index: int, kwh: str, hour: str) -> None:
        of = tariff(element(component("ENERGY", kwh), component("TIME", hour), component("FLAT", "1")))
        index %= len(charged.periods)
        whole = charged.periods[index]
        halves = (
            replace(
                whole,
                energy_kwh=None if whole.energy_kwh is None else whole.energy_kwh / 2,
                charging_s=None if whole.charging_s is None else whole.charging_s / 2,
                parking_s=None if whole.parking_s is None else whole.parking_s / 2,
            ),
        ) * 2
        split = replace(charged, periods=charged.periods[:index] + halves + charged.periods[index + 1 :])
        assert price_session(split, [of]).total == price_session(charged, [of]).total

    @given(st.integers(0, 50_000), st.integers(0, 50_000), st.integers(0, 10_000), steps)
    def test_cost_no_less_for_more_energy(self, wh: int, more: int, price: int, step: int) -> None:
        of = tariff(element(component("ENERGY", f"{price / 10_000:.4f}", step)))
        less = price_session(session(used(60, kwh=f"{wh / 1000}")), [of])
        greater = price_session(session(used(60, kwh=f"{(wh + more) / 1000}")), [of])
        assert excl_vat(less) <= excl_vat(greater)

    def test_over_a_year_are_priced_hour_by_hour(self) -> None:
        day_and_night = tariff(
            element(component("TIME", "1"), start_time=time(6), end_time=time(22)),
            element(component("TIME", "0.5")),
        )
        charged = session(*[used(60)] * (366 * 24), start=datetime(2028, 1, 1, tzinfo=BERLIN), zone=BERLIN)
        assert len(charged.periods) == 8784
        assert excl_vat(price_session(charged, [day_and_night])) == 366 * 16 + 366 * 8 / 2


class TestDaylightSaving:
    NIGHT = tariff(
        element(component("TIME", "10"), start_time=time(2), end_time=time(3)), element(component("TIME", "1"))
    )

    def test_gives_an_hour_twice_in_autumn(self) -> None:
        start = datetime(2026, 10, 24, 22, tzinfo=UTC)
        charged = session(*[used(60)] * 6, start=start, zone=BERLIN)
        assert excl_vat(price_session(charged, [self.NIGHT])) == 2 * 10 + 4

    def test_leaves_an_hour_out_in_spring(self) -> None:
        start = datetime(2026, 3, 28, 23, tzinfo=UTC)
        charged = session(*[used(60)] * 6, start=start, zone=BERLIN)
        assert excl_vat(price_session(charged, [self.NIGHT])) == 6

    def test_does_not_change_durations(self) -> None:
        of = tariff(element(component("TIME", "1"), min_duration_s=3 * 3600))
        start = datetime(2026, 10, 24, 23, tzinfo=UTC)
        assert excl_vat(price_session(session(*[used(60)] * 4, start=start, zone=BERLIN), [of])) == 1


class TestElements:
    def test_of_which_the_first_that_holds_prices_each_dimension(self) -> None:
        of = tariff(
            element(component("ENERGY", "1"), max_kwh=Decimal(5)),
            element(component("ENERGY", "2"), component("TIME", "3")),
            element(component("TIME", "100"), component("FLAT", "7")),
        )
        found = price_session(session(used(60, kwh="5"), used(60, kwh="1")), [of])
        assert found.energy == Amount(Decimal(7), Decimal(7))
        assert found.time == Amount(Decimal(6), Decimal(6))
        assert found.fixed == Amount(Decimal(7), Decimal(7))

    def test_without_components_price_nothing(self) -> None:
        found = price_session(session(used(60, kwh="5")), [tariff(element())])
        assert found.total is None
        assert found.adjustment == 0

    def test_charge_a_flat_fee_once_however_often_it_is_active(self) -> None:
        of = tariff(
            element(component("FLAT", "1"), max_duration_s=3600), element(component("FLAT", "2")), element()
        )
        assert excl_vat(price_session(session(used(60), used(60), used(60)), [of])) == 1

    def test_may_be_negative(self) -> None:
        assert (
            excl_vat(price_session(session(used(60, kwh="10")), [tariff(element(component("ENERGY", "-0.1")))]))
            == -1
        )

    def test_for_reservations_never_price_charging(self) -> None:
        of = tariff(element(component("TIME", "5"), reservation=Reservation.RESERVATION))
        assert price_session(session(used(60)), [of]).total is None

    def test_without_reservation_never_price_a_reservation(self) -> None:
        of = tariff(element(component("TIME", "5"), component("FLAT", "1")))
        assert price_session(session(used(60, kind="reserved")), [of]).total is None

    def test_ask_for_both_fees_of_a_reservation_that_expired(self) -> None:
        of = tariff(
            element(component("FLAT", "1"), component("TIME", "2"), reservation=Reservation.RESERVATION),
            element(component("FLAT", "4"), component("TIME", "6"), reservation=Reservation.RESERVATION_EXPIRES),
        )
        found = price_session(session(used(30, kind="reserved"), used(30, kind="reserved")), [of])
        assert [line.kind for line in found.lines] == [
            LineKind.RESERVATION_FLAT,
            LineKind.EXPIRY_FLAT,
            LineKind.RESERVATION_TIME,
            LineKind.RESERVATION_TIME,
        ]
        assert found.reservation == found.total == Amount(Decimal(11), Decimal(11))


class TestBlocks:
    def test_of_time_are_not_filled_where_parking_is_paid_for(self) -> None:
        of = tariff(element(component("TIME", "1", 600), component("PARKING_TIME", "2", 600)))
        found = price_session(session(used(21), used(16, kind="parking")), [of])
        assert found.time == Amount(Decimal("0.35"), Decimal("0.35"))
        assert found.parking == Amount(Decimal("0.6667"), Decimal("0.6667"))

    def test_are_not_begun_by_less_than_a_millisecond(self) -> None:
        of = tariff(element(component("TIME", "12", 300)))
        charged = session(used(5))
        longer = replace(charged, periods=(replace(charged.periods[0], charging_s=Decimal("300.0004")),))
        begun = replace(charged, periods=(replace(charged.periods[0], charging_s=Decimal("300.002")),))
        assert excl_vat(price_session(longer, [of])) == 1
        assert excl_vat(price_session(begun, [of])) == 2

    def test_of_energy_count_energy_that_was_free(self) -> None:
        of = tariff(
            element(component("FLAT", "0"), max_kwh=Decimal(1)),
            element(component("ENERGY", "1", 1000), min_kwh=Decimal(1)),
        )
        found = price_session(session(used(10, kwh="1.3"), used(10, kwh="0.5")), [of])
        assert [(line.quantity, line.added) for line in found.lines[1:]] == [(Decimal("0.5"), Decimal("0.2"))]


class TestTariffs:
    def test_of_a_period_are_those_that_it_names(self) -> None:
        cheap = tariff(element(component("ENERGY", "0.1", 1000)), tariff_id="CHEAP")
        fast = tariff(element(component("ENERGY", "1", 1000)), tariff_id="FAST")
        charged = session(used(60, kwh="1"), used(60, kwh="2", tariff_id="FAST"), used(60, kwh="3", tariff_id="?"))
        found = price_session(charged, [cheap, fast])
        assert [line.tariff_id for line in found.lines] == ["CHEAP", "FAST", "CHEAP"]
        assert excl_vat(found) == Decimal("2.4")

    def test_set_limits_to_what_they_price_themselves(self) -> None:
        cheap = tariff(
            element(component("ENERGY", "0.1")), tariff_id="CHEAP", min_price=Amount(Decimal(1), Decimal(1))
        )
        fast = tariff(element(component("ENERGY", "1")), tariff_id="FAST", max_price=Amount(Decimal(5), None))
        charged = session(used(60, kwh="1"), used(60, kwh="20", tariff_id="FAST"))
        found = price_session(charged, [cheap, fast])
        assert found.total == Amount(Decimal(6), Decimal(6))
        assert found.limited_by == ("min_price", "max_price")

    def test_that_are_not_valid_at_the_start_do_not_count(self) -> None:
        old = tariff(element(component("ENERGY", "9")), ends_at=START)
        new = tariff(element(component("ENERGY", "1")), starts_at=START, ends_at=START + timedelta(seconds=1))
        later = tariff(element(component("ENERGY", "5")), starts_at=START + timedelta(seconds=1))
        assert excl_vat(price_session(session(used(60, kwh="2")), [old, later, new])) == 2

    def test_in_two_currencies_make_no_price(self) -> None:
        other = tariff(element(component("ENERGY", "1")), tariff_id="OTHER", currency="CHF")
        with pytest.raises(CannotPrice, match="CHF and EUR"):
            price_session(session(used(1, kwh="1"), used(1, kwh="1", tariff_id="OTHER")), [KWH, other])

    def test_are_needed(self) -> None:
        with pytest.raises(CannotPrice, match="no tariff is valid"):
            price_session(session(used(60, kwh="2")), [])

    def test_need_periods(self) -> None:
        with pytest.raises(CannotPrice, match="no charging periods"):
            price_session(session(), [KWH])

    def test_with_a_minimum_ask_for_it_even_if_nothing_was_priced(self) -> None:
        of = tariff(element(component("FLAT", "1"), min_kwh=Decimal(1)), min_price=Amount(Decimal(3), Decimal(4)))
        assert price_session(session(used(60)), [of]).total == Amount(Decimal(3), Decimal(4))

    def test_cannot_make_costs_that_no_record_holds(self) -> None:
        of = tariff(element(component("ENERGY", "999999999999999")))
        with pytest.raises(ValueError, match="beyond"):
            price_session(session(used(60, kwh="1000")), [of])
        with pytest.raises(ValueError, match="beyond"):
            price_session(session(used(60, kwh="99999999999999999999999")), [of])


class TestClock:
    OF = tariff(
        element(component("ENERGY", "1"), start_time=time(22)),
        element(component("ENERGY", "1"), day_of_week=frozenset({DayOfWeek.SUNDAY})),
        element(component("ENERGY", "1"), max_kwh=Decimal(1)),
        element(component("ENERGY", "2"), component("TIME", "1"), max_duration_s=7200),
        element(component("FLAT", "1")),
    )

    def marks(self, clock: ClockState) -> list[tuple[LineKind, bool]]:
        charged = session(used(60, kwh="1"), used(60, kwh="1"), clock=clock)
        return [(line.kind, line.clock_unproven) for line in price_session(charged, [self.OF]).lines]

    @pytest.mark.parametrize("clock", [ClockState.UNKNOWN, ClockState.INFORMATIVE])
    def test_that_is_not_proven_marks_what_hangs_on_it(self, clock: ClockState) -> None:
        assert self.marks(clock) == [
            (LineKind.FLAT, False),
            (LineKind.ENERGY, False),
            (LineKind.TIME, True),
            (LineKind.ENERGY, True),
            (LineKind.TIME, True),
        ]

    @pytest.mark.parametrize("clock", [ClockState.SYNCHRONISED, ClockState.RELATIVE])
    def test_that_is_proven_marks_nothing(self, clock: ClockState) -> None:
        assert not any(unproven for _, unproven in self.marks(clock))


class TestTaxes:
    def test_are_on_top_within_or_none(self) -> None:
        of = element(component("ENERGY", "1.19", 1, "19"), component("FLAT", "1"))
        charged = session(used(60, kwh="1"))
        assert price_session(charged, [tariff(of)]).total == Amount(Decimal("2.19"), Decimal("2.4161"))
        within = tariff(of, tax_included=TaxIncluded.YES)
        assert price_session(charged, [within]).total == Amount(Decimal(2), Decimal("2.19"))
        none = tariff(of, tax_included=TaxIncluded.NOT_APPLICABLE, vat_unknown=True)
        assert price_session(charged, [none]).total == Amount(Decimal("2.19"), Decimal("2.19"))

    def test_that_are_unknown_for_one_line_are_unknown_in_sum(self) -> None:
        of = tariff(element(component("ENERGY", "1", 1, "19"), component("FLAT", "1")), vat_unknown=True)
        found = price_session(session(used(60, kwh="1")), [of])
        assert found.energy == Amount(Decimal(1), Decimal("1.19"))
        assert found.total == Amount(Decimal(2), None)
