"""50 stations in a closed loop against a whole `wattlog up`: what a message costs, up to its row.

Every station sends its next message when the last is answered, whole sessions of 1.6 and 2.0.1 by turns. CPU is
what the processes of the stack have used, by /proc; the stations' own is not in it. "Edge and broker" is the
time until the last answer; "all" is until the last CDR is a row in ClickHouse. Then the same with finished
sessions behind it (`--history`): their starts and ends are put into Kafka as the edge would tell them, and every
process has taken them and come to rest before the second measurement.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvloop
from confluent_kafka import Producer

from services.domain.events.transaction import TransactionEnded, TransactionStarted
from services.domain.ids import derived_id
from services.runtime.bus import producer_config
from services.runtime.clickhouse import ClickHouseSettings, connect
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings, load
from tests.bench.bench_ocpp import charge, figure, register
from tests.bench.own_stack import environment, running

STATIONS, SESSIONS = 50, 20
LARGER = (1_000_000, 10_000_000)
EDGE_BAR_MS, ALL_BAR_MS, RATE_BAR = 0.12, 0.4, 5_000.0
_ROWS_WITHIN_S = 900.0
_ROWS_PER_S = 100
"""More slowly than that, a history is given up."""

_LOOK_S = 5.0
_REST_WITHIN_S = 300.0
_REST = 1.5
"""Of the CPU that the stack used before there was anything to do."""

_HISTORY_AT_MS = 1_700_000_000_000
_BATCH = 10_000
_WH = Decimal(1_000_000)
_TOLD = 8
_SESSION = "a finished session"
_TELL_S = 30.0
_MB, _BLOCK = 1e6, 512
Figure = dict[str, Any]


def measure(quick: bool = False) -> list[Figure]:
    """CPU-ms per message without and with history, and messages a second."""
    histories = [0, 20_000] if quick else [0, int(os.environ.get("WATTLOG_BENCH_HISTORY", "300000"))]
    sessions = 5 if quick else SESSIONS
    with tempfile.TemporaryDirectory(prefix="wattlog-loop-") as folder:
        settings = environment(Path(folder))
        with running(settings) as pid:
            loop = _Loop(settings, pid, Path(folder))
            register(loop.kafka, STATIONS)
            time.sleep(2)
            loop.run(sessions)  # caches and the JVM
            loop.settle()
            loop.rest()
            figures = []
            for history in histories:
                if history:
                    figures.append(loop.remember(history))
                figures += loop.figures(sessions, history)
    return figures + [_unmeasured(history, figures) for history in LARGER if history > histories[-1]]


def _unmeasured(history: int, figures: list[Figure]) -> Figure:
    """Why there is no figure with so much history: what filling it would take, by what was seen."""
    each_ms = next(found["value"] for found in figures if found["name"].startswith(_SESSION))
    hours = history * each_ms / 3_600_000
    reason = f"not filled: {hours:.1f} CPU hours at {each_ms:.2f} CPU ms a session (--history {history})"
    return figure(_name("all to row", history), 0.0, "CPU ms", ALL_BAR_MS, False) | {
        "value": None,
        "reason": reason,
    }


def _name(what: str, history: int) -> str:
    return f"closed loop of {STATIONS} stations, {history:,} sessions behind: {what}"


class _Loop:
    def __init__(self, settings: dict[str, str], pid: int, folder: Path) -> None:
        self._folder = folder
        self.kafka = load(KafkaSettings, settings)
        self._port = int(settings["WATTLOG_OCPP_PORT"])
        self._clickhouse = load(ClickHouseSettings, settings)
        self._pid = pid
        self._expected = 0
        self._first = 0
        self._idle_s = 0.0

    def run(self, sessions: int) -> tuple[int, float]:
        """Messages and seconds of some sessions per station, when all their CDRs are rows."""
        started = time.perf_counter()
        messages = uvloop.run(charge(self._port, STATIONS, sessions, self._first))
        self._first += sessions
        seconds = time.perf_counter() - started
        self._expected += STATIONS * sessions
        return messages, seconds

    def figures(self, sessions: int, history: int) -> list[Figure]:
        before = dict(_cpu_s(self._pid))
        messages, seconds = self.run(sessions)
        answered = dict(_cpu_s(self._pid))
        self.settle()
        settled = dict(_cpu_s(self._pid))
        ends = [pid for pid, name in _names(self._pid) if "ocpp" in name or "kafka.Kafka" in name]
        edge_ms = sum(answered[pid] - before.get(pid, 0) for pid in ends) / messages * 1000
        all_ms = sum(settled[pid] - before.get(pid, 0) for pid in settled) / messages * 1000
        rate = messages / seconds
        return [
            figure(_name("edge and broker", history), edge_ms, "CPU ms", EDGE_BAR_MS, edge_ms <= EDGE_BAR_MS),
            figure(_name("all to row", history), all_ms, "CPU ms", ALL_BAR_MS, all_ms <= ALL_BAR_MS),
            figure(_name("messages", history), rate, "1/s", RATE_BAR, rate >= RATE_BAR),
        ]

    def rest(self) -> None:
        """Return when the processes are done with all that came; the first time, learn what they use then."""
        until = time.monotonic() + _REST_WITHIN_S
        while time.monotonic() < until:
            before = sum(dict(_cpu_s(self._pid)).values())
            time.sleep(_LOOK_S)
            used_s = sum(dict(_cpu_s(self._pid)).values()) - before
            if used_s <= _REST * (self._idle_s or used_s):
                self._idle_s = self._idle_s or used_s
                return

    def settle(self, within_s: float = _ROWS_WITHIN_S) -> None:
        """Return when every session that ended is a CDR in ClickHouse; RuntimeError when that takes too long."""
        client = connect(self._clickhouse)
        until = time.monotonic() + within_s
        found, told = 0, time.monotonic()
        while found < self._expected:
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                print(f"{found:,} of {self._expected:,} CDRs are rows", flush=True)
            if time.monotonic() > until:
                raise RuntimeError(f"{found} of {self._expected} CDRs came to ClickHouse")
            time.sleep(1)
            found = int(client.query("SELECT uniqExact(session_id) FROM cdrs").result_rows[0][0])
        client.close()

    def remember(self, sessions: int) -> Figure:
        """Put finished sessions of other stations into Kafka, wait until they are CDRs; what one has cost."""
        before, started, bytes_before = dict(_cpu_s(self._pid)), time.monotonic(), _bytes(self._folder)
        producer = Producer(producer_config(self.kafka, **{"linger.ms": 50}))
        encode, topic = Codec().encode, self.kafka.topic_prefix + TransactionStarted.TOPIC
        for number in range(sessions):
            for event in _finished(number):
                producer.produce(topic, encode(event), event.key)
            if number % _BATCH == 0:
                producer.flush()
        producer.flush()
        self._expected += sessions
        self.settle(max(_ROWS_WITHIN_S, sessions / _ROWS_PER_S))
        self.rest()
        used = {pid: used_s - before.get(pid, 0) for pid, used_s in _cpu_s(self._pid)}
        self._tell(sessions, used, time.monotonic() - started, _bytes(self._folder) - bytes_before)
        name = f"{_SESSION} of a history of {sessions:,}, start and end to all rows"
        return figure(name, sum(used.values()) / sessions * 1000, "CPU ms", None, None)

    def _tell(self, sessions: int, used: dict[int, float], seconds: float, disk: int) -> None:
        """What each process has used, for whoever wonders where it goes."""
        names = dict(_names(self._pid))
        total_s = sum(used.values())
        print(
            f"{sessions:,} finished sessions: {seconds:,.0f} s, {total_s:,.0f} CPU s, {disk / _MB:,.0f} MB of disk"
        )
        for pid, used_s in sorted(used.items(), key=lambda entry: -entry[1])[:_TOLD]:
            name = names.get(pid, "wattlog up")[-60:]
            print(f"  {used_s:8,.0f} CPU s {_rss(pid) / _MB:8,.0f} MB  {name}", flush=True)


def _finished(number: int) -> Iterator[TransactionStarted | TransactionEnded]:
    at = _HISTORY_AT_MS + number * 60_000
    about: dict[str, Any] = {
        "tenant": "wattlog", "station_id": f"OLD{number % 5000:05d}", "protocol": "ocpp2.0.1",
        "transaction_id": f"old-{number}", "evse_id": 1, "connector_id": 1, "recorded_at": at,
    }  # fmt: skip
    yield TransactionStarted(
        **about, event_id=derived_id("old", number, 0), start_key=f"old-{number}", started_at=at,
        meter_start_wh=_WH, seq_no=0,
    )  # fmt: skip
    yield TransactionEnded(
        **about, event_id=derived_id("old", number, 1), ended_at=at + 50_000, meter_stop_wh=_WH + 1234, seq_no=1
    )


def _bytes(folder: Path) -> int:
    """On disk, under a folder whose files come and go."""
    found = 0
    for place, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                found += os.stat(os.path.join(place, name), follow_symlinks=False).st_blocks * _BLOCK
    return found


def _rss(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _names(pid: int) -> Iterator[tuple[int, str]]:
    """A process and all that came of it, with their command lines."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()[1])
                line = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if parent == pid:
                yield int(name), line
                yield from _names(int(name))


def _cpu_s(pid: int) -> Iterator[tuple[int, float]]:
    ticks = os.sysconf("SC_CLK_TCK")
    for child, _ in [(pid, ""), *_names(pid)]:
        stat = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
        yield child, (int(stat[11]) + int(stat[12])) / ticks


if __name__ == "__main__":
    for line in measure(quick="--quick" in sys.argv):
        print(line)
