"""What signed values travel in, and how hostile containers end."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.containers import Session, read_sessions
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.session import judge
from tests.unit.domain.signed_meter.keyring import spki
from tests.unit.domain.signed_meter.meter_records import ALFEN_END, Alfen
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.domain.signed_meter.test_vectors import VECTORS

KEY = spki("secp256r1").hex()
WHOLE = signed(payload(begin(), end()))
BEGIN, END = signed(payload(begin())), signed(payload(end(), PG="T8"))


def xml(*values: str, root: str = "<values>") -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}{"".join(values)}</values>'.encode()


def value(data: str, attributes: str = "", key: str = KEY, about: str = ' format="OCMF" encoding="plain"') -> str:
    data = data.replace("&", "&amp;").replace("<", "&lt;")
    return f"<value{attributes}><signedData{about}>{data}</signedData><publicKey>{key}</publicKey></value>"


def answers(sessions: list[Session]) -> list[bool | None]:
    return [judge(session).transaction_ok for session in sessions]


class TestRaw:
    @pytest.mark.parametrize(
        "data",
        [
            WHOLE.encode(),
            f"\ufeff\n{WHOLE}\n".encode(),
            f"{BEGIN}\n{END}\n".encode(),
            WHOLE.encode().hex().encode(),
            base64.encodebytes(WHOLE.encode()),
        ],
    )
    def test_text_is_one_session(self, data: bytes) -> None:
        assert answers(read_sessions(data, KEY)) == [True]

    def test_lines_may_be_several_sessions(self) -> None:
        data = "\n".join([WHOLE, BEGIN, END, WHOLE]).encode()
        assert [len(session) for session in read_sessions(data, KEY)] == [1, 2, 1]

    def test_lines_of_alfen_are_sessions_by_their_types(self) -> None:
        between = [
            replace(ALFEN_END, type="2", pagination=1001 + number, value=1_000_000 + number) for number in (0, 1)
        ]
        one = [Alfen(), *between, replace(ALFEN_END, pagination=1003)]
        data = "\n".join(line.text() for line in (*one, *one)).encode()
        assert [len(session) for session in read_sessions(data)] == [4, 4]
        assert answers(read_sessions(data)) == [True, True]

    def test_two_records_that_are_no_transaction_belong_together(self) -> None:
        fiscal = [signed(payload(begin(TX=None), PG=page)) for page in ("F1", "F2")]
        (session,) = read_sessions("\n".join(fiscal).encode(), KEY)
        assert judge(session).codes == ["NOT_A_TRANSACTION"]

    @pytest.mark.skipif(not VECTORS.is_dir(), reason="the signed-meter vectors are not beside the repository")
    @pytest.mark.parametrize("name", ["isa_edl_40_p/isa-update-ok", "edl_40_p/edl40-single"])
    def test_telegrams_are_told_apart_by_their_signature(self, name: str) -> None:
        told = json.loads((VECTORS / f"{name}.json").read_text())
        ((record,),) = read_sessions(told["values"][0]["data"].encode(), told["values"][0]["key"])
        assert record.format == told["format"]

    def test_what_is_between_begin_and_end_belongs_to_them_even_when_it_is_false(self) -> None:
        between = signed(payload(begin(TX="C", RV=1001), PG="T8"))
        last = signed(payload(end(), PG="T9"))
        lines = [BEGIN, between, last, WHOLE, BEGIN, between.replace("1001", "1002"), last]
        sessions = read_sessions("\n".join(lines).encode(), KEY)
        assert [len(session) for session in sessions] == [3, 1, 3]
        assert answers(sessions) == [True, True, False]

    def test_payload_over_several_lines_is_one_record(self) -> None:
        text = json.dumps(json.loads(payload(begin(), end())), indent=2)
        assert answers(read_sessions(signed(text).encode(), KEY)) == [True]

    def test_key_in_no_file_means_no_true_signature(self) -> None:
        assert answers(read_sessions(WHOLE.encode())) == [False]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b" ",
            b"\n" * 3_000_000,
            b" " * 3_000_000,
            b"hello",
            b"\x00" * 100,
            b"AABB",
            b"QUJD",
            "ü".encode("latin-1"),
        ],
        ids=lambda data: f"{data[:8]!r}…{len(data)}",
    )
    def test_bytes_that_are_nothing_are_said_to_be(self, data: bytes) -> None:
        with pytest.raises(NotReadable):
            read_sessions(data, KEY)

    def test_bytes_beyond_measure_are_not_read(self) -> None:
        with pytest.raises(NotReadable, match="more than are read"):
            read_sessions(b"x" * (64 * 1024 * 1024 + 1))

    @pytest.mark.parametrize(
        ("start", "name"),
        [
            (b"AP;0;3;", "ALFEN"),
            (b"128.8.0(ST:1)", "PCDF"),
            (b"\x02128.8.0(ST:1)", "PCDF"),
            (b"\x1b\x1b\x1b\x1b\x01\x01\x01\x01", "EDL_40_P"),
            (b"1b1b1b1b01010101", "EDL_40_P"),
            (base64.b64encode(b"<signedMeterValue/>"), "EDL_40_SIG"),
            (base64.b64encode(b"<Billing/>"), "EDL_40_MENNEKES"),
        ],
    )
    def test_formats_are_recognised_by_their_beginning(self, start: bytes, name: str) -> None:
        ((record,),) = read_sessions(start)
        assert record.format == name

    def test_signature_beside_the_file_makes_it_chargepoint(self) -> None:
        ((record,),) = read_sessions(b"{}", KEY, "3006020101020101")
        assert (record.format, record.signature) == ("CHARGEPOINT_SECRRCT", "3006020101020101")


class TestTransparencyXml:
    def test_values_of_one_transaction_are_one_session_begin_first(self) -> None:
        first = value(BEGIN, ' transactionId="1" context="Transaction.Begin"')
        last = value(END, ' transactionId="1" context="Transaction.End"')
        for document in (xml(first, last), xml(last, first)):
            assert answers(read_sessions(document)) == [True]

    def test_values_of_two_transactions_are_two(self) -> None:
        document = xml(value(WHOLE, ' transactionId="1"'), value(WHOLE, ' transactionId="2"'))
        assert answers(read_sessions(document)) == [True, True]

    @pytest.mark.parametrize(
        "contexts", [("", ""), (' context="Transaction.Begin"', ' context="Transaction.End"')]
    )
    def test_values_without_transaction_are_grouped_by_what_they_say(self, contexts: tuple[str, str]) -> None:
        document = xml(value(BEGIN, contexts[0]), value(END, contexts[1]))
        assert answers(read_sessions(document)) == [True]

    def test_end_that_repeats_the_begin_belongs_to_it(self) -> None:
        both = signed(payload(begin(), end(), PG="T8"))
        document = xml(value(BEGIN, ' context="Transaction.Begin"'), value(both, ' context="Transaction.End"'))
        assert answers(read_sessions(document)) == [True]

    @pytest.mark.parametrize(
        "about", ["", ' format="ocmf"', ' format="fantasy"', ' format="OCMF" encoding="utf-8"']
    )
    def test_format_need_not_be_stated(self, about: str) -> None:
        assert answers(read_sessions(xml(value(WHOLE, about=about)))) == [True]

    @pytest.mark.parametrize("root", ['<values xmlns="urn:x">', '<a:values xmlns:a="urn:y">'])
    def test_name_spaces_do_not_matter(self, root: str) -> None:
        document = xml(value(WHOLE), root=root).replace(
            b"</values>", b"</a:values>" if b"a:" in root.encode() else b"</values>"
        )
        assert answers(read_sessions(document)) == [True]

    def test_key_of_the_register_goes_before_that_in_the_file(self) -> None:
        document = xml(value(WHOLE))
        assert answers(read_sessions(document, KEY)) == [True]
        assert answers(read_sessions(document, spki("secp256r1", 8).hex())) == [False]

    def test_hexadecimal_data_are_decoded(self) -> None:
        document = xml(value(WHOLE.encode().hex(), about=' format="OCMF" encoding="hex"'))
        assert answers(read_sessions(document)) == [True]

    def test_elements_inside_of_signed_data_are_taken_as_text(self) -> None:
        inner = '<signedMeterValue a="&lt;b">1<c/></signedMeterValue>'
        document = xml(f"<value><signedData>{inner}</signedData></value>")
        ((record,),) = read_sessions(document)
        assert record.format == "EDL_40_SIG"
        assert record.data == b'<signedMeterValue a="&lt;b">1<c></c></signedMeterValue>'

    @pytest.mark.parametrize(
        ("document", "name"),
        [
            (b"<x><ChargingProcess/></x>", None),
            (b"<ChargingProcess/>", "EDL_40_MENNEKES"),
            (b'<Billing xmlns="urn:m"/>', "EDL_40_MENNEKES"),
            (b"<signedMeterValue/>", "EDL_40_SIG"),
            (xml(value("x", about=' format="SML_EDL40_P"')), "EDL_40_P"),
            (xml(value("x", about=' format="fantasy"')), "fantasy"),
            (xml(value("x", about="")), "not stated"),
            (xml("<value/>"), "no data"),
            (xml("<value><encodedData>00</encodedData></value>"), "sealed data"),
        ],
    )
    def test_documents_are_recognised_by_their_root(self, document: bytes, name: str | None) -> None:
        if name is None:
            with pytest.raises(NotReadable):
                read_sessions(document)
            return
        ((record,),) = read_sessions(document)
        assert record.format == name
        assert judge([record]).transaction_ok is False

    def test_sealed_data_is_refused_for_its_seal(self) -> None:
        (session,) = read_sessions(xml("<value><encodedData>00</encodedData></value>"))
        (found,) = judge(session).findings
        assert (found.code.name, "sealed with RSA" in found.message) == ("FORMAT", True)

    @pytest.mark.parametrize(
        "document",
        [
            b"<",
            b"<values>",
            b"<values/>",
            b"<html/>",
            b'<!DOCTYPE values [<!ENTITY a "b">]><values><value/></values>',
            b'<!DOCTYPE values SYSTEM "file:///etc/passwd"><values><value/></values>',
            b"<values><value>&unknown;</value></values>",
            b'<?xml version="1.0" encoding="utf-7"?><values><value/></values>',
            b"<a>" * 100_000,
            b"<values>" + b"<value/>" * 30_000 + b"</values>",
        ],
        ids=lambda document: f"{document[:14]!r}…{len(document)}",
    )
    def test_hostile_documents_are_refused(self, document: bytes) -> None:
        with pytest.raises(NotReadable):
            read_sessions(document)


def vector(*values: Any, **members: Any) -> bytes:
    return json.dumps({"format": "OCMF", "kind": "single", "values": list(values), **members}).encode()


class TestJson:
    def test_vector_is_one_session_and_its_expectation_is_never_read(self) -> None:
        expected = {"signature_valid": [False], "transaction_ok": False}
        told = vector({"data": WHOLE, "encoding": "plain", "key": KEY, "context": None}, expected=expected)
        assert answers(read_sessions(told)) == [True]

    def test_vector_may_have_a_begin_and_an_end(self) -> None:
        told = vector({"data": BEGIN, "key": KEY}, {"data": END, "key": KEY}, kind="pair")
        assert answers(read_sessions(told)) == [True]

    def test_vector_takes_the_key_of_the_register_first(self) -> None:
        assert answers(read_sessions(vector({"data": WHOLE, "key": "00"}), KEY)) == [True]

    def test_vector_may_hold_what_is_no_unicode(self) -> None:
        told = vector({"data": "OCMF|\ud800", "key": KEY})
        assert answers(read_sessions(told)) == [False]

    @pytest.mark.parametrize("member", ["signedMeterData", "signedMeterValue"])
    @pytest.mark.parametrize("method", ["OCMF", "", "something"])
    def test_signed_value_of_ocpp_is_read_in_every_spelling(self, member: str, method: str) -> None:
        wrapped = base64.b64encode(f"oca:base16:asn1:{KEY}".encode()).decode()
        told = {member: base64.b64encode(WHOLE.encode()).decode(), "encodingMethod": method, "publicKey": wrapped}
        assert answers(read_sessions(json.dumps(told).encode())) == [True]

    def test_signed_values_of_ocpp_may_come_as_a_list(self) -> None:
        told = [
            {"signedMeterData": base64.b64encode(one.encode()).decode(), "publicKey": KEY} for one in (BEGIN, END)
        ]
        assert answers(read_sessions(json.dumps(told).encode())) == [True]

    def test_signed_value_takes_the_key_of_the_register_first(self) -> None:
        told = {"signedMeterData": base64.b64encode(WHOLE.encode()).decode(), "publicKey": ""}
        assert answers(read_sessions(json.dumps(told).encode(), KEY)) == [True]

    @pytest.mark.parametrize(
        ("values", "name"),
        [
            ([{"@context": "https://www.chargeit-mobility.com/contexts/bsm-ws36a-json-v1"}], "BSM_WS36A"),
            ([{"measurand": {"id": "x"}}, 5], "EMH_CHARGEIT"),
            ("nonsense", "EMH_CHARGEIT"),
            ([{"payload": "AP;0;3;AAA;BBB;CCC;"}], "ALFEN"),
            ([{"a": {"b": ["x"], "c": '"AP;0;3;AAA;BBB;CCC;"'}}, {"a": {}}], "ALFEN"),
        ],
    )
    def test_charge_it_containers_are_recognised_by_their_meter(self, values: Any, name: str) -> None:
        ((record,),) = read_sessions(json.dumps({"signedMeterValues": values}).encode())
        assert record.format == name
        assert judge([record]).transaction_ok is False

    def test_sealed_data_is_refused_for_its_seal(self) -> None:
        (session,) = read_sessions(xml("<value><encodedData>00</encodedData></value>"))
        (found,) = judge(session).findings
        assert (found.code.name, "sealed with RSA" in found.message) == ("FORMAT", True)

    @pytest.mark.parametrize(
        "document",
        [
            b"{",
            b"[",
            b"{}",
            b"[5]",
            b"[{}]",
            b'{"values": 5}',
            b'{"values": []}',
            b'{"values": [5], "format": "OCMF"}',
            b'{"values": [{}], "format": "OCMF"}',
            b'{"values": [{"data": "x"}]}',
            b'{"values": [], "values": []}',
            b'{"signedMeterData": 5}',
            b'{"signedMeterData": "?"}',
            b'{"signedMeterData": "aGVsbG8="}',
            b'{"a":' * 100_000,
            b"[" * 100_000,
            b'{"a": "\xff"}',
        ],
        ids=lambda document: f"{document[:24]!r}…{len(document)}",
    )
    def test_that_holds_no_signed_values_is_refused(self, document: bytes) -> None:
        with pytest.raises(NotReadable):
            read_sessions(document, KEY)


class TestAnyBytes:
    @given(
        st.binary(max_size=300),
        st.sampled_from([b"", b"<", b"{", b"[", b"OCMF|{", b"AP;", b"128.8.0(", b"\x1b" * 4]),
    )
    def test_raise_nothing_else(self, data: bytes, start: bytes) -> None:
        try:
            sessions = read_sessions(start + data)
        except NotReadable:
            return
        assert all(judge(session).transaction_ok is not True for session in sessions)
