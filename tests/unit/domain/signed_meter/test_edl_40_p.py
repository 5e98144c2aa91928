"""EDL_40_P: telegrams with every field that is signed, and every one that decides, changed."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import spki
from tests.unit.domain.signed_meter.meter_records import BEGIN, EDL, EDL_END, END, edl_key, edl_sign
from tests.unit.domain.signed_meter.telegrams import (
    ABSENT,
    edl_record,
    edl_session,
    entry,
    list_response,
    listed,
    local_time,
    octets,
    signed,
    telegram,
    unsigned,
)

COMPENSATING = replace(EDL, status=0, resistance=1000, history=7, compensated=900_000, stopwatch=3, price=0x1F)
COMPENSATING_END = replace(
    EDL_END, status=0, resistance=1000, history=7, compensated=900_100, stopwatch=9, price=0x1F
)
TEN = bytes(range(10))


class TestSession:
    def test_of_begin_and_end_is_billable(self) -> None:
        verdict = edl_session()
        assert verdict.signature_valid == [True, True]
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "0.0123")

    def test_of_newer_meters_is_signed_on_secp256r1(self) -> None:
        begin, end = edl_record(EDL, BEGIN, "secp256r1"), edl_record(EDL_END, END, "secp256r1")
        assert judge([begin, end]).transaction_ok is True

    def test_of_compensating_meters_bills_the_compensated_register(self) -> None:
        begin, end = (edl_record(one, BEGIN, "secp256r1") for one in (COMPENSATING, COMPENSATING_END))
        verdict = judge([begin, replace(end, context=END)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "0.0100")
        assert [one.register for one in verdict.readings] == ["1-0:1.17.0*255 compensated"] * 2

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"server_id": TEN}, "METER_MISMATCH"),
            ({"contract_id": b"OTHER"}, "ID_MISMATCH"),
            ({"log": b"\x00\x11"}, "LOGBOOK_MISMATCH"),
            ({"log": b"\x01\x10"}, "LOGBOOK_MISMATCH"),
            ({"pagination": 500}, "PAGINATION_NOT_INCREASING"),
            ({"pagination": 499}, "PAGINATION_NOT_INCREASING"),
            ({"value": 999_999}, "VALUE_DECREASED"),
            ({"seconds_index": 699_999}, "TIME_DECREASED"),
            ({"local_epoch": EDL.local_epoch - 1}, "TIME_DECREASED"),
            ({"status": 0x09}, "METER_STATUS"),
            ({"unit": 27}, "UNIT_MISMATCH"),
        ],
    )
    def test_is_refused_for(self, change: dict[str, object], code: str) -> None:
        verdict = edl_session(end=replace(EDL_END, **change))  # type: ignore[arg-type]
        assert verdict.signature_valid == [True, True]
        assert (verdict.transaction_ok, verdict.codes) == (False, [code])

    def test_is_refused_when_only_one_reading_is_compensated(self) -> None:
        begin = edl_record(replace(EDL, status=0), BEGIN, "secp256r1")
        verdict = judge([begin, edl_record(COMPENSATING_END, END, "secp256r1")])
        assert (verdict.transaction_ok, "REGISTER_MISMATCH" in verdict.codes) == (False, True)

    def test_with_two_keys_is_refused(self) -> None:
        begin = edl_record(EDL, BEGIN)
        verdict = judge([begin, edl_record(EDL_END, END, "secp256r1")])
        assert (verdict.signature_valid, verdict.codes) == ([True, True], ["KEY_MISMATCH"])

    def test_across_the_end_of_summer_time_goes_on(self) -> None:
        end = replace(EDL_END, local_epoch=EDL.local_epoch - 900)
        verdict = judge([edl_record(EDL, BEGIN), edl_record(end, END, offset_min=0)])
        assert (verdict.transaction_ok, verdict.codes) == (True, [])

    def test_without_a_synchronous_clock_has_no_proven_time(self) -> None:
        verdict = edl_session(replace(EDL, status=0), replace(EDL_END, status=0x80))
        assert (verdict.transaction_ok, verdict.codes) == (True, ["TIME_NOT_SYNCHRONIZED"])
        assert not verdict.time_billable

    def test_of_one_telegram_is_no_transaction(self) -> None:
        verdict = judge([edl_record(EDL)])
        assert (verdict.transaction_ok, verdict.codes) == (None, ["NOT_A_TRANSACTION"])
        unsynchronized = judge([edl_record(replace(EDL, status=0))])
        assert unsynchronized.transaction_ok is None


class TestRegister180:
    """Register 1.8.0 is signed with a fixed seconds index and packet number, unless entries after it say other."""

    def reading(self, block: EdlBlock) -> bytes:
        return entry(
            "0100010800ff",
            signed(block.value, 8),
            status=unsigned(8, 4),
            time=local_time(block.local_epoch - 3600),
            unit=unsigned(30, 1),
            scaler=signed(-1, 1),
        )

    def test_is_signed_with_fixed_numbers(self) -> None:
        plain = replace(EDL, obis=bytes.fromhex("0100010800ff"), seconds_index=708_606, pagination=10)
        who = entry("8182815401ff", octets(EDL.contract_id), time=local_time(EDL.contract_epoch - 3600))
        data = list_response(EDL.server_id, [who, self.reading(plain)], octets(edl_sign(plain) + EDL.log))
        (verified,) = verify(SignedRecord("EDL_40_P", data, edl_key()))
        assert (verified.valid, verified.pagination) == (True, "10")

    def test_is_signed_with_the_numbers_that_follow_it(self) -> None:
        plain = replace(EDL, obis=bytes.fromhex("0100010800ff"))
        index = listed(unsigned(1, 1), listed(unsigned(1, 1), unsigned(plain.seconds_index, 4)))
        parts = [
            entry("8182815401ff", octets(EDL.contract_id), time=local_time(EDL.contract_epoch - 3600)),
            self.reading(plain),
            entry("810060080001", index),
            entry("8180817101ff", unsigned(plain.pagination, 4)),
        ]
        data = list_response(EDL.server_id, parts, octets(edl_sign(plain) + EDL.log))
        (verified,) = verify(SignedRecord("EDL_40_P", data, edl_key()))
        assert (verified.valid, verified.pagination) == (True, "500")


class TestTelegram:
    @pytest.mark.parametrize(
        "written",
        [
            lambda data: data,
            lambda data: data.hex().encode(),
            lambda data: data.hex().upper().encode(),
            lambda data: data.hex(" ").encode(),
            lambda data: b"\n".join(data.hex().encode()[at : at + 32] for at in range(0, 2 * len(data), 32)),
            base64.b64encode,
            base64.encodebytes,
            base64.b32encode,
            lambda data: b"\xef\xbb\xbf" + data.hex().encode(),
        ],
    )
    def test_may_be_written_in_any_way(self, written: object) -> None:
        assert callable(written)
        data = written(telegram(EDL))
        for encoding in ("plain", "hex", "base64", "auto"):
            assert verify(SignedRecord("EDL_40_P", data, edl_key(), None, encoding))[0].valid

    @pytest.mark.parametrize(
        "key", [edl_key(), edl_key().upper(), "04" + edl_key(), spki("secp192r1").hex(), "  " + edl_key() + "\n"]
    )
    def test_is_valid_under_its_key_in_any_form(self, key: str) -> None:
        assert verify(SignedRecord("EDL_40_P", telegram(EDL), key))[0].valid

    @pytest.mark.parametrize("key", [None, edl_key()[:-2], edl_key(number=8), edl_key("secp256r1"), "zz", ""])
    def test_is_not_valid_without_it(self, key: str | None) -> None:
        (verified,) = verify(SignedRecord("EDL_40_P", telegram(EDL), key))
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["SIGNATURE_INVALID"])

    @pytest.mark.parametrize(
        ("name", "changed"),
        [
            (
                "reading",
                entry("0100011100ff", ABSENT, time=local_time(1), unit=unsigned(30, 1), scaler=signed(0, 1)),
            ),
            ("reading", entry("0100011100ff", unsigned(1, 4), unit=unsigned(30, 1), scaler=signed(0, 1))),
            ("reading", entry("0100011100ff", unsigned(1, 4), time=local_time(1), scaler=signed(0, 1))),
            ("reading", entry("0100011100ff", unsigned(1, 4), time=local_time(1), unit=unsigned(30, 1))),
            ("reading", entry("0100010801ff", unsigned(1, 4))),
            ("contract", entry("8182815401ff", unsigned(1, 1), time=local_time(1))),
            ("contract", entry("8182815401ff", octets(b"X"))),
            ("contract", entry("8182815401ff", octets(bytes(129)), time=local_time(1))),
            ("index", entry("810060080001", unsigned(1, 1))),
            ("index", entry("810060080001", listed(unsigned(2, 1), ABSENT))),
            ("index", entry("810060080001", listed(unsigned(1, 1), ABSENT))),
            ("pagination", entry("8180817101ff", b"\x42\x01")),
            ("pagination", entry("8180817101ff", signed(-1, 4))),
            ("index", entry("0100600800ff", ABSENT)),
        ],
    )
    def test_with_an_entry_that_is_missing_or_wrong_cannot_be_read(self, name: str, changed: bytes) -> None:
        (verified,) = verify(SignedRecord("EDL_40_P", telegram(EDL, **{name: changed}), edl_key()))
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["FORMAT"])

    def test_without_a_signature_is_not_valid(self) -> None:
        data = list_response(EDL.server_id, [], ABSENT)
        assert not verify(SignedRecord("EDL_40_P", data, edl_key()))[0].valid

    def test_with_a_signature_of_another_length_is_not_valid(self) -> None:
        (verified,) = verify(
            SignedRecord("EDL_40_P", telegram(replace(EDL, log=b"\x00\x10")), edl_key("secp256r1"))
        )
        assert [one.code.name for one in verified.findings] == ["SIGNATURE_INVALID"]

    @given(st.sampled_from(["value", "local_epoch", "seconds_index", "pagination", "contract_epoch"]), st.data())
    def test_with_any_signed_number_changed_is_not_valid(self, name: str, data: st.DataObject) -> None:
        before = getattr(EDL, name)
        after = data.draw(st.integers(7200, 2**32 - 7200).filter(lambda value: value != before))
        forged = telegram(replace(EDL, **{name: after}), signed_as=EDL)
        (verified,) = verify(SignedRecord("EDL_40_P", forged, edl_key()))
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["SIGNATURE_INVALID"])

    @pytest.mark.parametrize(
        "change",
        [
            {"server_id": TEN},
            {"contract_id": b"OTHER"},
            {"status": 0x88},
            {"log": b"\x00\x11"},
            {"scaler": 0},
            {"unit": 27},
        ],
    )
    def test_with_any_other_signed_field_changed_is_not_valid(self, change: dict[str, object]) -> None:
        forged = telegram(replace(EDL, **change), signed_as=EDL)  # type: ignore[arg-type]
        assert not verify(SignedRecord("EDL_40_P", forged, edl_key()))[0].valid

    @pytest.mark.parametrize("name", ["history", "compensated", "resistance", "stopwatch", "price"])
    def test_of_a_compensating_meter_signs_its_registers_too(self, name: str) -> None:
        forged = telegram(replace(COMPENSATING, **{name: 8}), curve="secp256r1", signed_as=COMPENSATING)
        assert not verify(SignedRecord("EDL_40_P", forged, edl_key("secp256r1")))[0].valid

    def test_on_secp256r1_may_sign_its_status_as_it_is(self) -> None:
        plain = entry(
            "0100011100ff",
            signed(EDL.value, 8),
            status=unsigned(0x08, 4),
            time=local_time(EDL.local_epoch - 3600),
            unit=unsigned(30, 1),
            scaler=signed(-1, 1),
        )
        data = telegram(EDL, curve="secp256r1", reading=plain)
        (verified,) = verify(SignedRecord("EDL_40_P", data, edl_key("secp256r1")))
        assert (verified.valid, verified.findings) == (True, ())

    def test_of_a_compensating_meter_has_another_status_word(self) -> None:
        word = 1 << 17 | 1 << 31 | 1 << 16 | 1 << 11 | 1 << 9 | 1 << 8
        reading = entry(
            "0100011100ff",
            signed(COMPENSATING.value, 8),
            status=unsigned(word, 4),
            time=local_time(COMPENSATING.local_epoch - 3600),
            unit=unsigned(30, 1),
            scaler=signed(-1, 1),
        )
        block = replace(COMPENSATING, status=0b11111001)
        data = telegram(COMPENSATING, curve="secp256r1", signed_as=block, reading=reading)
        (verified,) = verify(SignedRecord("EDL_40_P", data, edl_key("secp256r1")))
        assert (verified.valid, [one.code.name for one in verified.findings]) == (True, ["METER_STATUS"])


class TestHostileBytes:
    def test_cut_at_every_byte_are_a_finding(self) -> None:
        data = telegram(EDL).hex()
        for size in range(len(data)):
            (verified,) = verify(SignedRecord("EDL_40_P", data[:size].encode(), edl_key()))
            assert not verified.valid

    @given(st.binary(max_size=200))
    def test_are_a_finding(self, data: bytes) -> None:
        for format in ("EDL_40_P", "ISA_EDL_40_P"):
            assert not verify(SignedRecord(format, data, edl_key()))[0].valid

    def test_of_any_size_are_a_finding(self) -> None:
        assert not verify(SignedRecord("EDL_40_P", b"1b" * 300_000, edl_key()))[0].valid
