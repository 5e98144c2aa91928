from dataclasses import replace
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cdrs.fold import Record, fold, hold_reason
from services.cdrs.quoting import Quote
from services.domain.events import cdr
from services.domain.events.agreement import Agreement
from services.domain.events.common import CdrStatus, IdToken, SignedMeterValue, TariffTerms, TokenStatus
from services.domain.events.session import SessionEnded, SessionStarted, SessionSuspended
from services.domain.events.station import Station
from services.domain.events.tariff import Tariff
from services.domain.events.token import Token
from services.domain.failures import BadRecord
from services.domain.ids import derived_id
from tests.scenarios.story import Run, cdrs_run, nowhere, standing

RECORD = SignedMeterValue(signed_data=b"\x00OCMF", sha256="ab", context="Transaction.End")
TERMS = TariffTerms(
    tariff_id="T1",
    currency="EUR",
    energy_price_per_kwh=Decimal("0.45"),
    time_price_per_hour=Decimal(1),
    session_fee=Decimal("0.5"),
    vat_percent=Decimal(19),
)
PRICED = replace(
    nowhere(),
    station=lambda _: Station(tenant="t", station_id="CS1", tariff_id="T1", updated_at=1),
    tariff=lambda _: Tariff(tenant="t", tariff_id="T1", terms=TERMS, updated_at=1),
)


def ended(revision: int = 1, **changes: Any) -> SessionEnded:
    return replace(
        SessionEnded(
            event_id=f"e{revision}",
            tenant="t",
            session_id="s",
            revision=revision,
            station_id="CS1",
            transaction_id="1",
            protocol="ocpp1.6",
            evse_id=1,
            connector_id=1,
            id_token=IdToken(value="AA"),
            started_at=1_000_000,
            ended_at=4_600_000,
            meter_start_wh=Decimal(1000),
            meter_stop_wh=Decimal(11_000),
            energy_wh=Decimal(10_000),
            signed_meter_values=(RECORD,),
            recorded_at=5_000_000 + revision,
        ),
        **changes,
    )


STARTED = SessionStarted(
    event_id="x", tenant="t", session_id="s", station_id="CS1", transaction_id="1", protocol="ocpp1.6",
    started_at=1_000_000, recorded_at=1_000_001,
)  # fmt: skip
ESTIMATED = ended(estimated=True, meter_stop_wh=Decimal(9_000), energy_wh=Decimal(8_000))
FIRST_ID = derived_id("cdr", "s", 1)
SECOND_ID = derived_id("cdr", "s", 2)
CREDIT_ID = derived_id("cdr-credit", "s", 1)


def after(*events: Any) -> Run:
    run = cdrs_run(PRICED)
    run.take(*events)
    return run


def kinds(published: list[Any]) -> list[str]:
    return [f"{type(e).__name__} {e.status}" if isinstance(e, cdr.Cdr) else type(e).__name__ for e in published]


class TestFold:
    def test_issues_a_record_for_an_ended_session(self) -> None:
        issued, state = after(ended()).events
        assert isinstance(issued, cdr.CdrIssued)
        assert (issued.event_id, issued.cdr_id) == (derived_id("CdrIssued", FIRST_ID), FIRST_ID)
        assert issued.issued_at == 5_000_001
        assert issued.detail.signed_meter_values == (RECORD,)
        assert state == cdr.Cdr(
            tenant="t",
            cdr_id=FIRST_ID,
            status=CdrStatus.ISSUED,
            detail=issued.detail,
            version=1,
            updated_at=5_000_001,
            issued_at=5_000_001,
        )

    def test_keeps_when_a_record_was_issued_that_is_credited_later(self) -> None:
        published = after(ended()).take(ended(2, energy_wh=Decimal(1)))
        states = [event for event in published if isinstance(event, cdr.Cdr)]
        assert [(state.status, state.issued_at, state.updated_at) for state in states] == [
            (CdrStatus.CREDITED, 5_000_001, 5_000_002),
            (CdrStatus.ISSUED, 5_000_002, 5_000_002),
            (CdrStatus.ISSUED, 5_000_002, 5_000_002),
        ]

    def test_issues_nothing_at_any_time_while_it_holds(self) -> None:
        run = after(ended(estimated=True))
        assert [event.issued_at for event in run.events if isinstance(event, cdr.Cdr)] == [None]
        issued = run.take(ended(2))
        assert [event.issued_at for event in issued if isinstance(event, cdr.Cdr)] == [5_000_002]

    def test_keeps_what_was_quoted_at_the_start(self) -> None:
        run = cdrs_run(PRICED)
        run.take(STARTED, replace(STARTED, event_id="y"))
        state = run.state("s")
        assert isinstance(state, Record)
        assert (state.quote, state.detail, run.events) == (Quote(None, TERMS), None, [])

    def test_prices_what_was_quoted_although_the_tariff_has_changed(self) -> None:
        now = [TERMS]
        run = cdrs_run(
            replace(PRICED, tariff=lambda _: Tariff(tenant="t", tariff_id="T1", terms=now[-1], updated_at=1))
        )
        run.take(STARTED)
        now.append(replace(TERMS, energy_price_per_kwh=Decimal(9)))
        assert run.take(ended())[0].detail.tariff == TERMS
        replaced = run.take(ended(2, energy_wh=Decimal(1)))[3].detail
        assert (replaced.revision, replaced.tariff) == (2, TERMS)

    def test_prices_by_the_agreement_of_a_token_that_came_after_the_start(self) -> None:
        agreed = Agreement(
            tenant="t", agreement_id="A1", partner_id="NL-TNM", name="TNM", tariff_id="T2", payment_days=30,
            valid_from=0, updated_at=1,
        )  # fmt: skip
        dear = replace(TERMS, tariff_id="T2", energy_price_per_kwh=Decimal(2))
        tariffs = {
            f"t/{terms.tariff_id}": Tariff(tenant="t", tariff_id=terms.tariff_id, terms=terms, updated_at=1)
            for terms in (TERMS, dear)
        }
        token = Token(
            tenant="t", token_uid="AA", token_type="RFID", contract_id="C1", issuer="x", status=TokenStatus.VALID,
            updated_at=1,
        )  # fmt: skip
        run = cdrs_run(
            replace(
                PRICED,
                tariff=tariffs.get,
                token=lambda _: token,
                agreement=lambda _tenant, contract, _at: agreed if contract else None,
            )
        )
        run.take(STARTED)
        assert run.take(ended())[0].detail.tariff == dear

    def test_marks_what_hangs_on_a_clock_that_nobody_vouches_for(self) -> None:
        lines = after(ended()).events[0].detail.price_lines
        assert [(line.kind, line.clock_unproven) for line in lines] == [
            ("FLAT", False), ("ENERGY", False), ("TIME", True),
        ]  # fmt: skip

    def test_keeps_nothing_of_a_start_without_a_tariff(self) -> None:
        run = cdrs_run(nowhere())
        run.take(STARTED)
        assert run.states == {}

    def test_looks_at_starts_and_ends_only(self) -> None:
        suspended = SessionSuspended(
            event_id="x", tenant="t", session_id="s", station_id="CS1", transaction_id="1", reason="r",
            occurred_at=1, recorded_at=1,
        )  # fmt: skip
        run = after(suspended)
        assert (run.events, run.states) == ([], {})

    def test_changes_nothing_for_an_end_that_was_seen(self) -> None:
        run = after(ended(), ended(2, energy_wh=Decimal(1)))
        assert run.take(ended(), ended(2, energy_wh=Decimal(1)), ended(1, energy_wh=Decimal(7))) == []

    def test_says_nothing_of_a_revision_that_bills_the_same(self) -> None:
        run = after(ended())
        assert run.take(ended(2, stopped_reason="Remote", quality_flags=("SEQ_GAP",))) == []
        state = run.state("s")
        assert isinstance(state, Record)
        assert (state.session_revision, state.version) == (2, 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"energy_wh": Decimal(1)},
            {"ended_at": 9_000_000},
            {"started_at": 1},
            {"meter_stop_wh": Decimal(12_000)},
            {"meter_start_wh": None},
            {"id_token": None},
            {"evse_id": 2},
            {"connector_id": None},
            {"signed_meter_values": ()},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_credits_and_replaces_what_was_issued(self, change: dict[str, Any]) -> None:
        run = after(ended())
        first = run.events[0].detail
        published = run.take(ended(2, **change))
        assert kinds(published) == ["CdrCredited", "Cdr CREDITED", "Cdr ISSUED", "CdrIssued", "Cdr ISSUED"]
        credited, taken, credit, issued, _ = published
        assert (credited.cdr_id, credited.credited_cdr_id) == (CREDIT_ID, FIRST_ID)
        assert credited.reason == "revision 2 of the session differs"
        assert (taken.cdr_id, taken.detail, taken.version) == (FIRST_ID, first, 2)
        assert (credit.cdr_id, credit.detail) == (CREDIT_ID, credited.detail)
        assert (issued.cdr_id, issued.detail.revision) == (SECOND_ID, 2)
        assert [c.cdr_id for c in standing(run)] == [SECOND_ID]

    def test_credits_all_the_data_with_negative_total_costs(self) -> None:
        run = after(ended(), ended(2, energy_wh=Decimal(1)))
        first, credit = run.of(cdr.CdrIssued)[0].detail, run.of(cdr.CdrCredited)[0].detail
        assert credit == replace(
            first,
            cdr_id=CREDIT_ID,
            credit=True,
            credit_reference_id=FIRST_ID,
            total_cost_excl_vat=-first.total_cost_excl_vat,
            total_cost_incl_vat=-first.total_cost_incl_vat,
        )
        assert first.total_cost_excl_vat == 6

    def test_credits_a_record_without_costs(self) -> None:
        run = cdrs_run()
        run.take(ended(), ended(2, energy_wh=Decimal(1)))
        assert run.of(cdr.CdrCredited)[0].detail.total_cost_incl_vat is None

    def test_holds_an_estimated_end(self) -> None:
        held, state = after(ESTIMATED).events
        assert isinstance(held, cdr.CdrHeld)
        assert (held.cdr_id, held.reason, held.held_at) == (FIRST_ID, "ESTIMATED_END", 5_000_001)
        assert (state.status, state.held_reason, state.version) == (CdrStatus.HELD, "ESTIMATED_END", 1)

    def test_issues_what_was_held_under_the_same_id_when_the_real_end_comes(self) -> None:
        run = after(ESTIMATED)
        published = run.take(ended(2))
        assert kinds(published) == ["CdrIssued", "Cdr ISSUED"]
        assert (published[0].cdr_id, published[0].detail.revision) == (FIRST_ID, 1)
        assert (published[1].version, published[1].held_reason) == (2, None)
        assert published[0].detail.energy_wh == 10_000

    def test_issues_what_was_held_even_if_the_estimate_was_right(self) -> None:
        run = after(ended(estimated=True))
        assert kinds(run.take(ended(2))) == ["CdrIssued", "Cdr ISSUED"]

    def test_holds_a_better_estimate_under_the_same_id(self) -> None:
        run = after(ESTIMATED)
        published = run.take(replace(ESTIMATED, revision=2, energy_wh=Decimal(8_500)))
        assert kinds(published) == ["CdrHeld", "Cdr HELD"]
        assert published[0].cdr_id == FIRST_ID
        assert published[0].event_id != run.events[0].event_id
        assert published[1].version == 2

    def test_says_nothing_of_the_same_estimate_again(self) -> None:
        assert after(ESTIMATED).take(replace(ESTIMATED, revision=2)) == []

    def test_holds_a_session_whose_register_fell(self) -> None:
        held = after(ended(meter_stop_wh=Decimal(1), energy_wh=Decimal(0))).events[0]
        assert held.reason == "METER_DECREASED"

    def test_replaces_again_and_again(self) -> None:
        run = after(*(ended(n, energy_wh=Decimal(n)) for n in range(1, 6)))
        assert [c.detail.revision for c in standing(run)] == [5]
        assert len(run.of(cdr.CdrCredited)) == 4
        issued = [e.detail.total_cost_incl_vat for e in run.of(cdr.CdrIssued)]
        credited = [e.detail.total_cost_incl_vat for e in run.of(cdr.CdrCredited)]
        assert sum(issued) + sum(credited) == issued[-1]

    def test_refuses_a_session_that_cannot_be_priced(self) -> None:
        vast = replace(TERMS, energy_price_per_kwh=Decimal(100_000))
        lookups = replace(PRICED, tariff=lambda _: Tariff(tenant="t", tariff_id="T1", terms=vast, updated_at=1))
        with pytest.raises(BadRecord, match="session s cannot be priced: an amount of"):
            fold(lookups, {}.get, ended(energy_wh=Decimal(10**15)))

    def test_keeps_states_that_come_back_from_the_store(self) -> None:
        changes = fold(PRICED, {}.get, ended(id_token=None))
        state = changes.states["s"]
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Record) == state

    @given(
        st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8),
        st.randoms(use_true_random=False),
    )
    def test_always_has_one_record_that_counts(self, told: list[tuple[bool, int]], rng: Random) -> None:
        estimates = [estimated for estimated, _ in told]
        first_real = estimates.index(False) if False in estimates else len(told)
        events = [ended(n + 1, estimated=n < first_real, energy_wh=Decimal(wh)) for n, (_, wh) in enumerate(told)]
        run = Run(partial(fold, PRICED), Record)
        for number, event in enumerate(events):
            run.take(event, *rng.choices(events[: number + 1], k=2))
            [record] = standing(run)
            assert record.detail.energy_wh == event.energy_wh
            assert (record.status is CdrStatus.HELD) == event.estimated
        states = run.latest(cdr.Cdr).values()
        credits = [c.detail.credit_reference_id for c in states if c.detail.credit]
        assert sorted(credits) == sorted(c.cdr_id for c in states if c.status is CdrStatus.CREDITED)


class TestHoldReason:
    @pytest.mark.parametrize(
        ("event", "wanted"),
        [
            (ended(), None),
            (ESTIMATED, "ESTIMATED_END"),
            (ended(meter_stop_wh=Decimal(999)), "METER_DECREASED"),
            (ended(meter_stop_wh=None), None),
            (ended(meter_start_wh=None), None),
            (ended(meter_stop_wh=Decimal(1000), energy_wh=Decimal(0)), None),
        ],
    )
    def test_says_why_nobody_should_be_billed_yet(self, event: SessionEnded, wanted: str | None) -> None:
        assert hold_reason(event) == wanted
