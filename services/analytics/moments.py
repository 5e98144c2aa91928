"""Times as ClickHouse holds them."""

from typing import Final

from services.domain.units import Millis

_EARLIEST_MS: Final = -2_208_988_800_000
_LATEST_MS: Final = 10_413_791_999_999
"""1900-01-01 to 2299-12-31, what DateTime64(3) holds; beyond, a station's clock says nothing anyway."""


def moment(millis: Millis) -> Millis:
    """A time that ClickHouse can hold: the nearest of 1900 to 2299."""
    return min(max(millis, _EARLIEST_MS), _LATEST_MS)


def maybe_moment(millis: Millis | None) -> Millis | None:
    """The same of a time that is not always known."""
    return None if millis is None else moment(millis)
