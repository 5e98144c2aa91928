"""Records of CPOs are kept once, with what was signed, and checked against their own meter and tariff."""

import base64
import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import EvidenceOutcome, SignedMeterValue
from services.domain.events.roaming import RoamingRefused
from services.domain.events.roamingcdr import RoamingCdr
from services.ocpi.inbound import received_cdrs
from services.ocpi.inbound.cdr_check import check
from services.ocpi.inbound.received import Kept, Outcome, Received
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound.cdrs import cdr as told_cdr
from services.ocpi.wire.envelope import decoded, encoded
from services.ocpi.wire.parties import Party
from services.simulator.fleet import FleetOptions
from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, Reading, derived_key
from tests.unit.ocpi.facts import END, START, cdr, detail, signed, station

UTC = ZoneInfo("UTC")
FROM_WH, TO_WH = Decimal(12_345_678), Decimal(12_356_665)


def meter() -> Meter:
    identity = MeterIdentity("Wattlog", "Sim", "WM1", "1", "G", "GW1", "1", "DE*WAT*E0001*1")
    return Meter(identity, derived_key(FleetOptions("ws://x", 1).seed, "WM1"), FROM_WH, Decimal(1), 7)


def true_records() -> tuple[SignedMeterValue, ...]:
    """Begin and end as the simulated meter signs them."""
    signing = meter()
    begin = signing.sign("04A1B2C3D4E5F6", [Reading(START, "B", FROM_WH)])
    end = signing.sign("04A1B2C3D4E5F6", [Reading(END, "E", TO_WH)])
    return tuple(
        signed(one.text, context, public_key=one.public_key_hex, encoding_method="OCMF")
        for one, context in ((begin, "Transaction.Begin"), (end, "Transaction.End"))
    )


def record(**changes: Any) -> dict[str, Any]:
    """A CDR as our own CPO tells it, with true signatures."""
    state = cdr(detail(signed_meter_values=true_records()))
    told: dict[str, Any] = decoded(encoded(told_cdr(state, station(), "EUR", "https://x", [])))
    return {**told, **changes}


def came(body: Any, at: int = END) -> Received:
    raw = body if isinstance(body, bytes) else encoded(body)
    return Received("t", "DE-WAT", Party("DE", "WAT"), "2.3.0", "POST", raw, decoded(raw), at)


def posted(body: Any, known: Kept | None = None) -> Outcome:
    return received_cdrs.post(came(body), known, UTC)


def state_of(made: Outcome) -> RoamingCdr:
    state = made.events[1]
    assert isinstance(state, RoamingCdr)
    return state


class TestPost:
    def test_keeps_what_was_signed_as_it_was_signed(self) -> None:
        state = state_of(posted(record()))
        assert [one.decoded_sha256 for one in state.signed_values] == [one.sha256 for one in true_records()]
        assert [one.nature for one in state.signed_values] == ["Start", "End"]
        first = state.signed_values[0]
        assert first.sha256 == hashlib.sha256(first.signed_data.encode()).hexdigest()
        assert base64.b64decode(first.signed_data) == true_records()[0].signed_data

    def test_finds_a_true_record_true(self) -> None:
        state = state_of(posted(record()))
        assert (state.evidence, state.check_findings, state.findings) == (EvidenceOutcome.OK, (), ())
        assert state.priced_excl_vat == state.total_cost_excl_vat == Decimal("5.2942")
        assert (state.total_cost_incl_vat, state.priced_incl_vat) == (Decimal("6.3001"), Decimal("6.3000"))

    def test_of_the_same_again_changes_nothing_even_when_it_was_taken_back_since(self) -> None:
        known = Kept(state_of(posted(record())).object_json, END)
        assert posted(record(), known) == Outcome()
        assert posted(record(last_updated="2027-01-01T00:00:00Z"), known) == Outcome()

    def test_of_another_one_of_its_id_is_refused_and_remembered(self) -> None:
        known = Kept(state_of(posted(record())).object_json, END)
        made = posted(record(total_energy=Decimal(11)), known)
        assert isinstance(made.events[0], RoamingRefused)
        assert made.refusal is not None
        assert int(made.refusal.status) == 2001

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"id": None}, "without id"),
            ({"total_cost": {}}, "total_cost does not say"),
            ({"charging_periods": []}, "charging_periods|more than"),
            ({"party_id": "XYZ"}, "not yours"),
            ({"total_energy": Decimal("1e99")}, "more than anybody charges"),
        ],
    )
    def test_is_refused_when_it_cannot_be_used(self, changes: dict[str, Any], said: str) -> None:
        if "charging_periods" in changes:
            state_of(posted(record(**changes)))
            return
        with pytest.raises(Refusal, match=said):
            posted(record(**changes))

    def test_looks_it_up_by_its_id_in_lower_case(self) -> None:
        assert received_cdrs.object_id(came(record(id="ABC"))) == "abc"

    def test_takes_text_that_is_no_base64_for_itself(self) -> None:
        body = record()
        body["signed_data"] = {**body["signed_data"], "signed_values": [
            {"nature": "End", "plain_data": "x", "signed_data": "OCMF|é|"}]}  # fmt: skip
        (value,) = state_of(posted(body)).signed_values
        assert value.decoded_sha256 == ""

    @given(
        st.dictionaries(
            st.sampled_from(sorted(record())), st.none() | st.text(max_size=5) | st.lists(st.integers())
        )
    )
    def test_survives_whatever_is_sent(self, changes: dict[str, Any]) -> None:
        try:
            posted(json.dumps(json.loads(encoded(record())) | changes).encode())
        except Refusal:
            return


class TestCheck:
    def test_says_where_the_price_is_another_one(self) -> None:
        found = check(
            record(total_cost={"before_taxes": Decimal(9), "taxes": [{"name": "VAT", "amount": 1}]}), UTC
        )
        assert found.findings == (
            "total_cost: 9 before_taxes, 5.2942 by the record's own tariffs",
            "total_cost: 10 with taxes, 6.3 by the record's own tariffs",
        )

    def test_says_where_another_energy_was_signed(self) -> None:
        found = check(record(total_energy=Decimal(12)), UTC)
        assert "total_energy: 12 kWh, 10.987 kWh were signed" in found.findings

    def test_does_not_believe_bytes_that_were_changed(self) -> None:
        first, last = true_records()
        forged = replace(first, signed_data=first.signed_data.replace(b"12345.678", b"12340.678"))
        forged = replace(forged, sha256=hashlib.sha256(forged.signed_data).hexdigest())
        state = cdr(detail(signed_meter_values=(forged, last)))
        found = check(decoded(encoded(told_cdr(state, station(), "EUR", "https://x", []))), UTC)
        assert found.evidence is EvidenceOutcome.FAILED
        assert "signed_data: SIGNATURE_INVALID" in found.findings

    def test_of_a_record_without_signatures_or_tariffs_says_nothing(self) -> None:
        bare = {name: item for name, item in record().items() if name not in ("signed_data", "tariffs")}
        assert check(bare, UTC) == received_cdrs.Check(EvidenceOutcome.UNSIGNED, None, None, ())

    def test_of_a_credit_is_that_much_less_than_nothing(self) -> None:
        taxes = [{"name": "VAT", "amount": Decimal("-1.0059")}]
        credit = record(credit=True, total_cost={"before_taxes": Decimal("-5.2942"), "taxes": taxes})
        assert check(credit, UTC).priced_excl_vat == Decimal("-5.2942")
        assert check(credit, UTC).findings == ()

    def test_says_why_there_is_no_price(self) -> None:
        found = check(record(tariffs=[{"id": "T"}]), UTC)
        assert found.findings[-1].startswith("total_cost: cannot be recomputed:")

    def test_reads_xml_and_nonsense_too(self) -> None:
        for data in (base64.b64encode(b"<values/>").decode(), "nonsense", ""):
            values = [{"nature": "End", "plain_data": "x", "signed_data": data}]
            found = check(record(signed_data={"encoding_method": "?", "signed_values": values}), UTC)
            assert found.evidence is EvidenceOutcome.FAILED
