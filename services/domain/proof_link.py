"""Links to what proves a charge detail record: whoever has one needs no login.

The secret in a link is a hash over the record's signed values, so that only somebody who was given the link, or
the values themselves, can know it. A record without signed values has no link: there is nothing to prove.
"""

import hashlib
import hmac
from collections.abc import Sequence

from services.domain.events.common import SignedMeterValue


def secret(values: Sequence[SignedMeterValue]) -> str:
    """Lower-case hex over the hashes of all values, in their order."""
    return hashlib.sha256("".join([value.sha256 for value in values]).encode()).hexdigest()


def opens(values: Sequence[SignedMeterValue], shown: str) -> bool:
    """Whether this is the secret of these values; compared in a time that says nothing about it."""
    return bool(values) and hmac.compare_digest(secret(values).encode(), shown.encode(errors="replace"))


def link(public_url: str, tenant: str, cdr_id: str, values: Sequence[SignedMeterValue]) -> str:
    """The driver's page of a record; "" when it has none, or no address of the page is known."""
    if not public_url or not values:
        return ""
    return f"{public_url.rstrip('/')}/proof/{tenant}/{cdr_id}/{secret(values)}"
