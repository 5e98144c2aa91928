from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

from services.domain.events.cdr import CdrCredited, CdrHeld, CdrIssued
from services.domain.events.common import ChargeDetail, TariffTerms
from services.domain.events.common import SettlementStatus as Status
from services.domain.events.common import SettlementStep as Step
from services.domain.events.settlement import (
    CdrChained,
    CdrStepRefused,
    CdrStepRequested,
    CdrStepTaken,
    Settlement,
)
from services.settlement import fold as folding
from services.settlement.fold import State, fold
from tests.scenarios.story import Run

TERMS = TariffTerms(
    tariff_id="T1",
    currency="EUR",
    energy_price_per_kwh=Decimal("0.40"),
    time_price_per_hour=Decimal(0),
    session_fee=Decimal(0),
    vat_percent=Decimal(19),
)
DETAIL = ChargeDetail(
    tenant="t",
    cdr_id="c1",
    session_id="s1",
    revision=1,
    country_code="DE",
    party_id="WAT",
    station_id="CS1",
    transaction_id="1",
    protocol="ocpp1.6",
    contract_id="NL-TNM-C1",
    started_at=1_000,
    ended_at=2_000,
    duration_s=1,
    energy_wh=Decimal(10_000),
    tariff=TERMS,
    total_cost_excl_vat=Decimal("4.00"),
    total_cost_incl_vat=Decimal("4.76"),
    partner_id="NL-TNM",
    agreement_id="TNM-2026",
)
ISSUED = CdrIssued(event_id="i1", tenant="t", cdr_id="c1", detail=DETAIL, issued_at=10)
CREDIT = replace(
    DETAIL,
    cdr_id="c1-credit",
    credit=True,
    credit_reference_id="c1",
    total_cost_excl_vat=Decimal("-4.00"),
    total_cost_incl_vat=Decimal("-4.76"),
)
CREDITED = CdrCredited(
    event_id="k1",
    tenant="t",
    cdr_id="c1-credit",
    detail=CREDIT,
    credited_cdr_id="c1",
    reason="late stop",
    credited_at=50,
)


def step(kind: Step, at: int = 20, cdr_id: str = "c1", **more: Any) -> CdrStepRequested:
    about = {"requested_by": "anna", "requested_at": at} | more
    return CdrStepRequested(event_id=f"{kind.value}-{at}", tenant="t", cdr_id=cdr_id, step=kind, **about)


def after(*events: Any) -> Run:
    run = Run(fold, State)
    run.take(*events)
    return run


def settlement(run: Run, cdr_id: str = "c1") -> Settlement:
    found = run.latest(Settlement)[f"t/{cdr_id}"]
    assert isinstance(found, Settlement)
    return found


def of(run: Run, kind: type[Any]) -> list[Any]:
    return [event for event in run.events if isinstance(event, kind)]


class TestIssued:
    def test_begins_with_the_record_as_issued(self) -> None:
        assert settlement(after(ISSUED)) == Settlement(
            tenant="t",
            cdr_id="c1",
            session_id="s1",
            revision=1,
            credit=False,
            partner_id="NL-TNM",
            agreement_id="TNM-2026",
            status=Status.ISSUED,
            station_id="CS1",
            contract_id="NL-TNM-C1",
            started_at=1_000,
            ended_at=2_000,
            energy_wh=Decimal(10_000),
            currency="EUR",
            total_cost_excl_vat=Decimal("4.00"),
            total_cost_incl_vat=Decimal("4.76"),
            issued_at=10,
            version=1,
            updated_at=10,
        )

    def test_changes_nothing_when_it_is_told_again(self) -> None:
        run = after(ISSUED)
        told = len(run.events)
        run.take(ISSUED)
        assert len(run.events) == told

    def test_leaves_held_records_alone(self) -> None:
        held = CdrHeld(event_id="h", tenant="t", cdr_id="c1", detail=DETAIL, reason="ESTIMATED_END", held_at=5)
        assert after(held).events == []

    def test_has_no_currency_when_nothing_was_priced(self) -> None:
        free = replace(DETAIL, tariff=None, total_cost_excl_vat=None, total_cost_incl_vat=None)
        found = settlement(after(replace(ISSUED, detail=free)))
        assert (found.currency, found.total_cost_incl_vat) == (None, None)


class TestSteps:
    def test_takes_steps_and_says_so(self) -> None:
        run = after(ISSUED, step(Step.DELIVER, 20), step(Step.ACCEPT, 30), step(Step.INVOICE, 40, reference="R-7"))
        found = settlement(run)
        assert (found.status, found.invoice_reference) == (Status.INVOICED, "R-7")
        assert (found.version, found.updated_at) == (4, 40)
        taken = [(event.from_status, event.step, event.status) for event in of(run, CdrStepTaken)]
        assert taken == [
            (Status.ISSUED, Step.DELIVER, Status.DELIVERED),
            (Status.DELIVERED, Step.ACCEPT, Status.ACCEPTED),
            (Status.ACCEPTED, Step.INVOICE, Status.INVOICED),
        ]

    def test_keeps_why_and_by_whom(self) -> None:
        run = after(
            ISSUED, step(Step.DELIVER), step(Step.DISPUTE, 30, reason="cable locked", reference="TICKET-1")
        )
        (_, taken) = of(run, CdrStepTaken)
        assert (taken.reason, taken.reference, taken.requested_by) == ("cable locked", "TICKET-1", "anna")
        assert settlement(run).reason == "cable locked"
        run.take(step(Step.ACCEPT, 40))
        assert settlement(run).reason == "cable locked", "the last reason that was given"

    def test_refuses_a_step_that_does_not_fit_and_stays_where_it_was(self) -> None:
        run = after(ISSUED, step(Step.ACCEPT))
        (refused,) = of(run, CdrStepRefused)
        assert (refused.status, refused.step) == (Status.ISSUED, Step.ACCEPT)
        assert "DELIVERED" in refused.why
        assert settlement(run).status is Status.ISSUED

    def test_counts_each_step_once(self) -> None:
        delivered, disputed, accepted = step(Step.DELIVER), step(Step.DISPUTE, 30), step(Step.ACCEPT, 40)
        run = after(ISSUED, delivered, disputed, accepted)
        told = len(run.events)
        run.take(delivered, disputed, accepted)
        assert len(run.events) == told
        assert settlement(run).status is Status.ACCEPTED

    def test_lets_steps_wait_for_their_record_in_the_order_of_their_times(self) -> None:
        steps = [step(Step.DELIVER, 20), step(Step.ACCEPT, 30), step(Step.INVOICE, 40, reference="R-7")]
        for order in permutations(steps):
            run = after(*order, ISSUED)
            assert settlement(run).status is Status.INVOICED
            assert of(run, CdrStepRefused) == []

    def test_does_not_go_on_for_ever(self) -> None:
        run = after(ISSUED, *(step(Step.ACCEPT, at) for at in range(folding.MAX_STEPS + 1)))
        assert "steps were asked for already" in of(run, CdrStepRefused)[-1].why
        waiting = after(*(step(Step.ACCEPT, at) for at in range(folding.MAX_STEPS + 1)))
        assert of(waiting, CdrStepRefused)[-1].status is Status.UNKNOWN


class TestChain:
    def test_grows_by_one_link_for_each_record_however_often_it_is_told(self) -> None:
        two = replace(ISSUED, event_id="i2", cdr_id="c2", detail=replace(DETAIL, cdr_id="c2"))
        links = of(after(ISSUED, ISSUED, two, CREDITED, two, CREDITED), CdrChained)
        assert [(link.cdr_id, link.height) for link in links] == [("c1", 1), ("c2", 2), ("c1-credit", 3)]
        assert [link.previous_sha256 for link in links[1:]] == [link.link_sha256 for link in links[:2]]

    def test_is_one_per_operator(self) -> None:
        other = replace(ISSUED, event_id="i2", tenant="u", detail=replace(DETAIL, tenant="u"))
        assert [link.height for link in of(after(ISSUED, other), CdrChained)] == [1, 1]


class TestCredit:
    def test_settles_the_credit_and_tells_the_record_that_it_takes_back(self) -> None:
        run = after(ISSUED, CREDITED)
        assert settlement(run, "c1-credit").total_cost_incl_vat == Decimal("-4.76")
        assert settlement(run, "c1-credit").credit_reference_id == "c1"
        (told,) = of(run, CdrStepRequested)
        assert (told.key, told.step, told.reference) == ("t/c1", Step.CREDIT, "c1-credit")
        run.take(told)
        assert (settlement(run).status, settlement(run).reason) == (Status.CREDITED, "late stop")

    def test_takes_back_what_was_invoiced_and_keeps_the_invoice(self) -> None:
        run = after(ISSUED, step(Step.INVOICE, reference="R-7"), CREDITED)
        run.take(*of(run, CdrStepRequested))
        assert (settlement(run).status, settlement(run).invoice_reference) == (Status.CREDITED, "R-7")

    def test_asks_with_the_same_id_when_it_is_told_again(self) -> None:
        run = after(ISSUED, CREDITED, CREDITED)
        assert len({event.event_id for event in of(run, CdrStepRequested)}) == 1
