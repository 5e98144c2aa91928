"""Links to what proves a charge detail record: whoever has one needs no login.

The secret in a link is a hash over the record's signed values, so that only somebody who was given the link, or
the values themselves, can know it. A record without signed values has no link: there is nothing to prove.
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from services.domain.events.common import SignedMeterValue


def secret(values: Sequence[SignedMeterValue]) -> str:
    """Lower-case hex over the hashes of all values, in their order."""
    return _secret(value.sha256 for value in values)


def _secret(hashes: Iterable[str]) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def opens(values: Sequence[SignedMeterValue], shown: str) -> bool:
    """Whether this is the secret of these values; compared in a time that says nothing about it."""
    return bool(values) and hmac.compare_digest(secret(values).encode(), shown.encode(errors="replace"))


def link(public_url: str, tenant: str, cdr_id: str, values: Sequence[SignedMeterValue]) -> str:
    """The driver's page of a record; "" when it has none, or no address of the page is known."""
    return link_of(public_url, tenant, cdr_id, [value.sha256 for value in values])


def link_of(public_url: str, tenant: str, cdr_id: str, hashes: Sequence[str]) -> str:
    """As `link`, from the hashes of the signed values (`SignedMeterValue.sha256`) in their order."""
    if not public_url or not hashes:
        return ""
    return f"{public_url.rstrip('/')}/proof/{tenant}/{cdr_id}/{_secret(hashes)}"
