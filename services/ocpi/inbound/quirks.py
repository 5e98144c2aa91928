"""Requests of partners that differ from the specification, as the specification has them.

The one place where this is done for what comes in. Enums in another case need none: `wire/reading.py` reads them.
"""

from typing import Final
from urllib.parse import parse_qsl, urlencode

from services.domain.events.common import PartnerQuirks
from services.domain.units import parse_rfc3339, rfc3339
from services.ocpi.wire.paging import CURSOR
from services.ocpi.wire.quirks import INCLUSIVE

_DATE_TO: Final = "date_to"
_LONGEST: Final = 8_192


def query(quirks: PartnerQuirks, raw: bytes) -> bytes:
    """A query string. A `date_to` that is meant inclusively becomes the moment after it, but for links of ours,
    which have it already. What cannot be read stays, and is refused where it is used."""
    if quirks.date_to != INCLUSIVE or _DATE_TO.encode() not in raw or len(raw) > _LONGEST:
        return raw
    pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    if any(name == CURSOR for name, _ in pairs):
        return raw
    try:
        told = [(name, _after(value) if name == _DATE_TO else value) for name, value in pairs]
    except (ValueError, OverflowError):
        return raw
    return urlencode(told, safe=":").encode()


def _after(text: str) -> str:
    """A plus that was not encoded has become a blank."""
    plain = text.strip()
    return rfc3339(parse_rfc3339(plain[:11] + plain[11:].replace(" ", "+")) + 1)
