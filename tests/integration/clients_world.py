"""The system that clients charge through: edge, sessions and cdrs as processes on real Kafka, and its records."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, CommandOutcome
from services.domain.events.station import CommandAnswered, Station
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.pki import Pki
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.chaos.checker import read_all
from tests.integration.ocpp_case import TENANT, asked, token

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "VALID1"
PROCESSES = ("ocpp", "sessions", "cdrs")
_PATIENCE_S = 90.0


class World:
    """Processes that can be killed, with their logs; ports stay the same when they come back."""

    def __init__(self, kafka: KafkaSettings, folder: Path) -> None:
        self.kafka = kafka
        self.folder = folder
        self.pki = Pki(folder / "pki")
        self.port, self.tls_port, self.soap_port, callback, *metrics = free_ports(4 + len(PROCESSES))
        self.callback = f"http://127.0.0.1:{callback}/"
        """Where a station of OCPP-S may listen."""
        self._metrics = dict(zip(PROCESSES, metrics, strict=True))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._cdrs: View[Cdr] = View(kafka, Codec(), Cdr.TOPIC)

    def open(self, stations: list[Station], processes: Sequence[str] = PROCESSES) -> None:
        """Register stations, and start everything."""
        create_topics(self.kafka)
        publish_sync(self.kafka, Codec(), [token(TOKEN), *stations])
        self._cdrs.start()
        for name in processes:
            self.start(name)
        for name in processes:
            self.wait_ready(name)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", "services", name]
            self._running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(name), stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """With -9."""
        process = self._running.pop(name)
        assert process.poll() is None, self.log(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def wait_ready(self, name: str) -> None:
        url = f"http://127.0.0.1:{self._metrics[name]}/readyz"
        wait_for(lambda: _answers(url), lambda: f"{name} does not get ready: {self.log(name)[-3000:]}")

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self._cdrs.stop()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def ask(self, name: str, operation: str, payload: dict[str, Any]) -> None:
        """A command to a station."""
        publish_sync(self.kafka, Codec(), [asked(name, operation, payload)])

    def outcomes(self, name: str) -> list[CommandOutcome]:
        """What became of the commands to a station."""
        events = [Codec().decode(value) for _, _, value in read_all(self.kafka, CommandAnswered.TOPIC)]
        return [e.outcome for e in events if isinstance(e, CommandAnswered) and e.station_id == name]

    def records(self, name: str) -> list[Cdr]:
        """The CDRs of a station that count."""
        return [
            cdr
            for _, cdr in self._cdrs.items()
            if cdr.detail.station_id == name and cdr.status is not CdrStatus.CREDITED and not cdr.detail.credit
        ]

    def wait_for_records(self, name: str, ledger: list[dict[str, Any]]) -> None:
        """Return when a station's CDRs are its ledger; fail when they never are."""
        wanted = of_ledger(ledger)
        named = all("transaction" in line for line in ledger)

        def told() -> Counter[Any]:
            return of_records(self.records(name), named)

        wait_for(lambda: told() == wanted, lambda: f"{name}: ledger {wanted}, records {told()}")
        assert {record.status for record in self.records(name)} <= {CdrStatus.ISSUED}

    def _environment(self, name: str) -> dict[str, str]:
        return os.environ | {
            "WATTLOG_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": self.kafka.topic_prefix,
            "WATTLOG_TENANT": TENANT,
            "WATTLOG_DATA_DIR": str(self.folder / name),
            "WATTLOG_LOG_LEVEL": "warning",
            "WATTLOG_SESSION_TIMEOUT_MS": "6000",
            "WATTLOG_HEARTBEAT_INTERVAL_MS": "1500",
            "WATTLOG_CHECKPOINT_INTERVAL_MS": "100",
            "WATTLOG_OCPP_PORT": str(self.port),
            "WATTLOG_OCPP_TLS_PORT": str(self.tls_port),
            "WATTLOG_OCPP_SOAP_PORT": str(self.soap_port),
            "WATTLOG_TLS_CERTIFICATE_FILE": str(self.pki.server_file),
            "WATTLOG_CLIENT_CA_FILE": str(self.pki.ca_file),
            f"WATTLOG_{name.upper()}_METRICS_PORT": str(self._metrics[name]),
        }


def of_ledger(ledger: list[dict[str, Any]]) -> Counter[Any]:
    """(transaction, meter start, meter stop, Wh, token) of each session that a client wrote down."""
    return Counter(
        (
            line.get("transaction"),
            *(_wh(line[name]) for name in ("meter_start", "meter_stop", "wh")),
            line["token"],
        )
        for line in ledger
    )


def of_records(records: list[Cdr], named: bool) -> Counter[Any]:
    """The same of each record; without the ids of transactions unless they are `named` in the ledger."""
    details = [record.detail for record in records]
    return Counter(
        (
            d.transaction_id if named else None,
            *(_wh(value) for value in (d.meter_start_wh, d.meter_stop_wh, d.energy_wh)),
            d.id_token and d.id_token.value,
        )
        for d in details
    )


def wait_for(what: Callable[[], bool], saying: Callable[[], object], within_s: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline, saying()
        time.sleep(0.1)


def _wh(value: Any) -> Decimal:
    return Decimal(str(value)).normalize()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
