"""A whole Wattlog of one's own, on ports and data that nobody else uses, started and stopped as a user would."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.embedded.ports import free_ports
from services.up import StackSettings

ROOT = Path(__file__).resolve().parents[2]
READY = "Wattlog runs."
_NAMED = ("WATTLOG_KAFKA_PORT", "WATTLOG_REGISTRY_PORT", "WATTLOG_OCPP_PORT", "WATTLOG_CLICKHOUSE_URL")
"""Ports that more than one setting speaks of."""


def environment(folder: Path, cache_dir: Path = ROOT / ".wattlog") -> dict[str, str]:
    """Settings of a stack in `folder` on free ports, with the Kafka jars of `cache_dir` if they are there."""
    plain = [variable for variable in StackSettings().ports() if variable not in _NAMED]
    kafka, registry, clickhouse, ocpp, *others = free_ports(len(_NAMED) + len(plain))
    for libs in (cache_dir / "kafka").glob("libs-*"):
        (folder / "data" / "kafka").mkdir(parents=True, exist_ok=True)
        (folder / "data" / "kafka" / libs.name).symlink_to(libs.absolute())
    own = {
        "DATA_DIR": folder / "data",
        "BUILD_DIR": folder / "build",
        "BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka}",
        "KAFKA_PORT": kafka,
        "REGISTRY_PORT": registry,
        "REGISTRY_URL": f"http://127.0.0.1:{registry}",
        "CLICKHOUSE_URL": f"http://127.0.0.1:{clickhouse}",
        "OCPP_PORT": ocpp,
        "OCPP_URL": f"ws://127.0.0.1:{ocpp}/ocpp",
    }
    ports = {variable: str(port) for variable, port in zip(plain, others, strict=True)}
    return os.environ | ports | {f"WATTLOG_{name}": str(value) for name, value in own.items()}


@contextmanager
def running(settings: dict[str, str]) -> Iterator[int]:
    """`wattlog up` until the block ends: its process id. RuntimeError with its output if it does not get ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "services", "up"],
        env=settings | {"PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if READY in line:
                break
        else:
            raise RuntimeError(f"`wattlog up` ended: {''.join(said)}")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)
