"""`wattlog simulate` as a command, against a backend of other people's libraries."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.simulator import ledger
from services.simulator.acn import SAMPLE
from services.simulator.registry import fleet_specs, token_uids
from tests.integration.simulator_case import Backend, serving

pytestmark = pytest.mark.integration


async def command(url: str, *arguments: str, interrupt_when: Callable[[], bool] | None = None) -> tuple[int, str]:
    """(exit code, output) of the command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", "simulate", "--url", url, "--no-register",
        "--seed", "s", "--prefix", "C", "--acn-dir", str(SAMPLE.parent), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    if interrupt_when is not None:
        while not interrupt_when() and process.returncode is None:
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def backend(**options: frozenset[str]) -> Backend:
    return Backend({spec.station_id: spec.password for spec in fleet_specs(4, "C", "s")}, **options)


class TestSimulate:
    async def test_charges_and_writes_the_ledger(self, tmp_path: Path) -> None:
        known = backend()
        file = tmp_path / "ledger.jsonl"
        async with serving(known) as url:
            code, output = await command(
                url, "--stations", "4", "--sessions", "8", "--speed", "100000",
                "--faults", "drop=0.02,duplicate=0.1", "--ledger", str(file),
            )  # fmt: skip
        assert code == 0, output
        assert "8 sessions confirmed, 0 unfinished" in output
        assert ledger.check(ledger.read(file), *known.rows()).ok

    async def test_fails_when_the_backend_refuses_cards(self) -> None:
        known = backend(blocked=frozenset(token_uids(40)))
        async with serving(known) as url:
            code, output = await command(url, "--stations", "2", "--sessions", "2", "--speed", "100000")
        assert code == 1
        assert "Authorize was answered Blocked" in output

    async def test_stays_until_it_is_interrupted(self) -> None:
        known = backend()
        async with serving(known) as url:
            code, output = await command(
                url,
                "--stations",
                "2",
                "--sessions",
                "0",
                "--stay",
                interrupt_when=lambda: known.calls["StatusNotification"] >= 2,
            )
        assert code == 0, output
        assert set(known.live) == {"C-001", "C-002"}
        assert "0 sessions confirmed" in output
