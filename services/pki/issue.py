"""From an order to a certificate: the same order, signed with the same CA, is the same certificate."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from services.domain.events.certificate import CertificateIssued, CertificateOrdered
from services.domain.ids import derived_id
from services.domain.units import Millis, datetime_of
from services.pki.csr import wanted
from services.pki.unreadable import UNREADABLE

_SERIAL_BYTES: Final = 16
_BACK: Final = timedelta(hours=1)
"""A station whose clock is slow must not find its certificate not valid yet."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Authority(NamedTuple):
    """A CA that is here: its certificate, those above it without the root, and its key."""

    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...]
    key: Key


class BadAuthority(ValueError):
    """Files that are no CA."""


def authority(certificates: bytes, key: bytes) -> Authority:
    """A CA from PEM: its certificate first, then those above it; BadAuthority when they are not that."""
    try:
        first, *above = x509.load_pem_x509_certificates(certificates)
        private = serialization.load_pem_private_key(key, None)
        may_issue = first.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*UNREADABLE, x509.ExtensionNotFound) as error:
        raise BadAuthority(f"not the certificate and key of a CA, as PEM without a password: {error}") from error
    if not isinstance(private, Key) or private.public_key() != first.public_key() or not may_issue:
        raise BadAuthority("not the key of the first certificate, or that is not a CA's")
    return Authority(first, tuple(one for one in above if one.subject != one.issuer), private)


def signed(order: CertificateOrdered, ca: Authority, days: int, organisation: str, ocsp_url: str) -> list[str]:
    """The chain as PEM: the certificate, then its subordinate CAs, without the root; BadRequest as `wanted`."""
    csr, for_v2g = wanted(order.csr, order.station_id, order.certificate_type, organisation)
    begin = datetime_of(order.ordered_at)
    end = min(begin + timedelta(days=days), ca.certificate.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(csr.subject)
        .issuer_name(ca.certificate.subject)
        .public_key(csr.public_key())
        .serial_number(_serial_number(order, ca))
        .not_valid_before(begin - _BACK)
        .not_valid_after(end)
    )
    for extension, critical in _extensions(csr, ca, ocsp_url, for_v2g or order.certificate_type is None):
        builder = builder.add_extension(extension, critical=critical)
    deterministic = True if isinstance(ca.key, ec.EllipticCurvePrivateKey) else None
    made = builder.sign(ca.key, hashes.SHA256(), ecdsa_deterministic=deterministic)
    own_root = ca.certificate.subject == ca.certificate.issuer
    return [pem(one) for one in (made, *(() if own_root else (ca.certificate,)), *ca.above)]


def _extensions(
    csr: x509.CertificateSigningRequest, ca: Authority, ocsp_url: str, for_evs: bool
) -> list[tuple[x509.ExtensionType, bool]]:
    """What it is for (A00.FR.512, 514): extended usages are named where one certificate must not do for both."""
    with_rsa = isinstance(csr.public_key(), rsa.RSAPublicKey)
    usage = x509.KeyUsage(True, False, with_rsa, False, not with_rsa, False, False, False, False)
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.SubjectKeyIdentifier.from_public_key(csr.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()), False),
    ]
    if not for_evs:
        found.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False))
    if ocsp_url:
        where = x509.UniformResourceIdentifier(ocsp_url)
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
        found.append((x509.AuthorityInformationAccess([access]), False))
    return found


def issued(order: CertificateOrdered, chain: Sequence[str], now_ms: Millis) -> CertificateIssued:
    """The event of a chain that a CA has answered with; ValueError when it is not for the key of the order."""
    leaf = x509.load_pem_x509_certificate(chain[0].encode())
    csr = x509.load_pem_x509_csr(order.csr.encode())
    if leaf.public_key() != csr.public_key():
        raise ValueError("the certificate is for another key than the one that was to be certified")
    return CertificateIssued(
        event_id=derived_id("CertificateIssued", order.order_id, leaf.serial_number),
        order_id=order.order_id,
        tenant=order.tenant,
        station_id=order.station_id,
        protocol=order.protocol,
        certificate_type=order.certificate_type,
        request_id=order.request_id,
        serial_number=f"{leaf.serial_number:x}",
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        not_before=int(leaf.not_valid_before_utc.timestamp() * 1000),
        not_after=int(leaf.not_valid_after_utc.timestamp() * 1000),
        chain=tuple(chain),
        recorded_at=now_ms,
    )


def handed_out(tenant: str, station_id: str, certificate: bytes, now_ms: Millis) -> CertificateIssued:
    """The event of a certificate (PEM) that was made with its key, for somebody who installs both."""
    leaf = x509.load_pem_x509_certificate(certificate)
    serial_number = f"{leaf.serial_number:x}"
    return CertificateIssued(
        event_id=derived_id("CertificateIssued", tenant, station_id, serial_number),
        order_id=derived_id("certificate handed out", tenant, station_id, serial_number),
        tenant=tenant,
        station_id=station_id,
        protocol="",
        serial_number=serial_number,
        subject=leaf.subject.rfc4514_string(),
        issuer=leaf.issuer.rfc4514_string(),
        not_before=int(leaf.not_valid_before_utc.timestamp() * 1000),
        not_after=int(leaf.not_valid_after_utc.timestamp() * 1000),
        chain=(certificate.decode(),),
        handed_out=True,
        recorded_at=now_ms,
    )


def pem(certificate: x509.Certificate) -> str:
    """As text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _serial_number(order: CertificateOrdered, ca: Authority) -> int:
    """127 bits that follow from the order and the CA (RFC 5280, 4.1.2.2: positive, at most 20 bytes)."""
    cause = f"{order.order_id}/{order.ordered_at}".encode() + ca.certificate.fingerprint(hashes.SHA256())
    return int.from_bytes(hashlib.sha256(cause).digest()[:_SERIAL_BYTES], "big") >> 1 or 1
