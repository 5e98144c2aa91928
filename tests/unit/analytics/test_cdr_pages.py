"""Records stand where they were changed last, and are gone from where they were before."""

from dataclasses import replace

import msgspec
import pyarrow.lib as pa
import pytest

from services.analytics.cdr_pages import COLUMNS, credited, issued, moved
from services.analytics.rows import rows_of
from services.domain.events.cdr import Cdr, CdrCredited, CdrIssued
from services.domain.events.common import CdrStatus
from tests.unit.analytics.test_rows import CDR

DETAIL = replace(CDR.detail, contract_id="nl*tnm*c12345678*x")
ISSUED = CdrIssued(event_id="e", tenant="t", cdr_id=DETAIL.cdr_id, detail=DETAIL, issued_at=10_000)
STATE = replace(CDR, detail=DETAIL, issued_at=10_000, updated_at=10_000)
TAKEN_BACK = replace(STATE, status=CdrStatus.CREDITED, version=2, updated_at=20_000)
CREDIT = CdrCredited(
    event_id="e",
    tenant="t",
    cdr_id="credit",
    detail=replace(DETAIL, cdr_id="credit", credit=True),
    credited_cdr_id=DETAIL.cdr_id,
    reason="",
    credited_at=20_000,
)


class TestPages:
    def test_show_an_issued_record_whole(self) -> None:
        (row,) = issued(ISSUED)
        assert (row["tenant"], row["provider"], row["gone"]) == ("t", "NLTNM", False)
        assert (row["updated_at"], row["cdr_id"]) == (10_000, DETAIL.cdr_id)
        assert msgspec.json.decode(row["state"], type=Cdr) == replace(STATE, version=1)

    def test_take_a_record_that_was_credited_from_where_it_was_issued(self) -> None:
        here, gone = moved(TAKEN_BACK)
        assert (here["updated_at"], here["gone"]) == (20_000, False)
        assert msgspec.json.decode(here["state"], type=Cdr) == TAKEN_BACK
        assert (gone["updated_at"], gone["gone"], gone["state"]) == (10_000, True, "")

    def test_show_the_record_that_credits_it(self) -> None:
        (row,) = credited(CREDIT)
        assert (row["updated_at"], row["cdr_id"], row["gone"]) == (20_000, "credit", False)
        assert msgspec.json.decode(row["state"], type=Cdr).detail == CREDIT.detail

    @pytest.mark.parametrize("issued_at", [None, 20_000])
    def test_leave_a_record_where_it_is_when_it_was_nowhere_else(self, issued_at: int | None) -> None:
        assert [row["gone"] for row in moved(replace(TAKEN_BACK, issued_at=issued_at))] == [False]

    @pytest.mark.parametrize("status", [CdrStatus.ISSUED, CdrStatus.HELD, CdrStatus.UNKNOWN])
    def test_have_nothing_of_states_whose_events_tell_it(self, status: CdrStatus) -> None:
        assert moved(replace(STATE, status=status)) == []

    @pytest.mark.parametrize("contract_id", [None, "", "NLTNM"])
    def test_have_nothing_of_a_record_that_is_nobodys(self, contract_id: str | None) -> None:
        nobodys = replace(DETAIL, contract_id=contract_id)
        assert issued(replace(ISSUED, detail=nobodys)) == []
        assert credited(replace(CREDIT, detail=nobodys)) == []
        assert moved(replace(TAKEN_BACK, detail=nobodys)) == []

    @pytest.mark.parametrize("event", [ISSUED, CREDIT, TAKEN_BACK])
    def test_fit_their_columns(self, event: object) -> None:
        rows = [dict(row) for row in rows_of(event)["pulled_cdrs"]]
        assert pa.Table.from_pylist(rows, schema=COLUMNS).num_rows == len(rows)
