"""What says which page of a list is meant (transport_and_format: Pagination)."""

from dataclasses import dataclass

from services.domain.units import Millis

CURSOR = "cursor"
"""Name of our own query parameter in links to the next page."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a crawl goes on: after the object (`after_ms`, `after_id`), among those updated before `until_ms`."""

    until_ms: Millis
    after_ms: Millis
    after_id: str

    def __str__(self) -> str:
        return f"{self.until_ms}_{self.after_ms}_{self.after_id}"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` objects with from_ms <= last_updated < before_ms: those after the key `after`, else from `offset`.

    `until_ms` is when the crawl began; `filters` are the date parameters as they were written.
    """

    from_ms: Millis
    before_ms: Millis
    until_ms: Millis
    offset: int
    limit: int
    after: tuple[Millis, str] | None
    filters: tuple[tuple[str, str], ...]
