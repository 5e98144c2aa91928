"""A whole Wattlog of one's own, on ports and data that nobody else uses, started and stopped as a user would."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.runtime.embedded.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
READY = "Wattlog runs."
_PORTS = (
    "KAFKA_CONTROLLER_PORT", "REGISTRY_METRICS_PORT", "OCPI_PORT", "OCPP_METRICS_PORT", "SESSIONS_METRICS_PORT",
    "CDRS_METRICS_PORT", "WHITELIST_METRICS_PORT", "ANALYTICS_METRICS_PORT", "OCPI_METRICS_PORT",
    "OCPP_SOAP_PORT", "OCPP_TLS_PORT", "CONSOLE_PORT", "CONSOLE_METRICS_PORT", "FLEET_METRICS_PORT",
    "SMARTCHARGING_METRICS_PORT", "EVIDENCE_METRICS_PORT",
)  # fmt: skip


def environment(folder: Path, cache_dir: Path = ROOT / ".wattlog") -> dict[str, str]:
    """Settings of a stack in `folder` on free ports, with the Kafka jars of `cache_dir` if they are there."""
    kafka, registry, clickhouse, ocpp, *others = free_ports(4 + len(_PORTS))
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
        **dict(zip(_PORTS, others, strict=True)),
    }
    return os.environ | {f"WATTLOG_{name}": str(value) for name, value in own.items()}


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
