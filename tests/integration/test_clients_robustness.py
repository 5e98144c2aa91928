"""The robustness suite of npm `ocpp-ws-cli`: 21 checks, each passed or argued from the specification."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.runtime.settings import KafkaSettings
from tests.integration.clients_build import NODE
from tests.integration.clients_world import World
from tests.integration.ocpp_case import PASSWORD, station

pytestmark = pytest.mark.integration

CHECKS = 21
NUMBER_AS_ID = "Server enforces MessageId is a string"
NO_OBJECT = "Server rejects non-object payload in CALL"
ARGUED = {
    (
        "ocpp1.6",
        NUMBER_AS_ID,
    ): "wants the number back in the CALLERROR, and FormatViolation: ids are strings of up "
    "to 36 characters (OCPP-J 1.6, 4.2.3), in CALLERRORs too, and 1.6 has no FormatViolation (table 7)",
    (
        "ocpp1.6",
        NO_OBJECT,
    ): "wants FormatViolation: in 1.6 it is FormationViolation (OCPP-J 1.6, table 7), and stays"
    " so (errata 2025-04, 5.2)",
    (
        "ocpp2.0.1",
        NUMBER_AS_ID,
    ): "wants the number back in the CALLERROR, and FormatViolation: an id that cannot be "
    "read is answered with -1 (OCPP-J 2.0.1, 4.2.3) and RpcFrameworkError (table 8)",
}
"""(protocol, check) -> why we answer otherwise; what we answer is in test_ocpp_hostile.py."""


@pytest.fixture(scope="module")
def world(kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    running = World(replace(kafka, topic_prefix="robustness."), tmp_path_factory.mktemp("robustness"))
    running.open([station("ROBUST"), station("AFTER")], ["ocpp"])
    yield running
    running.stop()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_every_check_is_passed_or_argued(protocol: str, world: World, cache_dir: Path, tmp_path: Path) -> None:
    results = checked(world, protocol, NODE.made(cache_dir), tmp_path)
    failed = {result["name"]: result["issue"] for result in results if not result["passed"]}
    argued = {check for spoken, check in ARGUED if spoken == protocol}
    assert (len(results), failed.keys()) == (CHECKS, argued), failed


def checked(world: World, protocol: str, node: Path, folder: Path) -> list[dict[str, Any]]:
    """The suite's own report. It can send no password but one in the URL."""
    url = f"ws://ROBUST:{PASSWORD}@127.0.0.1:{world.port}/ocpp"
    tool = str(node / "node_modules" / "ocpp-ws-cli" / "dist" / "index.js")
    options = ["-e", url, "-i", "ROBUST", "-p", protocol, "--suite", "all", "--report", "json"]
    done = subprocess.run(
        ["node", tool, "test", *options, "--report-dir", str(folder)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False, cwd=folder,
    )  # fmt: skip
    reports = list(folder.glob("*.json"))
    assert len(reports) == 1, done.stdout[-2000:] + done.stderr[-2000:]
    results: list[dict[str, Any]] = json.loads(reports[0].read_text())["testResults"]
    return results
