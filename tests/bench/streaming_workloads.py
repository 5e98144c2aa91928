"""Two loads for the streaming runtime: a light fold over small Avro events, and the real session fold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal, cast

import msgspec

from services.domain.events import common, transaction
from services.domain.events.dlq import DeadLetter
from services.domain.failures import BadRecord
from services.domain.folding import Changes, Event, Read
from services.domain.ids import derived_id
from services.domain.quick_init import quick_init
from services.runtime.avro_reader import compile_reader
from services.runtime.avro_writer import compile_writer
from services.runtime.codec import Codec
from services.runtime.streaming.processor import Processor
from services.sessions.app import PROCESSOR as SESSIONS

EVENTS_PER_SESSION = 20
_START_AT = 1_790_000_000_000
_MINUTE_MS = 60_000

Name = Literal["light", "real"]


@dataclass(frozen=True)
class Workload:
    """A processor, its codec, and its input: `events(sessions)` are all live at the same time."""

    processor: Processor[Any]
    codec: Any
    outputs: tuple[str, ...]
    events: Callable[[int], Iterator[Event]]


def workload(name: Name) -> Workload:
    return _real() if name == "real" else _light()


class Kind(StrEnum):
    """What a reading is of."""

    STARTED = "STARTED"
    METERED = "METERED"
    STOPPED = "STOPPED"


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A session's meter reading, some 100 bytes in Avro."""

    FULL_NAME: ClassVar[str] = "bench.Metered"
    TOPIC: ClassVar[str] = "bench.metered.v1"

    event_id: str
    at: int
    tenant: str
    station_id: str
    evse_id: int
    session_id: str
    seq: int
    kind: Kind
    id_token: str | None
    meter_wh: int
    power_w: int | None
    currents_ma: tuple[int, ...]
    soc: int | None
    signed: bytes | None

    @property
    def key(self) -> str:
        return self.session_id


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """What a session came to."""

    FULL_NAME: ClassVar[str] = "bench.Progressed"
    TOPIC: ClassVar[str] = "bench.progressed.v1"

    event_id: str
    session_id: str
    at: int
    station_id: str
    status: str
    seq: int
    events: int
    energy_wh: int
    max_power_w: int

    @property
    def key(self) -> str:
        return self.session_id


class LightState(msgspec.Struct, frozen=True, array_like=True):
    """Some 335 bytes at the end of a session."""

    session_id: str
    station_id: str
    status: str
    seq: int
    events: int
    start_wh: int
    last_wh: int
    max_power_w: int
    started_at: int
    last_at: int
    periods: tuple[tuple[int, int], ...]


def light_fold(read: Read[LightState], event: Metered) -> Changes[LightState]:
    """Energy and highest power of a session; what was seen is dropped."""
    old = read(event.session_id)
    if old is None:
        old = LightState(
            event.session_id, event.station_id, "ACTIVE", -1, 0, event.meter_wh, event.meter_wh, 0,
            event.at, event.at, (),
        )  # fmt: skip
    if event.seq <= old.seq:
        return Changes()
    power_w = event.power_w or 0
    new = LightState(
        old.session_id,
        old.station_id,
        "COMPLETED" if event.kind is Kind.STOPPED else "ACTIVE",
        event.seq,
        old.events + 1,
        old.start_wh,
        event.meter_wh,
        max(power_w, old.max_power_w),
        old.started_at,
        event.at,
        (*old.periods, (event.at, event.meter_wh)) if len(old.periods) < 30 else old.periods,
    )
    progressed = Progressed(
        event_id=event.event_id, session_id=new.session_id, at=new.last_at, station_id=new.station_id,
        status=new.status, seq=new.seq, events=new.events, energy_wh=new.last_wh - new.start_wh,
        max_power_w=new.max_power_w,
    )  # fmt: skip
    return Changes({event.session_id: new}, (progressed,))


def _schema(name: str, **fields: Any) -> Any:
    described = [{"name": field, "type": avro} for field, avro in fields.items()]
    return {"type": "record", "name": name, "namespace": "bench", "fields": described}


_KIND = {"type": "enum", "name": "Kind", "symbols": [kind.value for kind in Kind]}
_METERED = _schema(
    "Metered", event_id="string", at="long", tenant="string", station_id="string", evse_id="int",
    session_id="string", seq="int", kind=_KIND, id_token=["null", "string"], meter_wh="long",
    power_w=["null", "int"], currents_ma={"type": "array", "items": "int"}, soc=["null", "int"],
    signed=["null", "bytes"],
)  # fmt: skip
_PROGRESSED = _schema(
    "Progressed", event_id="string", session_id="string", at="long", station_id="string", status="string",
    seq="int", events="int", energy_wh="long", max_power_w="int",
)  # fmt: skip


class LightCodec:
    """Confluent framing and Avro, as the real codec, for the two events here."""

    def __init__(self) -> None:
        self._real = Codec()
        self._metered = compile_writer(_METERED, b"\0\0\0\0\1")
        self._progressed = compile_writer(_PROGRESSED, b"\0\0\0\0\2")
        self._read = compile_reader(_METERED, Metered)

    def encode(self, event: Any) -> bytes:
        if isinstance(event, DeadLetter):
            return self._real.encode(event)
        return self._progressed(event) if isinstance(event, Progressed) else self._metered(event)

    def decode(self, data: bytes) -> Metered:
        if data[:5] != b"\0\0\0\0\1":
            raise BadRecord("not a Metered")
        metered, end = self._read(data, 5)
        if end != len(data):
            raise BadRecord("cut short")
        return cast(Metered, metered)


_read_progressed = compile_reader(_PROGRESSED, Progressed)


def decode_progressed(data: bytes) -> Progressed:
    """The light load's output."""
    return cast(Progressed, _read_progressed(data, 5)[0])


def _light_events(sessions: int) -> Iterator[Metered]:
    for seq in range(EVENTS_PER_SESSION):
        for number in range(sessions):
            yield metered(number, seq, _START_AT + seq * _MINUTE_MS)


def metered(number: int, seq: int, at: int) -> Metered:
    """The seq-th reading of the light load's session `number`."""
    session_id = f"s-{number:08d}"
    return Metered(
        event_id=f"{session_id}-{seq}", at=at, tenant="cpo-1", station_id=f"DE*ABC*E{number % 1_000_000:06d}",
        evse_id=1 + number % 2, session_id=session_id, seq=seq, kind=_kind(seq),
        id_token="04A1B2C3D4E5F6" if seq == 0 else None, meter_wh=1_000 + seq * 137, power_w=11_000 + seq,
        currents_ma=(15_900, 16_000, 15_800), soc=seq % 100, signed=None,
    )  # fmt: skip


def _kind(seq: int) -> Kind:
    return {0: Kind.STARTED, EVENTS_PER_SESSION - 1: Kind.STOPPED}.get(seq, Kind.METERED)


def _light() -> Workload:
    processor = Processor("bench-light.v1", (Metered.TOPIC,), light_fold, LightState)
    return Workload(processor, LightCodec(), (Progressed.TOPIC,), _light_events)


def _real_events(sessions: int) -> Iterator[Event]:
    """Two EVSEs per station, each with one session: a start, meter values every minute, an end."""
    for seq in range(EVENTS_PER_SESSION):
        at = _START_AT + seq * _MINUTE_MS
        for number in range(sessions):
            yield _real_event(number, seq, at)


def _real_event(number: int, seq: int, at: int) -> Event:
    station, evse = divmod(number, 2)
    about: dict[str, Any] = {
        "event_id": derived_id("bench", number, seq),
        "tenant": "cpo-1",
        "station_id": f"DE*ABC*E{station:06d}",
        "protocol": "ocpp2.0.1",
        "transaction_id": f"tx-{number:08d}",
        "evse_id": evse + 1,
        "connector_id": 1,
        "recorded_at": at + 150,
        "meter_values": (_meter_value(seq, at),),
        "seq_no": seq,
        "charging_state": "Charging",
    }
    if seq == 0:
        token = common.IdToken(value="04A1B2C3D4E5F6", type="ISO14443")
        return transaction.TransactionStarted(
            **about, start_key=f"start-{number}", started_at=at, id_token=token, trigger_reason="Authorized"
        )
    if seq == EVENTS_PER_SESSION - 1:
        return transaction.TransactionEnded(
            **about, ended_at=at, stopped_reason="EVDisconnected", trigger_reason="EVCommunicationLost"
        )
    return transaction.TransactionUpdated(**about, occurred_at=at, trigger_reason="MeterValuePeriodic")


def _meter_value(seq: int, at: int) -> common.MeterValue:
    wh = 1_000 + seq * 137
    energy = common.SampledValue(value=str(wh))
    power = common.SampledValue(value=str(11_000 + seq), measurand="Power.Active.Import", unit="W")
    return common.MeterValue(sampled_at=at, energy_register_wh=Decimal(wh), sampled_values=(energy, power))


def _real() -> Workload:
    processor = replace(SESSIONS, name="bench-sessions.v1")
    return Workload(processor, Codec(), ("session.events.v1", "session.state.v1"), _real_events)
