"""Which reservation a session used, and since when the station had been kept free for it."""

from collections.abc import Iterable

from services.domain.events.reservation import Reservation
from services.domain.units import Millis


def accepted_last(
    reservations: Iterable[Reservation], tenant: str, station_id: str, number: int
) -> Reservation | None:
    """Of the reservations with a number at a station the one that the station accepted last."""
    found = [
        one for one in reservations if (one.tenant, one.station_id, one.number) == (tenant, station_id, number)
    ]
    return max(found, key=lambda one: one.active_at or 0, default=None)


def reserved_from(found: Reservation | None, started_at: Millis) -> Millis | None:
    """Since when a session pays for it; None when it was never accepted, or was over when the session began."""
    if found is None or found.active_at is None or started_at > found.expires_at:
        return None
    return found.active_at
