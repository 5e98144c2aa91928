"""Recorded charging sessions (ACN-Data, Caltech): arrival, departure and delivered energy of real cars.

Lee, Li, Low: "ACN-Data: Analysis and Applications of an Open EV Charging Dataset", ACM e-Energy 2019.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import services
from services.domain.units import WH_PER_KWH, Millis, millis_of

SAMPLE = Path(__file__).parent / "data" / "acn_sample.csv"
COLUMNS = ("arrival", "departure", "delivered_energy (kWh)", "station_id", "session_id")
_MOST_WH = Decimal(1_000_000)


class NoSessions(Exception):
    """There is no recorded session to replay; the message says where was looked and what to do."""


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """One car's stay at a charging station."""

    source_id: str
    source_station: str
    arrived_at: Millis
    departed_at: Millis
    energy_wh: Decimal


@dataclass(frozen=True, slots=True)
class Recording:
    """All sessions that could be read, by arrival, where they came from and what was skipped."""

    sessions: tuple[RecordedSession, ...]
    source: str
    warnings: tuple[str, ...] = ()


def parse(lines: Iterable[str], name: str) -> tuple[list[RecordedSession], list[str]]:
    """The sessions of one CSV file and a sentence for each row (or file) that had to be skipped."""
    rows = csv.reader(lines)
    try:
        header = next(rows, [])
    except csv.Error as error:
        return [], [f"{name}: not a CSV file ({error})"]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        return [], [f"{name}: column {missing[0]!r} is missing, so nothing was read from this file"]
    at = [header.index(column) for column in COLUMNS]
    sessions, warnings = [], []
    for number, row in _numbered(rows):
        try:
            sessions.append(_session([row[index] for index in at]))
        except (ValueError, IndexError, ArithmeticError) as error:
            warnings.append(f"{name}, row {number} skipped: {str(error) or 'not a number'}"[:200])
    return sessions, warnings


def _numbered(rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows from 2 on, without the blank ones; a row that CSV itself cannot read comes out empty."""
    number = 1
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield number, []
            continue
        if row:
            yield number, row


def _session(values: list[str]) -> RecordedSession:
    arrival, departure, energy_kwh, station, session = values
    arrived_at, departed_at = _moment(arrival), _moment(departure)
    energy_wh = Decimal(energy_kwh) * WH_PER_KWH
    if not energy_wh.is_finite() or not 0 <= energy_wh <= _MOST_WH:
        raise ValueError(f"{energy_kwh} kWh cannot have been delivered")
    if departed_at <= arrived_at:
        raise ValueError(f"departure {departure} is not after arrival {arrival}")
    return RecordedSession(session, station, arrived_at, departed_at, energy_wh)


def _moment(text: str) -> Millis:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return millis_of(moment)


def default_directory() -> Path:
    """Where the whole recording is looked for: `../shared/vectors/acn` beside the checkout."""
    return Path(services.__file__).resolve().parents[2] / "shared" / "vectors" / "acn"


def read(directory: Path | None = None) -> Recording:
    """Read every CSV or CSV.gz file of `directory`; the sample that ships when it is None and there is no default.

    Raises NoSessions when nothing at all could be read.
    """
    folder = directory or default_directory()
    paths = sorted([*folder.glob("*.csv.gz"), *folder.glob("*.csv")])
    if not paths and directory is None:
        folder, paths = SAMPLE, [SAMPLE]
    sessions: list[RecordedSession] = []
    warnings: list[str] = []
    for path in paths:
        found, skipped = _file(path)
        sessions += found
        warnings += skipped
    if not sessions:
        detail = f" ({warnings[0]})" if warnings else ""
        raise NoSessions(f"no recorded sessions in {folder}{detail}: point WATTLOG_ACN_DIR to ACN-Data CSV files")
    sessions.sort(key=lambda session: (session.arrived_at, session.source_id))
    return Recording(tuple(sessions), str(folder), tuple(warnings))


def _file(path: Path) -> tuple[list[RecordedSession], list[str]]:
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        return [], [f"{path.name}: cannot be read ({error}), so nothing was read from this file"]
    return parse(text.splitlines(), path.name)
