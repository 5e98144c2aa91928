"""What the crash test runs: charging stations that send readings, and a fold whose every mistake shows in the end.

Each reading changes the state of its session and of its station, so states that come back half show as wrong
counts; outputs carry the counts, so a replay from wrong states makes an output with the same id and other content.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord
from services.domain.folding import Changes, Read
from services.runtime.codec import Codec
from services.runtime.streaming.processor import Processor

READINGS_PER_SESSION = 20
BAD_EVERY = 5_000


class Reading(msgspec.Struct, frozen=True, tag="reading", array_like=True):
    """A station's meter reading."""

    FULL_NAME: ClassVar[str] = "chaos.Reading"
    TOPIC: ClassVar[str] = "chaos.readings.v1"

    station: str
    session: str
    seq: int
    wh: int

    @property
    def key(self) -> str:
        return self.station

    def to_record(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class Progressed(msgspec.Struct, frozen=True, tag="progressed", array_like=True):
    """What one reading led to."""

    FULL_NAME: ClassVar[str] = "chaos.Progressed"
    TOPIC: ClassVar[str] = "chaos.progress.v1"

    event_id: str
    session: str
    seq: int
    session_wh: int
    station: str
    station_readings: int
    station_wh: int

    @property
    def key(self) -> str:
        return self.session

    def to_record(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class SessionNow(msgspec.Struct, frozen=True, tag="session", array_like=True):
    """A session as it stands, on a compacted topic."""

    FULL_NAME: ClassVar[str] = "chaos.SessionNow"
    TOPIC: ClassVar[str] = "chaos.state.v1"

    session: str
    readings: int
    wh: int

    @property
    def key(self) -> str:
        return self.session

    def to_record(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class SessionState(msgspec.Struct, frozen=True, tag="session", array_like=True):
    """What the fold remembers of a session."""

    seq: int
    readings: int
    gaps: int
    wh: int
    power_w: tuple[float, ...] = ()


class StationState(msgspec.Struct, frozen=True, tag="station", array_like=True):
    """What the fold remembers of a station; it counts, and so shows what is folded twice or never."""

    readings: int
    wh: int


class OpenSession(msgspec.Struct, frozen=True, tag="open", array_like=True):
    """There while a session runs, deleted with its last reading."""

    station: str


State = SessionState | StationState | OpenSession


def fold(read: Read[Any], reading: Reading) -> Changes[Any]:
    """Drop what the session has seen; else count the reading in its session and its station."""
    session_key, station_key = f"session/{reading.session}", f"station/{reading.station}"
    session: SessionState = read(session_key) or SessionState(seq=-1, readings=0, gaps=0, wh=0)
    if reading.seq <= session.seq:
        return Changes()
    station: StationState = read(station_key) or StationState(readings=0, wh=0)
    new_session = SessionState(
        seq=reading.seq,
        readings=session.readings + 1,
        gaps=session.gaps + (reading.seq != session.seq + 1),
        wh=session.wh + reading.wh,
        power_w=(*session.power_w, float(reading.wh))[-10:],
    )
    new_station = StationState(readings=station.readings + 1, wh=station.wh + reading.wh)
    progressed = Progressed(
        event_id=f"{reading.session}/{reading.seq}",
        session=reading.session,
        seq=reading.seq,
        session_wh=new_session.wh,
        station=reading.station,
        station_readings=new_station.readings,
        station_wh=new_station.wh,
    )
    now = SessionNow(reading.session, new_session.readings, new_session.wh)
    states: dict[str, State | None] = {session_key: new_session, station_key: new_station}
    if reading.seq == 0:
        states[f"open/{reading.session}"] = OpenSession(reading.station)
    if reading.seq == READINGS_PER_SESSION - 1:
        states[f"open/{reading.session}"] = None
    return Changes(states=states, events=(progressed, now))


PROCESSOR: Processor[State] = Processor(name="chaos.v1", inputs=(Reading.TOPIC,), fold=fold, state_type=State)


class LightCodec:
    """MessagePack for the events here; dead letters as the real codec writes them."""

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Reading | Progressed | SessionNow).decode
        self._real = Codec()

    def encode(self, event: Any) -> bytes:
        return self._real.encode(event) if isinstance(event, DeadLetter) else self._encode(event)

    def decode(self, data: bytes) -> Any:
        try:
            return self._decode(data)
        except msgspec.DecodeError as error:
            raise BadRecord(str(error)) from error


def readings(start: int, count: int, stations: int = 400) -> Iterator[Reading]:
    """Readings number `start` and on, of an endless series: many sessions at once, each in order.

    The n-th reading of a station belongs to its session n // READINGS_PER_SESSION.
    """
    for number in range(start, start + count):
        nth, station = divmod(number, stations)
        session, seq = divmod(nth, READINGS_PER_SESSION)
        name = f"DE*WTL*E{station:05d}"
        yield Reading(name, f"{name}-{session}", seq, wh=100 + (number * 7919) % 1000)
