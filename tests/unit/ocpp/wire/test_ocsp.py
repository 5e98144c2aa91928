from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp as rfc6960
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.ocpp.wire import ocsp
from services.ocpp.wire.ocsp import Standing, anchored, standing, subject, subject_of
from tests.integration.contract_pki import DAY, Authority, Operator, hash_data

NOW = datetime.now(UTC)
MO = Operator(at=NOW)
LEAF = MO.sub_ca.contract("DEABCC00000001")
ABOUT = subject_of(LEAF, MO.sub_ca.certificate)
TRUSTED = [MO.root.certificate]


def answered(signer: Any, key: Any, *more: x509.Certificate, at: datetime = NOW, **changes: Any) -> bytes:
    """A response about LEAF, good unless `changes` says otherwise, with the signer's certificate in it."""
    status = changes.get("status", rfc6960.OCSPCertStatus.GOOD)
    end = at if status is rfc6960.OCSPCertStatus.REVOKED else None
    builder = rfc6960.OCSPResponseBuilder().add_response_by_hash(
        ABOUT.name_hash, ABOUT.key_hash, changes.get("number", ABOUT.serial_number), hashes.SHA256(), status,
        at, at + DAY, end, None,
    )  # fmt: skip
    builder = builder.responder_id(rfc6960.OCSPResponderEncoding.HASH, signer).certificates([signer, *more])
    return builder.sign(key, changes.get("digest", hashes.SHA256())).public_bytes(serialization.Encoding.DER)


def delegated(*usages: x509.ObjectIdentifier, key: Any = None, above: Authority = MO.sub_ca) -> tuple[Any, Any]:
    """Somebody to whom a CA has left answering."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "responder")])
    builder = x509.CertificateBuilder(above.name, name, key.public_key(), 77)
    builder = builder.not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
    return builder.sign(above.key, hashes.SHA256()), key


def said(der: bytes | None, trusted: Any = TRUSTED) -> Standing:
    return standing(der, ABOUT, trusted, NOW)


class TestSubject:
    def test_is_what_the_station_says_or_the_certificates_do(self) -> None:
        assert subject(hash_data(LEAF, MO.sub_ca.certificate, "http://x")) == ABOUT

    @pytest.mark.parametrize(
        "odd",
        [
            {"hashAlgorithm": ""}, {"hashAlgorithm": "MD5"}, {"hashAlgorithm": "SHA512"},
            {"issuerNameHash": "xyz"}, {"issuerKeyHash": "a1"}, {"serialNumber": ""}, {"serialNumber": "0"},
            {"serialNumber": "-5"},
        ],
    )  # fmt: skip
    def test_is_not_anything(self, odd: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"."):
            subject(hash_data(LEAF, MO.sub_ca.certificate, "http://x") | odd)

    def test_is_asked_about_as_rfc_6960_has_it(self) -> None:
        asked = rfc6960.load_der_ocsp_request(ocsp.request(ABOUT))
        assert (asked.serial_number, asked.issuer_key_hash) == (LEAF.serial_number, ABOUT.key_hash)


class TestResponder:
    def test_is_named_in_the_certificate_or_not(self) -> None:
        assert ocsp.responder(LEAF) == MO.ocsp_url
        assert ocsp.responder(MO.sub_ca.contract("x", ocsp_url="")) is None


class TestAnswers:
    def test_count_when_the_issuer_gives_them(self) -> None:
        assert said(MO.answer(ocsp.request(ABOUT))) is Standing.GOOD
        revoked = answered(MO.sub_ca.certificate, MO.sub_ca.key, status=rfc6960.OCSPCertStatus.REVOKED)
        assert said(revoked) is Standing.REVOKED
        unknown = answered(MO.sub_ca.certificate, MO.sub_ca.key, status=rfc6960.OCSPCertStatus.UNKNOWN)
        assert said(unknown) is Standing.UNUSABLE

    def test_count_when_somebody_gives_them_whom_the_issuer_lets(self) -> None:
        signer, key = delegated(ExtendedKeyUsageOID.OCSP_SIGNING)
        assert said(answered(signer, key, MO.sub_ca.certificate)) is Standing.GOOD
        assert said(answered(signer, key)) is Standing.UNUSABLE
        assert said(answered(signer, key), [*TRUSTED, MO.sub_ca.certificate]) is Standing.GOOD

    def test_count_with_rsa_too(self) -> None:
        signer, key = delegated(ExtendedKeyUsageOID.OCSP_SIGNING, key=rsa.generate_private_key(65537, 2048))
        assert said(answered(signer, key, MO.sub_ca.certificate)) is Standing.GOOD

    @pytest.mark.parametrize("usages", [(), (ExtendedKeyUsageOID.CLIENT_AUTH,)])
    def test_of_others_whom_the_issuer_has_certified_do_not(self, usages: Any) -> None:
        signer, key = delegated(*usages)
        assert said(answered(signer, key, MO.sub_ca.certificate)) is Standing.UNUSABLE

    def test_of_strangers_do_not(self) -> None:
        stranger = Authority("MO sub-CA")
        assert said(answered(stranger.certificate, stranger.key, MO.sub_ca.certificate)) is Standing.UNUSABLE
        signer, key = delegated(ExtendedKeyUsageOID.OCSP_SIGNING, above=stranger)
        assert said(answered(signer, key, stranger.certificate, MO.sub_ca.certificate)) is Standing.UNUSABLE

    def test_of_a_trusted_ca_about_anothers_certificate_do_not(self) -> None:
        other = Authority("Another root")
        der = answered(other.certificate, other.key)
        assert said(der, [*TRUSTED, other.certificate]) is Standing.UNUSABLE

    def test_of_an_issuer_that_nobody_trusts_do_not(self) -> None:
        assert said(MO.answer(ocsp.request(ABOUT)), []) is Standing.UNUSABLE

    @pytest.mark.parametrize("shift", [-2 * DAY, timedelta(minutes=10)])
    def test_of_another_time_do_not(self, shift: timedelta) -> None:
        assert said(answered(MO.sub_ca.certificate, MO.sub_ca.key, at=NOW + shift)) is Standing.UNUSABLE

    def test_about_another_certificate_do_not(self) -> None:
        assert said(answered(MO.sub_ca.certificate, MO.sub_ca.key, number=4711)) is Standing.UNUSABLE

    def test_that_somebody_has_touched_do_not(self) -> None:
        der = bytearray(answered(MO.sub_ca.certificate, MO.sub_ca.key))
        der[der.index(LEAF.serial_number.to_bytes((LEAF.serial_number.bit_length() + 7) // 8, "big"))] ^= 1
        assert said(bytes(der)) is Standing.UNUSABLE

    @pytest.mark.parametrize("der", [None, b"", b"nonsense", b"\x30\x80" * 100, b"\x30\x03\x0a\x01\x06"])
    def test_that_are_none_do_not(self, der: bytes | None) -> None:
        assert said(der) is Standing.UNUSABLE
        assert not ocsp.is_answer(der or b"")

    def test_are_told_from_anything_else(self) -> None:
        assert ocsp.is_answer(answered(MO.sub_ca.certificate, MO.sub_ca.key))


class TestAnchors:
    def test_are_reached_by_way_of_others(self) -> None:
        assert anchored(LEAF, [MO.sub_ca.certificate], TRUSTED, NOW)
        assert anchored(MO.root.certificate, [], TRUSTED, NOW)
        assert not anchored(LEAF, [], TRUSTED, NOW)
        assert not anchored(LEAF, [MO.sub_ca.certificate], [], NOW)

    def test_hold_only_while_all_are_valid(self) -> None:
        assert not anchored(LEAF, [MO.sub_ca.certificate], TRUSTED, NOW + 60 * DAY)

    def test_are_not_reached_through_a_certificate_that_is_no_ca(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "no CA")])
        middle = Authority("no CA")
        middle.key, middle.certificate = key, MO.sub_ca.certified(name, key)
        assert not anchored(middle.contract("x"), [middle.certificate, MO.sub_ca.certificate], TRUSTED, NOW)

    def test_are_not_looked_for_without_end(self) -> None:
        chain = [MO.root]
        for number in range(8):
            chain.append(Authority(f"sub {number}", chain[-1]))
        assert not anchored(chain[-1].certificate, [one.certificate for one in chain[1:]], TRUSTED, NOW)
