"""What each station sent and was answered, and the check of it against what was stored."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from services.domain.units import Millis
from services.simulator.station import Transaction

_ZERO = Decimal(0)


class BadLedger(Exception):
    """A line of a ledger file cannot be read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction as its station saw it. Registers are as sent; sha256 of each signed value's text as sent."""

    station_id: str
    protocol: str
    transaction_id: str | None
    source_id: str
    token_uid: str
    started_at: Millis
    ended_at: Millis | None
    start_register_wh: Decimal
    stop_register_wh: Decimal | None
    signed_sha256: tuple[str, ...]
    start_acked: bool
    stop_acked: bool
    samples_sent: int = 0
    samples_acked: int = 0
    repeats: int = 0
    refused: bool = False
    problems: tuple[str, ...] = ()

    @property
    def energy_wh(self) -> Decimal | None:
        """None while the transaction runs."""
        return None if self.stop_register_wh is None else self.stop_register_wh - self.start_register_wh

    def to_line(self) -> bytes:
        """One JSON line; Decimals as text."""
        return orjson.dumps(asdict(self) | {"energy_wh": self.energy_wh}, default=str) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Entry":
        """Read a line back; BadLedger when it is not one."""
        try:
            record = orjson.loads(line)
            record.pop("energy_wh")
            for name in ("start_register_wh", "stop_register_wh"):
                record[name] = None if record[name] is None else Decimal(record[name])
            return cls(**record | {name: tuple(record[name]) for name in ("signed_sha256", "problems")})
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            raise BadLedger(f"not a line of a ledger: {line[:60]!r}") from error


def entry(transaction: Transaction) -> Entry | None:
    """The ledger entry of a transaction; None when charging has not begun."""
    if transaction.started_at is None or transaction.start_register_wh is None:
        return None
    return Entry(
        station_id=transaction.station_id,
        protocol=transaction.protocol,
        transaction_id=transaction.transaction_id,
        source_id=transaction.visit.source_id,
        token_uid=transaction.visit.token_uid,
        started_at=transaction.started_at,
        ended_at=transaction.ended_at,
        start_register_wh=transaction.start_register_wh,
        stop_register_wh=transaction.stop_register_wh,
        signed_sha256=tuple(transaction.signed_sha256),
        start_acked=transaction.start_acked,
        stop_acked=transaction.stop_acked,
        samples_sent=transaction.samples_sent,
        samples_acked=transaction.samples_acked,
        repeats=transaction.repeats,
        refused=transaction.refused,
        problems=tuple(transaction.problems),
    )


def write(path: Path, entries: Iterable[Entry]) -> None:
    """Write a ledger file, one JSON line per transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(item.to_line() for item in entries))


def read(path: Path) -> list[Entry]:
    """Read a ledger file; BadLedger when a line is not one."""
    return [Entry.from_line(line) for line in path.read_bytes().splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a check. `unfinished` counts what stations still hold; `wrong` has a sentence each."""

    sessions_sent: int
    sessions_stored: int
    cdrs: int
    sent_wh: Decimal
    stored_wh: Decimal
    billed_wh: Decimal
    duplicates: int
    lost: int
    unfinished: int
    signed_sent: int
    signed_carried: int
    wrong: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Everything that was confirmed is stored once, with the same energy and the same signed bytes."""
        return (
            self.sessions_sent == self.sessions_stored == self.cdrs
            and self.sent_wh == self.stored_wh == self.billed_wh
            and self.signed_sent == self.signed_carried
            and not (self.duplicates or self.lost or self.unfinished or self.wrong)
        )


Row = Mapping[str, Any]
Key = tuple[str, str]


def check(entries: Sequence[Entry], sessions: Sequence[Row], cdrs: Sequence[Row]) -> Verdict:
    """Compare finished transactions with rows of stored sessions and charge detail records.

    A session row holds station_id, transaction_id, status, started_at, ended_at (Millis), meter_start_wh and
    energy_wh; a cdr row holds station_id, transaction_id, status, started_at, ended_at, energy_wh, signed_sha256.
    Rows are the current ones: without records that were credited and without their credits.
    """
    finished = [item for item in entries if item.stop_acked]
    sent = {_key(item.station_id, item.transaction_id): item for item in finished}
    stored, billed = _by_key(sessions), _by_key(cdrs)
    known = {_key(item.station_id, item.transaction_id) for item in entries}
    lost = [key for key in sent if key not in stored or key not in billed]
    wrong = [f"{item.station_id}: {problem}" for item in entries for problem in item.problems]
    wrong += [f"{name(key)} has the same transaction id twice" for key in _repeated(finished)]
    wrong += [f"{name(key)} was never sent" for key in {*stored, *billed} - known]
    for key, item in sent.items():
        wrong += [difference for row in stored.get(key, []) for difference in _session_differs(item, row)]
        wrong += [difference for row in billed.get(key, []) for difference in _cdr_differs(item, row)]
    return Verdict(
        sessions_sent=len(finished),
        sessions_stored=len(stored.keys() & sent.keys()),
        cdrs=len(billed.keys() & sent.keys()),
        sent_wh=sum((item.energy_wh or _ZERO for item in finished), _ZERO),
        stored_wh=_energy(stored, sent),
        billed_wh=_energy(billed, sent),
        duplicates=sum(len(rows) - 1 for rows in [*stored.values(), *billed.values()]),
        lost=len(lost),
        unfinished=sum(not (item.stop_acked or item.refused) for item in entries),
        signed_sent=sum(len(item.signed_sha256) for item in finished),
        signed_carried=sum(_carried(item, billed.get(key, [])) for key, item in sent.items()),
        wrong=tuple(wrong),
    )


def name(key: Key) -> str:
    return f"{key[0]} transaction {key[1]}"


def _key(station_id: str, transaction_id: str | None) -> Key:
    return station_id, transaction_id or ""


def _by_key(rows: Sequence[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(_key(row["station_id"], row["transaction_id"]), []).append(row)
    return found


def _repeated(entries: Sequence[Entry]) -> list[Key]:
    counted = Counter(_key(item.station_id, item.transaction_id) for item in entries)
    return [key for key, number in counted.items() if number > 1]


def _energy(rows: Mapping[Key, list[Row]], sent: Mapping[Key, Entry]) -> Decimal:
    return sum((Decimal(str(row["energy_wh"])) for key in sent for row in rows.get(key, [])), _ZERO)


def _carried(item: Entry, rows: Sequence[Row]) -> int:
    """How many of an entry's signed values its records hold, the same bytes by sha256."""
    held = Counter(sha256 for row in rows[:1] for sha256 in row["signed_sha256"])
    return sum((Counter(item.signed_sha256) & held).values())


def _session_differs(item: Entry, row: Row) -> list[str]:
    return _differences("session", item, row, {"status": "COMPLETED", "meter_start_wh": item.start_register_wh})


def _cdr_differs(item: Entry, row: Row) -> list[str]:
    return _differences("cdr", item, row, {"status": "ISSUED"})


def _differences(kind: str, item: Entry, row: Row, wanted: Row) -> list[str]:
    subject = name(_key(item.station_id, item.transaction_id))
    sent = {"started_at": item.started_at, "ended_at": item.ended_at, "energy_wh": item.energy_wh}
    return [
        f"{kind} of {subject}: {field} is {row[field]}, not {value}"
        for field, value in {**wanted, **sent}.items()
        if row[field] != value
    ]
