from dataclasses import replace

import pytest

from services.domain.signed_meter.findings import Code, Effect, NotReadable, finding
from services.domain.signed_meter.formats import FORMATS
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, record, signed


class TestJudge:
    def test_has_no_opinion_on_nothing_but_does_not_bill_it(self) -> None:
        verdict = judge([])
        assert (verdict.transaction_ok, verdict.codes, verdict.signature_valid) == (False, ["FORMAT"], [])

    def test_refuses_formats_that_it_does_not_know(self) -> None:
        verdict = judge([SignedRecord("FANTASY", b"x")])
        assert (verdict.transaction_ok, verdict.codes) == (False, ["FORMAT"])
        assert "FANTASY" in verdict.findings[0].message

    def test_refuses_sessions_of_two_formats(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(FORMATS, "OTHER", FORMATS["OCMF"])
        first = record(signed(payload(begin())))
        verdict = judge([first, replace(record(signed(payload(end(), PG="T8"))), format="OTHER")])
        assert (verdict.transaction_ok, verdict.codes, verdict.signature_valid) == (
            False,
            ["FORMAT"],
            [True, True],
        )

    def test_says_each_code_once(self) -> None:
        verdict = judge([record(signed(payload(begin(ST="E"), end(ST="E"))))])
        assert verdict.codes == ["METER_STATUS"]
        assert len(verdict.findings) == 2


class TestFindings:
    def test_take_sentence_source_and_effect_from_the_code(self) -> None:
        found = finding(Code.ERROR_FLAG_TIME)
        assert (found.message, found.source, found.effect) == (
            Code.ERROR_FLAG_TIME.sentence,
            "MessEV §5",
            Effect.NOTED,
        )

    def test_can_be_worse_than_usual(self) -> None:
        assert finding(Code.ERROR_FLAG_TIME, effect=Effect.REFUSED).effect is Effect.REFUSED

    def test_are_what_unreadable_things_become(self) -> None:
        found = NotReadable("cut off", "SD").finding()
        assert (found.code, found.message, found.field) == (Code.FORMAT, "cut off", "SD")

    def test_have_codes_that_are_no_aliases_of_each_other(self) -> None:
        assert len(Code) == len(Code.__members__)
