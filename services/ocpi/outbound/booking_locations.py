"""What can be booked, and when it is free (mod_bookings: BookingLocation, Calendar). An EVSE is one of them."""

from typing import Any, Final

from services.domain.units import Millis, rfc3339
from services.ocpi.wire.booking import HORIZON_MS, TERMS, Bookable, Period

CALENDAR_ID: Final = "1"

_DAY_MS: Final = 86_400_000
_INCREMENT_MIN: Final = 15


def booking_location(bookable: Bookable, now_ms: Millis) -> dict[str, Any]:
    """It changes at midnight (UTC), when its calendar does, and with each booking."""
    told: dict[str, Any] = {
        "country_code": bookable.owner.country_code,
        "party_id": bookable.owner.party_id,
        "id": bookable.evse_uid,
        "location_id": bookable.location_id,
        "booking_option": {"evse_uid": bookable.evse_uid},
        "policy": {"reservation_required": False},
        "booking_terms": dict(TERMS),
        "last_updated": rfc3339(max(bookable.changed_at, _midnight(now_ms))),
    }
    shown = calendar(bookable, now_ms)
    calendars = {"calendars": [shown]} if shown["available_timeslots"] else {}
    tariffs = {"tariff_ids": [bookable.tariff_id]} if bookable.tariff_id else {}
    return told | calendars | tariffs


def calendar(bookable: Bookable, now_ms: Millis) -> dict[str, Any]:
    """From today's beginning on; what is over cannot be booked, whatever it says."""
    whole = Period(_midnight(now_ms), _midnight(now_ms) + HORIZON_MS)
    return {
        "id": CALENDAR_ID,
        "begin_from": rfc3339(whole.start),
        "end_before": rfc3339(whole.end),
        "timeslot_increment": _INCREMENT_MIN,
        "available_timeslots": [
            {
                "start_date_time": rfc3339(free.start),
                "end_date_time": rfc3339(free.end),
                "max_power": bookable.max_power_w,
            }
            for free in free_in(whole, bookable.taken)
        ],
        "last_updated": rfc3339(max(bookable.changed_at, whole.start)),
    }


def is_free(bookable: Bookable, now_ms: Millis, wanted: Period) -> bool:
    """Whether some of a period could still be booked, of what the calendar shows."""
    shown = Period(max(now_ms, wanted.start), min(_midnight(now_ms) + HORIZON_MS, wanted.end))
    return bool(free_in(shown, bookable.taken))


def free_in(whole: Period, taken: tuple[Period, ...]) -> list[Period]:
    """What is left of a period; `taken` in order of time."""
    free, start = [], whole.start
    for one in taken:
        if start < min(one.start, whole.end):
            free.append(Period(start, min(one.start, whole.end)))
        start = max(start, one.end)
    return [*free, Period(start, whole.end)] if start < whole.end else free


def _midnight(now_ms: Millis) -> Millis:
    return now_ms - now_ms % _DAY_MS
