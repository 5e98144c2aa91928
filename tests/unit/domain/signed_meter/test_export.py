"""The XML for the transparency software: what it needs, what it says aloud, and the way back by our reader."""

import base64
import re
from dataclasses import replace

import pytest
from ecdsa import VerifyingKey

from services.domain import elements
from services.domain.signed_meter.containers import read_sessions
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.export import key_text, spki, transaction_number, transparency_xml
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter import keyring
from tests.unit.domain.signed_meter.meter_records import (
    ALFEN_END,
    BEGIN,
    EDL,
    EDL_END,
    END,
    Alfen,
    Mennekes,
    bsm_container,
    container_record,
    edl_key,
    pcdf_record,
    pcdf_text,
    sig_record,
)
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.domain.signed_meter.telegrams import Isa, edl_record

KEY = keyring.spki("secp256r1").hex()
WHOLE = SignedRecord("OCMF", signed(payload(begin(), end())).encode(), KEY)
FIRST = SignedRecord("OCMF", signed(payload(begin())).encode(), KEY, BEGIN)
LAST = SignedRecord("OCMF", signed(payload(end(), PG="T8")).encode(), KEY, END)
ALFEN = [Alfen().record(BEGIN), ALFEN_END.record(END)]

SESSIONS = {
    "one OCMF": [WHOLE],
    "two OCMF": [FIRST, LAST],
    "Alfen": ALFEN,
    "EDL_40_P": [edl_record(EDL, BEGIN), edl_record(EDL_END, END)],
    "EDL_40_P on secp256r1": [edl_record(EDL, BEGIN, "secp256r1"), edl_record(EDL_END, END, "secp256r1")],
    "ISA": [Isa().record()],
    "EDL_40_SIG": [sig_record(EDL, BEGIN), sig_record(EDL_END, END)],
    "Mennekes": [Mennekes().record()],
    "PCDF": [pcdf_record(pcdf_text())],
}


def exported(records: list[SignedRecord], transaction_id: str = "4711") -> str:
    return transparency_xml(records, transaction_id).xml.decode()


class TestDocument:
    @pytest.mark.parametrize("name", SESSIONS)
    def test_comes_back_through_our_reader_with_the_same_verdict(self, name: str) -> None:
        records = SESSIONS[name]
        export = transparency_xml(records, "4711")
        (session,) = read_sessions(export.xml)
        before, after = judge(records), judge(session)
        assert (after.transaction_ok, after.codes) == (True, [])
        assert (after.energy_kwh, after.readings) == (before.energy_kwh, before.readings)
        assert export.warnings == ()

    @pytest.mark.parametrize("name", SESSIONS)
    def test_has_what_the_program_needs(self, name: str) -> None:
        root = elements.read(transparency_xml(SESSIONS[name], "4711").xml)
        assert (root.namespace, root.name) == ("", "values")
        contexts = [value.attributes.get("context") for value in root.children]
        assert contexts == [None] if len(contexts) == 1 else [BEGIN, END]
        for value in root.children:
            assert value.attributes["transactionId"] == "4711"
            data, key = value.children
            assert (data.attributes["encoding"], key.attributes["encoding"]) == ("plain", "plain")
            assert data.attributes["format"] == SESSIONS[name][0].format
            assert data.text == data.text.strip()
            assert re.fullmatch("[0-9a-f]+", key.text)

    def test_has_the_signed_text_unchanged(self) -> None:
        text = signed(payload(begin(), end(), TT='a < b & "c" \u00e4'))
        (session,) = read_sessions(transparency_xml([replace(WHOLE, data=text.encode())], "1").xml)
        assert session[0].data == text.encode()

    @pytest.mark.parametrize(
        "wrap", [bytes.hex, lambda data: base64.b64encode(data).decode(), lambda data: f" {data.decode()}\n"]
    )
    def test_has_the_text_of_what_was_wrapped(self, wrap: object) -> None:
        assert callable(wrap)
        assert exported([replace(WHOLE, data=wrap(WHOLE.data).encode())]) == exported([WHOLE])

    def test_of_a_pair_has_the_begin_first_in_any_order(self) -> None:
        assert exported([LAST, FIRST]) == exported([FIRST, LAST])
        unnamed = [replace(FIRST, context=None), replace(LAST, context="Sample.Periodic")]
        assert exported(unnamed[::-1]) == exported([FIRST, LAST])

    def test_of_a_record_with_both_readings_has_only_that(self) -> None:
        export = transparency_xml([FIRST, replace(WHOLE, context=END)], "1")
        assert export.xml.decode() == exported([WHOLE], "1")
        assert export.warnings == ("1 of 2 records are not at begin or end, and left out",)

    def test_leaves_readings_between_out_and_says_so(self) -> None:
        between = replace(ALFEN_END, type="2").record("Sample.Periodic")
        export = transparency_xml([ALFEN[0], between, ALFEN[1]], "1")
        assert export.xml.decode() == exported(ALFEN, "1")
        assert export.warnings == ("1 of 3 records are not at begin or end, and left out",)

    def test_of_telegrams_is_hexadecimal(self) -> None:
        assert ">1B1B1B1B01010101" in exported([Isa().record()])

    def test_of_a_bill_is_the_bill(self) -> None:
        bill = f"<Billing><ChargingProcesses>{Mennekes().xml()}</ChargingProcesses></Billing>"
        record = SignedRecord("EDL_40_MENNEKES", bill.encode())
        assert exported([record]) == bill

    def test_says_what_the_program_may_not_accept(self) -> None:
        newer = replace(WHOLE, data=signed(payload(begin(), end(), FV="1.4")).encode())
        assert transparency_xml([newer], "1").warnings == ("OCMF 1.4: SAFE 1.4.1 opens versions to 1.3",)
        bare = replace(WHOLE, data=signed(payload(begin(), end(), FV=None)).encode())
        assert "without version" in transparency_xml([bare], "1").warnings[0]
        unknown = transparency_xml([replace(WHOLE, key=None)], "1")
        assert "publicKey" not in unknown.xml.decode()
        assert unknown.warnings[:2] == ("a signature is not true", "no key that can be used is known")
        broken = transparency_xml([replace(WHOLE, key="no key")], "1").xml.decode()
        assert '<publicKey encoding="plain">nokey</publicKey>' in broken


class TestRefusal:
    @pytest.mark.parametrize(
        "records",
        [
            [],
            [container_record("BSM_WS36A", bsm_container())],
            [SignedRecord("OTHER", b"x")],
            [SignedRecord("OCMF", b"no OCMF", KEY)],
            [SignedRecord("OCMF", b"\xff", KEY)],
            [SignedRecord("OCMF", b"OCMF|\x01|{}", KEY)],
            [SignedRecord("EDL_40_P", b"1b1b", edl_key())],
            [SignedRecord("ALFEN", f"{Alfen().text()}\n{ALFEN_END.text()}".encode())],
            [FIRST, FIRST],
            [FIRST, LAST, LAST],
            [FIRST, ALFEN[1]],
            [SignedRecord("OCMF", b"OCMF|{}", None), SignedRecord("OCMF", b"OCMF|{}", None), LAST],
        ],
    )
    def test_is_said_of_what_the_program_cannot_open(self, records: list[SignedRecord]) -> None:
        with pytest.raises(NotReadable):
            transparency_xml(records, "1")


class TestTransactionNumber:
    @pytest.mark.parametrize("text", ["0", "4711", "999999999999999999"])
    def test_is_the_id_when_that_is_one(self, text: str) -> None:
        assert transaction_number(text) == int(text)

    @pytest.mark.parametrize(
        "text", ["", "-1", "1.0", "0b6ba3cc-5b0f-4c0b-8f0e-bd3c5b2f3d11", "9" * 19, "\u0663", "\ud800"]
    )
    def test_is_made_of_any_other_id_and_always_the_same(self, text: str) -> None:
        number = transaction_number(text)
        assert 0 < number < 2**63
        assert number == transaction_number(text) != transaction_number(f"{text}x")


class TestKey:
    @pytest.mark.parametrize("curve", CURVES)
    def test_of_ocmf_is_spki(self, curve: str) -> None:
        key = keyring.public(curve)
        assert spki(key).hex() == key_text("OCMF", key)
        assert keyring.spki(curve) == spki(key)
        if not curve.endswith("k1"):
            assert VerifyingKey.from_der(spki(key)).to_string("uncompressed") == key.point

    def test_of_other_formats_is_a_point_in_their_form(self) -> None:
        key = keyring.public("secp192r1")
        assert key_text("EDL_40_P", key) == key.point[1:].hex()
        assert key_text("ALFEN", key)[:2] in ("02", "03")
        assert key_text("PCDF", key) == key.point.hex()
