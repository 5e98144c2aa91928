"""Pages that we pull from CPOs (transport_and_format: Pagination): objects byte for byte, and the next page."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from services.domain.units import Millis, parse_rfc3339, rfc3339

_NEXT: Final = re.compile(r'<([^<>]{1,4096})>\s*;[^,<]*?\brel="?next"?', re.IGNORECASE)
_DIGITS: Final = re.compile(r"\d{1,12}", re.ASCII)


class Raw(NamedTuple):
    """An object of a page, as it came."""

    data: bytes
    value: Any


class _Envelope(msgspec.Struct):
    data: list[msgspec.Raw] = []


def first_url(endpoint: str, since: Millis | None, limit: int) -> str:
    """Where a pull begins: at what was last updated at `since` or later (date_from is inclusive)."""
    filters = {} if since is None else {"date_from": rfc3339(since)}
    joint = "&" if urlsplit(endpoint).query else "?"
    return f"{endpoint}{joint}{urlencode({**filters, 'limit': limit}, safe=':')}"


def objects(body: bytes, values: Any) -> list[Raw]:
    """The objects of a page; `values` is `data` as it was decoded. A page that holds no list has none."""
    if not isinstance(values, list):
        return []
    raw = msgspec.json.decode(body, type=_Envelope).data
    return [Raw(bytes(one), value) for one, value in zip(raw, values, strict=True)]


def next_url(headers: Mapping[str, str], current: str) -> str | None:
    """Where the next page is; None after the last. ValueError for another host: our token is not for it."""
    found = _NEXT.search(headers.get("link", ""))
    if found is None:
        return None
    url: str = urljoin(current, found[1])
    here, there = urlsplit(current), urlsplit(url)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise ValueError(f"the next page is elsewhere: {url[:100]}")
    return url


def last_updated(value: Any) -> Millis:
    """When an object was last updated; 0 when it does not say so."""
    text = value.get("last_updated") if isinstance(value, dict) else None
    try:
        return parse_rfc3339(text) if isinstance(text, str) else 0
    except (ValueError, OverflowError):
        return 0


def total(headers: Mapping[str, str]) -> int | None:
    """How many objects there are (X-Total-Count), if the partner says so."""
    text = headers.get("x-total-count", "")
    return int(text) if _DIGITS.fullmatch(text) else None
