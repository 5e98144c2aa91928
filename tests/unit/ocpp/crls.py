"""Lists of revoked certificates, of test CAs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from services.runtime.embedded.pki import Pki


def key_of(pki: Pki) -> Any:
    return load_pem_private_key(pki.key_file.read_bytes(), None)


def ca_of(pki: Pki) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pki.ca_file.read_bytes())


def crl(
    pki: Pki,
    serial_numbers: Iterable[int],
    now: datetime,
    days: int = 30,
    key: Any = None,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    encoding: Encoding = Encoding.PEM,
) -> bytes:
    """Of the CA's, signed by its key or another, from an hour before `now`."""
    return issued(ca_of(pki).subject, key or key_of(pki), serial_numbers, now, days, extensions).public_bytes(
        encoding
    )


def issued(
    issuer: x509.Name,
    key: Any,
    serial_numbers: Iterable[int],
    now: datetime,
    days: int = 30,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> x509.CertificateRevocationList:
    begun = now - timedelta(hours=1)
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(begun)
    builder = builder.next_update(begun + timedelta(days=days))
    for number in serial_numbers:
        entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(begun)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


def serial_number(certificate: bytes) -> int:
    return x509.load_pem_x509_certificate(certificate).serial_number


def authority(
    name: str, issuer: x509.Certificate | None, issuer_key: Any, now: datetime, **usage: Any
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A CA below another one, or (None) of its own; `usage`: `basic`, `ca`, `named` (KeyUsage), `crl_sign`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )
    if usage.get("basic", True):
        builder = builder.add_extension(x509.BasicConstraints(usage.get("ca", True), None), critical=True)
    if usage.get("named", True):
        signs = usage.get("crl_sign", True)
        named = x509.KeyUsage(True, False, False, False, False, True, signs, False, False)
        builder = builder.add_extension(named, critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256()), key
