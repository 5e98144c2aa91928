"""A reservation that expired has one record, where its time has a price."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.cdrs.expired import expired_detail
from services.domain.charge_records import RESERVATION_EXPIRED, never_charged
from services.domain.events import cdr
from services.domain.events.cdr import CdrCorrectionRequested
from services.domain.events.common import (
    CdrStatus,
    IdToken,
    PriceComponent,
    PriceLimit,
    TariffElement,
    TariffRestrictions,
    TariffTerms,
)
from services.domain.events.session import ReservationExpired, ReservationUsed
from services.domain.events.tariff import Tariff
from services.domain.failures import BadRecord
from services.domain.ids import derived_id
from tests.scenarios.story import Run, cdrs_run, standing
from tests.unit.cdrs.test_fold import PRICED, TERMS, kinds

EXPIRED = ReservationExpired(
    event_id="e",
    tenant="t",
    session_id="never",
    station_id="CS1",
    partner_id="NL-TNM",
    reservation_id="r-1",
    reservation_number=7,
    evse_id=1,
    id_token=IdToken(value="AA", authorization_method="COMMAND"),
    reserved_from=1_000_000,
    expires_at=2_800_000,
    recorded_at=2_830_000,
)
USED = ReservationUsed(
    event_id="u", tenant="t", session_id="never", station_id="CS1", used_by="s", recorded_at=9_000_000
)
RECORD_ID = derived_id("cdr", "never", 1)


def element(kind: str, price: str, reservation: str | None, step: int = 1) -> TariffElement:
    return TariffElement(
        price_components=(
            PriceComponent(type=kind, price=Decimal(price), vat_percent=Decimal(19), step_size=step),
        ),
        restrictions=None if reservation is None else TariffRestrictions(reservation=reservation),
    )


FEE = element("FLAT", "4", "RESERVATION_EXPIRES")
MINUTES = element("TIME", "6", "RESERVATION_EXPIRES")
KEPT_FREE = element("TIME", "2", "RESERVATION")
ENERGY = element("ENERGY", "0.4", None)


def lookups(*elements: TariffElement, **changes: Any) -> Any:
    terms = replace(TERMS, elements=elements, **changes)
    return replace(PRICED, tariff=lambda _: Tariff(tenant="t", tariff_id="T1", terms=terms, updated_at=1))


def after(known: Any, *events: Any) -> Run:
    run = cdrs_run(known)
    run.take(*events)
    return run


class TestExpiredDetail:
    def test_bills_the_time_that_was_kept_free_and_no_energy(self) -> None:
        found = expired_detail(lookups(FEE, MINUTES, ENERGY), EXPIRED)
        assert found is not None
        assert (found.reservation_cost, found.total_cost_excl_vat) == (7, 7)
        assert found.total_cost_incl_vat == Decimal("8.33")
        assert [(one.kind, one.quantity) for one in found.price_lines] == [
            ("EXPIRY_FLAT", 1),
            ("RESERVATION_TIME", 1800),
        ]
        assert (found.energy_wh, found.duration_s, found.periods) == (0, 0, ())
        assert (found.energy_cost, found.time_cost, found.session_cost) == (None, None, None)
        [waited] = found.reserved_periods
        assert (waited.started_at, waited.ended_at) == (found.started_at, found.ended_at) == (1_000_000, 2_800_000)
        assert (found.transaction_id, found.reservation_id, found.id_token) == ("", 7, EXPIRED.id_token)
        assert found.quality_flags == (RESERVATION_EXPIRED,)
        assert never_charged(found)

    @pytest.mark.parametrize(
        ("elements", "cost"),
        [
            ((KEPT_FREE, ENERGY), "1"),
            ((KEPT_FREE, MINUTES, ENERGY), "3"),
            ((KEPT_FREE, FEE, ENERGY), "5"),
            ((element("TIME", "6", "RESERVATION_EXPIRES", 3600), ENERGY), "6"),
        ],
    )
    def test_has_one_price_for_its_time(self, elements: tuple[TariffElement, ...], cost: str) -> None:
        found = expired_detail(lookups(*elements), EXPIRED)
        assert found is not None
        assert found.total_cost_excl_vat == Decimal(cost)

    def test_is_no_session_that_costs_a_least_price(self) -> None:
        least = PriceLimit(excl_vat=Decimal(50))
        found = expired_detail(lookups(FEE, ENERGY, min_price=least), EXPIRED)
        assert found is not None
        assert found.total_cost_excl_vat == 4
        assert expired_detail(lookups(ENERGY, min_price=least), EXPIRED) is None

    def test_costs_no_more_than_the_most(self) -> None:
        found = expired_detail(lookups(FEE, ENERGY, max_price=PriceLimit(excl_vat=Decimal(3))), EXPIRED)
        assert found is not None
        assert found.total_cost_excl_vat == 3

    @pytest.mark.parametrize(
        "known",
        [
            PRICED,
            lookups(ENERGY),
            lookups(FEE, starts_at=1_000_001),
            replace(PRICED, station=lambda _: None),
        ],
    )
    def test_is_nothing_where_nothing_has_a_price(self, known: Any) -> None:
        assert expired_detail(known, EXPIRED) is None

    def test_is_nothing_when_it_ended_before_it_began(self) -> None:
        assert expired_detail(lookups(FEE), replace(EXPIRED, expires_at=999_999)) is None

    def test_that_is_beyond_all_measure_is_refused(self) -> None:
        with pytest.raises(BadRecord, match="never"):
            expired_detail(lookups(element("FLAT", "9e40", "RESERVATION_EXPIRES")), EXPIRED)


class TestFold:
    def test_issues_one_record_however_often_it_is_told(self) -> None:
        run = after(lookups(FEE), EXPIRED, EXPIRED)
        assert kinds(run.events) == ["CdrIssued", "Cdr ISSUED"]
        [issued] = run.of(cdr.CdrIssued)
        assert (issued.cdr_id, issued.issued_at) == (RECORD_ID, EXPIRED.recorded_at)

    def test_issues_it_under_calibration_law_too(self) -> None:
        known = lookups(FEE)
        station = replace(known.station("t/CS1"), calibration_law=True)
        [record] = standing(after(replace(known, station=lambda _: station), EXPIRED))
        assert (record.status, record.held_reason) == (CdrStatus.ISSUED, None)

    def test_issues_none_where_nothing_has_a_price_and_none_later(self) -> None:
        run = after(lookups(ENERGY), EXPIRED)
        assert run.events == []
        priced = cdrs_run(lookups(FEE))
        priced.states = run.states
        assert priced.take(EXPIRED) == []
        assert priced.take(USED) == []

    def test_takes_it_back_when_a_session_had_used_it(self) -> None:
        run = after(lookups(FEE), EXPIRED, USED, USED, EXPIRED)
        assert kinds(run.events) == [
            "CdrIssued", "Cdr ISSUED", "CdrCredited", "Cdr CREDITED", "Cdr ISSUED",
        ]  # fmt: skip
        [credit] = run.of(cdr.CdrCredited)
        assert (credit.credited_cdr_id, credit.detail.total_cost_excl_vat) == (RECORD_ID, -4)
        assert "s used the reservation" in credit.reason

    def test_knows_nothing_to_take_back_of_what_it_never_heard(self) -> None:
        assert after(lookups(FEE), USED).events == []


def corrected(**changes: Any) -> CdrCorrectionRequested:
    asked = CdrCorrectionRequested(
        event_id="c", tenant="t", session_id="never", cdr_id=RECORD_ID, replace=True,
        reason="goodwill", requested_by="anna", requested_at=9_000_000,
    )  # fmt: skip
    return replace(asked, **changes)


class TestCorrection:
    def test_credits_it(self) -> None:
        run = after(lookups(FEE), EXPIRED, corrected(replace=False))
        assert kinds(run.events)[2:] == ["CdrCredited", "Cdr CREDITED", "Cdr ISSUED"]

    def test_replaces_it_by_one_at_another_tariff(self) -> None:
        known = lookups(FEE)
        other = Tariff(tenant="t", tariff_id="T2", terms=_fee("T2", "1"), updated_at=1)
        both = replace(known, tariff=lambda key: other if key == "t/T2" else known.tariff(key))
        run = after(both, EXPIRED, corrected(tariff_id="T2"))
        last = run.of(cdr.CdrIssued)[-1].detail
        assert (last.revision, last.total_cost_excl_vat, last.duration_s, last.energy_wh) == (2, 1, 0, 0)
        assert never_charged(last)

    def test_bills_no_energy_for_it(self) -> None:
        run = after(lookups(FEE), EXPIRED, corrected(energy_wh=Decimal(5)))
        assert kinds(run.events) == ["CdrIssued", "Cdr ISSUED"]


def _fee(tariff_id: str, price: str) -> TariffTerms:
    return replace(TERMS, tariff_id=tariff_id, elements=(element("FLAT", price, "RESERVATION_EXPIRES"),))
