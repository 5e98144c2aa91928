"""Answers to whoever asks whether a certificate of our CAs is still good (RFC 6960)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from services.domain.events.certificate import Certificate
from services.domain.events.common import CertificateStatus
from services.domain.units import datetime_of
from services.pki.issue import Key
from services.pki.unreadable import UNREADABLE

MAX_REQUEST: Final = 4096
VALID_FOR: Final = timedelta(hours=12)
_REASONS: Final = {
    "key_compromise": x509.ReasonFlags.key_compromise,
    "ca_compromise": x509.ReasonFlags.ca_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
}


class Answerer(NamedTuple):
    """Who answers for a CA: it itself, or whom it lets; `good` are certificates of its that are always good."""

    issuer: x509.Certificate
    certificate: x509.Certificate
    key: Key
    good: frozenset[int] = frozenset()


def answer(
    der: bytes, answerers: Sequence[Answerer], known: Callable[[str], Certificate | None], now: datetime
) -> bytes:
    """The response, in DER. `known` looks a certificate up by its serial number, in hexadecimal digits."""
    try:
        asked = ocsp.load_der_ocsp_request(der)
        by = next((one for one in answerers if _is_issuer(one.issuer, asked)), None)
    except (*UNREADABLE, NotImplementedError):
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    if by is None:
        return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    found = known(f"{asked.serial_number:x}")
    status, at, reason = _status(asked.serial_number, by, found)
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        asked.issuer_name_hash, asked.issuer_key_hash, asked.serial_number, asked.hash_algorithm,
        status, now, now + VALID_FOR, at, reason,
    )  # fmt: skip
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, by.certificate)
    if by.certificate != by.issuer:
        builder = builder.certificates([by.certificate])
    for extension in asked.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            builder = builder.add_extension(extension.value, critical=False)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _status(
    serial_number: int, by: Answerer, found: Certificate | None
) -> tuple[ocsp.OCSPCertStatus, datetime | None, x509.ReasonFlags | None]:
    if found is not None and found.issuer == by.issuer.subject.rfc4514_string():
        if found.status is not CertificateStatus.REVOKED:
            return ocsp.OCSPCertStatus.GOOD, None, None
        at = datetime_of(found.revoked_at or found.updated_at)
        return ocsp.OCSPCertStatus.REVOKED, at, _REASONS.get(found.revocation_reason or "")
    good = serial_number in by.good
    return (ocsp.OCSPCertStatus.GOOD if good else ocsp.OCSPCertStatus.UNKNOWN), None, None


def _is_issuer(issuer: x509.Certificate, asked: ocsp.OCSPRequest) -> bool:
    own = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, asked.hash_algorithm).build()
    return (own.issuer_name_hash, own.issuer_key_hash) == (asked.issuer_name_hash, asked.issuer_key_hash)


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
