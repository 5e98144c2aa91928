"""ChargePoint: the bytes of a file and the signature beside it."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import secret, spki
from tests.unit.domain.signed_meter.meter_records import CHARGE, START, secrrct

TEXT = json.dumps(CHARGE)
OLD = {
    "company_name": "Wattlog",
    "energy": [
        {"start_time_utc": START, "end_time_utc": START + 60},
        {"start_time_utc": START + 60, "end_time_utc": START + 421},
        {"seq_num": "SUBTOTAL"},
    ],
    "parking": None,
    "additional_info": {
        "session_id": 2,
        "meter_serial": "240008S",
        "meter_startreading": 3078,
        "meter_endreading": 3137,
        "energy_units": "Wh",
    },
}


def outcome(record: SignedRecord) -> tuple[list[bool], bool | None, list[str]]:
    verdict = judge([record])
    return verdict.signature_valid, verdict.transaction_ok, verdict.codes


def changed(**fields: object) -> SignedRecord:
    return secrrct(json.dumps(CHARGE | fields))


class TestCharge:
    @pytest.mark.parametrize("curve", ["secp224k1", "secp256r1", "secp384r1"])
    def test_is_billable_on_the_curve_of_its_key(self, curve: str) -> None:
        verdict = judge([secrrct(TEXT, curve)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "12.0")
        (one,) = verdict.verified
        assert (one.meter_serial, one.gateway_serial, one.identification) == (
            "24000001",
            "0024b10000000001",
            "04a1b2c3",
        )

    def test_of_the_older_form_is_read_too(self) -> None:
        verdict = judge([secrrct(json.dumps(OLD))])
        assert (verdict.transaction_ok, str(verdict.energy_kwh)) == (True, "0.059")
        begin, end = verdict.readings
        assert begin.instant is not None
        assert end.instant is not None
        assert (end.instant - begin.instant).total_seconds() == 421

    def test_without_times_is_billable_by_energy(self) -> None:
        content = {name: value for name, value in CHARGE.items() if not name.endswith("_time")}
        assert outcome(secrrct(json.dumps(content))) == ([True], True, [])

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"meter_endreading": 74.5}, "VALUE_DECREASED"),
            ({"end_time": START - 1}, "TIME_DECREASED"),
            ({"energy_units": "kVA"}, "UNIT_MISMATCH"),
            ({"energy_units": 3}, "UNIT_MISMATCH"),
            ({"meter_endreading": "86.6"}, "FORMAT"),
            ({"meter_endreading": None}, "FORMAT"),
            ({"end_time": "soon"}, "FORMAT"),
            ({"end_time": 1 << 60}, "FORMAT"),
        ],
    )
    def test_is_signed_but_refused_for(self, fields: dict[str, object], code: str) -> None:
        assert outcome(changed(**fields)) == ([True], False, [code])

    @pytest.mark.parametrize("content", ["not JSON", "[]", "{}", '{"a": 1, "a": 2}'])
    def test_that_cannot_be_read_is_signed_but_refused(self, content: str) -> None:
        signatures, ok, _ = outcome(secrrct(content))
        assert (signatures, ok) == ([True], False)

    def test_in_another_encoding_is_signed_but_refused(self) -> None:
        record = secrrct("\u00e4")
        assert outcome(record)[:2] == ([True], False)

    def test_is_one_file(self) -> None:
        verdict = judge([secrrct(TEXT), secrrct(TEXT)])
        assert (verdict.transaction_ok, verdict.codes, verdict.energy_kwh) == (False, ["MULTIPLE_END"], None)


class TestSignature:
    @pytest.mark.parametrize("text", [TEXT.replace(" ", ""), TEXT.replace("86.6", "96.6"), TEXT + "\n", ""])
    def test_is_of_the_exact_bytes(self, text: str) -> None:
        record = replace(secrrct(TEXT), data=text.encode())
        assert outcome(record) == ([False], False, ["SIGNATURE_INVALID"])

    def test_of_bytes_that_are_no_text_is_held_against_them(self) -> None:
        assert outcome(replace(secrrct(TEXT), data=b"\xff")) == ([False], False, ["SIGNATURE_INVALID"])

    def test_may_be_base64(self) -> None:
        record = secrrct(TEXT)
        written = base64.b64encode(bytes.fromhex(record.signature or "")).decode()
        assert outcome(replace(record, signature=written)) == ([True], True, [])

    @pytest.mark.parametrize("signature", [None, "", "zz", "3000", "30"])
    def test_that_is_none_is_not_valid(self, signature: str | None) -> None:
        signatures, ok, _ = outcome(replace(secrrct(TEXT), signature=signature))
        assert (signatures, ok) == ([False], False)

    def test_needs_its_key(self) -> None:
        pem = secret("secp224k1").verifying_key.to_pem().decode()
        assert outcome(replace(secrrct(TEXT), key=pem)) == ([True], True, [])
        for key in (None, spki("secp224k1", 8).hex(), spki("secp192r1").hex()):
            assert outcome(replace(secrrct(TEXT), key=key)) == ([False], False, ["SIGNATURE_INVALID"])

    def test_of_a_file_without_end_is_not_looked_at(self) -> None:
        assert outcome(replace(secrrct(TEXT), data=b"x" * 300_000)) == ([False], False, ["FORMAT"])

    @given(st.binary(max_size=100), st.text(max_size=60))
    def test_of_anything_is_a_finding(self, data: bytes, signature: str) -> None:
        assert not verify(replace(secrrct(TEXT), data=data, signature=signature))[0].valid
