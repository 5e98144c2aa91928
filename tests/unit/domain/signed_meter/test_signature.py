import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter import signature
from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.signature import Numbers, der, raw, verify, verify_digest
from tests.unit.domain.signed_meter.keyring import public, sign, sign_raw

MESSAGE = b"what the meter signed"


@pytest.mark.parametrize("curve", CURVES)
class TestSignatures:
    def test_of_the_key_are_true(self, curve: str) -> None:
        assert verify(public(curve), MESSAGE, der(sign(curve, MESSAGE)))

    def test_of_a_digest_are_true(self, curve: str) -> None:
        digest = hashlib.sha256(MESSAGE).digest()
        numbers = raw(sign_raw(curve, MESSAGE), CURVES[curve].field_bytes + (curve == "secp224k1"))
        assert verify_digest(public(curve), digest, numbers)

    def test_of_other_bytes_or_keys_are_false(self, curve: str) -> None:
        numbers = der(sign(curve, MESSAGE))
        assert not verify(public(curve), MESSAGE + b" ", numbers)
        assert not verify(public(curve, 8), MESSAGE, numbers)

    def test_are_judged_alike_without_openssl(self, curve: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """For the day on which a curve leaves the binding: secp192r1 will be first."""
        monkeypatch.setattr(signature, "_openssl_key", lambda key: None)
        numbers = der(sign(curve, MESSAGE))
        assert verify(public(curve), MESSAGE, numbers)
        assert not verify(public(curve), MESSAGE + b" ", numbers)
        assert not verify(public(curve), MESSAGE, Numbers(numbers.s, numbers.r))

    def test_with_numbers_out_of_range_are_false(self, curve: str) -> None:
        order, (r, s) = CURVES[curve].order, der(sign(curve, MESSAGE))
        for numbers in [(0, s), (r, 0), (r + order, s), (r, s + order), (order, s), (r, order), (0, 0)]:
            assert not verify(public(curve), MESSAGE, Numbers(*numbers))


class TestOpenSsl:
    def test_that_lost_a_curve_is_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        key = public("secp192r1", 99)
        monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.ec.SECP192R1")
        monkeypatch.setitem(CURVES["secp192r1"].__dict__, "openssl", None)
        assert verify(key, MESSAGE, der(sign("secp192r1", MESSAGE, 99)))

    def test_that_refuses_a_curve_when_asked_is_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec

        def refuse(curve: ec.EllipticCurve, data: bytes) -> ec.EllipticCurvePublicKey:
            raise UnsupportedAlgorithm(curve.name)

        monkeypatch.setattr(ec.EllipticCurvePublicKey, "from_encoded_point", refuse)
        key = public("secp192r1", 98)
        assert verify(key, MESSAGE, der(sign("secp192r1", MESSAGE, 98)))


class TestDer:
    def test_is_read_as_unsigned_however_it_is_padded(self) -> None:
        bare = bytes.fromhex("3006" + "0201ff" + "0201fe")
        strict = bytes.fromhex("3008" + "020200ff" + "020200fe")
        wide = bytes.fromhex("300a" + "02030000ff" + "02030000fe")
        assert der(bare) == der(strict) == der(wide) == Numbers(255, 254)

    def test_may_write_lengths_in_the_long_form(self) -> None:
        assert der(bytes.fromhex("308107" + "02810101" + "020102")) == Numbers(1, 2)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "30",
            "3000",
            "3006020101",
            "31060201010201",
            "3006020101020102ff",
            "30070201010201020",
            "300602010103",
            "3006020101030102",
            "3009020101020102020103",
            "3080020101020102",
        ],
    )
    def test_that_is_cut_off_or_something_else_is_refused(self, text: str) -> None:
        with pytest.raises(NotReadable) as refused:
            der(bytes.fromhex(text if len(text) % 2 == 0 else text[:-1]))
        assert refused.value.code is Code.SIGNATURE_INVALID

    @given(st.binary(max_size=150))
    def test_of_any_bytes_raises_nothing_else(self, data: bytes) -> None:
        try:
            numbers = der(data)
        except NotReadable:
            return
        assert numbers.r >= 0
        assert numbers.s >= 0


class TestRaw:
    def test_is_two_numbers_of_a_size(self) -> None:
        assert raw(bytes([0, 1, 0, 2]), 2) == Numbers(1, 2)

    def test_of_another_length_is_refused(self) -> None:
        with pytest.raises(NotReadable, match="3 bytes instead of 4"):
            raw(b"abc", 2)
