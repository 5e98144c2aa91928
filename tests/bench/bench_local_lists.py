"""What the local authorization lists of many stations cost the fleet process: memory, and time to read them again.

A process of its own reads the lists of all stations as Kafka has them, then tells each station a change of the
whitelist, and says how much its memory has grown.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from services.domain.events.common import CommandOutcome, LocalListStatus, TokenStatus
from services.domain.events.station import CommandAnswered, CommandRequested, Connection, LocalList, Station
from services.domain.events.token import Token
from services.fleet.local_lists.register import Policy, Register
from services.fleet.local_lists.station import Terms
from services.fleet.local_lists.wanted import Selection, wanted
from services.runtime.codec import Codec

ROOT = Path(__file__).resolve().parents[2]
STATIONS, TOKENS = 2_000, 5_000
BAR_MIB: Final = 64
NOW: Final = 1_790_000_000_000
PAGE: Final = 4096

Figure = dict[str, Any]


def measure(quick: bool = False) -> list[Figure]:
    """Memory of the lists of many stations with 5,000 tokens each, and the time to read them again."""
    stations, tokens = (500, 500) if quick else (STATIONS, TOKENS)
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_local_lists", str(stations), str(tokens)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(told.stdout)
    size = f"{stations:,} stations x {tokens:,} tokens"
    return [
        _figure(f"local lists, {size}: memory", found["restored_mib"], "MiB", BAR_MIB),
        _figure(f"local lists, {size}: after a change", found["changed_mib"], "MiB", BAR_MIB),
        _figure(f"local lists, {size}: CPU to read them", found["restore_s"], "s"),
    ]


def _figure(name: str, value: float, unit: str, bar: float | None = None) -> Figure:
    ok = None if bar is None else value <= bar
    return {"name": name, "value": round(value, 2), "unit": unit, "bar": bar, "ok": ok}


def token(number: int, updated_at: int = 1) -> Token:
    return Token(
        tenant="t", token_uid=f"04{number:012X}", token_type="RFID", contract_id=f"C{number}", issuer="bench",
        status=TokenStatus.VALID, updated_at=updated_at,
    )  # fmt: skip


def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


class Fleet:
    """A register with stations that all have the same tokens, and answer whatever they are asked."""

    def __init__(self, stations: int, tokens: int) -> None:
        self.whitelist = {number: token(number) for number in range(tokens)}
        self.stations = [
            Station(tenant="t", station_id=f"CP{number}", local_list=True, updated_at=1)
            for number in range(stations)
        ]
        self.connections = {
            one.key: Connection(
                tenant="t", station_id=one.station_id, edge_id="e", epoch=1, connected=True, protocol="ocpp2.0.1",
                since=1,
            )
            for one in self.stations
        }  # fmt: skip
        terms = Terms(max_entries=tokens + 1, items_per_message=100)
        policy = Policy(False, 60 * stations, 1000, terms)
        self.register = Register(policy, self.whitelist.values, self.connections.get, NOW)

    def lists(self) -> Iterator[LocalList]:
        tokens = len(self.whitelist)
        target = wanted(self.whitelist.values(), Selection("t", (), tokens + 1), NOW)
        entries = tuple(told.entry for told in target.entries.values())
        codec = Codec()
        one = codec.encode(
            LocalList(
                tenant="t", station_id="CP", status=LocalListStatus.CURRENT, version=7, known=True,
                entries=entries, wanted=tokens, checked_connection="e/1", limits_known=True, updated_at=1,
            )
        )  # fmt: skip
        for station in self.stations:
            yield replace(codec.decode(one), station_id=station.station_id)

    def change(self) -> int:
        """One card is blocked and another one is new; how many commands that took."""
        self.whitelist.pop(0)
        self.whitelist[len(self.whitelist) + 1] = token(len(self.whitelist) + 1, 2)
        self.register.token_changed(NOW)
        sent, now = 0, NOW
        for _ in range(20):
            now += 2000
            due = self.register.tick(self.stations, now)
            self.register.take([_accepted(command, now) for command in due.commands], now)
            sent += len(due.commands)
        return sent


def _accepted(command: CommandRequested, now_ms: int) -> CommandAnswered:
    return CommandAnswered(
        event_id=command.command_id, command_id=command.command_id, tenant=command.tenant,
        station_id=command.station_id, operation=command.operation, outcome=CommandOutcome.ACCEPTED,
        status="Accepted", edge_id="e", epoch=1, recorded_at=now_ms,
    )  # fmt: skip


def main() -> None:
    stations, tokens = (int(text) for text in sys.argv[1:])
    fleet = Fleet(stations, tokens)
    before, began = resident_mib(), time.process_time()
    for known in fleet.lists():
        fleet.register.restore([known])
    fleet.register.restored()
    restored, restore_s = resident_mib() - before, time.process_time() - began
    sent = fleet.change()
    assert sent == stations, f"{sent} commands to {stations} stations"
    changed = resident_mib() - before
    print(json.dumps({"restored_mib": restored, "restore_s": restore_s, "changed_mib": changed}))


if __name__ == "__main__":
    main()
