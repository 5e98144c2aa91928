"""The headers that lead a partner through the pages (transport_and_format: Paginated Response)."""

from urllib.parse import urlencode

from services.domain.units import Millis
from services.ocpi.wire.paging import CURSOR, Cursor, PageRequest


def headers(
    url: str, request: PageRequest, total: int, returned: int, last: tuple[Millis, str] | None
) -> dict[str, str]:
    """Link, X-Total-Count and X-Limit of a page; `last` is the key of its last object if others follow, else None.

    X-Limit is the limit of this request, not the highest that could be asked for: readers exist that take a page
    with fewer objects than X-Limit for the last one.
    """
    told = {"X-Total-Count": str(total), "X-Limit": str(request.limit)}
    if last is not None:
        told["Link"] = f'<{next_url(url, request, total, returned, last)}>; rel="next"'
    return told


def next_url(url: str, request: PageRequest, total: int, returned: int, last: tuple[Millis, str]) -> str:
    """The next page's absolute URL: the filters as they came, offset and limit, and the cursor that really counts.

    By offset alone, an object that leaves the interval would shift all later ones past the reader.
    """
    params = [
        *request.filters,
        ("offset", str(request.offset + returned)),
        ("limit", str(request.limit)),
        (CURSOR, str(Cursor(request.until_ms, *last, total))),
    ]
    return f"{url}?{urlencode(params, safe=':')}"
