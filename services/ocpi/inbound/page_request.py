"""Which page a partner asks for (transport_and_format: Pagination)."""

import re
from collections.abc import Mapping

from services.domain.units import Millis, parse_rfc3339
from services.ocpi.wire.paging import CURSOR, Cursor, PageRequest

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_OFFSET = 2**53 - 1
"""Beyond this, JSON readers lose digits."""

LATEST: Millis = 4_102_444_800_000
"""2100-01-01: later times are read as this one."""

TIMESLOT = ("timeslot_from", "timeslot_to")
_FILTERS = ("date_from", "date_to", *TIMESLOT)
_CURSOR = re.compile(r"(\d{1,13})_(\d{1,13})_([0-9A-Za-z*.:-]{1,64})(?:_(\d{1,12}))?")
_DIGITS = re.compile(r"\d{1,16}")
_PLUS_LOST = re.compile(r" (\d\d:\d\d)$")


class BadParameter(Exception):
    """A query parameter that cannot be used: OCPI status 2001."""


def page_request(params: Mapping[str, str], now_ms: Millis, settle_ms: int = 0) -> PageRequest:
    """Read the query parameters; BadParameter says which one is wrong and what is wanted.

    A crawl is held to what had been updated when its first page was asked for: what changes in the meantime gets a
    later last_updated and belongs to the next pull, so it can neither push an object past the reader nor come
    twice. Without date_to the last `settle_ms` are left to the next pull too, for objects that are still on their
    way into the tables; with date_to the partner says itself where the next pull begins.
    """
    date_from = _date(params, "date_from")
    date_to = _date(params, "date_to")
    cursor = _cursor(params)
    until = cursor.until_ms if cursor else now_ms - (settle_ms if date_to is None else 0)
    return PageRequest(
        from_ms=0 if date_from is None else date_from,
        before_ms=until if date_to is None else min(date_to, until),
        until_ms=until,
        offset=_whole_number(params, "offset", default=0, least=0, most=MAX_OFFSET),
        limit=min(_whole_number(params, "limit", DEFAULT_LIMIT, least=1, most=MAX_OFFSET), MAX_LIMIT),
        after=(cursor.after_ms, cursor.after_id) if cursor else None,
        filters=tuple((name, params[name]) for name in _FILTERS if params.get(name)),
        total=cursor.total if cursor else None,
    )


def timeslot(params: Mapping[str, str]) -> tuple[Millis, Millis]:
    """When something is to be free (mod_bookings: GET BookingLocations), from inclusive, to exclusive."""
    since, until = _date(params, "timeslot_from"), _date(params, "timeslot_to")
    return 0 if since is None else since, LATEST if until is None else until


def _date(params: Mapping[str, str], name: str) -> Millis | None:
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        millis = parse_rfc3339(_PLUS_LOST.sub(r"+\1", text))
    except (ValueError, OverflowError) as error:
        raise BadParameter(
            f"{name} is no date-time: write it as 2026-11-21T10:00:00Z or 2026-11-21T10:00:00.123Z"
        ) from error
    return min(max(millis, 0), LATEST)


def _whole_number(params: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = params.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and _DIGITS.fullmatch(text)) or not least <= int(text) <= most:
        raise BadParameter(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def _cursor(params: Mapping[str, str]) -> Cursor | None:
    text = params.get(CURSOR, "")
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None or not text.isascii():
        raise BadParameter(f"{CURSOR} is not from a Link of ours: follow the link, or leave it out and use offset")
    return Cursor(int(match[1]), int(match[2]), match[3], int(match[4]) if match[4] else None)
