"""What the session fold remembers: facts that the station reported, merged alike in whatever order they come.

Stored as msgpack arrays (tagged, so that kinds can be told apart): new fields go to the end, with a default.
"""

from decimal import Decimal

from msgspec import Struct

from services.domain.events.common import IdToken, SignedMeterValue
from services.domain.units import Millis

QUARTER_MS: Millis = 15 * 60 * 1000


class Reading(Struct, frozen=True, array_like=True, order=True):
    """The energy register at one moment, in station time."""

    at: Millis
    wh: Decimal


class Registers(Struct, frozen=True, array_like=True):
    """The readings of a session: the earliest, the latest, and the earliest of each stretch of `width_ms`.

    `top` is the earliest of those with the highest register.
    """

    first: Reading | None = None
    last: Reading | None = None
    quarters: tuple[Reading, ...] = ()
    width_ms: Millis = QUARTER_MS
    top: Reading | None = None


class Start(Struct, frozen=True, array_like=True):
    """What the station said when the transaction started; `meter_wh` is None when it gave no register."""

    start_key: str
    at: Millis
    meter_wh: Decimal | None


class End(Struct, frozen=True, array_like=True):
    """What the station said when the transaction ended; `meter_wh` is None when it gave no register."""

    at: Millis
    meter_wh: Decimal | None
    reason: str | None


UNPROVEN = 2
"""Rank of a token that only the end names, or that we refused."""


class Holder(Struct, frozen=True, array_like=True):
    """Who charges. The lowest (rank, at) counts: rank 0 is said by the start, 1 by an update."""

    rank: int
    at: Millis
    token: IdToken


class Place(Struct, frozen=True, array_like=True):
    """Where it is charged. The lowest (rank, at) counts, as for a Holder."""

    rank: int
    at: Millis
    evse_id: int
    connector_id: int | None


class Charging(Struct, frozen=True, array_like=True):
    """OCPP 2.0.1 chargingState with the sequence number of the message that said so; the highest counts."""

    seq_no: int
    state: str


class Namesake(Struct, frozen=True, array_like=True, order=True):
    """A later session of the same station under the same transaction id."""

    started_at: Millis
    session_id: str


class Session(Struct, frozen=True, array_like=True, tag="session"):
    """One transaction of one station, under `session:{session_id}`.

    `overtaken`: a later transaction started on its connector while it had no end. `seq_nos`: the OCPP 2.0.1
    sequence numbers seen, as first and last of each unbroken run. `suspended`: the last reason that was announced
    while there was no start. `flags`: those that cannot be derived from the rest. `revision`: how often its end
    was announced. `namesakes` is only filled in the first session of a transaction id, ascending. `reservation_id`
    is the station's number of the reservation that it used, the lowest if it says several.
    """

    session_id: str
    tenant: str
    station_id: str
    transaction_id: str
    protocol: str
    start: Start | None = None
    end: End | None = None
    overtaken: bool = False
    holder: Holder | None = None
    place: Place | None = None
    registers: Registers = Registers()
    charging: Charging | None = None
    seq_nos: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    suspended: str = ""
    version: int = 0
    revision: int = 0
    namesakes: tuple[Namesake, ...] = ()
    reservation_id: int | None = None


class Signed(Struct, frozen=True, array_like=True):
    """A signed meter record with the time that the station gave for its sample."""

    at: Millis
    value: SignedMeterValue


class SignedValues(Struct, frozen=True, array_like=True, tag="signed"):
    """The signed meter records of a session, under `signed:{session_id}`: big, and rarely changed.

    `left_out` is set when some were not kept; all of them are in transaction.events.
    """

    values: tuple[Signed, ...] = ()
    left_out: bool = False


class Open(Struct, frozen=True, array_like=True, order=True):
    """A session that has started and not ended."""

    started_at: Millis
    session_id: str
    evse_id: int | None
    token: str | None


class Station(Struct, frozen=True, array_like=True, tag="station"):
    """The open sessions of a station, under `station:{tenant}/{station_id}`."""

    open: tuple[Open, ...] = ()


class Joined(Struct, frozen=True, array_like=True, tag="joined"):
    """Stands in place of a session: this stop without a usable transaction id ended `session_id`."""

    session_id: str


class Use(Struct, frozen=True, array_like=True, order=True):
    """A session that began under a reservation's number, or with a token."""

    at: Millis
    session_id: str


class Ended(Struct, frozen=True, array_like=True, order=True):
    """A reservation whose time is over; `session_id` is that of the session that it may never have become."""

    reserved_from: Millis
    expires_at: Millis
    session_id: str
    used: bool = False


class Uses(Struct, frozen=True, array_like=True, tag="uses"):
    """What used a reservation's number or began with a token at a station, and reservations of it that ended."""

    uses: tuple[Use, ...] = ()
    ended: tuple[Ended, ...] = ()


State = Session | SignedValues | Station | Joined | Uses
"""Everything that the fold keeps."""


def session_key(session_id: str) -> str:
    return f"session:{session_id}"


def signed_key(session_id: str) -> str:
    return f"signed:{session_id}"


def station_key(tenant: str, station_id: str) -> str:
    return f"station:{tenant}/{station_id}"
