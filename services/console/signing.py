"""Signed firmware: the signature over a file's SHA-256, and whose certificate it is. Pure."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

MAX_CERTIFICATE: Final = 5500
MAX_SIGNATURE: Final = 800
"""Characters that FirmwareType has for the PEM certificate and for the Base64 signature."""

_LEAST_RSA_BITS: Final = 2048
_LEAST_EC_BITS: Final = 224
"""112 bits of security (A00.FR.501 to 503)."""

EC_WARNING: Final = "made with ECDSA: L01.FR.04 names ECSchnorr for elliptic curves, which few stations have"


class NotSigned(Exception):
    """Why a station would not, or should not, install this firmware."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What UpdateFirmware carries, and what is to be said aloud about it."""

    signature: str
    certificate: str
    warnings: tuple[str, ...] = ()


def sign(digest: bytes, key_pem: bytes, certificate_pem: bytes, password: bytes | None = None) -> Signed:
    """Sign a file's SHA-256 with RSA-PSS (L01.FR.04), or ECDSA aloud; NotSigned when key or certificate is bad."""
    certificate = _certificate(certificate_pem)
    try:
        key = load_pem_private_key(key_pem, password)
    except (TypeError, ValueError) as error:
        raise NotSigned(f"the key cannot be read: {error}") from None
    if key.public_key() != certificate.public_key():
        raise NotSigned("the certificate is not that of the key")
    _check_key(certificate.public_key())
    warnings: tuple[str, ...] = ()
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
        signature = key.sign(digest, pss, Prehashed(SHA256()))
    else:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        signature = key.sign(digest, ec.ECDSA(Prehashed(SHA256())))
        warnings = (EC_WARNING,)
    text = base64.b64encode(signature).decode()
    pem = certificate.public_bytes(Encoding.PEM).decode()
    if len(text) > MAX_SIGNATURE or len(pem) > MAX_CERTIFICATE:
        raise NotSigned(f"OCPP has room for {MAX_SIGNATURE} and {MAX_CERTIFICATE} characters only")
    return Signed(text, pem, warnings)


def check(
    digest: bytes,
    signature: str,
    certificate_pem: bytes,
    roots: Sequence[bytes],
    intermediates: Sequence[bytes],
    now: datetime,
) -> tuple[str, ...]:
    """Warnings about a signed file; NotSigned when the signature is not the certificate's over the file, or the
    certificate does not lead to one of the manufacturer's roots (L01.FR.12, L01.FR.21).
    """
    certificate = _certificate(certificate_pem)
    warnings = _check_signature(certificate, digest, signature)
    _check_chain(certificate, roots, intermediates, now)
    return warnings


def _check_signature(certificate: x509.Certificate, digest: bytes, signature: str) -> tuple[str, ...]:
    key = certificate.public_key()
    _check_key(key)
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("the signature is not Base64") from None
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, digest, padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO), Prehashed(SHA256()))
            return ()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(raw, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        raise NotSigned("the signature is not that of this file by this certificate") from None
    return (EC_WARNING,)


def _check_chain(
    certificate: x509.Certificate, roots: Sequence[bytes], intermediates: Sequence[bytes], now: datetime
) -> None:
    if not roots:
        raise NotSigned("name the manufacturer's root certificate: without it the signature proves nothing")
    if _is_authority(certificate):
        raise NotSigned("the certificate is an authority's: a firmware signing certificate signs files only")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage is not None and not usage.digital_signature:
        raise NotSigned("the certificate's key usage is not digital signature")
    policy = (
        PolicyBuilder()
        .store(Store([_certificate(pem) for pem in roots]))
        .time(now)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        policy.verify(certificate, [_certificate(pem) for pem in intermediates])
    except VerificationError as error:
        raise NotSigned(f"the certificate does not lead to the manufacturer's root: {error}") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except (ValueError, x509.InvalidVersion) as error:
        raise NotSigned(f"a certificate cannot be read: {error}") from None


def _check_key(key: object) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise NotSigned(f"an RSA key of {key.key_size} bits is too short: {_LEAST_RSA_BITS} are the least")
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < _LEAST_EC_BITS:
            raise NotSigned(f"a curve of {key.key_size} bits is too small: {_LEAST_EC_BITS} are the least")
    else:
        raise NotSigned("only RSA and elliptic curve keys sign firmware (L01.FR.04)")
