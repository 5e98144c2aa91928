"""Charge detail records are complete, exact and say what is missing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import ChargeDetail, ChargingPeriod
from services.domain.units import rfc3339
from services.ocpi.outbound.cdrs import NOT_PRICED
from services.ocpi.outbound.cdrs import cdr as told_of
from services.ocpi.outbound.told import told as in_version
from services.ocpi.wire import v230
from tests.unit.ocpi.facts import END, OCMF, START, TERMS, cdr, detail, signed, station

URL = "https://example.com/signed-data/x"


def told(charged: ChargeDetail | None = None) -> v230.Cdr:
    return told_of(cdr(charged), station(), "CHF", URL, [])


def volumes(record: v230.Cdr, kind: str) -> list[Decimal]:
    return [d.volume for period in record.charging_periods for d in period.dimensions if d.type == kind]


class TestCdr:
    def test_has_exact_totals(self) -> None:
        record = told()
        assert (record.total_energy, record.total_time, record.currency) == (Decimal("10.987"), 1, "EUR")
        assert record.total_cost.before_taxes == Decimal("5.2942")
        assert record.total_cost.taxes == (
            v230.TaxAmount(name="VAT", percentage=Decimal(19), amount=Decimal("1.0059")),
        )

    def test_has_the_parts_before_taxes(self) -> None:
        record = told()
        parts = (record.total_energy_cost, record.total_time_cost, record.total_fixed_cost)
        assert [part and part.before_taxes for part in parts] == [Decimal("4.9442"), 0, Decimal("0.35")]

    def test_is_not_a_credit_record(self) -> None:
        assert (told().credit, told().credit_reference_id) == (None, None)

    def test_says_nothing_about_what_is_complete(self) -> None:
        assert told().remark is None

    def test_warns_of_nothing_when_all_is_known(self) -> None:
        warnings: list[str] = []
        told_of(cdr(), station(), "EUR", URL, warnings)
        assert warnings == []


class TestReservedCdr:
    def test_begins_with_the_reservation_and_has_its_time(self) -> None:
        waited = ChargingPeriod(started_at=START - 900_000, ended_at=START, energy_wh=Decimal(0))
        record = told(detail(reserved_periods=(waited,), reservation_cost=Decimal(1)))
        assert record.start_date_time == record.charging_periods[0].start_date_time == rfc3339(START - 900_000)
        assert [one.type for one in record.charging_periods[0].dimensions] == ["RESERVATION_TIME"]
        assert volumes(record, "RESERVATION_TIME") == [Decimal("0.25")]
        assert record.charging_periods[1:] == told().charging_periods
        assert record.total_reservation_cost is not None


class TestExpiredCdr:
    def test_has_no_session_and_no_time_but_that_of_the_reservation(self) -> None:
        waited = ChargingPeriod(started_at=START, ended_at=START + 900_000, energy_wh=Decimal(0))
        record = told(
            detail(
                ended_at=START + 900_000,
                duration_s=0,
                energy_wh=Decimal(0),
                periods=(),
                reserved_periods=(waited,),
                reservation_cost=Decimal(1),
                quality_flags=("RESERVATION_EXPIRED",),
            )
        )
        assert record.session_id is None
        assert (record.start_date_time, record.end_date_time) == (rfc3339(START), rfc3339(START + 900_000))
        [only] = record.charging_periods
        assert [(one.type, one.volume) for one in only.dimensions] == [("RESERVATION_TIME", Decimal("0.25"))]
        assert (record.total_energy, record.total_time) == (0, 0)


class TestCreditCdr:
    def taken_back(self) -> v230.Cdr:
        """As the cdrs processor writes it: totals are negative already."""
        return told(
            detail(
                cdr_id="credit",
                credit=True,
                credit_reference_id="original",
                total_cost_excl_vat=Decimal("-5.2942"),
                total_cost_incl_vat=Decimal("-6.3001"),
            )
        )

    def test_names_what_it_takes_back(self) -> None:
        assert (self.taken_back().credit, self.taken_back().credit_reference_id) == (True, "original")

    def test_has_negative_totals_and_nothing_else_negative(self) -> None:
        record = self.taken_back()
        assert (in_version(record, "CDR", "2.2.1", []) or {})["total_cost"] == {
            "excl_vat": Decimal("-5.2942"),
            "incl_vat": Decimal("-6.3001"),
        }
        assert record.total_energy_cost == told().total_energy_cost
        assert record.total_energy == told().total_energy

    def test_has_the_same_amounts_however_they_were_written(self) -> None:
        positive = told(detail(cdr_id="credit", credit=True, credit_reference_id="original"))
        assert positive == self.taken_back()


class TestTariff:
    def test_has_only_components_that_cost_something(self) -> None:
        (tariff,) = told().tariffs
        components = tariff.elements[0].price_components
        assert [(c.type, c.price, c.vat, c.step_size) for c in components] == [
            ("ENERGY", Decimal("0.45"), 19, 1),
            ("FLAT", Decimal("0.35"), 19, 1),
        ]

    def test_of_free_charging_is_energy_for_nothing(self) -> None:
        free = replace(TERMS, energy_price_per_kwh=Decimal(0), session_fee=Decimal(0))
        (tariff,) = told(detail(tariff=free)).tariffs
        assert [(c.type, c.price) for c in tariff.elements[0].price_components] == [("ENERGY", 0)]

    def test_is_named_by_every_period(self) -> None:
        assert {period.tariff_id for period in told().charging_periods} == {"AC-2026"}


class TestNotPriced:
    def record(self) -> v230.Cdr:
        bare = dict.fromkeys(
            ("tariff", "energy_cost", "time_cost", "session_cost", "total_cost_excl_vat", "total_cost_incl_vat")
        )
        return told(detail(**bare))

    def test_costs_nothing_and_says_why(self) -> None:
        record = self.record()
        assert record.total_cost == v230.Price(before_taxes=Decimal(0))
        assert (record.remark, record.tariffs, record.currency) == (NOT_PRICED, (), "CHF")

    def test_has_no_parts(self) -> None:
        record = self.record()
        assert (record.total_energy_cost, record.total_time_cost, record.total_fixed_cost) == (None, None, None)

    def test_has_periods_without_tariff(self) -> None:
        assert {period.tariff_id for period in self.record().charging_periods} == {None}


class TestPeriods:
    def test_cover_the_session(self) -> None:
        record = told()
        assert volumes(record, "ENERGY") == [Decimal("2.747"), Decimal("8.24")]
        assert volumes(record, "TIME") == [Decimal("0.25"), Decimal("0.75")]

    def test_are_one_when_no_readings_were_taken(self) -> None:
        record = told(detail(periods=()))
        assert (volumes(record, "ENERGY"), volumes(record, "TIME")) == ([Decimal("10.987")], [1])

    def test_begin_with_the_session_even_when_the_first_reading_came_later(self) -> None:
        late = (ChargingPeriod(started_at=START + 1_800_000, ended_at=END, energy_wh=Decimal(10987)),)
        record = told(detail(periods=late))
        assert record.charging_periods[0].start_date_time == record.start_date_time
        assert (volumes(record, "ENERGY"), volumes(record, "TIME")) == (
            [0, Decimal("10.987")],
            [Decimal("0.5")] * 2,
        )

    def test_fill_gaps_between_readings_with_time(self) -> None:
        gap = (
            ChargingPeriod(started_at=START, ended_at=START + 900_000, energy_wh=Decimal(1)),
            ChargingPeriod(started_at=START + 1_800_000, ended_at=END, energy_wh=Decimal(2)),
        )
        assert volumes(told(detail(periods=gap)), "TIME") == [Decimal("0.5")] * 2

    def test_are_never_shorter_than_nothing(self) -> None:
        odd = (ChargingPeriod(started_at=END + 5, ended_at=END + 9, energy_wh=Decimal(1)),)
        assert min(volumes(told(detail(periods=odd)), "TIME")) >= 0

    @given(st.lists(st.tuples(st.integers(0, 10**7), st.decimals(0, 10**6, places=4)), max_size=20))
    def test_lose_no_energy(self, steps: list[tuple[int, Decimal]]) -> None:
        starts = sorted(START + at for at, _ in steps)
        periods = tuple(
            ChargingPeriod(started_at=at, ended_at=at + 1, energy_wh=energy)
            for at, (_, energy) in zip(starts, steps, strict=True)
        )
        total = sum((energy for _, energy in steps), Decimal(0))
        record = told(detail(periods=periods, energy_wh=total))
        assert sum(volumes(record, "ENERGY")) * 1000 == total


class TestRemark:
    def test_says_where_signed_records_are_that_ocpi_cannot_carry(self) -> None:
        record = told(detail(signed_meter_values=(signed("OCMF|" + "x" * 9_000),)))
        assert (record.signed_data, record.remark) == (None, f"Signed meter records: {URL}")

    def test_is_left_out_rather_than_cut(self) -> None:
        charged = detail(signed_meter_values=(signed("OCMF|" + "x" * 9_000),))
        record = told_of(cdr(charged), station(), "EUR", "https://" + "x" * 300, [])
        assert record.remark is None

    def test_is_all_that_a_version_without_signed_data_tells_of_them(self) -> None:
        warnings: list[str] = []
        charged = cdr(detail(signed_meter_values=(signed(OCMF),)))
        record = told_of(charged, station(), "EUR", URL, warnings, carries_signed_data=False)
        assert (record.signed_data, record.remark) == (None, f"Signed meter records: {URL}")
        assert warnings == ["signed_data: this version has none, the URL is in the remark"]
        none = cdr(detail(signed_meter_values=()))
        silent = told_of(none, station(), "EUR", URL, [], carries_signed_data=False)
        assert (silent.signed_data, silent.remark) == (None, None)

    def test_does_not_repeat_a_url_that_has_its_field(self) -> None:
        charged = detail(signed_meter_values=(signed(OCMF), signed("OCMF|" + "x" * 9_000)))
        record = told(charged)
        assert record.signed_data is not None
        assert (record.signed_data.url, record.remark) == (URL, None)


class TestTotalCost:
    @pytest.mark.parametrize(("incl_vat", "taxes"), [(None, 0), (Decimal("5.2942"), 1)])
    def test_names_taxes_only_if_they_are_known(self, incl_vat: Decimal | None, taxes: int) -> None:
        assert len(told(detail(total_cost_incl_vat=incl_vat)).total_cost.taxes) == taxes
