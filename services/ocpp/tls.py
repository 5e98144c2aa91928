"""TLS for stations (A00, security profiles 2 and 3): how we speak it, and whose certificate a station shows."""

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.ocpp.wire.unreadable import UNREADABLE

_CIPHERS: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-GCM-SHA384"
)
"""For TLS 1.2: those of A00.FR.318, and the same with ECDHE and RSA. TLS 1.3 has its own."""

_MAX_HEADER: Final = 16_384
_ENVOY: Final = 'Cert="'


class Certificate(NamedTuple):
    """A client certificate that a CA of ours has issued: what it says about whom it is for."""

    names: tuple[str, ...]
    """Common names, and DNS names of the subject alternative name."""
    organisations: tuple[str, ...]
    serial_number: str = ""
    """In lower-case hexadecimal digits, without leading zeros."""
    issuer: str = ""
    """Distinguished name (RFC 4514)."""


def server_context(
    certificate_file: str,
    key_file: str,
    client_ca_file: str = "",
    failed: Callable[[str], None] = lambda _reason: None,
) -> ssl.SSLContext:
    """TLS 1.2 or newer. With CAs, who shows a certificate must show one of theirs; showing none is allowed.

    `failed` is told OpenSSL's word for why a handshake failed.
    OSError or ssl.SSLError when a file is not there or not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.load_cert_chain(certificate_file, key_file or None)
    # A00.FR.312 and RFC 5246: neither compression nor renegotiation.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if client_ca_file:
        context.load_verify_locations(client_ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        # Stations' certificates may come from a subordinate CA whose root is kept elsewhere.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.sslobject_class = _watched(failed)
    return context


def _watched(failed: Callable[[str], None]) -> type[ssl.SSLObject]:
    """Event loops tell nobody of handshakes that fail: there is no connection yet to tell."""

    class Watched(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as error:
                failed(error.reason or type(error).__name__)
                raise

    return Watched


def of_handshake(peer_certificate: dict[str, Any] | None, der: bytes | None = None) -> Certificate | None:
    """The certificate of a handshake that has been verified (`SSLObject.getpeercert()`); None for none.

    `der` is the same certificate, which the issuer is read from: "" if that cannot be read.
    """
    if not peer_certificate:
        return None
    subject = [pair for relative in peer_certificate.get("subject", ()) for pair in relative]
    alternative = [value for kind, value in peer_certificate.get("subjectAltName", ()) if kind == "DNS"]
    return Certificate(
        tuple([value for name, value in subject if name == "commonName"] + alternative),
        tuple(value for name, value in subject if name == "organizationName"),
        f"{int(peer_certificate.get('serialNumber', '0'), 16):x}",
        _issuer(der),
    )


def of_header(text: str, authorities: Sequence[x509.Certificate], now: datetime) -> Certificate | None:
    """The certificate that a trusted proxy forwards, as URL-encoded PEM; None unless one of the CAs issued it.

    The proxy has verified it, and we do so again, since many forward whatever they are shown: chain, validity, and
    that it is for clients. Envoy's X-Forwarded-Client-Cert is understood too; its last element is our own proxy's.
    """
    if not text or len(text) > _MAX_HEADER:
        return None
    if _ENVOY in text:
        text = text[text.rindex(_ENVOY) + len(_ENVOY) :].partition('"')[0]
    try:
        certificate = x509.load_pem_x509_certificate(unquote_to_bytes(text))
        if not any(_issued(certificate, authority, now) for authority in authorities) or not _for_clients(
            certificate
        ):
            return None
        return Certificate(
            (*_said(certificate, NameOID.COMMON_NAME), *_dns_names(certificate)),
            _said(certificate, NameOID.ORGANIZATION_NAME),
            f"{certificate.serial_number:x}",
            certificate.issuer.rfc4514_string(),
        )
    except UNREADABLE:
        return None


def authorities(client_ca_file: str) -> tuple[x509.Certificate, ...]:
    """The CAs of a PEM file; none for no file. OSError or ValueError when it is not what it should be."""
    if not client_ca_file:
        return ()
    with open(client_ca_file, "rb") as file:
        try:
            return tuple(x509.load_pem_x509_certificates(file.read()))
        except x509.InvalidVersion as error:
            raise ValueError(str(error)) from error


def _issued(certificate: x509.Certificate, authority: x509.Certificate, now: datetime) -> bool:
    """Both are valid now, and the authority may issue: a leaf in the CA file makes no station a CA."""
    try:
        certificate.verify_directly_issued_by(authority)
        may_issue = authority.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (*UNREADABLE, InvalidSignature, x509.ExtensionNotFound):
        return False
    return may_issue and all(
        one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in (certificate, authority)
    )


def _for_clients(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages


def _issuer(der: bytes | None) -> str:
    try:
        return x509.load_der_x509_certificate(der).issuer.rfc4514_string() if der else ""
    except UNREADABLE:
        return ""


def _said(certificate: x509.Certificate, what: x509.ObjectIdentifier) -> tuple[str, ...]:
    return tuple(str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(what))


def _dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))
