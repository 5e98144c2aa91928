"""What the evidence fold remembers, by station: keys of metering points, and sessions that wait for a key."""

from msgspec import Struct

from services.domain.events.common import MeterKeyVersion
from services.domain.events.evidence import SessionToVerify

MAX_WAITING = 1_000
"""Sessions of a metering point that are verified again when its keys change."""


class Point(Struct, frozen=True, array_like=True):
    """The keys of a metering point, oldest first. `version` counts changes; `waiting` are session ids."""

    versions: tuple[MeterKeyVersion, ...] = ()
    version: int = 0
    waiting: tuple[str, ...] = ()


class Station(Struct, frozen=True, array_like=True, tag="station"):
    """The metering points of a station by EVSE, under `station:{tenant}/{station_id}`."""

    points: dict[int, Point] = {}


class Waiting(Struct, frozen=True, array_like=True, tag="waiting"):
    """A session whose records another key may prove, under `session:{session_id}`."""

    session: SessionToVerify


State = Station | Waiting
"""Everything that the fold keeps."""


def station_key(tenant: str, station_id: str) -> str:
    return f"station:{tenant}/{station_id}"


def session_key(session_id: str) -> str:
    return f"session:{session_id}"
