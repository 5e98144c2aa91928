"""Operators take issued records back and have them replaced; nothing is ever edited."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from services.cdrs.correction import CORRECTED, MOST_WAITING, cdr_id_of
from services.domain.events import cdr
from services.domain.events.cdr import CdrCorrectionRequested
from services.domain.events.common import CdrStatus
from services.domain.events.tariff import Tariff
from tests.scenarios.story import Run, cdrs_run, standing
from tests.unit.cdrs.test_evidence import FAILED, LAWFUL, OK, verified
from tests.unit.cdrs.test_fold import PRICED, TERMS, ended

FIRST, SECOND = cdr_id_of("s", 1), cdr_id_of("s", 2)
CHEAP = replace(TERMS, tariff_id="T2", energy_price_per_kwh=Decimal("0.10"))
TARIFFS = {
    one.tariff_id: Tariff(tenant="t", tariff_id=one.tariff_id, terms=one, updated_at=1) for one in (TERMS, CHEAP)
}


def asked(cdr_id: str = FIRST, *, by_another: bool = True, **changes: Any) -> CdrCorrectionRequested:
    told = CdrCorrectionRequested(
        event_id="q", tenant="t", session_id="s", cdr_id=cdr_id, replace=by_another, reason="read again",
        requested_by="anna", requested_at=8_000_000,
    )  # fmt: skip
    return replace(told, **changes)


def after(*events: Any, lookups: Any = PRICED) -> Run:
    run = cdrs_run(replace(lookups, tariff=lambda key: TARIFFS.get(key.rpartition("/")[2])))
    run.take(*events)
    return run


class TestCorrection:
    def test_credits_the_record_and_issues_another_with_other_energy(self) -> None:
        run = after(ended(), asked(energy_wh=Decimal(9_000)))
        (credited,) = run.of(cdr.CdrCredited)
        assert (credited.credited_cdr_id, credited.reason) == (FIRST, "read again")
        (one,) = standing(run)
        assert (one.cdr_id, one.status, one.detail.energy_wh) == (SECOND, CdrStatus.ISSUED, Decimal(9_000))
        assert one.detail.energy_cost == Decimal("4.05")
        assert CORRECTED in one.detail.quality_flags
        assert one.detail.signed_meter_values == credited.detail.signed_meter_values

    def test_may_be_by_another_tariff(self) -> None:
        (one,) = standing(after(ended(), asked(tariff_id="T2")))
        assert one.detail.tariff == CHEAP
        assert (one.detail.energy_cost, one.detail.energy_wh) == (Decimal(1), Decimal(10_000))

    def test_by_a_tariff_that_is_gone_is_by_the_same_terms(self) -> None:
        (one,) = standing(after(ended(), asked(tariff_id="T9")))
        assert one.detail.tariff == TERMS

    def test_without_another_record_is_a_credit_only(self) -> None:
        run = after(ended(), asked(by_another=False))
        assert len(run.of(cdr.CdrCredited)) == 1
        assert standing(run) == []

    def test_that_is_only_a_credit_is_final(self) -> None:
        run = after(ended(), asked(by_another=False), ended(2, energy_wh=Decimal(1)), asked(SECOND))
        assert standing(run) == []
        assert len(run.of(cdr.CdrCredited)) == 1

    def test_counts_once(self) -> None:
        once = asked(energy_wh=Decimal(9_000))
        assert len(after(ended(), once, once).of(cdr.CdrCredited)) == 1

    def test_can_be_corrected(self) -> None:
        run = after(ended(), asked(energy_wh=Decimal(9_000)), asked(SECOND, energy_wh=Decimal(8_000)))
        (one,) = standing(run)
        assert (one.cdr_id, one.detail.energy_wh) == (cdr_id_of("s", 3), Decimal(8_000))

    def test_is_the_same_in_any_order(self) -> None:
        events = (ended(), asked(energy_wh=Decimal(9_000)), asked(SECOND, energy_wh=Decimal(8_000), event_id="r"))
        for order in permutations(events):
            (one,) = standing(after(*order))
            assert (one.cdr_id, one.detail.energy_wh) == (cdr_id_of("s", 3), Decimal(8_000)), order

    def test_is_replaced_by_a_later_end_of_the_session(self) -> None:
        (one,) = standing(after(ended(), asked(energy_wh=Decimal(9_000)), ended(2, energy_wh=Decimal(7_000))))
        assert one.detail.energy_wh == Decimal(7_000)


class TestRefusal:
    def test_of_more_energy_than_was_proven_is_the_law(self) -> None:
        more, less = asked(energy_wh=Decimal(10_001)), asked(energy_wh=Decimal(9_999))
        run = after(ended(), verified(OK), more, lookups=LAWFUL)
        assert [one.cdr_id for one in standing(run)] == [FIRST]
        run.take(less)
        assert [one.detail.energy_wh for one in standing(run)] == [Decimal(9_999)]

    def test_of_a_record_that_is_held_lasts_until_it_is_issued(self) -> None:
        run = after(ended(), verified(FAILED), asked(by_another=False), lookups=LAWFUL)
        assert [one.status for one in standing(run)] == [CdrStatus.HELD]
        run.take(verified(OK, keys_version=2))
        assert standing(run) == []

    @pytest.mark.parametrize("many", [MOST_WAITING, 3 * MOST_WAITING])
    def test_of_more_than_can_wait(self, many: int) -> None:
        run = after(*(asked("other", event_id=str(number)) for number in range(many)), ended())
        assert [one.cdr_id for one in standing(run)] == [FIRST]
