"""What the fold of records looks up: read-only copies of state topics."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.domain.events.agreement import Agreement
from services.domain.events.location import Location
from services.domain.events.reservation import Reservation
from services.domain.events.station import Station
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.events.token import Token
from services.domain.units import Millis


@dataclass(frozen=True, slots=True)
class Lookups:
    """Read-only copies of state topics, by key; and the party of stations that are not registered."""

    station: Callable[[str], Station | None]
    location: Callable[[str], Location | None]
    tariff: Callable[[str], Tariff | None]
    token: Callable[[str], Token | None]
    country_code: str = "DE"
    party_id: str = "WAT"
    agreement: Callable[[str, str | None, Millis], Agreement | None] = lambda *_: None
    """Of a tenant, a contract id and the time of a start (services.domain.agreements)."""
    prices: Callable[[str], Iterable[EnergyPriceAnnounced]] = lambda _: ()
    """What was announced for a tariff, by the tariff's key."""
    reservation: Callable[[str, str, int], Reservation | None] = lambda *_: None
    """Of a tenant, a station and the number that it has there: the one that was accepted last."""
