"""Charging told as data: short entries become transaction events, folds run over them in memory."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from services.cdrs.fold import Record
from services.cdrs.fold import fold as cdr_fold
from services.cdrs.lookups import Lookups
from services.domain.events import cdr
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.folding import Changes, Event
from services.domain.ids import derived_id
from services.domain.units import parse_rfc3339
from services.runtime.codec import Codec
from services.sessions.fold import fold as session_fold
from services.sessions.state import State

TENANT = "t"
STATION = "CS1"
KINDS = {"Started": TransactionStarted, "Updated": TransactionUpdated, "Ended": TransactionEnded}
CODEC = Codec()


def at(text: str) -> int:
    """Milliseconds of `10:15`, `10:15:30` on the day of the stories, or of a whole RFC 3339 text."""
    if len(text) > 8:
        return parse_rfc3339(text)
    return parse_rfc3339(f"2026-11-20T{text if len(text) == 8 else text + ':00'}Z")


def told(entry: dict[str, Any]) -> Any:
    """The event of one entry; what an entry leaves out is as an edge would fill it in.

    `kind`: Started, Updated or Ended; `at`; `wh`: start or stop register; `read`: meter values as
    {"10:15": 1500} or {"10:15": {"wh": 1500, "signed": {"context": "...", "data": "..."}}}; `seq`: OCPP 2.0.1;
    other members are fields of the event.
    """
    rest = dict(entry)
    kind, moment = KINDS[rest.pop("kind")], at(rest.pop("at"))
    wh, read, seq_no = rest.pop("wh", None), rest.pop("read", {}), rest.pop("seq", None)
    token = rest.pop("token", None)
    fields: dict[str, Any] = {
        "tenant": TENANT,
        "station_id": STATION,
        "protocol": "ocpp1.6" if seq_no is None else "ocpp2.0.1",
        "recorded_at": moment + 100,
        "seq_no": seq_no,
        "id_token": token and {"value": token, "type": "Unknown"},
        "meter_values": [meter_value(at(when), what) for when, what in read.items()],
    } | rest
    station, transaction = fields["station_id"], fields.get("transaction_id")
    content: tuple[Any, ...] = (
        (transaction, seq_no) if seq_no is not None else (transaction, moment, wh, str(read))
    )
    fields.setdefault("event_id", derived_id(kind.__name__, TENANT, station, fields.get("evse_id"), *content))
    if kind is TransactionStarted:
        start = () if seq_no is not None else (fields.get("evse_id"), token, wh, moment)
        fields.setdefault("start_key", derived_id("start", TENANT, station, *(start or (transaction,))))
        fields |= {"started_at": moment, "meter_start_wh": wh}
    elif kind is TransactionUpdated:
        fields["occurred_at"] = moment
    else:
        fields |= {"ended_at": moment, "meter_stop_wh": wh}
    return converted(fields, kind)


def meter_value(moment: int, what: Any) -> dict[str, Any]:
    """A reading with its register in Wh, and perhaps one signed record."""
    said = what if isinstance(what, dict) else {"wh": what}
    signed = said.get("signed")
    records = []
    if signed is not None:
        data = signed["data"].encode()
        records.append(signed | {"signed_data": data, "sha256": sha256(data).hexdigest()})
        records[0].pop("data")
    return {
        "sampled_at": moment,
        "energy_register_wh": _decimal("_wh", said.get("wh")),
        "signed_meter_values": records,
    }


def converted(fields: dict[str, Any], kind: Any) -> Any:
    """Through Avro, so that what a story says is what a topic can hold."""
    exact = {name: _decimal(name, value) for name, value in fields.items()}
    return CODEC.decode(CODEC.encode(msgspec.convert(exact, kind)))


def _decimal(name: str, value: Any) -> Any:
    return Decimal(str(value)) if name.endswith("_wh") and value is not None else value


@dataclass
class Run:
    """Folds events one after the other as a partition would; states go through msgpack, events through Avro."""

    fold: Callable[..., Changes[Any]]
    state_type: Any
    states: dict[str, bytes] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)

    def take(self, *events: Event) -> list[Any]:
        """Fold these events; what they led to."""
        published = []
        for event in events:
            changes = self.fold(self._read, event)
            for key, state in changes.states.items():
                if state is None:
                    self.states.pop(key, None)
                else:
                    self.states[key] = msgspec.msgpack.encode(state)
            published += [CODEC.decode(CODEC.encode(event)) for event in changes.events]
        self.events += published
        return published

    def _read(self, key: str) -> Any:
        data = self.states.get(key)
        return None if data is None else msgspec.msgpack.decode(data, type=self.state_type)

    def state(self, key: str) -> Any:
        return self._read(key)

    def of(self, kind: type[Any]) -> list[Any]:
        """The events of one type, in order."""
        return [event for event in self.events if type(event) is kind]

    def latest(self, kind: type[Any]) -> dict[str, Any]:
        """The last of each key, as a compacted topic keeps it."""
        return {event.key: event for event in self.of(kind)}


def sessions_run() -> Run:
    return Run(session_fold, State)


def cdrs_run(lookups: Lookups | None = None) -> Run:
    return Run(partial(cdr_fold, lookups or nowhere()), Record)


def nowhere() -> Lookups:
    """Lookups that know nothing."""

    def nothing(_key: str) -> None:
        return None

    return Lookups(station=nothing, location=nothing, tariff=nothing, token=nothing)


def charged(events: Iterable[Event], lookups: Lookups | None = None) -> tuple[Run, Run]:
    """Transaction events through both processors."""
    first, second = sessions_run(), cdrs_run(lookups)
    for event in events:
        second.take(*(e for e in first.take(event) if e.TOPIC == "session.events.v1"))
    return first, second


def standing(run: Run) -> list[cdr.Cdr]:
    """The charge detail records that are not credited and do not credit."""
    found = run.latest(cdr.Cdr).values()
    return [c for c in found if c.status.value in ("ISSUED", "HELD") and not c.detail.credit]


def plain(event: Any) -> dict[str, Any]:
    """An event as JSON has it, with its type's last name."""
    fields: dict[str, Any] = json.loads(msgspec.json.encode(event))
    return {"type": event.FULL_NAME.rpartition(".")[2]} | fields


def load(path: Path) -> Any:
    return json.loads(path.read_text(), parse_float=Decimal)
