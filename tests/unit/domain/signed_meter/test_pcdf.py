"""PCDF: flags, fields and forms of a record that is a whole charge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import public, spki
from tests.unit.domain.signed_meter.meter_records import pcdf_record, pcdf_text

TEXT = pcdf_text()


def outcome(text: str, key: str | None = None) -> tuple[list[bool], bool | None, list[str]]:
    verdict = judge([pcdf_record(text, key)])
    return verdict.signature_valid, verdict.transaction_ok, verdict.codes


class TestCharge:
    def test_is_billable_by_energy(self) -> None:
        verdict = judge([pcdf_record(TEXT)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.345")
        (one,) = verdict.verified
        assert (one.meter_serial, one.identification, one.pagination) == ("12345678901", "04A1B2C3", "42")

    @pytest.mark.parametrize(
        ("flag", "value", "ok", "code"),
        [
            ("SP", "0", False, "END_MISSING"),
            ("SP", "3", False, "END_MISSING"),
            ("BV", "0", False, "METER_STATUS"),
            ("TV", "0", True, "TIME_NOT_SYNCHRONIZED"),
            ("CT", "260301095959", False, "TIME_DECREASED"),
        ],
    )
    def test_says_what_its_flags_say(self, flag: str, value: str, ok: bool, code: str) -> None:
        assert outcome(pcdf_text(**{flag: value})) == ([True], ok, [code])

    @pytest.mark.parametrize("kind", ["1", "2", "3", "4", "5"])
    def test_has_any_kind_of_identification(self, kind: str) -> None:
        assert outcome(pcdf_text(SI=f"DE-WAT-1*{kind}*tx")) == ([True], True, [])

    def test_of_zero_energy_is_billable(self) -> None:
        assert outcome(pcdf_text(RV="0000.000*kWh")) == ([True], True, [])

    def test_of_several_records_has_one_final(self) -> None:
        running = pcdf_record(pcdf_text(SP="0", RV="0001.000*kWh"))
        verdict = judge([running, pcdf_record(TEXT)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.345")
        verdict = judge([pcdf_record(TEXT), pcdf_record(TEXT)])
        assert (verdict.transaction_ok, verdict.codes, verdict.energy_kwh) == (False, ["MULTIPLE_END"], None)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"HW": "12345678902"}, "METER_MISMATCH"),
            ({"SI": "other*1*tx-0001"}, "ID_MISMATCH"),
            ({"SI": "04A1B2C3*1*tx-0002"}, "SESSION_MISMATCH"),
        ],
    )
    def test_of_several_records_is_of_one_session(self, change: dict[str, str | None], code: str) -> None:
        verdict = judge([pcdf_record(pcdf_text(SP="0", **change)), pcdf_record(TEXT)])
        assert (verdict.transaction_ok, verdict.codes) == (False, [code])


class TestKey:
    def test_of_the_register_may_be_written_in_any_form(self) -> None:
        for key in (public("secp256r1").hex(), spki("secp256r1").hex(), public("secp256r1").point[1:].hex()):
            assert outcome(TEXT, key) == ([True], True, [])

    def test_of_the_register_that_differs_is_the_one_that_counts(self) -> None:
        assert outcome(TEXT, spki("secp256r1", 8).hex()) == ([False], None, ["KEY_MISMATCH"])

    def test_inside_is_a_point_of_the_curve(self) -> None:
        assert outcome(pcdf_text(PK="04" + "11" * 64)) == ([False], False, ["SIGNATURE_INVALID"])


class TestText:
    @pytest.mark.parametrize("wrap", ["\x02{}\x03", "\\u0002{}\\u0003", " {}\n", "\ufeff{}", '"{}"'])
    def test_may_have_its_frame(self, wrap: str) -> None:
        assert outcome(wrap.format(TEXT)) == ([True], True, [])

    def test_may_be_hexadecimal(self) -> None:
        assert outcome(TEXT.encode().hex()) == ([True], True, [])

    @pytest.mark.parametrize(
        "text",
        [
            pcdf_text(CSC=None),
            pcdf_text(CSC="x"),
            pcdf_text(RV="12.345*kWh"),
            pcdf_text(RV="0012.345*Wh"),
            pcdf_text(CS="1234567"),
            pcdf_text(HW="1"),
            pcdf_text(SI="a*b"),
            pcdf_text(ST="269901100000"),
            pcdf_text(CD="006000"),
            pcdf_text(PK="0"),
            pcdf_text(XX="1"),
            TEXT + "(ST:260301100000)",
            TEXT.replace("128.8.0", "128.8.1"),
            TEXT.replace(")(CT", "(CT"),
            TEXT.replace("(TV:1)", "(TV:1)(TV:1)"),
            "128.8.0",
            "128.8.0" + "(ST:1)" * 1000,
            "",
        ],
    )
    def test_of_another_shape_cannot_be_read(self, text: str) -> None:
        assert outcome(text) == ([False], False, ["FORMAT"])

    def test_with_any_character_changed_is_not_valid(self) -> None:
        for position in range(len(TEXT)):
            if TEXT[position] in "abcdefABCDEF":
                continue
            other = "2" if TEXT[position] != "2" else "3"
            signatures, ok, _ = outcome(TEXT[:position] + other + TEXT[position + 1 :])
            assert (signatures, ok) == ([False], False), position

    def test_cut_at_every_character_is_a_finding(self) -> None:
        for size in range(len(TEXT)):
            assert not verify(pcdf_record(TEXT[:size]))[0].valid

    @given(st.binary(max_size=200))
    def test_of_any_bytes_is_a_finding(self, data: bytes) -> None:
        for written in (data, b"128.8.0(" + data):
            assert not verify(SignedRecord("PCDF", written))[0].valid
            assert not verify(SignedRecord("ALFEN", b"AP;0;3;" + written))[0].valid
