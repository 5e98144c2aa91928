"""Keys made for the tests from fixed secrets, and signatures with them: the same bytes in every run."""

import hashlib

from ecdsa import SigningKey
from ecdsa.util import sigencode_der, sigencode_string

from services.domain.signed_meter.curves import CURVES
from services.domain.signed_meter.keys import PublicKey


def secret(curve: str, number: int = 7) -> SigningKey:
    """The test key `number` on `curve`."""
    chosen = CURVES[curve].slow
    exponent = int.from_bytes(hashlib.sha512(f"{curve}/{number}".encode()).digest(), "big")
    return SigningKey.from_secret_exponent(exponent % (chosen.order - 1) + 1, curve=chosen)


def public(curve: str, number: int = 7) -> PublicKey:
    return PublicKey(CURVES[curve], secret(curve, number).verifying_key.to_string("uncompressed"))


def spki(curve: str, number: int = 7) -> bytes:
    return secret(curve, number).verifying_key.to_der()


def sign(curve: str, message: bytes, number: int = 7) -> bytes:
    """DER."""
    signed: bytes = secret(curve, number).sign_digest_deterministic(
        hashlib.sha256(message).digest(), hashfunc=hashlib.sha256, sigencode=sigencode_der, allow_truncate=True
    )
    return signed


def sign_raw(curve: str, message: bytes, number: int = 7) -> bytes:
    """r‖s."""
    signed: bytes = secret(curve, number).sign_digest_deterministic(
        hashlib.sha256(message).digest(), hashfunc=hashlib.sha256, sigencode=sigencode_string, allow_truncate=True
    )
    return signed
