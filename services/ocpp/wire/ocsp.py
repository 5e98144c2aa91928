"""OCSP (RFC 6960): the question whether a certificate is still good, and what an answer is worth."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from services.ocpp.wire.unreadable import UNREADABLE

CONTENT_TYPE: Final = "application/ocsp-request"
_ALGORITHMS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512(),
}  # fmt: skip
_SKEW: Final = timedelta(minutes=5)
_MAX_DEPTH: Final = 6


class Standing(StrEnum):
    """What an answer says of a certificate; UNUSABLE: nothing that can be relied on."""

    GOOD = "good"
    REVOKED = "revoked"
    UNUSABLE = "unusable"


class Subject(NamedTuple):
    """The certificate that is asked about: hashes of its issuer's name and key, and its number."""

    algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial_number: int


def subject(data: Mapping[str, Any]) -> Subject:
    """Of an OCSPRequestDataType; ValueError when its hashes or number are none."""
    algorithm = str(data["hashAlgorithm"])
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"{algorithm[:20]!r} is no hash algorithm")
    names, keys = bytes.fromhex(data["issuerNameHash"]), bytes.fromhex(data["issuerKeyHash"])
    number = int(data["serialNumber"], 16)
    size = _ALGORITHMS[algorithm].digest_size
    if len(names) != size or len(keys) != size or number <= 0:
        raise ValueError(f"not hashes by {algorithm} and the number of a certificate")
    return Subject(algorithm, names, keys, number)


def subject_of(certificate: x509.Certificate, issuer: x509.Certificate) -> Subject:
    """Of a certificate that is here."""
    names, keys = _hashes(issuer, "SHA256")
    return Subject("SHA256", names, keys, certificate.serial_number)


def request(about: Subject) -> bytes:
    """The question, in DER; ValueError when there can be no such certificate."""
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        about.name_hash, about.key_hash, about.serial_number, _ALGORITHMS[about.algorithm]
    )
    return builder.build().public_bytes(Encoding.DER)


def responder(certificate: x509.Certificate) -> str | None:
    """Where the certificate says that its status is told."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return None
    found = (
        one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.OCSP
    )
    return next((str(url) for url in found), None)


def is_answer(der: bytes) -> bool:
    """True for a successful answer, whatever it says and whoever signed it."""
    try:
        return ocsp.load_der_ocsp_response(der).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    except UNREADABLE:
        return False


def standing(der: bytes | None, about: Subject, trusted: Sequence[x509.Certificate], now: datetime) -> Standing:
    """What an answer says of a certificate, if who signed it may say so (4.2.2.2) and it is of now."""
    try:
        answer = ocsp.load_der_ocsp_response(der or b"")
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return Standing.UNUSABLE
        single = next((one for one in answer.responses if _is_about(one, about)), None)
        if single is None or not _is_current(single, now) or not _is_authorised(answer, about, trusted, now):
            return Standing.UNUSABLE
    except (*UNREADABLE, x509.ExtensionNotFound):
        return Standing.UNUSABLE
    return {
        ocsp.OCSPCertStatus.GOOD: Standing.GOOD,
        ocsp.OCSPCertStatus.REVOKED: Standing.REVOKED,
    }.get(single.certificate_status, Standing.UNUSABLE)


def anchored(
    certificate: x509.Certificate,
    others: Iterable[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime,
) -> bool:
    """True if the certificate is trusted, or issued by one that is, if need be by way of `others`."""
    pool, here = [*others], certificate
    for _ in range(_MAX_DEPTH):
        if not is_valid(here, now):
            return False
        if here in trusted or any(is_issued(here, one) and is_valid(one, now) for one in trusted):
            return True
        above = next((one for one in pool if is_issued(here, one)), None)
        if above is None:
            return False
        pool.remove(above)
        here = above
    return False


def is_valid(certificate: x509.Certificate, now: datetime) -> bool:
    """Neither too old nor too new."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """True if a CA has issued the certificate: name, signature, and that it may (RFC 5280, 4.2.1.3, 4.2.1.9)."""
    try:
        certificate.verify_directly_issued_by(issuer)
        is_ca = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*UNREADABLE, InvalidSignature, x509.ExtensionNotFound):
        return False
    try:
        return is_ca and issuer.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        return is_ca


def _is_about(single: ocsp.OCSPSingleResponse, about: Subject) -> bool:
    return (single.hash_algorithm.name, single.issuer_name_hash, single.issuer_key_hash, single.serial_number) == (
        _ALGORITHMS[about.algorithm].name,
        about.name_hash,
        about.key_hash,
        about.serial_number,
    )


def _is_current(single: ocsp.OCSPSingleResponse, now: datetime) -> bool:
    end = single.next_update_utc
    return single.this_update_utc <= now + _SKEW and (end is None or now - _SKEW <= end)


def _is_authorised(
    answer: ocsp.OCSPResponse, about: Subject, trusted: Sequence[x509.Certificate], now: datetime
) -> bool:
    """Signed by the issuer, whose certificate is there and trusted, or by whom the issuer lets answer."""
    known = [*trusted, *answer.certificates]
    for signer in known:
        if not _signed(answer, signer) or not is_valid(signer, now):
            continue
        issuers = [one for one in known if _hashes(one, about.algorithm) == (about.name_hash, about.key_hash)]
        if signer not in issuers:
            issuers = [one for one in issuers if is_issued(signer, one) and _may_answer(signer)]
        return any(anchored(one, known, trusted, now) for one in issuers)
    return False


def _signed(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, digest = signer.public_key(), answer.signature_hash_algorithm
    if digest is None or isinstance(digest, hashes.SHA1 | hashes.MD5):
        return False
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _may_answer(signer: x509.Certificate) -> bool:
    usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _hashes(issuer: x509.Certificate, algorithm: str) -> tuple[bytes, bytes]:
    """Of its name and key."""
    asked = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, _ALGORITHMS[algorithm]).build()
    return asked.issuer_name_hash, asked.issuer_key_hash
