"""What bookings are about: terms, periods, and EVSEs that can be booked (mod_bookings 1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from services.domain.units import Millis
from services.ocpi.wire.parties import Party

HORIZON_MS: Final = 7 * 86_400_000

TERMS: Final[Mapping[str, Any]] = {
    "rfid_auth_required": False,
    "remote_auth_supported": True,
    "supported_access_methods": ["TOKEN"],
    "change_until_minutes": 30,
    "cancel_until_minutes": 30,
    "early_start_allowed": False,
    "noshow_timeout": 15,
    "noshow_fee": False,
    "late_stop_allowed": True,
    "min_booking_duration": 15,
    "max_booking_duration": 1440,
}


class Period(NamedTuple):
    """From inclusive, to exclusive."""

    start: Millis
    end: Millis

    def overlaps(self, other: "Period") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Bookable:
    """An EVSE that can be booked, and when it is taken by bookings of others."""

    owner: Party
    location_id: str
    station_id: str
    evse_id: int
    evse_uid: str
    tariff_id: str
    max_power_w: int
    changed_at: Millis
    taken: tuple[Period, ...] = ()
