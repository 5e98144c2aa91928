"""ECDSA with SHA-256, and the numbers of a signature as meters in the field write them."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from ecdsa.ecdsa import Public_key, Signature
from ecdsa.ellipticcurve import Point

from services.domain.signed_meter.findings import Code, NotReadable
from services.domain.signed_meter.keys import PublicKey

_DIGEST = ec.ECDSA(Prehashed(SHA256()))
_SEQUENCE, _INTEGER = 0x30, 0x02
_KEYS = 16_384


class Numbers(NamedTuple):
    """r and s."""

    r: int
    s: int


class Signed(NamedTuple):
    """The octets that a meter signed, and its signature over their SHA-256."""

    message: bytes
    numbers: Numbers


def verify(key: PublicKey, message: bytes, numbers: Numbers) -> bool:
    """Whether `numbers` sign SHA-256 of `message`, of which the leftmost bits count on curves below 256 bits."""
    return verify_digest(key, hashlib.sha256(message).digest(), numbers)


def verify_digest(key: PublicKey, digest: bytes, numbers: Numbers) -> bool:
    """As `verify`, of a digest. r and s outside of 1 .. n-1 are false (SEC 1 §4.1.4)."""
    order = key.curve.order
    if not (0 < numbers.r < order and 0 < numbers.s < order):
        return False
    fast = _openssl_key(key)
    return _by_ecdsa(key, digest, numbers) if fast is None else _by_openssl(fast, digest, numbers)


@lru_cache(maxsize=_KEYS)
def _openssl_key(key: PublicKey) -> ec.EllipticCurvePublicKey | None:
    """The key in `cryptography`; None where it lacks the curve, or lost it (secp192r1 will go one day)."""
    curve = key.curve.openssl
    if curve is None:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, key.point)
    except UnsupportedAlgorithm:
        return None


def _by_openssl(key: ec.EllipticCurvePublicKey, digest: bytes, numbers: Numbers) -> bool:
    try:
        key.verify(encode_dss_signature(*numbers), digest, _DIGEST)
    except InvalidSignature:
        return False
    return True


def _by_ecdsa(key: PublicKey, digest: bytes, numbers: Numbers) -> bool:
    excess = max(0, len(digest) * 8 - key.curve.order.bit_length())
    hashed = int.from_bytes(digest, "big") >> excess
    return bool(_ecdsa_key(key).verifies(hashed, Signature(*numbers)))


@lru_cache(maxsize=_KEYS)
def _ecdsa_key(key: PublicKey) -> Public_key:
    size, slow = key.curve.field_bytes, key.curve.slow
    x, y = key.point[1 : 1 + size], key.point[1 + size :]
    point = Point(slow.curve, int.from_bytes(x, "big"), int.from_bytes(y, "big"))
    return Public_key(slow.generator, point, verify=False)


def raw(signature: bytes, size: int) -> Numbers:
    """r‖s, each of `size` bytes."""
    if len(signature) != 2 * size:
        raise _unreadable(f"{len(signature)} bytes instead of {2 * size}")
    return Numbers(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def der(signature: bytes) -> Numbers:
    """SEQUENCE of two INTEGERs, both read as unsigned: meters leave the 00 octet out, or write more than one."""
    body, rest = _element(signature, _SEQUENCE)
    first, others = _element(body, _INTEGER)
    second, surplus = _element(others, _INTEGER)
    if rest or surplus:
        raise _unreadable("bytes are left over")
    return Numbers(int.from_bytes(first, "big"), int.from_bytes(second, "big"))


def _element(data: bytes, tag: int) -> tuple[bytes, bytes]:
    if len(data) < 2 or data[0] != tag:
        raise _unreadable("no DER sequence of two integers")
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    if not 0 < length <= len(data) - start:
        raise _unreadable("cut off")
    return data[start : start + length], data[start + length :]


def _unreadable(why: str) -> NotReadable:
    return NotReadable(f"the signature cannot be read: {why}", "signature", Code.SIGNATURE_INVALID)
