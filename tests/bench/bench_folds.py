"""What one event costs a processor's fold: CPU time alone, and with the Avro on both sides of it.

States stay in a dict, as a partition's cache keeps them; Kafka and the store are measured in `streaming`.
"""

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from services.cdrs.fold import fold as cdr_fold
from services.cdrs.lookups import Lookups
from services.domain.events.common import IdToken, MeterValue, SampledValue
from services.domain.events.session import SessionEnded
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.runtime.codec import Codec
from services.sessions.app import PROCESSOR as SESSIONS
from services.sessions.fold import fold as session_fold

MINUTE_MS = 60_000
START_MS = 1_790_000_000_000
RUNS = 10
FOLD_BAR = 0.75
"""Of the time that decoding the event takes: a ratio of one run says more than microseconds on a busy machine."""

Figure = dict[str, Any]
Fold = Callable[[Callable[[str], Any], Any], Any]


def measure(quick: bool = False) -> list[Figure]:
    """Microseconds of CPU per event."""
    sessions, minutes = (30, 60) if quick else (100, 240)
    codec = Codec()
    told = list(transactions(sessions, minutes))
    records = [codec.encode(event) for event in told]
    session_us, published = timed(session_fold, told)
    ended = [event for event in published if isinstance(event, SessionEnded)]
    record_us, _ = timed(partial(cdr_fold, nowhere()), ended)
    decode_us = timed_decode(codec, records)
    sessions_codec = codec.leaving_out(SESSIONS.unread)
    skim_us = timed_decode(sessions_codec, records)
    full_us = timed_with_codec(session_fold, sessions_codec, records)
    return [
        figure("decode a transaction event", decode_us, "µs CPU/event"),
        figure("decode what sessions read of it", skim_us, "µs CPU/event"),
        figure("sessions fold", session_us, "µs CPU/event"),
        figure("sessions fold against decode", session_us / decode_us, "times", FOLD_BAR),
        figure("sessions fold with decode and encode", full_us, "µs CPU/event"),
        figure("cdrs fold", record_us, "µs CPU/record"),
    ]


def figure(name: str, value: float, unit: str, bar: float | None = None) -> Figure:
    ok = None if bar is None else value <= bar
    return {"name": name, "value": round(value, 2), "unit": unit, "bar": bar, "ok": ok}


def timed(fold: Fold, events: list[Any]) -> tuple[float, list[Any]]:
    """µs per event of a fold over states in memory, the best of several runs, and what it published."""
    best, published = float("inf"), list[Any]()
    for _ in range(RUNS):
        states: dict[str, Any] = {}
        published = []
        began = time.process_time()
        for event in events:
            changes = fold(states.get, event)
            states.update(changes.states)
            published += changes.events
        best = min(best, time.process_time() - began)
    return best / len(events) * 1e6, published


def timed_decode(codec: Codec, records: list[bytes]) -> float:
    """µs per event, the best of several runs."""
    best = float("inf")
    for _ in range(RUNS):
        began = time.process_time()
        for record in records:
            codec.decode(record)
        best = min(best, time.process_time() - began)
    return best / len(records) * 1e6


def timed_with_codec(fold: Fold, codec: Codec, records: list[bytes]) -> float:
    """µs per event from bytes to bytes, the best of several runs."""
    return min(_through_codec(fold, codec, records) for _ in range(RUNS)) / len(records) * 1e6


def _through_codec(fold: Fold, codec: Codec, records: list[bytes]) -> float:
    """CPU seconds; what goes to a compacted topic is encoded once at the end, as it is there."""
    states: dict[str, Any] = {}
    latest: dict[str, Event] = {}
    began = time.process_time()
    for record in records:
        changes = fold(states.get, codec.decode(record))
        states.update(changes.states)
        for event in changes.events:
            if ".state." in event.TOPIC:
                latest[event.key] = event
            else:
                codec.encode(event)
    for event in latest.values():
        codec.encode(event)
    return time.process_time() - began


def transactions(sessions: int, minutes: int) -> Iterable[Event]:
    """Sessions at stations of their own, OCPP 1.6 and 2.0.1 in turn, read every minute, all at the same time."""
    stations = [Station(number, number % 2 == 0) for number in range(sessions)]
    yield from (station.started() for station in stations)
    for minute in range(1, minutes):
        yield from (station.updated(minute) for station in stations)
    yield from (station.ended(minutes) for station in stations)


class Station:
    """One station with one session of 11 kW."""

    def __init__(self, number: int, is_201: bool) -> None:
        self._is_201 = is_201
        self._about: dict[str, Any] = {
            "tenant": "wattlog",
            "station_id": f"DE-WAT-{number:05}",
            "protocol": "ocpp2.0.1" if is_201 else "ocpp1.6",
            "transaction_id": derived_id("bench", number) if is_201 else str(1_000_000 + number),
            "evse_id": 1,
            "connector_id": 1,
        }

    def started(self) -> TransactionStarted:
        return TransactionStarted(
            **self._fields("Started", 0),
            start_key=derived_id("start", self._about["station_id"]),
            id_token=IdToken(value="04A1B2C3D4E5F6"),
            started_at=START_MS,
            meter_start_wh=Decimal(12_345_678),
        )

    def updated(self, minute: int) -> TransactionUpdated:
        return TransactionUpdated(**self._fields("Updated", minute), occurred_at=START_MS + minute * MINUTE_MS)

    def ended(self, minute: int) -> TransactionEnded:
        return TransactionEnded(
            **self._fields("Ended", minute),
            ended_at=START_MS + minute * MINUTE_MS,
            meter_stop_wh=Decimal(12_345_678 + 183 * minute),
        )

    def _fields(self, kind: str, minute: int) -> dict[str, Any]:
        at = START_MS + minute * MINUTE_MS
        return self._about | {
            "event_id": derived_id(kind, self._about["station_id"], minute),
            "recorded_at": at + 50,
            "seq_no": minute if self._is_201 else None,
            "charging_state": "Charging" if self._is_201 else None,
            "meter_values": (meter_value(at, 12_345_678 + 183 * minute),),
        }


def meter_value(at: int, wh: int) -> MeterValue:
    """Seven sampled values, as a three-phase station sends them."""
    currents = [SampledValue(value="15.9", measurand="Current.Import", phase=f"L{n}", unit="A") for n in (1, 2, 3)]
    voltages = [SampledValue(value="230.1", measurand="Voltage", phase=f"L{n}", unit="V") for n in (1, 2, 3)]
    return MeterValue(
        sampled_at=at,
        energy_register_wh=Decimal(wh),
        sampled_values=(SampledValue(value=str(wh)), *currents, *voltages),
    )


def nowhere() -> Lookups:
    def nothing(_key: str) -> None:
        return None

    return Lookups(station=nothing, location=nothing, tariff=nothing, token=nothing)
