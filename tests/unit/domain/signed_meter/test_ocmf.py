"""OCMF: from bytes to a true or false signature, and to readings."""

import base64
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.ocmf.sections import split, split_all
from services.domain.signed_meter.record import SignedRecord, Verified
from services.domain.signed_meter.session import judge, verify
from tests.unit.domain.signed_meter.keyring import public, sign, spki
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, record, signed, single

CURVES = ["secp192k1", "secp192r1", "secp256k1", "secp256r1", "secp384r1", "brainpoolP256r1", "brainpoolP384r1"]
TEXT = payload(begin(), end())
KEY = spki("secp256r1").hex()


def one(received: SignedRecord) -> Verified:
    (verified,) = verify(received)
    return verified


def codes(received: SignedRecord) -> list[Code]:
    return [finding.code for finding in one(received).findings]


class TestSignatures:
    @pytest.mark.parametrize("curve", CURVES)
    def test_are_true_on_every_curve(self, curve: str) -> None:
        verified = one(record(signed(TEXT, curve), curve))
        assert verified.valid
        assert verified.key == public(curve)

    @pytest.mark.parametrize("curve", CURVES)
    def test_are_false_after_any_change(self, curve: str) -> None:
        changed = signed(TEXT, curve).replace("1012.75", "1012.76")
        assert codes(record(changed, curve)) == [Code.SIGNATURE_INVALID]

    @pytest.mark.parametrize(
        ("curve", "name"),
        [
            ("brainpoolP256r1", "ECDSA-brainpool256r1-SHA256"),
            ("brainpoolP256r1", "ECDSA-brainpoolP256r1-SHA256"),
            ("brainpoolP384r1", "ECDSA-brainpool384r1-SHA256"),
            ("secp256r1", "ECDSA-secp256r1-SHA256"),
            ("secp256r1", "ecdsa-SECP256R1-sha256"),
            ("secp256r1", "ECDSA-prime256v1-SHA-256"),
            ("secp384r1", "ECDSA-prime384v1-SHA256"),
            ("secp192r1", "ECDSA-NIST P-192-SHA256"),
            ("secp256r1", ""),
        ],
    )
    def test_are_found_under_every_name_of_their_curve(self, curve: str, name: str) -> None:
        assert one(record(signed(TEXT, curve, SA=name), curve)).valid

    @pytest.mark.parametrize(
        "name", ["RSA-2048-SHA256", "ECDSA-secp256r1-SHA512", "ECDSA-secp224k1-SHA256", "x" * 101, 5]
    )
    def test_of_another_algorithm_are_not_valid(self, name: object) -> None:
        assert codes(record(signed(TEXT, SA=name))) == [Code.SIGNATURE_INVALID]

    @pytest.mark.parametrize("encoding", ["hex", "HEX", "base64", ""])
    def test_may_be_hexadecimal_or_base64(self, encoding: str) -> None:
        assert one(record(signed(TEXT, SE=encoding))).valid

    def test_may_name_der_and_nothing_else(self) -> None:
        assert one(record(signed(TEXT, SM="application/x-der"))).valid
        assert not one(record(signed(TEXT, SM="application/x-raw"))).valid

    @pytest.mark.parametrize("change", [{"SE": "base32"}, {"SD": ""}, {"SD": None}, {"SD": "zz"}, {"SD": 12}])
    def test_that_cannot_be_read_are_not_valid(self, change: dict[str, object]) -> None:
        assert codes(record(signed(TEXT, **change))) == [Code.SIGNATURE_INVALID]

    def test_are_those_of_the_field_without_leading_zeros(self) -> None:
        der = next(der for der in (sign("secp256r1", TEXT.encode(), n) for n in range(1, 40)) if der[3] == 33)
        number = next(n for n in range(1, 40) if sign("secp256r1", TEXT.encode(), n) == der)
        bare = bytes([0x30, der[1] - 1, 0x02, 32]) + der[5:]
        assert one(record(signed(TEXT, number=number, SD=bare.hex()), number=number)).valid


class TestKeys:
    def test_come_from_the_register_only(self) -> None:
        alone = SignedRecord("OCMF", f"{signed(TEXT)}|{spki('secp256r1').hex()}".encode())
        assert codes(alone) == [Code.KEY_MISMATCH]
        assert not one(alone).valid

    def test_that_the_record_brings_along_need_not_be_believed(self) -> None:
        received = record(f"{signed(TEXT, number=8)}|{spki('secp256r1', 8).hex()}")
        assert codes(received) == [Code.KEY_MISMATCH]
        assert judge([received]).transaction_ok is None

    def test_that_the_record_brings_along_may_be_nonsense(self) -> None:
        assert one(record(f"{signed(TEXT)}|nonsense")).valid
        assert codes(record(f"{signed(TEXT, number=8)}|nonsense")) == [Code.SIGNATURE_INVALID]

    def test_that_are_missing_are_said_to_be(self) -> None:
        for key in (None, "", " "):
            (found,) = one(SignedRecord("OCMF", signed(TEXT).encode(), key)).findings
            assert (found.code, found.field) == (Code.SIGNATURE_INVALID, "key")

    def test_of_another_curve_than_claimed_are_refused(self) -> None:
        assert codes(SignedRecord("OCMF", signed(TEXT).encode(), spki("secp256k1").hex())) == [
            Code.SIGNATURE_INVALID
        ]


class TestText:
    def test_is_signed_with_its_white_space(self) -> None:
        spaced = f" \n{TEXT.replace(',', ' ,  ')}\t\r\n"
        assert one(record(signed(spaced))).valid
        assert not one(record(signed(spaced).replace("\t", ""))).valid

    def test_may_be_surrounded_and_spread_over_lines(self) -> None:
        header, body, section = "OCMF", f"\n{TEXT}\n", signed(f"\n{TEXT}\n").rsplit("|", 1)[1]
        assert one(record(f"\ufeff\r\n {header}\n|{body}|\n{section}\n ")).valid

    def test_may_be_quoted(self) -> None:
        text = signed(payload(begin(), end()))
        assert judge([SignedRecord("OCMF", f' "{text}"\n'.encode(), KEY)]).transaction_ok is True
        assert judge([SignedRecord("OCMF", f'"{text}'.encode(), KEY)]).transaction_ok is False

    @pytest.mark.parametrize("between", ["", "\n", "\r\n\r\n "])
    def test_may_hold_several_records(self, between: str) -> None:
        first, last = signed(payload(begin())), signed(payload(end(), PG="T8"))
        verdict = judge([SignedRecord("OCMF", f"{first}{between}{last}\n".encode(), KEY)])
        assert (verdict.signature_valid, verdict.transaction_ok) == ([True, True], True)
        assert str(verdict.energy_kwh) == "12.25"
        forged = last.replace("1012.75", "1013.75")
        assert judge([SignedRecord("OCMF", f"{first}{between}{forged}".encode(), KEY)]).signature_valid == [
            True,
            False,
        ]

    def test_may_not_be_taken_apart_as_one_record_where_it_holds_several(self) -> None:
        text = signed(payload(begin(), end()))
        assert split(text.encode()).payload["PG"] == "T7"
        with pytest.raises(NotReadable, match="follows"):
            split(f"{text}\n{text}".encode())
        assert len(split_all(f"{text}\n".encode() * 64)) == 64
        with pytest.raises(NotReadable, match="more than 64"):
            split_all(f"{text}\n".encode() * 65)

    def test_may_hold_bars_and_brackets_in_strings(self) -> None:
        assert one(record(signed(payload(begin(), end(), TT='a|b}|{"c\\"|')))).valid

    def test_may_be_utf_8_or_not_even_that(self) -> None:
        assert one(record(signed(TEXT.replace("Gateway", "Säule €")))).valid
        assert one(record(signed(TEXT.replace("Gateway", "S\udce4ule")))).valid

    def test_may_arrive_in_hexadecimal_or_base64(self) -> None:
        text = signed(TEXT).encode()
        for data in (text.hex().encode(), base64.b64encode(text), base64.encodebytes(text)):
            assert one(SignedRecord("OCMF", data, spki("secp256r1").hex())).valid

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "OCMF",
            "OCMF|",
            "OCMF|{}",
            "OCMF|{}|",
            "OCMF|{}|[]",
            "OCMF|[]|{}",
            "OCMF|5|{}",
            "OCFM|{}|{}",
            "OCMF|{}x|{}",
            "OCMF|{}|{} {}",
            'OCMF|{}|{"SD":"00","SD":"01"}',
            "OCMF|" + "[" * 100_000,
            "OCMF|" + '{"a":' * 100_000,
            "OCMF|{}|" + '{"a":' * 100_000,
            "OCMF|" + " " * 2_000_001,
            "ab" * 1_000_001,
            signed(TEXT)[:200],
        ],
        ids=lambda text: f"{text[:12]}…{len(text)}",
    )
    def test_that_is_no_record_is_said_to_be_none(self, text: str) -> None:
        verdict = judge([record(text)])
        assert verdict.signature_valid == [False]
        assert verdict.transaction_ok is False
        assert verdict.codes == ["FORMAT"]

    def test_cut_off_anywhere_is_never_valid(self) -> None:
        whole = signed(TEXT)
        for length in range(0, len(whole) - 1, 7):
            assert not one(record(whole[:length])).valid

    @given(
        st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"OCMF|{text}".encode("utf-8", "replace"))
    )
    def test_of_any_kind_raises_nothing(self, data: bytes) -> None:
        assert judge([SignedRecord("OCMF", data, spki("secp256r1").hex())]).transaction_ok is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["TM", "TX", "RV", "RI", "RU", "EF", "ST", "EI", "CL"])
TOP = st.sampled_from(["FV", "PG", "MS", "GS", "GI", "ID", "IT", "IL", "IS", "CI"])


class TestTrueSignaturesOverNonsense:
    @given(st.lists(st.dictionaries(MEMBERS, JSON), max_size=4), st.dictionaries(TOP, JSON))
    def test_raise_nothing(self, readings: list[dict[str, object]], changes: dict[str, object]) -> None:
        verdict = single(*readings, **changes)
        assert verdict.signature_valid == [True]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"RV":1012.75', '"RV":1012.75,"RV":1013.75'),
            ('"PG":"T7"', '"PG":"T7","PG":"T8"'),
            ('"RV":1012.75', '"RV":NaN'),
            ('"RV":1012.75', '"RV":Infinity'),
            ('"RV":1012.75', '"RV":1e999999999999999999999'),
            ('"RV":1012.75', '"RV":1e400'),
            ('"RV":1012.75', '"RV":1012' + "0" * 60),
            ('"RV":1012.75', '"RV":0.' + "0" * 60 + "1"),
            ('"RV":1012.75', '"RV":"1012,75"'),
            ('"RV":1012.75', '"RV":"0x10"'),
            ('"RV":1012.75', '"RV":true'),
            ('"RV":1012.75', '"RV":[1]'),
            ('"FV":"1.0"', '"FV":"2.0"'),
            ('"FV":"1.0"', '"FV":"one"'),
            ('"FV":"1.0"', '"FV":{}'),
            ('"RD":[', '"RD":[5,'),
            ('"RD":[', '"RD":5,"XX":['),
        ],
    )
    def test_mean_nothing(self, old: str, new: str) -> None:
        verdict = judge([record(signed(TEXT.replace(old, new)))])
        assert verdict.signature_valid == [True]
        assert verdict.transaction_ok is False
        assert verdict.codes == ["FORMAT"]
        assert verdict.energy_kwh is None

    @pytest.mark.parametrize("member", ["TM", "TX", "RI", "RU", "EF", "ST"])
    def test_mean_nothing_when_texts_are_far_too_long(self, member: str) -> None:
        assert single(begin(), end(**{member: "S" * 101})).codes == ["FORMAT"]

    def test_mean_nothing_without_readings(self) -> None:
        assert single().codes == ["FORMAT"]


class TestReadings:
    def test_are_exact(self) -> None:
        text = TEXT.replace("1000.5", "99999999.999").replace("1012.75", "100000012.344")
        verdict = judge([record(signed(text))])
        assert verdict.energy_kwh == Decimal("12.345")

    def test_inherit_what_is_left_out(self) -> None:
        verdict = single(begin(), {"TX": "C", "RV": 1001}, {"TX": "E", "TM": end()["TM"], "RV": 1002})
        first, second, third = verdict.readings
        assert (second.register, second.status, second.error_flags, second.marker) == ("1-b:1.8.0", "G", "", "C")
        assert (second.time, second.instant) == (None, first.instant)
        assert third.instant is not None
        assert third.instant > first.instant  # type: ignore[operator]
        assert verdict.transaction_ok is True

    def test_may_be_written_as_text_with_blanks(self) -> None:
        assert single(begin(RV="    1.5"), end(RV="2.75 ")).energy_kwh == Decimal("1.25")

    def test_are_normalised_to_kwh(self) -> None:
        assert single(begin(RV=1500, RU="Wh"), end(RV=2750, RU="Wh")).energy_kwh == Decimal("1.25")
        assert single(begin(RV=1500, RU=" WH"), end(RV=2750, RU="wh")).energy_kwh == Decimal("1.25")

    @pytest.mark.parametrize("version", [None, "0.1", "0.4", "1.0", "1.4", "1.9", 1.0, 1])
    def test_are_those_of_every_version(self, version: object) -> None:
        assert single(begin(), end(), FV=version).transaction_ok is True

    def test_know_their_meter_and_more(self) -> None:
        (verified,) = single(begin(), end()).verified
        assert (verified.pagination, verified.meter_serial, verified.gateway_serial) == ("T7", "M1", "GW1")
        assert (verified.identification, verified.evse_id) == ("04A1B2C3", "DE*ABC*E1")
        assert verified.details["IS"] == "true"

    def test_name_the_gateway_where_there_is_no_other_meter(self) -> None:
        assert single(begin(), end(), MS=None).verified[0].meter_serial == "GW1"

    @pytest.mark.parametrize("time", ["yesterday", "2026-03-01T10:00:00 S", "", 5])
    def test_may_have_a_time_that_is_none(self, time: object) -> None:
        assert single(begin(TM=time), end()).readings[0].instant is None
