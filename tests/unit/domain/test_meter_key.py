import base64

import pytest

from services.domain.meter_key import identity, key_id
from tests.unit.domain.signed_meter.keyring import public, secret, spki


class TestIdentity:
    def test_is_the_same_however_the_key_is_written(self) -> None:
        der, point = spki("secp256r1"), public("secp256r1").point
        verifying = secret("secp256r1").verifying_key
        wrapped = base64.b64encode(f"oca:base16:asn1:{der.hex()}".encode()).decode()
        texts = [der.hex(), base64.b64encode(der).decode(), verifying.to_pem().decode(), wrapped]
        texts += [point.hex(), point[1:].hex(), verifying.to_string("compressed").hex()]
        found = [identity(text) for text in texts]
        assert {one.x for one in found if one} == {point[1:33].hex()}
        assert None not in found

    @pytest.mark.parametrize(
        ("text", "curve"), [(spki("secp192r1").hex(), "secp192r1"), (public("secp256r1").point.hex(), "")]
    )
    def test_knows_the_curve_when_the_key_says_it(self, text: str, curve: str) -> None:
        found = identity(text)
        assert found is not None
        assert found.curve == curve

    @pytest.mark.parametrize("text", ["", "no key", "00" * 20, spki("secp256r1").hex()[:-2] + "zz", "A" * 10_000])
    def test_is_none_of_what_is_no_key(self, text: str) -> None:
        assert identity(text) is None

    def test_is_none_of_a_point_that_is_not_on_its_curve(self) -> None:
        der = bytearray(spki("secp256r1"))
        der[-1] ^= 1
        assert identity(der.hex()) is None

    def test_makes_another_id_at_another_point(self) -> None:
        assert len({key_id("t", "CS1", 1, "ab"), key_id("t", "CS1", 2, "ab"), key_id("t", "CS2", 1, "ab")}) == 3
