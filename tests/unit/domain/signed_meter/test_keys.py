import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.keys import PublicKey, public_key, read
from tests.unit.domain.signed_meter.keyring import public, secret, spki

P256 = CURVES["secp256r1"]


def spellings(curve: str) -> list[str]:
    """The same key as everybody writes it."""
    key = secret(curve).verifying_key
    der, point = spki(curve), public(curve).point
    wrapped = f"oca:base16:asn1:{der.hex()}"
    return [
        der.hex(),
        der.hex().upper(),
        der.hex(" "),
        ":".join(f"{octet:02X}" for octet in der),
        "0x" + der.hex(),
        f"\n {der.hex()}\n",
        base64.b64encode(der).decode(),
        base64.urlsafe_b64encode(der).decode().rstrip("="),
        base64.encodebytes(der).decode(),
        base64.b32encode(der).decode(),
        key.to_pem().decode(),
        key.to_pem().decode().replace("\n", ""),
        point.hex(),
        point[1:].hex(),
        base64.b64encode(point).decode(),
        key.to_string("compressed").hex(),
        key.to_der("compressed").hex(),
        wrapped,
        base64.b64encode(wrapped.encode()).decode(),
        f"oca:base64:asn1:{base64.b64encode(der).decode()}",
        wrapped.encode().hex(),
        base64.b64encode(der.hex().encode()).decode(),
        base64.b64encode(point[1:].hex().encode()).decode(),
        base64.b64encode(key.to_pem()).decode(),
        f' "{der.hex()}"',
        json.dumps(key.to_pem().decode()),
        base64.b64encode(wrapped.upper().encode()).decode(),
    ]


@pytest.mark.parametrize("curve", CURVES)
class TestKeys:
    def test_are_the_same_in_every_spelling(self, curve: str) -> None:
        assert [public_key(text, CURVES[curve]) for text in spellings(curve)] == [public(curve)] * 27

    def test_say_their_curve_when_they_are_spki(self, curve: str) -> None:
        assert read(spki(curve).hex()).curve is CURVES[curve]
        assert read(public(curve).hex()).curve is None

    def test_off_the_curve_are_refused(self, curve: str) -> None:
        point = bytearray(public(curve).point)
        point[-1] ^= 1
        for text in (point.hex(), point[1:].hex()):
            with pytest.raises(NotReadable, match="not on " + curve):
                public_key(text, CURVES[curve])

    def test_of_another_curve_than_the_record_claims_are_refused(self, curve: str) -> None:
        other = next(one for one in CURVES.values() if one.name != curve)
        with pytest.raises(NotReadable, match="is of curve " + curve):
            public_key(spki(curve).hex(), other)


class TestRefusals:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "00",
            "zz",
            "?",
            "oca:base16:asn1",
            "oca:base7:asn1:00",
            "oca:base16:asn1:xyz",
            "04" * 10,
            "M" * 9000,
            "-----BEGIN PUBLIC KEY-----\n!!!\n-----END PUBLIC KEY-----",
            "ff" * 64,
            "05" + "11" * 64,
            "02" + "ff" * 32,
        ],
    )
    def test_are_about_the_key(self, text: str) -> None:
        with pytest.raises(NotReadable) as refused:
            public_key(text, P256)
        assert refused.value.code is Code.SIGNATURE_INVALID
        assert refused.value.field == "key"

    def test_cover_lengths_that_lie_and_not_those_that_are_long(self) -> None:
        body = spki("secp256r1")[2:]
        assert read((b"\x30\x81\x59" + body).hex()) == read((b"\x30\x59" + body).hex())
        for lie in (b"\x30\x81\xff", b"\x30\x80", b"\x30\x7f", b"\x30\x84\xff\xff\xff\xff"):
            with pytest.raises(NotReadable):
                read((lie + body).hex())

    def test_cover_wrappers_without_end(self) -> None:
        text = spki("secp256r1").hex()
        for _ in range(4):
            text = text.encode().hex()
        with pytest.raises(NotReadable):
            public_key(text, P256)

    def test_cover_a_key_cut_off_anywhere(self) -> None:
        whole = spki("secp256r1")
        for length in range(len(whole)):
            with pytest.raises(NotReadable):
                public_key(whole[:length].hex(), P256)

    def test_cover_bytes_left_over(self) -> None:
        with pytest.raises(NotReadable):
            public_key(spki("secp256r1").hex() + "00", P256)

    def test_cover_coordinates_beyond_the_field(self) -> None:
        x, y = (
            int.from_bytes(part, "big")
            for part in (public("secp192k1").point[1:25], public("secp192k1").point[25:])
        )
        prime = CURVES["secp192k1"].slow.curve.p()
        beyond = [(x + prime, y), (x, y + prime), (prime, y)]
        fitting = [pair for pair in beyond if max(pair) < 2**192]
        for pair in fitting:
            with pytest.raises(NotReadable):
                public_key("04" + "".join(f"{number:048x}" for number in pair), CURVES["secp192k1"])

    def test_cover_curves_that_no_meter_uses_and_keys_that_are_not_elliptic(self) -> None:
        der = spki("secp256r1")
        unknown = der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030171"))
        rsa = der.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0209"))
        long_arc = der.replace(bytes.fromhex("2a8648ce3d030107"), b"\xff" * 8)
        for text in (unknown, rsa, long_arc):
            with pytest.raises(NotReadable):
                public_key(text.hex(), P256)

    @given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"\x30\x59" + tail))
    def test_of_any_bytes_are_the_only_error(self, octets: bytes) -> None:
        for text in (octets.hex(), base64.b64encode(octets).decode(), octets.decode("latin-1")):
            try:
                assert isinstance(public_key(text, P256), PublicKey)
            except NotReadable:
                continue
