"""A record that is read back from the table is the record that was written, as far as the table knows it."""

import base64
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.analytics.tables import TABLES
from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrLocation, ChargeDetail, ChargingPeriod, IdToken, PriceLine
from services.runtime.cdr_rows import CDR_COLUMNS, cdr_of
from tests.unit.ocpi.facts import END, START, cdr, detail, signed

LINE = PriceLine(
    kind="ENERGY", quantity=Decimal(10), added=Decimal(0), unit_price=Decimal("0.4"), vat_percent=Decimal(19),
    cost_excl_vat=Decimal("0.004"), cost_incl_vat=Decimal("0.00476"), clock_unproven=True,
)  # fmt: skip
WAITED = ChargingPeriod(started_at=START - 60_000, ended_at=START, energy_wh=Decimal(0))
PARKED = ChargingPeriod(
    started_at=START, ended_at=END, energy_wh=Decimal(10), parking=True, average_power_w=Decimal(5)
)
ASKED = IdToken(value="04AB", type="ISO14443", authorization_method="AUTH_REQUEST", authorization_reference="A-7")
FULL = cdr(
    detail(
        price_lines=(LINE,), reserved_periods=(WAITED,), reservation_id=7, periods=(PARKED,),
        signed_meter_values=(signed(b"\xff\x00OCMF"),), quality_flags=("SEQ_GAP",), partner_id=None,
        agreement_id=None, id_token=ASKED,
    )
)  # fmt: skip


def row(state: Cdr) -> dict[str, Any]:
    """As ClickHouse answers CDR_COLUMNS."""
    known, terms, place = state.detail, state.detail.tariff, state.detail.location
    told = {name: getattr(known, name, None) for name in re.findall(r"\w+", CDR_COLUMNS)}
    token = known.id_token
    return told | {
        "tenant": state.tenant, "status": state.status.value, "held_reason": state.held_reason,
        "version": state.version, "updated_ms": state.updated_at, "started_ms": known.started_at,
        "ended_ms": known.ended_at, "id_token": token and token.value, "id_token_type": token and token.type,
        "authorization_method": token and token.authorization_method,
        "authorization_reference": token and token.authorization_reference,
        "tariff_id": terms and terms.tariff_id,
        "tariff": terms and msgspec.json.encode(terms).decode(),
        **{f"location_{one}": getattr(place, one, None) for one in CdrLocation.__dataclass_fields__},
        "location_id": place and place.location_id,
        "period_list": [(one.started_at, one.ended_at, one.energy_wh) for one in known.periods],
        "reserved_list": [(one.started_at, one.ended_at, one.energy_wh) for one in known.reserved_periods],
        "mark_list": [(one.parking, one.average_power_w) for one in known.periods],
        "line_list": [
            (one.kind, one.quantity, one.added, one.unit_price, one.vat_percent, one.cost_excl_vat,
             one.cost_incl_vat, one.clock_unproven) for one in known.price_lines
        ],
        "signed_list": [
            (base64.b64encode(one.signed_data).decode(), one.sha256, one.encoding_method, one.signing_method,
             one.public_key, one.context) for one in known.signed_meter_values
        ],
    }  # fmt: skip


class TestCdr:
    @pytest.mark.parametrize("state", [FULL, cdr(), replace(FULL, held_reason="EVIDENCE_FAILED")])
    def test_is_read_back_as_it_was_written(self, state: Cdr) -> None:
        assert cdr_of(row(state)) == replace(state, issued_at=None)

    def test_without_what_may_be_missing_is_read_back_too(self) -> None:
        bare = cdr(replace(FULL.detail, location=None, id_token=None, tariff=None, periods=(), price_lines=()))
        assert cdr_of(row(bare)) == replace(bare, issued_at=None)

    def test_from_before_there_were_marks_has_plain_periods(self) -> None:
        (found,) = cdr_of(row(FULL) | {"mark_list": []}).detail.periods
        assert (found.parking, found.average_power_w, found.energy_wh) == (False, None, 10)

    def test_from_before_tariffs_were_kept_whole_has_simple_terms(self) -> None:
        terms = FULL.detail.tariff
        assert terms is not None
        simple = {
            name: getattr(terms, name)
            for name in ("currency", "energy_price_per_kwh", "time_price_per_hour", "session_fee", "vat_percent")
        }
        assert cdr_of(row(FULL) | simple | {"tariff": None}).detail.tariff == terms


def test_every_column_that_is_asked_for_is_in_the_table() -> None:
    asked = set(re.findall(r"[a-z_]{3,}", re.sub(r"'\w+'|AS \w+|\w+\(|\b\w ->", " ", CDR_COLUMNS)))
    assert asked <= set(TABLES["cdrs"].names)


def test_every_field_of_a_record_is_read_back_or_known_not_to_be() -> None:
    missing = {"partner_id", "agreement_id"}
    told = cdr_of(row(FULL)).detail
    same = {
        name for name in ChargeDetail.__dataclass_fields__ if getattr(told, name) == getattr(FULL.detail, name)
    }
    assert set(ChargeDetail.__dataclass_fields__) - same <= missing
