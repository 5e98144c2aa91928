"""Signed firmware: whose signature over which file."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from services.console import signing
from services.console.signing import NotSigned

NOW = datetime(2026, 9, 21, tzinfo=UTC)
DIGEST = hashlib.sha256(b"firmware").digest()
RSA = rsa.generate_private_key(65537, 2048)


@dataclass
class Holder:
    key: Any
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, password: bytes | None = None) -> bytes:
        kept = BestAvailableEncryption(password) if password else NoEncryption()
        return bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kept))


def issued(
    name: str, issuer: Holder | None, key: Any = None, authority: bool = False, days: int = 365, signs: bool = True
) -> Holder:
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(
        (
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
            "decipher_only",
        ),
        False,
    )  # fmt: skip
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=signs, key_cert_sign=authority, crl_sign=authority, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    return Holder(own, builder.sign(signer, SHA256()))


ROOT = issued("Root", None, authority=True)
BETWEEN = issued("Between", ROOT, authority=True)
SIGNER = issued("Signer", BETWEEN, RSA)


def checked(holder: Holder = SIGNER, digest: bytes = DIGEST, **changes: Any) -> tuple[str, ...]:
    signed = signing.sign(DIGEST, holder.key_pem(), holder.pem)
    values: dict[str, Any] = {
        "signature": signed.signature, "certificate_pem": holder.pem, "roots": [ROOT.pem],
        "intermediates": [BETWEEN.pem], "now": NOW,
    }  # fmt: skip
    return signing.check(digest, **(values | changes))


class TestSigning:
    def test_by_rsa_is_checked_up_to_the_root(self) -> None:
        assert checked() == ()

    def test_by_elliptic_curves_is_checked_and_said_aloud(self) -> None:
        holder = issued("Signer", BETWEEN)
        assert signing.sign(DIGEST, holder.key_pem(), holder.pem).warnings == (signing.EC_WARNING,)
        assert checked(holder) == (signing.EC_WARNING,)

    def test_fits_into_what_ocpp_has_room_for(self) -> None:
        signed = signing.sign(DIGEST, SIGNER.key_pem(), SIGNER.pem)
        assert len(signed.signature) <= signing.MAX_SIGNATURE
        assert signed.certificate.encode() == SIGNER.pem

    def test_works_with_a_password(self) -> None:
        assert signing.sign(DIGEST, SIGNER.key_pem(b"pw"), SIGNER.pem, b"pw").signature
        with pytest.raises(NotSigned, match="key cannot be read"):
            signing.sign(DIGEST, SIGNER.key_pem(b"pw"), SIGNER.pem)

    @pytest.mark.parametrize(
        ("holder", "said"),
        [
            (issued("Short", BETWEEN, rsa.generate_private_key(65537, 1024)), "too short"),
            (issued("Small", BETWEEN, ec.generate_private_key(ec.SECP192R1())), "too small"),
            (issued("Other", BETWEEN, ed25519.Ed25519PrivateKey.generate()), "only RSA"),
            (Holder(RSA, BETWEEN.certificate), "not that of the key"),
        ],
    )
    def test_needs_a_good_key(self, holder: Holder, said: str) -> None:
        with pytest.raises(NotSigned, match=said):
            signing.sign(DIGEST, holder.key_pem(), holder.pem)

    def test_needs_a_signature_that_fits_the_message(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signing, "MAX_SIGNATURE", 300)
        with pytest.raises(NotSigned, match="OCPP has room for 300"):
            signing.sign(DIGEST, SIGNER.key_pem(), SIGNER.pem)


class TestCheck:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"digest": hashlib.sha256(b"other").digest()}, "not that of this file"),
            ({"signature": "AAAA"}, "not that of this file"),
            ({"signature": "%"}, "not Base64"),
            ({"certificate_pem": b"none"}, "cannot be read"),
            ({"certificate_pem": BETWEEN.pem}, "not that of this file"),
            ({"roots": []}, "name the manufacturer's root"),
            ({"roots": [b"x"]}, "cannot be read"),
            ({"roots": [issued("Root", None, authority=True).pem]}, "does not lead"),
            ({"intermediates": []}, "does not lead"),
            ({"now": NOW + timedelta(days=400)}, "does not lead"),
            ({"now": NOW - timedelta(days=400)}, "does not lead"),
        ],
    )
    def test_refuses(self, changes: dict[str, Any], said: str) -> None:
        with pytest.raises(NotSigned, match=said):
            checked(**changes)

    def test_refuses_certificates_that_are_not_for_signing_files(self) -> None:
        with pytest.raises(NotSigned, match="authority"):
            checked(BETWEEN)
        with pytest.raises(NotSigned, match="key usage"):
            checked(issued("Signer", BETWEEN, signs=False))

    def test_takes_certificates_without_extensions_for_what_they_are(self) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Plain")])
        plain = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(RSA.public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .sign(RSA, SHA256())
        )
        with pytest.raises(NotSigned, match="does not lead"):
            checked(Holder(RSA, plain))
