"""Who asks: API keys, of which only a hash is kept, and what their holders may do."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from services.domain.events.operator import Operator

PREFIX: Final = "wattlog_"
"""Every key begins so: whoever finds one knows what it opens."""

_MAX_HEADER: Final = 256
_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


class Role(StrEnum):
    """What an operator may do; who may operate may also read."""

    READ = "read"
    OPERATE = "operate"


def key_of(random: str) -> str:
    """A key from URL-safe random text of at least 32 bytes."""
    return PREFIX + random


def key_hash(key: str) -> str:
    """What is kept of a key: SHA-256, lower-case hex. Keys are random and long, so that no slow hash is needed."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_operator_id(text: str) -> bool:
    """1 to 64 lower-case letters, digits or `._-`, beginning and ending with a letter or digit."""
    return _ID.fullmatch(text) is not None


def presented_key(header: str) -> str:
    """The key in an Authorization header; "" for whatever is no `Bearer …`."""
    scheme, _, key = header.strip().partition(" ")
    if scheme.lower() != "bearer" or len(header) > _MAX_HEADER:
        return ""
    return key.strip()


def identify(operators: Iterable[Operator], key: str) -> Operator | None:
    """The enabled operator who holds this key.

    Every operator is compared, each in constant time, so that the time taken tells nothing about a guess.
    """
    hashed = key_hash(key)
    found: Operator | None = None
    for operator in operators:
        if hmac.compare_digest(hashed, operator.key_hash) and operator.enabled:
            found = operator
    return found if key else None


def may(operator: Operator, method: str) -> bool:
    """Whether a request of this method is allowed: readers only look."""
    return operator.role == Role.OPERATE or (operator.role == Role.READ and method in ("GET", "HEAD"))
