"""Certificate signing requests of stations: what one has to be for us to have it signed (A00.FR.501 to 514)."""

import re
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from services.pki.unreadable import UNREADABLE

OWN: Final = "ChargingStationCertificate"
V2G: Final = frozenset({"V2GCertificate", "V2G20Certificate"})

_MAX_LENGTH: Final = 10_000
_MAX_NAME: Final = 64
"""RFC 5280, appendix A.1: upper bound of a common name and of an organisation's."""

_RSA_BITS: Final = range(2048, 8193)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_DIGESTS: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_SUBJECT: Final = frozenset(
    {
        NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.COUNTRY_NAME,
        NameOID.STATE_OR_PROVINCE_NAME, NameOID.LOCALITY_NAME, NameOID.SERIAL_NUMBER, NameOID.DOMAIN_COMPONENT,
    }
)  # fmt: skip
_ADDRESS: Final = re.compile(r"://|^[0-9.]+$|^\[?[0-9a-fA-F]*:[0-9a-fA-F:]+\]?$")
"""A00.FR.511: a URL or an IP address would be a server's name."""


_IDENTITY: Final = re.compile(r"[A-Za-z0-9*_=+|@.\-]([A-Za-z0-9*_=+|@.\- ]{0,46}[A-Za-z0-9*_=+|@.\-])?", re.ASCII)
"""OCPP-J 2.0.1, 3.1.1, without the colon that Basic authentication separates by."""


class BadRequest(ValueError):
    """A request that is not to be signed, and why."""


class Wanted(NamedTuple):
    """What a request that is good asks for."""

    csr: x509.CertificateSigningRequest
    for_v2g: bool


def wanted(pem: str, station_id: str, certificate_type: str | None, organisation: str = "") -> Wanted:
    """The request, once it is good; BadRequest otherwise.

    A certificate that lets a station in names that station (A00.FR.405) and, if we insist on one, our organisation
    (A00.FR.404). What an SECC shows to EVs comes from another CA, so that its names open no door here.
    """
    for_v2g = certificate_type in V2G
    if not for_v2g and certificate_type not in (None, OWN):
        raise BadRequest(f"certificates of type {certificate_type} are not issued here")
    csr = _parsed(pem)
    _check_key(csr)
    names = _said(csr, NameOID.COMMON_NAME)
    if for_v2g:
        _check_secc(names)
    elif names != [station_id]:
        raise BadRequest("the common name is not the station's identity, which it has to be")
    if organisation and organisation not in _said(csr, NameOID.ORGANIZATION_NAME):
        raise BadRequest(f"the organisation is not {organisation}")
    return Wanted(csr, for_v2g)


def is_name(text: str) -> bool:
    """True for what a station may be called."""
    return _IDENTITY.fullmatch(text) is not None


def _parsed(pem: str) -> x509.CertificateSigningRequest:
    if len(pem) > _MAX_LENGTH:
        raise BadRequest("longer than any certificate signing request")
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        subject = list(csr.subject)
    except UNREADABLE as error:
        raise BadRequest("not a certificate signing request (PKCS#10, PEM)") from error
    if any(attribute.oid not in _SUBJECT or len(attribute.value) > _MAX_NAME for attribute in subject):
        raise BadRequest("the subject says what certificates of stations do not, or says it at length")
    return csr


def _check_key(csr: x509.CertificateSigningRequest) -> None:
    """Strong enough (A00.FR.501 to 504), and whoever asks has it: the signature over the request is its own."""
    try:
        key = csr.public_key()
        digest = csr.signature_hash_algorithm
    except UNREADABLE as error:
        raise BadRequest("the key or the signature is of a kind that is not known here") from error
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    )
    if not strong:
        raise BadRequest("the key is neither RSA with 2048 to 8192 bits nor on the curve P-256, P-384 or P-521")
    if not isinstance(digest, _DIGESTS):
        raise BadRequest("the request is not signed with SHA-256, SHA-384 or SHA-512")
    if not csr.is_signature_valid:
        raise BadRequest("the request is not signed with the key that it is for")


def _check_secc(names: list[str]) -> None:
    if len(names) > 1 or any(_ADDRESS.search(name) for name in names):
        raise BadRequest("the common name of an SECC is neither several nor an address")


def _said(csr: x509.CertificateSigningRequest, what: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in csr.subject.get_attributes_for_oid(what)]
