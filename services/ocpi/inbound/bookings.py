"""Bookings of EVSEs (mod_bookings 1.1): what becomes of a request, and when the station has to know of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from services.domain.events.reservation import Reservation
from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339, rfc3339
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.reservations import STANDING
from services.ocpi.wire.booking import HORIZON_MS, TERMS, Bookable, Period
from services.ocpi.wire.envelope import Status
from services.ocpi.wire.model import V230, required_fields
from services.ocpi.wire.parties import Party
from services.ocpi.wire.reading import read

MODULE: Final = "Booking"
"""Also the module's identifier, in mixed case."""

RESERVED: Final = "RESERVED"

_MINUTE_MS: Final = 60_000
_MOST_REQUESTS: Final = 50
_SHOWN: Final = 3


def asked_of(body: Any, partner: Party) -> dict[str, Any]:
    """BookingRequest; Refusal 2001 when it lacks something or is of somebody else."""
    reading = read(body, "BookingRequest", V230)
    asked = reading.value
    missing = [field.name for field in required_fields(V230, "BookingRequest") if field.name not in asked]
    if "period" in asked:
        missing += [name for name in ("start_date_time", "end_date_time") if name not in asked["period"]]
    broken = [finding for finding in reading.broken if not finding.pointer.startswith("/booking_option")]
    if missing or broken:
        told = "; ".join(str(finding) for finding in reading.broken[:_SHOWN])
        raise Refusal(Status.INVALID_PARAMETERS, f"The booking request cannot be used: {told}")
    if (asked["country_code"].upper(), asked["party_id"].upper()) != partner:
        raise Refusal(Status.INVALID_PARAMETERS, "country_code and party_id are not yours")
    return asked


def period_of(value: Mapping[str, Any]) -> Period:
    """Of a request, a booking or a time slot."""
    return Period(parse_rfc3339(value["start_date_time"]), parse_rfc3339(value["end_date_time"]))


def decided(
    asked: dict[str, Any],
    bookable: Bookable,
    before: dict[str, Any] | None,
    keeps: Callable[[str], bool],
    now_ms: Millis,
) -> dict[str, Any]:
    """The booking after a request; the same request again changes nothing."""
    if before is not None and before["booking_requests"][-1]["booking_request"] == asked:
        return before
    after, accepted = _answer(asked, bookable, before, keeps, now_ms)
    requests = [] if before is None else before["booking_requests"]
    told = {
        "request_status": "ACCEPTED" if accepted else "DECLINED",
        "booking_request": asked,
        "request_received": rfc3339(now_ms),
    }
    return after | {"booking_requests": [*requests, told][-_MOST_REQUESTS:], "last_updated": rfc3339(now_ms)}


def _answer(
    asked: dict[str, Any],
    bookable: Bookable,
    before: dict[str, Any] | None,
    keeps: Callable[[str], bool],
    now_ms: Millis,
) -> tuple[dict[str, Any], bool]:
    """The booking, and whether it is as was asked for."""
    if before is None:
        possible = _possible(asked, bookable, keeps, now_ms) and "canceled" not in asked
        return _booking(asked, bookable, RESERVED if possible else "REJECTED"), possible
    minutes = TERMS["cancel_until_minutes" if "canceled" in asked else "change_until_minutes"]
    late = now_ms > period_of(before["period"]).start - minutes * _MINUTE_MS
    if before["reservation_status"] != RESERVED or late:
        return before, False
    if "canceled" in asked:
        return before | {"reservation_status": "CANCELED", "canceled": asked["canceled"]}, True
    if not _possible(asked, bookable, keeps, now_ms):
        return before, False
    return before | _booking(asked, bookable, RESERVED) | {"id": before["id"]}, True


def _possible(asked: Mapping[str, Any], bookable: Bookable, keeps: Callable[[str], bool], now_ms: Millis) -> bool:
    period, tokens = period_of(asked["period"]), asked.get("tokens", [])
    minutes = (period.end - period.start) / _MINUTE_MS
    return (
        TERMS["min_booking_duration"] <= minutes <= TERMS["max_booking_duration"]
        and now_ms <= period.start <= now_ms + HORIZON_MS
        and not any(period.overlaps(other) for other in bookable.taken)
        and bool(tokens)
        and all(keeps(str(token["uid"])) for token in tokens)
    )


def _booking(asked: Mapping[str, Any], bookable: Bookable, status: str) -> dict[str, Any]:
    told = {
        "id": derived_id("booking", asked["country_code"], asked["party_id"], asked["request_id"].lower()),
        "country_code": bookable.owner.country_code,
        "party_id": bookable.owner.party_id,
        "request_id": asked["request_id"],
        "booking_option": {"evse_uid": bookable.evse_uid},
        "location_id": bookable.location_id,
        "booking_tokens": asked.get("tokens", []),
        "period": asked["period"],
        "reservation_status": status,
        "access_information": asked.get("access_information", []),
        "authorization_reference": asked["authorization_reference"],
        "booking_terms": dict(TERMS),
    }
    return told | ({"tariff_ids": [bookable.tariff_id]} if bookable.tariff_id else {})


def kept_until(booking: Mapping[str, Any]) -> Millis:
    """When the station gives it up if nobody comes."""
    period = period_of(booking["period"])
    timeout_ms: int = TERMS["noshow_timeout"] * _MINUTE_MS
    return min(period.start + timeout_ms, period.end)


def wants_reservation(booking: Mapping[str, Any], known: Reservation | None, now_ms: Millis) -> bool:
    """Whether the station is to keep the EVSE free from now on (OCPP reserves from now, never for later)."""
    if booking["reservation_status"] != RESERVED or not booking["booking_tokens"]:
        return False
    return known is None and period_of(booking["period"]).start <= now_ms < kept_until(booking)


def wants_release(booking: Mapping[str, Any], known: Reservation | None, now_ms: Millis) -> bool:
    """Whether the station keeps an EVSE free for a booking that is over."""
    stands = known is not None and known.status in STANDING and known.expires_at > now_ms
    return stands and booking["reservation_status"] != RESERVED


def next_status(booking: Mapping[str, Any], known: Reservation | None, now_ms: Millis) -> dict[str, Any]:
    """What has become of a booking by what its station did; empty when nothing has."""
    if booking["reservation_status"] != RESERVED:
        return {}
    if known is not None and known.status in _BY_RESERVATION:
        return dict(_BY_RESERVATION[known.status])
    # Nobody here knows yet whether a session was this booking's.
    return {"reservation_status": "UNKNOWN"} if now_ms >= period_of(booking["period"]).end else {}


_BY_RESERVATION: Final[Mapping[str, Mapping[str, Any]]] = {
    "REFUSED": {"reservation_status": "FAILED"},
    "Expired": {"reservation_status": "NO_SHOW"},
    "Removed": {
        "reservation_status": "CANCELED",
        "canceled": {"cancellation_reason": "UNKNOWN", "who_canceled": "CPO"},
    },
}


def taken_by(bookings: Sequence[Mapping[str, Any]], evse_uid: str) -> tuple[Period, ...]:
    """When an EVSE is booked."""
    return tuple(
        sorted(
            period_of(one["period"])
            for one in bookings
            if one["reservation_status"] == RESERVED and one["booking_option"]["evse_uid"] == evse_uid
        )
    )


def changed(bookings: Sequence[Mapping[str, Any]], evse_uid: str) -> list[Millis]:
    """When bookings of an EVSE changed."""
    return [
        parse_rfc3339(one["last_updated"]) for one in bookings if one["booking_option"]["evse_uid"] == evse_uid
    ]


def without(bookable: Bookable, booking: Mapping[str, Any] | None) -> Bookable:
    """What can be booked by whoever changes this booking: its own time is free for it."""
    if booking is None or booking["reservation_status"] != RESERVED:
        return bookable
    own = period_of(booking["period"])
    return replace(bookable, taken=tuple(one for one in bookable.taken if one != own))
