"""What says which page of a list is meant (transport_and_format: Pagination)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.domain.units import Millis

CURSOR = "cursor"
"""Name of our own query parameter in links to the next page."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a crawl goes on: after the object (`after_ms`, `after_id`), among those updated before `until_ms`.

    `total` is how many there were when it began, so that they need not be counted for every page.
    """

    until_ms: Millis
    after_ms: Millis
    after_id: str
    total: int | None = None

    def __str__(self) -> str:
        key = f"{self.until_ms}_{self.after_ms}_{self.after_id}"
        return key if self.total is None else f"{key}_{self.total}"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` objects with from_ms <= last_updated < before_ms: those after the key `after`, else from `offset`.

    `until_ms` is when the crawl began; `filters` are the date parameters as they were written. `total` is what was
    counted then, None on the first page.
    """

    from_ms: Millis
    before_ms: Millis
    until_ms: Millis
    offset: int
    limit: int
    after: tuple[Millis, str] | None
    filters: tuple[tuple[str, str], ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Objects in the order of (last updated, id); `total` counts the interval, `more` says whether any follow."""

    objects: Sequence[T]
    total: int
    more: bool
