"""Stations' passwords: how they are kept and checked.

They are keys, not words that people think of: `wattlog station add` makes them, and the specification sets their
length (OCPP 2.0.1 A00.FR.205: 16 to 40 characters; 1.6 security whitepaper: 16 to 20 bytes, maybe not text).
A slow hash (scrypt, argon2) protects guessable secrets; for 120 random bits it only makes a reconnection storm
of 100,000 stations cost hours of CPU. So: BLAKE2b, salted, compared in constant time.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

MIN_BYTES: Final = 16
MAX_BYTES: Final = 40
SALT_BYTES: Final = 16
RANDOM_BYTES: Final = 15
"""What `made_from` wants: 120 bits, as 20 characters, which is the most that OCPP 1.6 stations take."""

_SCHEME: Final = "b2"
_DIGEST_BYTES: Final = 32
_NOBODY: Final = f"{_SCHEME}:{bytes(SALT_BYTES).hex()}:{bytes(_DIGEST_BYTES).hex()}"


class BadPassword(ValueError):
    """A password that no station should have."""


def made_from(randomness: bytes) -> str:
    """A password of 20 letters, digits, - and _ that every station takes, from 15 random bytes."""
    return urlsafe_b64encode(randomness).decode()


def hashed(password: bytes, salt: bytes) -> str:
    """What the registry keeps, `b2:<salt>:<digest>` in hex; BadPassword if it is too short or too long."""
    if not MIN_BYTES <= len(password) <= MAX_BYTES:
        raise BadPassword(f"a station's password has {MIN_BYTES} to {MAX_BYTES} bytes, this one {len(password)}")
    return f"{_SCHEME}:{salt.hex()}:{_digest(password, salt).hex()}"


def matches(password: bytes, kept: str | None) -> bool:
    """True if `kept` is the hash of this password.

    With nothing usable kept it does the same work and says no, so that the time tells nobody whether a station is
    registered.
    """
    scheme, _, rest = (kept or _NOBODY).partition(":")
    salt, _, digest = rest.partition(":")
    try:
        known = scheme == _SCHEME
        wanted = bytes.fromhex(digest)
        actual = _digest(password, bytes.fromhex(salt))
    except ValueError:
        return False
    return hmac.compare_digest(actual, wanted) and known and kept is not None


def _digest(password: bytes, salt: bytes) -> bytes:
    return hashlib.blake2b(password, digest_size=_DIGEST_BYTES, salt=salt, person=b"wattlog.ocpp").digest()
