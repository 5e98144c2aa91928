"""Who asks: the credentials token of the Authorization header (transport_and_format: Authorization header)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from services.domain.events.partner import Partner
from services.ocpi.wire.registrations import ENDED

MAX_TOKEN_CHARS = 64
"""credentials: token is a string(64) of printable ASCII without blanks."""

_LONGEST_HEADER = 256
"""A token of 64 characters has 88 in Base64; nobody needs more."""


def presented_tokens(header: str) -> tuple[str, ...]:
    """The tokens that a header may mean: what its Base64 says and, for partners that do not encode, its text.

    A trailing newline inside the Base64, which the specification's own example has, is not part of the token.
    Empty for whatever is no `Token …` header.
    """
    scheme, _, rest = header.strip().partition(" ")
    encoded = rest.strip()
    if scheme.lower() != "token" or len(header) > _LONGEST_HEADER:
        return ()
    return tuple(token for token in (_decoded(encoded), encoded) if well_formed(token))


def _decoded(encoded: str) -> str:
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return base64.b64decode(padded, validate=True).decode("ascii").rstrip("\r\n")
    except (binascii.Error, ValueError):
        return ""


def well_formed(token: str) -> bool:
    """credentials: token."""
    return 0 < len(token) <= MAX_TOKEN_CHARS and all("!" <= char <= "~" for char in token)


def token_hash(token: str) -> str:
    """What is kept of a token: SHA-256, lower-case hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def identify(partners: Iterable[Partner], tokens: tuple[str, ...]) -> tuple[Partner, str] | None:
    """The enabled partner who holds one of `tokens`, and that token; None when nobody does.

    Every partner is compared, each in constant time, so that the time taken tells nothing about a guess.
    """
    hashes = [(token, token_hash(token)) for token in tokens]
    found: tuple[Partner, str] | None = None
    for partner in partners:
        for token, hashed in hashes:
            if (
                hmac.compare_digest(hashed, partner.token_hash)
                and partner.enabled
                and partner.registration != ENDED
            ):
                found = partner, token
    return found
