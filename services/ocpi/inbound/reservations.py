"""Reservations of partners (mod_commands: ReserveNow, CancelReservation), and what becomes of them.

A partner names a reservation as it likes; a station numbers them. The number is made here, so that no partner can
replace or cancel the reservation of another.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from services.domain.events.common import CommandOutcome, IdToken
from services.domain.events.reservation import Reservation, ReservationEnded
from services.domain.events.station import CommandAnswered
from services.domain.ids import derived_id
from services.domain.units import Millis, parse_rfc3339, rfc3339
from services.ocpi.wire.kinds import RESERVE_BOOKING

REQUESTED: Final = "REQUESTED"
ACTIVE: Final = "ACTIVE"
REFUSED: Final = "REFUSED"
CANCELED: Final = "CANCELED"

STANDING: Final = frozenset({REQUESTED, ACTIVE})
"""Reservations that a station has, or may have."""

EXPIRED: Final = "Expired"

_COMMAND: Final = "COMMAND"
"""AuthMethod (mod_cdrs) of a token that a command named."""

_GRACE_MS: Final = 30_000
"""A session that began in time is known by then, unless its station is offline."""

_MOST_NUMBER: Final = 0x7FFF_FFFF
_LONGEST_MS: Final = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, in which version, and when."""

    tenant: str
    partner_id: str
    version: str
    now_ms: Millis


def known_as(reservation_id: Any) -> str:
    """Ids are compared without regard to case (types: CiString)."""
    return str(reservation_id).lower()


def standing(known: Reservation | None, now_ms: Millis) -> bool:
    """Whether the station still keeps something free for it, as far as is known."""
    return known is not None and known.status in STANDING and known.expires_at > now_ms


def number(asking: Asking, reservation_id: str, taken: Container[int]) -> int:
    """The id of a new reservation at its station (1 to 2^31-1): the same each time, and nobody else's."""
    causes = ("reservation", asking.tenant, asking.partner_id, reservation_id)
    tries = (int(derived_id(*causes, attempt)[:8], 16) % _MOST_NUMBER + 1 for attempt in count())
    return next(found for found in tries if found not in taken)


def expiry(asked: Mapping[str, Any], now_ms: Millis) -> Millis | None:
    """When it ends; None when that is over, or so far away that nobody can mean it."""
    ends_at = parse_rfc3339(asked["expiry_date"])
    return ends_at if now_ms < ends_at <= now_ms + _LONGEST_MS else None


def reserve_payload(new: Reservation, id_token: Mapping[str, str]) -> dict[str, Any]:
    """ReserveNow of OCPP 2.0.1 (H01); without an EVSE any of the station is meant."""
    where = {} if new.evse_id is None else {"evseId": new.evse_id}
    return {
        "id": new.number,
        "expiryDateTime": rfc3339(new.expires_at),
        "idToken": dict(id_token),
        **where,
    }


def after(
    known: Reservation | None, command: str, answer: CommandAnswered | None, now_ms: Millis
) -> Reservation | None:
    """The reservation once a command about it has ended; None when nothing changes.

    A command that was not answered leaves it as it was: the station may have done it.
    """
    if known is None or answer is None or known.status not in STANDING:
        return None
    accepted = answer.outcome is CommandOutcome.ACCEPTED
    if command in ("RESERVE_NOW", RESERVE_BOOKING):
        if accepted:
            since = now_ms if known.active_at is None else known.active_at
            return replace(known, status=ACTIVE, updated_at=now_ms, active_at=since, agreed_until=None)
        return _refused(known, now_ms) if answer.outcome is CommandOutcome.REJECTED else None
    if command == "CANCEL_RESERVATION" and accepted:
        return replace(known, status=CANCELED, updated_at=now_ms)
    return None


def _refused(known: Reservation, now_ms: Millis) -> Reservation | None:
    """One that stands goes on as it was when its station does not change it."""
    if known.status == REQUESTED:
        return replace(known, status=REFUSED, updated_at=now_ms)
    if known.agreed_until is None:
        return None
    return replace(known, expires_at=known.agreed_until, agreed_until=None, updated_at=now_ms)


def agreed_until(before: Reservation) -> Millis | None:
    """When one that is to be changed ends as its station knows it; None when it knows of none yet."""
    if before.status != ACTIVE:
        return None
    return before.expires_at if before.agreed_until is None else before.agreed_until


def over(known: Reservation, now_ms: Millis) -> ReservationEnded | None:
    """That the time is over of one which a station had accepted, and nobody gave up; whether it was used or not.

    None as long as it is not over, and a week later: then it was told. A change that its station never answered
    is none.
    """
    if known.active_at is None or known.status not in (ACTIVE, EXPIRED):
        return None
    ended_at = known.expires_at if known.agreed_until is None else min(known.agreed_until, known.expires_at)
    if not known.expires_at + _GRACE_MS <= now_ms <= known.expires_at + _LONGEST_MS:
        return None
    causes = (known.tenant, known.partner_id, known.reservation_id, known.active_at)
    return ReservationEnded(
        event_id=derived_id("ReservationEnded", *causes),
        tenant=known.tenant,
        station_id=known.station_id,
        partner_id=known.partner_id,
        reservation_id=known.reservation_id,
        reservation_number=known.number,
        evse_id=known.evse_id,
        id_token=IdToken(value=known.token_uid, authorization_method=_COMMAND),
        reserved_from=known.active_at,
        expires_at=ended_at,
        recorded_at=now_ms,
    )
