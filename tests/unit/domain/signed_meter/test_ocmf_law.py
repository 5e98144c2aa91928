"""OCMF: sessions that may be billed, and those with true signatures that may not."""

from decimal import Decimal
from typing import Any

import pytest

from services.domain.signed_meter.findings import Effect
from services.domain.signed_meter.record import SessionVerdict
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.ocmf_records import begin, end, pair, payload, record, signed, single


def verdict_of(verdict: SessionVerdict) -> tuple[bool | None, list[str]]:
    return verdict.transaction_ok, verdict.codes


class TestSingle:
    def test_record_with_begin_and_end_is_billed_with_its_time(self) -> None:
        verdict = single(begin(), end())
        assert verdict_of(verdict) == (True, [])
        assert verdict.energy_kwh == Decimal("12.25")
        assert verdict.time_billable

    @pytest.mark.parametrize("marker", "ELRAP")
    def test_record_may_end_for_any_reason(self, marker: str) -> None:
        assert verdict_of(single(begin(), end(TX=marker))) == (True, [])

    def test_record_without_transaction_bills_nothing(self) -> None:
        assert verdict_of(single(begin(TX=None), PG="F3")) == (None, ["NOT_A_TRANSACTION"])

    @pytest.mark.parametrize("marker", "CXST")
    def test_record_from_in_between_bills_nothing_by_itself(self, marker: str) -> None:
        assert verdict_of(single(begin(TX=marker))) == (None, ["NOT_A_TRANSACTION"])

    @pytest.mark.parametrize(
        ("readings", "code"),
        [
            ([begin()], "END_MISSING"),
            ([end()], "BEGIN_MISSING"),
            ([begin(), begin(), end()], "MULTIPLE_BEGIN"),
            ([begin(), end(), end()], "MULTIPLE_END"),
            ([begin(TX="C"), end()], "BEGIN_MISSING"),
            ([begin(), end(TX="C")], "END_MISSING"),
        ],
    )
    def test_record_needs_one_begin_and_one_end(self, readings: list[dict[str, Any]], code: str) -> None:
        verdict = single(*readings)
        assert verdict_of(verdict) == (False, [code])
        assert verdict.energy_kwh is None

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"RV": 999}, "VALUE_DECREASED"),
            ({"TM": "2026-03-01T09:59:59,999+0100 S"}, "TIME_DECREASED"),
            ({"EF": "E"}, "ERROR_FLAG_ENERGY"),
            ({"RU": "mOhm"}, "UNIT_MISMATCH"),
            ({"RU": "Wh", "RV": 1012750}, "UNIT_MISMATCH"),
            ({"RI": "1-b:1.8.1"}, "REGISTER_MISMATCH"),
            ({"RI": "1-b:2.8.0"}, "REGISTER_MISMATCH"),
            ({"RI": "1-b:C1.8.0"}, "REGISTER_MISMATCH"),
            *(({"ST": status}, "METER_STATUS") for status in "NTDRMXIOSEF"),
            ({"ST": ""}, "METER_STATUS"),
        ],
    )
    def test_record_is_not_billed_with_a_bad_end(self, changes: dict[str, Any], code: str) -> None:
        assert verdict_of(single(begin(), end(**changes))) == (False, [code])

    def test_record_is_not_billed_with_a_bad_begin_either(self) -> None:
        assert verdict_of(single(begin(ST="E"), end())) == (False, ["METER_STATUS"])
        assert verdict_of(single(begin(EF="E"), end())) == (False, ["ERROR_FLAG_ENERGY"])

    def test_record_without_unit_or_status_is_not_billed(self) -> None:
        assert verdict_of(single(begin(RU=None), end(RU=None))) == (False, ["UNIT_MISMATCH"])
        assert verdict_of(single(begin(ST=None), end(ST=None))) == (False, ["METER_STATUS"])

    def test_register_may_not_fall_in_between(self) -> None:
        assert verdict_of(single(begin(), begin(TX="C", RV=999), end())) == (False, ["VALUE_DECREASED"])

    def test_trouble_in_between_needs_a_person(self) -> None:
        assert verdict_of(single(begin(), begin(TX="C", ST="T"), end())) == (None, ["METER_STATUS"])
        assert verdict_of(single(begin(), begin(TX="X"), end())) == (None, ["EXCEPTION_READING"])

    def test_event_counter_stands_still(self) -> None:
        assert verdict_of(single(begin(EI=7), end(EI=7))) == (True, [])
        assert verdict_of(single(begin(EI=7), end(EI=8))) == (False, ["LOGBOOK_MISMATCH"])

    @pytest.mark.parametrize("level", ["MISMATCH", "INVALID", "OUTDATED", "UNKNOWN", " unknown"])
    def test_failed_assignment_of_the_user_is_not_billed(self, level: str) -> None:
        assert verdict_of(single(begin(), end(), IL=level)) == (False, ["ID_LEVEL_ERROR"])
        assert verdict_of(single(begin(), end(), FV="0.4", IL=None, IS=level)) == (False, ["ID_LEVEL_ERROR"])

    @pytest.mark.parametrize("level", ["NONE", "HEARSAY", "TRUSTED", "VERIFIED", "CERTIFIED", "SECURE", None])
    def test_other_assignments_are(self, level: str | None) -> None:
        assert verdict_of(single(begin(), end(), IL=level)) == (True, [])


class TestClock:
    @pytest.mark.parametrize(
        ("states", "ok", "codes"),
        [
            ("SS", True, []),
            ("RR", True, []),
            ("IR", True, []),
            ("UR", True, []),
            ("SR", True, []),
            ("II", True, ["TIME_NOT_SYNCHRONIZED"]),
            ("UU", True, ["TIME_NOT_SYNCHRONIZED"]),
            ("UI", True, ["TIME_NOT_SYNCHRONIZED"]),
            ("SI", True, ["TIME_NOT_SYNCHRONIZED"]),
            ("IS", True, ["TIME_NOT_SYNCHRONIZED"]),
            ("RS", False, ["TIME_SYNC_INCONSISTENT"]),
            ("RI", False, ["TIME_SYNC_INCONSISTENT"]),
            ("RU", False, ["TIME_SYNC_INCONSISTENT"]),
        ],
    )
    def test_states_decide_about_time(self, states: str, ok: bool, codes: list[str]) -> None:
        times = [reading["TM"][:-1] + state for reading, state in zip((begin(), end()), states, strict=True)]
        verdict = single(begin(TM=times[0]), end(TM=times[1]))
        assert verdict_of(verdict) == (ok, codes)
        assert verdict.time_billable is (ok and not codes)

    def test_without_state_proves_nothing(self) -> None:
        times = [reading["TM"][:-2] for reading in (begin(), end())]
        assert single(begin(TM=times[0]), end(TM=times[1])).codes == ["TIME_NOT_SYNCHRONIZED"]

    def test_that_the_meter_calls_unusable_leaves_the_energy(self) -> None:
        verdict = single(begin(), end(EF="t"))
        assert verdict_of(verdict) == (True, ["ERROR_FLAG_TIME"])
        assert not verdict.time_billable

    def test_is_not_needed_where_seconds_are_signed(self) -> None:
        times = [reading["TM"][:-1] + "I" for reading in (begin(), end())]
        seconds = end(TM=times[1], RV=2700, RU="sec", RI="01-00:00.08.06.FF")
        assert verdict_of(single(begin(TM=times[0]), end(TM=times[1]), seconds)) == (True, [])

    def test_may_go_back_with_summer_time(self) -> None:
        times = "2026-10-25T02:50:00,000+0200 S", "2026-10-25T02:10:00,000+0100 S"
        assert verdict_of(single(begin(TM=times[0]), end(TM=times[1]))) == (True, [])


class TestRegisters:
    @pytest.mark.parametrize(
        ("codes", "billed"),
        [
            (["1-b:1.8.0", "1-b:98.8.0"], 1),
            (["01-0B:01.08.00*FF", "01-0B:B1.08.00*FF"], 1),
            (["01-00:B2.08.00*FF", "01-00:B3.08.00*FF"], 1),
            (["01-00:B0.08.00*FF", "1-0:1.8.0"], 1),
            (["1-0:2.8.0", "1-0:1.8.0"], 1),
            (["1-0:1.8.1", "1-0:1.8.0"], 1),
            (["1-0:1.9.0", "1-0:1.8.e"], 1),
            (["1-0:2.8.0", "01-00:C0.08.00*FF"], 1),
            (["nonsense", "1-0:1.8.0*198"], 1),
            (["1-0:1.7.0", "1-0:2.8.0"], 1),
        ],
    )
    def test_are_chosen_in_the_order_of_the_law(self, codes: list[str], billed: int) -> None:
        readings = []
        for index, code in enumerate(codes):
            kwh = 10 if index == billed else 99
            readings += [begin(RI=code, RV=5), end(RI=code, RV=5 + kwh)]
        verdict = single(*readings)
        assert verdict_of(verdict) == (True, [])
        assert verdict.energy_kwh == 10

    def test_are_the_same_in_another_spelling(self) -> None:
        assert verdict_of(single(begin(RI="1-0:1.8.0"), end(RI="01-00:01.08.00*FF"))) == (True, [])

    def test_may_be_unnamed(self) -> None:
        assert single(begin(RI=None), end(RI=None)).energy_kwh == Decimal("12.25")

    def test_that_are_none_of_energy_bill_nothing(self) -> None:
        assert verdict_of(single(begin(RI="1-0:1.7.0"), end(RI="1-0:1.7.0"))) == (False, ["BEGIN_MISSING"])


class TestPair:
    def test_of_begin_and_end_is_billed(self) -> None:
        verdict = pair({"RD": [begin()]}, {"RD": [end()]})
        assert verdict_of(verdict) == (True, [])
        assert verdict.energy_kwh == Decimal("12.25")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"MS": "M2"}, "METER_MISMATCH"),
            ({"GS": "GW2"}, "GATEWAY_MISMATCH"),
            ({"GI": "Other"}, "GATEWAY_MISMATCH"),
            ({"CI": "DE*ABC*E2"}, "EVSE_MISMATCH"),
            ({"ID": "04A1B2C4"}, "ID_MISMATCH"),
            ({"IT": "EMAID"}, "ID_MISMATCH"),
            ({"IL": "MISMATCH"}, "ID_LEVEL_ERROR"),
            ({"PG": "F8"}, "PAGINATION_CONTEXT"),
            ({"PG": "T7"}, "PAGINATION_NOT_INCREASING"),
            ({"PG": "T6"}, "PAGINATION_NOT_INCREASING"),
        ],
    )
    def test_of_records_that_do_not_belong_together_is_not(self, changes: dict[str, Any], code: str) -> None:
        assert verdict_of(pair({"RD": [begin()]}, {"RD": [end()], **changes})) == (False, [code])

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"PG": "T9"}, "PAGINATION_GAP"),
            ({"PG": None}, "PAGINATION_GAP"),
            ({"PG": "later"}, "PAGINATION_GAP"),
            ({"ID": None}, "ID_MISMATCH"),
            ({"GS": None}, "GATEWAY_MISMATCH"),
        ],
    )
    def test_that_is_not_complete_needs_a_person(self, changes: dict[str, Any], code: str) -> None:
        assert verdict_of(pair({"RD": [begin()]}, {"RD": [end()], **changes})) == (None, [code])

    def test_under_two_keys_is_not_billed(self) -> None:
        first = record(signed(payload(begin())))
        last = record(signed(payload(end(), PG="T8"), number=8), number=8)
        assert verdict_of(judge([first, last])) == (False, ["KEY_MISMATCH"])

    def test_in_the_wrong_order_is_not_billed(self) -> None:
        assert verdict_of(pair({"RD": [end()]}, {"RD": [begin()]})) == (False, ["BEGIN_MISSING"])
        assert verdict_of(pair({"RD": [begin()]}, {"RD": [begin()]})) == (False, ["END_MISSING"])

    def test_of_two_whole_transactions_is_not_billed(self) -> None:
        later = [begin(TM="2026-03-02T10:00:00,000+0100 S"), end(TM="2026-03-02T10:45:00,000+0100 S")]
        assert verdict_of(pair({"RD": [begin(), end()]}, {"RD": later})) == (False, ["MULTIPLE_BEGIN"])

    def test_whose_end_repeats_the_begin_is_billed(self) -> None:
        assert verdict_of(pair({"RD": [begin()]}, {"RD": [begin(), end()]})) == (True, [])

    def test_without_begin_and_end_is_not_billed(self) -> None:
        assert verdict_of(pair({"RD": [begin(TX="C")]}, {"RD": [end(TX="C")]})) == (False, ["BEGIN_MISSING"])

    def test_with_records_between_is_billed_when_none_is_missing(self) -> None:
        between = record(signed(payload(begin(TX="C", RV=1001), PG="T8")))
        first, last = record(signed(payload(begin()))), record(signed(payload(end(), PG="T9")))
        assert verdict_of(judge([first, between, last])) == (True, [])
        assert verdict_of(judge([first, last])) == (None, ["PAGINATION_GAP"])


class TestNothingIsJudgedThatNobodySigned:
    def test_such_as_a_bad_status_under_a_false_signature(self) -> None:
        tampered = signed(payload(begin(), end(ST="E"))).replace("1012.75", "1012.76")
        verdict = judge([record(tampered)])
        assert verdict_of(verdict) == (False, ["SIGNATURE_INVALID"])
        assert verdict.readings == []
        assert verdict.energy_kwh is None

    def test_and_one_false_signature_spoils_the_session(self) -> None:
        first = record(signed(payload(begin())))
        last = record(signed(payload(end(), PG="T8")).replace("T8", "T9"))
        verdict = judge([first, last])
        assert verdict.signature_valid == [True, False]
        assert verdict_of(verdict) == (False, ["SIGNATURE_INVALID"])
        assert [reading.marker for reading in verdict.readings] == ["B"]


def test_every_finding_says_what_where_and_why() -> None:
    (found,) = single(begin(), end(ST="E")).findings
    assert found.field == "ST"
    assert found.message == "E at 2026-03-01T10:45:00,000+0100 S"
    assert found.source == "MessEG §33(1)"
    assert found.effect is Effect.REFUSED
