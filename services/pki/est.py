"""Enrollment over Secure Transport (RFC 7030): what is said to a CA elsewhere, and what its answer means."""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from services.pki.issue import pem
from services.pki.unreadable import UNREADABLE

ENROLL = "/simpleenroll"
CA_CERTIFICATES = "/cacerts"
CONTENT_TYPE = "application/pkcs10"


class BadAnswer(ValueError):
    """What a CA says that cannot be read."""


def enrollment(csr_pem: str) -> bytes:
    """The body of a simpleenroll request (4.2.1)."""
    return b64encode(x509.load_pem_x509_csr(csr_pem.encode()).public_bytes(Encoding.DER))


def certificates(body: bytes) -> list[x509.Certificate]:
    """The certificates of an answer (4.1.3, 4.2.3); BadAnswer when it is not what it should be."""
    try:
        found = list(pkcs7.load_der_pkcs7_certificates(b64decode(body)))
    except UNREADABLE as error:
        raise BadAnswer(f"not certificates in PKCS#7: {error}") from error
    if not found:
        raise BadAnswer("an answer without certificates")
    return found


def chain(leaf: x509.Certificate, authorities: Sequence[x509.Certificate]) -> list[str]:
    """PEM: the certificate, then its subordinate CAs as far as they are known, without the root."""
    found, left = [leaf], list(authorities)
    while True:
        above = next((one for one in left if one.subject == found[-1].issuer), None)
        if above is None or above.subject == above.issuer:
            return [pem(one) for one in found]
        left.remove(above)
        found.append(above)
