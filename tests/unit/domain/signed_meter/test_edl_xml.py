"""EDL_40_SIG and EDL_40_MENNEKES: XML in the forms of the field, every field changed, hostile documents."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.edl_block import EdlBlock
from services.domain.signed_meter.record import SignedRecord
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import spki
from tests.unit.domain.signed_meter.meter_records import (
    BEGIN,
    EDL,
    EDL_END,
    END,
    Mennekes,
    edl_key,
    sig_record,
)

SIG = sig_record(EDL)
CHARGE = Mennekes()


def codes_of(record: SignedRecord) -> tuple[bool, list[str]]:
    (verified,) = verify(record)
    return verified.valid, sorted({one.code.name for one in verified.findings})


def changed(record: SignedRecord, old: str, new: str) -> SignedRecord:
    text = record.data.decode()
    assert re.search(old, text)
    return replace(record, data=re.sub(old, new, text, count=1).encode())


class TestSigSession:
    def test_of_begin_and_end_is_billable(self) -> None:
        verdict = judge([sig_record(EDL, BEGIN), sig_record(EDL_END, END)])
        assert (verdict.transaction_ok, verdict.codes, str(verdict.energy_kwh)) == (True, [], "0.0123")

    @pytest.mark.parametrize(
        ("end", "code"),
        [
            (replace(EDL_END, server_id=bytes(10)), "METER_MISMATCH"),
            (replace(EDL_END, contract_id=b"OTHER"), "ID_MISMATCH"),
            (replace(EDL_END, log=b"\x00\x11"), "LOGBOOK_MISMATCH"),
            (replace(EDL_END, pagination=500), "PAGINATION_NOT_INCREASING"),
            (replace(EDL_END, value=1), "VALUE_DECREASED"),
            (replace(EDL_END, seconds_index=1), "TIME_DECREASED"),
            (replace(EDL_END, unit=28), "UNIT_MISMATCH"),
            (replace(EDL_END, obis=bytes.fromhex("0100020800ff")), "REGISTER_MISMATCH"),
        ],
    )
    def test_is_refused_for(self, end: EdlBlock, code: str) -> None:
        verdict = judge([sig_record(EDL, BEGIN), sig_record(end, END)])
        assert (verdict.signature_valid, verdict.transaction_ok) == ([True, True], False)
        assert verdict.codes == [code]

    def test_with_a_key_that_changes_is_refused(self) -> None:
        verdict = judge([sig_record(EDL, BEGIN), sig_record(EDL_END, END, number=8)])
        assert (verdict.signature_valid, verdict.codes) == ([True, True], ["KEY_MISMATCH"])


class TestSigDocument:
    def test_is_read_with_name_space_attributes_and_declaration(self) -> None:
        record = changed(SIG, "<signedMeterValue>", '<x:signedMeterValue xmlns:x="urn:x" id="1">')
        record = changed(record, "</signedMeterValue>", "</x:signedMeterValue>")
        record = replace(record, data=b'<?xml version="1.0" encoding="UTF-8" ?>\n ' + record.data)
        assert codes_of(record) == (True, [])

    def test_is_read_when_it_is_escaped(self) -> None:
        text = SIG.data.decode().replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
        assert codes_of(replace(SIG, data=text.encode())) == (True, [])

    @pytest.mark.parametrize("encoding", ["HEX", "hex", "", "other"])
    def test_is_read_in_other_encodings(self, encoding: str) -> None:
        hexadecimal = edl_key().upper()
        record = changed(SIG, r"<publicKey[^>]*>[^<]*<", f'<publicKey encoding="{encoding}">\n {hexadecimal}\n<')
        assert codes_of(record) == (True, [])
        stated = changed(SIG, r'(<meterValueSignature encoding=")base64', rf"\1{encoding}")
        assert codes_of(stated)[0] is (encoding.lower() != "hex")

    def test_needs_a_key_from_somewhere(self) -> None:
        record = changed(SIG, r"<publicKey.*?</publicKey>", "")
        assert codes_of(record) == (False, ["SIGNATURE_INVALID"])
        assert codes_of(replace(record, key=edl_key())) == (True, [])
        empty = changed(SIG, r"<publicKey.*?</publicKey>", "<publicKey/>")
        assert codes_of(replace(empty, key=spki("secp192r1").hex())) == (True, [])

    def test_is_not_valid_under_another_key_of_the_register(self) -> None:
        assert codes_of(replace(SIG, key=edl_key(number=8))) == (False, ["KEY_MISMATCH"])

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("signedMeterValue>", "other>"),
            ("<signatureMethod>", "<!-- ' -->"),
            ("<encodedMeterValue.*</encodedMeterValue>", ""),
            ("(<encodedMeterValue.*</encodedMeterValue>)", r"\1\1"),
            (r"(<encodedMeterValue[^>]*>).", r"\1"),
            (r"(<meterValueSignature[^>]*>)....", r"\1"),
            (r"(<meterValueSignature[^>]*>)[^<]*", r"\1***"),
            (r"\A", '<!DOCTYPE a [<!ENTITY b "c">]>'),
        ],
    )
    def test_of_another_shape_cannot_be_read(self, old: str, new: str) -> None:
        assert codes_of(changed(SIG, old, new)) == (False, ["FORMAT"])

    def test_cut_at_every_byte_is_a_finding(self) -> None:
        for size in range(len(SIG.data)):
            assert not codes_of(replace(SIG, data=SIG.data[:size]))[0]


class TestCharge:
    def test_is_billable(self) -> None:
        verdict = judge([CHARGE.record()])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == ([True], True, [])
        assert str(verdict.energy_kwh) == "0.1235"
        assert [one.time for one in verdict.readings] == list(CHARGE.times)
        assert verdict.verified[0].evse_id == "DE*WAT*E1*1"

    def test_has_its_log_bytes_in_the_counter_or_in_the_signature(self) -> None:
        assert judge([replace(CHARGE, log_in_signature=True).record()]).transaction_ok is True

    @pytest.mark.parametrize("text", ["http://other", "urn:mennekes"])
    def test_is_read_in_any_name_space_or_none(self, text: str) -> None:
        assert judge([replace(CHARGE, namespace=text).record()]).transaction_ok is True
        bare = CHARGE.xml().replace(f' xmlns="{CHARGE.namespace}"', "")
        assert judge([SignedRecord("EDL_40_MENNEKES", bare.encode())]).transaction_ok is True

    @pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
    def test_is_read_in_the_encoding_of_its_file(self, encoding: str) -> None:
        place = "<SiteAddress><Town>W\u00fcrdinghausen</Town></SiteAddress>"
        text = CHARGE.xml().replace("<CustomerIdent>", f"{place}<CustomerIdent>")
        file = f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'
        for data in (file.encode(encoding), file.encode(), b"\n" + file.encode("utf-8-sig")):
            assert judge([SignedRecord("EDL_40_MENNEKES", data)]).transaction_ok is True, data

    def test_in_a_billing_document_is_one_of_several(self) -> None:
        second = replace(CHARGE, values=(1, 3), namespace="")
        parts = [one.xml().replace(' xmlns=""', "") for one in (replace(CHARGE, namespace=""), second)]
        wrapped = "".join(f"<ChargingProcesses>{part}</ChargingProcesses>" for part in parts)
        data = f"<Billing><BillingPeriods><BillingPeriod>{wrapped}</BillingPeriod></BillingPeriods></Billing>"
        verdict = judge([SignedRecord("EDL_40_MENNEKES", data.encode())])
        assert (verdict.signature_valid, verdict.transaction_ok) == ([True, True], True)
        assert str(verdict.energy_kwh) == "0.1237"

    def test_may_have_an_identification_time_of_each_measurement(self) -> None:
        own = f"<TimestampCustomerIdent>\n{CHARGE.contract_time}\n</TimestampCustomerIdent>"
        text = CHARGE.xml().replace("<MeasurementStart>", f"<MeasurementStart>{own}")
        assert judge([SignedRecord("EDL_40_MENNEKES", text.encode())]).transaction_ok is True

    @pytest.mark.parametrize(
        ("charge", "code"),
        [
            (replace(CHARGE, counters=(422, 423)), "LOGBOOK_MISMATCH"),
            (replace(CHARGE, counters=(422, 422 + 65536)), "LOGBOOK_MISMATCH"),
            (replace(CHARGE, paginations=(4480, 4480)), "PAGINATION_NOT_INCREASING"),
            (replace(CHARGE, paginations=(4481, 4480)), "PAGINATION_NOT_INCREASING"),
            (replace(CHARGE, values=(2, 1)), "VALUE_DECREASED"),
            (replace(CHARGE, indexes=(2, 1)), "TIME_DECREASED"),
            (replace(CHARGE, times=CHARGE.times[::-1], locals=CHARGE.locals[::-1]), "TIME_DECREASED"),
            (replace(CHARGE, status=137), "METER_STATUS"),
        ],
    )
    def test_is_refused_for(self, charge: Mennekes, code: str) -> None:
        verdict = judge([charge.record()])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == ([True], False, [code])

    def test_without_a_synchronous_clock_has_no_proven_time(self) -> None:
        verdict = judge([replace(CHARGE, status=128).record()])
        assert (verdict.transaction_ok, verdict.codes) == (True, ["TIME_NOT_SYNCHRONIZED"])

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (r"<ServerId>09", "<ServerId>0A"),
            (r"<CustomerIdent>04", "<CustomerIdent>05"),
            (r"<TimestampCustomerIdent>2026-03-01T10:00:00", "<TimestampCustomerIdent>2026-03-01T10:00:01"),
            (r"10:00:10", "10:00:11"),
            (r"<EventCounter>422", "<EventCounter>423"),
            (r"<MeterStatus>136", "<MeterStatus>8"),
            (r"<Value>314940", "<Value>314941"),
            (r"<Value>316175", "<Value>316176"),
            (r"<Scaler>-1", "<Scaler>0"),
            (r"<Pagination>4481", "<Pagination>4482"),
            (r"<SecondIndex>17682020", "<SecondIndex>17682021"),
            (r"<PublicKey>[^<]*", f"<PublicKey>{edl_key(number=8)}"),
        ],
    )
    def test_with_any_signed_field_changed_is_not_valid(self, old: str, new: str) -> None:
        verdict = judge([changed(CHARGE.record(), old, new)])
        assert (verdict.signature_valid, verdict.codes) == ([False], ["SIGNATURE_INVALID"])

    def test_signs_local_time_without_its_offset(self) -> None:
        verdict = judge([changed(CHARGE.record(), r"10:45:10\+01:00", "10:45:10Z")])
        assert (verdict.signature_valid, verdict.codes) == ([True], [])

    def test_is_not_valid_under_another_key_of_the_register(self) -> None:
        verdict = judge([CHARGE.record(edl_key(number=8))])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == (
            [False],
            None,
            ["KEY_MISMATCH"],
        )

    def test_under_the_key_of_the_register_with_another_inside_is_doubted(self) -> None:
        record = changed(CHARGE.record(edl_key()), r"<PublicKey>[^<]*", f"<PublicKey>{edl_key(number=8)}")
        verdict = judge([record])
        assert (verdict.signature_valid, verdict.transaction_ok, verdict.codes) == (
            [True],
            False,
            ["KEY_MISMATCH"],
        )

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (r"<Value>314940", "<Value>3149.40"),
            (r"<Value>314940", "<Value>٣"),
            (r"<Value>314940</Value>", ""),
            (r"(<Value>314940</Value>)", r"\1\1"),
            (r"<Value>314940", "<Value>99999999999999999999999"),
            (r"<Pagination>4480", "<Pagination>-1"),
            (r"<Scaler>-1", "<Scaler>200"),
            (r"<ServerId>09", "<ServerId>"),
            (r"<ServerId>09", "<ServerId>zz"),
            (r"10:00:10\+01:00", "10:00:10"),
            (r"2026-03-01T10:00:10\+01:00", "1 March"),
            (r"2026-03-01T10:00:10", "1026-03-01T10:00:10"),
            (r"2026-03-01T10:00:10", "0001-01-01T00:00:00"),
            (r"<MeasurementEnd>.*</MeasurementEnd>", ""),
            (r"<CustomerIdent>", "<CustomerIdent>" + "00" * 129),
            (r"ChargingProcess", "Other"),
        ],
    )
    def test_of_another_shape_cannot_be_read(self, old: str, new: str) -> None:
        text = (
            re.sub(old, new, CHARGE.xml()) if old == "ChargingProcess" else re.sub(old, new, CHARGE.xml(), count=1)
        )
        (verified,) = verify(SignedRecord("EDL_40_MENNEKES", text.encode()))
        assert (verified.valid, [one.code.name for one in verified.findings]) == (False, ["FORMAT"])

    def test_of_no_charge_or_too_many_cannot_be_read(self) -> None:
        for data in (b"<Billing/>", b"<Billing>" + b"<ChargingProcess/>" * 101 + b"</Billing>"):
            assert codes_of(SignedRecord("EDL_40_MENNEKES", data)) == (False, ["FORMAT"])

    def test_cut_at_every_byte_is_a_finding(self) -> None:
        data = CHARGE.xml().encode()
        for size in range(len(data)):
            assert not codes_of(SignedRecord("EDL_40_MENNEKES", data[:size]))[0]

    @given(st.binary(max_size=200))
    def test_of_any_bytes_is_a_finding(self, data: bytes) -> None:
        for format in ("EDL_40_MENNEKES", "EDL_40_SIG"):
            for written in (data, b"<ChargingProcess>" + data, b"&lt;a&gt;" + data):
                assert not codes_of(SignedRecord(format, written))[0]
