"""Pages of objects that the edge has in memory, by the same rules as those from ClickHouse."""

import re
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from services.domain.ids import derived_id
from services.domain.units import Millis
from services.ocpi.wire.paging import PageRequest

T = TypeVar("T")

_PLAIN = re.compile(r"[0-9A-Za-z*.:-]{1,64}", re.ASCII)


class Listed(NamedTuple, Generic[T]):
    """An object with what lists are ordered by: when it was last updated, and its id as a cursor can carry it."""

    updated_at: Millis
    sort_id: str
    value: T


class Listing(NamedTuple, Generic[T]):
    """A page; `total` counts the interval, `more` says whether any follow."""

    objects: list[Listed[T]]
    total: int
    more: bool


def listed(updated_at: Millis, identity: str, value: T) -> Listed[T]:
    """An id with characters that do not go into a cursor is ordered by one that is made of it."""
    return Listed(updated_at, identity if _PLAIN.fullmatch(identity) else derived_id("listed", identity), value)


def page_of(found: Iterable[Listed[T]], request: PageRequest) -> Listing[T]:
    """The objects of a page in the order of (last updated, id)."""
    inside = [item for item in found if request.from_ms <= item.updated_at < request.before_ms]
    inside.sort(key=lambda item: item[:2])
    if request.after is None:
        rest = inside[request.offset :]
    else:
        rest = [item for item in inside if item[:2] > request.after]
    return Listing(rest[: request.limit], len(inside), len(rest) > request.limit)
