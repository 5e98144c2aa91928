"""The embedded stack: which processes there are, in which order, and when each is ready (`wattlog up`, `demo`)."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.live import Live
from rich.table import Table

from services.domain.failures import TryAgain
from services.runtime import topics
from services.runtime.embedded.kafka import EmbeddedKafka, EmbeddedKafkaSettings, answers
from services.runtime.embedded.pki import PKI_FOLDER, Pki
from services.runtime.embedded.preflight import check
from services.runtime.embedded.problems import CannotStart
from services.runtime.embedded.supervision import State
from services.runtime.embedded.supervisor import Service, Status, Supervisor
from services.runtime.registry import register_shipped
from services.runtime.settings import CommonSettings, KafkaSettings, load, setting
from services.simulator.demo import DemoSettings, run_demo

READY_WITHIN_S = 180.0
_PROBE_S = 1.0
_PROMPT = {"ocpp", "sessions", "analytics"}
"""What stations wait for, and what shows them as they are; on a busy machine the rest comes after it."""
_NICENESS = 5

up = typer.Typer(help="Start everything on this machine until Ctrl-C.")
demo = typer.Typer(help="Start everything, charge real sessions through it, compare and show the result.")


@dataclass(frozen=True, slots=True)
class StackSettings:
    """Addresses of the embedded stack; each service takes its own from the same variables."""

    common: CommonSettings = field(default_factory=CommonSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    embedded: EmbeddedKafkaSettings = field(default_factory=EmbeddedKafkaSettings)
    registry_port: int = setting(8081, "port of the embedded schema registry")
    clickhouse_url: str = setting("http://127.0.0.1:8123", "address of ClickHouse's HTTP interface")
    ocpp_port: int = setting(9000, "port that stations connect to")
    ocpp_tls_port: int = setting(9443, "port that stations connect to with TLS")
    ocpp_soap_port: int = setting(9001, "port that stations of OCPP-S send to")
    ocpi_port: int = setting(9010, "port that partners connect to")
    ocsp_port: int = setting(9070, "port at which it is asked whether certificates of the test PKI are good")
    proof_port: int = setting(9060, "port at which drivers check what was signed")
    console_port: int = setting(8080, "port of the operations API")
    ocpp_metrics_port: int = setting(9100, "metrics and health of the OCPP edge")
    sessions_metrics_port: int = setting(9101, "metrics and health of the sessions processor")
    cdrs_metrics_port: int = setting(9102, "metrics and health of the cdrs processor")
    whitelist_metrics_port: int = setting(9103, "metrics and health of the whitelist processor")
    analytics_metrics_port: int = setting(9104, "metrics and health of the analytics sink")
    ocpi_metrics_port: int = setting(9105, "metrics and health of the OCPI edge")

    ocpi_push_metrics_port: int = setting(9117, "metrics and health of the process that tells partners")
    console_metrics_port: int = setting(9106, "metrics and health of the operations API")
    fleet_metrics_port: int = setting(9107, "metrics and health of the fleet process")
    settlement_metrics_port: int = setting(9112, "metrics and health of the settlement processor")
    smartcharging_metrics_port: int = setting(9108, "metrics and health of the smartcharging processor")
    devices_metrics_port: int = setting(9110, "metrics and health of the devices processor")
    evidence_metrics_port: int = setting(9116, "metrics and health of the evidence processor")
    pki_metrics_port: int = setting(9115, "metrics and health of the pki process")
    nap_port: int = setting(9080, "port at which the national access point fetches data")
    nap_metrics_port: int = setting(9118, "metrics and health of what the access point fetches")

    @property
    def registry_url(self) -> str:
        return f"http://127.0.0.1:{self.registry_port}"

    def ports(self) -> dict[str, int]:
        """Every port that must be free, by the variable that changes it."""
        clickhouse = int(self.clickhouse_url.rsplit(":", 1)[1])
        own = {name: getattr(self, name) for name in self.__slots__ if name.endswith("_port")}
        kafka = {
            "kafka_port": self.embedded.kafka_port,
            "kafka_controller_port": self.embedded.kafka_controller_port,
        }
        return {f"WATTLOG_{name.upper()}": port for name, port in (own | kafka).items()} | {
            "WATTLOG_CLICKHOUSE_URL": clickhouse
        }


def services(chosen: StackSettings, say: Callable[[str], None]) -> list[Service]:
    """Every process, in starting order."""
    kafka = EmbeddedKafka(
        chosen.common.data_dir, chosen.embedded.kafka_port, chosen.embedded.kafka_controller_port,
        chosen.embedded.kafka_heap,
    )  # fmt: skip
    return [
        Service(
            "kafka", lambda: kafka.prepare(say), _kafka_ready(kafka), address=kafka.bootstrap_servers, grace_s=30
        ),
        Service(
            "registry",
            _python("registry"),
            _registry_ready(chosen.registry_url),
            ("kafka",),
            address=chosen.registry_url,
        ),
        _slice("analytics", chosen.analytics_metrics_port, chosen.clickhouse_url),
        _slice("whitelist", chosen.whitelist_metrics_port),
        _slice("sessions", chosen.sessions_metrics_port),
        _slice("cdrs", chosen.cdrs_metrics_port),
        _slice("evidence", chosen.evidence_metrics_port, f"http://127.0.0.1:{chosen.proof_port}/proof/"),
        replace(
            _slice("ocpp", chosen.ocpp_metrics_port, f"ws://127.0.0.1:{chosen.ocpp_port}/ocpp/<station>"),
            argv=lambda: _with_test_pki(chosen, _python("ocpp")()),
        ),
        _slice("settlement", chosen.settlement_metrics_port),
        _slice("smartcharging", chosen.smartcharging_metrics_port),
        _slice("devices", chosen.devices_metrics_port),
        replace(
            _slice("pki", chosen.pki_metrics_port, f"http://127.0.0.1:{chosen.ocsp_port}/ocsp"),
            argv=lambda: _with_test_pki(chosen, _python("pki")()),
        ),
        _slice("fleet", chosen.fleet_metrics_port),
        _slice("console", chosen.console_metrics_port, f"http://127.0.0.1:{chosen.console_port}"),
        _slice(
            "ocpi", chosen.ocpi_metrics_port, f"http://127.0.0.1:{chosen.ocpi_port}/ocpi/versions", ("analytics",)
        ),
        _slice("ocpi-push", chosen.ocpi_push_metrics_port),
        _slice("nap", chosen.nap_metrics_port, f"http://127.0.0.1:{chosen.nap_port}/afir/static"),
    ]


def _slice(name: str, metrics_port: int, address: str = "", needs: tuple[str, ...] = ("kafka",)) -> Service:
    url = f"http://127.0.0.1:{metrics_port}/readyz"
    return Service(
        name,
        _python(name),
        lambda: _says_yes(url),
        needs,
        address=address or f"metrics on :{metrics_port}",
        niceness=0 if name in _PROMPT else _NICENESS,
    )


def _python(command: str) -> Callable[[], Sequence[str]]:
    return lambda: [sys.executable, "-m", "services", command]


def _with_test_pki(chosen: StackSettings, command: Sequence[str]) -> Sequence[str]:
    """Have the edge speak TLS with certificates of a test PKI and believe its responder, unless others are set."""
    if "WATTLOG_TLS_CERTIFICATE_FILE" not in os.environ:
        pki, url = Pki(chosen.common.data_dir / PKI_FOLDER), f"http://127.0.0.1:{chosen.ocsp_port}/ocsp"
        os.environ["WATTLOG_TLS_CERTIFICATE_FILE"] = str(pki.server_file)
        os.environ["WATTLOG_CLIENT_CA_FILE"] = str(pki.ca_file)
        os.environ.setdefault("WATTLOG_OCSP_PORT", str(chosen.ocsp_port))
        os.environ.setdefault("WATTLOG_OCSP_URL", url)
        os.environ.setdefault("WATTLOG_OCSP_RESPONDERS", url)
        os.environ.setdefault("WATTLOG_CONTRACT_CA_FILE", str(pki.v2g_root_file))
    return command


def _says_yes(url: str) -> bool:
    try:
        return httpx.get(url, timeout=_PROBE_S, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _kafka_ready(kafka: EmbeddedKafka) -> Callable[[], bool]:
    """Ready when the broker answers and every topic exists."""

    def ready() -> bool:
        try:
            if not answers(kafka.port):
                return False
            topics.create_topics(load(KafkaSettings))
        except KafkaException:
            return False
        return True

    return ready


def _registry_ready(url: str) -> Callable[[], bool]:
    """Ready when the registry answers and knows every schema of this version."""

    def ready() -> bool:
        try:
            if not _says_yes(f"{url}/subjects"):
                return False
            register_shipped(url, deadline_s=_PROBE_S)
        except TryAgain:
            return False
        return True

    return ready


def table(statuses: list[Status]) -> Table:
    """What runs where."""
    colours = {State.READY: "green", State.BROKEN: "red", State.STARTING: "yellow"}
    shown = Table("process", "state", "pid", "restarts", "address", box=None, pad_edge=False)
    for status in statuses:
        colour = colours.get(status.state, "dim")
        state = f"[{colour}]{status.state}[/]" + (f" ({status.detail})" if status.detail else "")
        shown.add_row(status.name, state, str(status.pid or ""), str(status.restarts or ""), status.address)
    return shown


class Stack:
    """All of it: checked, started, watched and stopped together."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._settings = load(StackSettings)
        # All that is started from here, and the demonstration in this process, use the embedded Kafka.
        os.environ["WATTLOG_BOOTSTRAP_SERVERS"] = f"127.0.0.1:{self._settings.embedded.kafka_port}"
        say: Callable[[str], None] = lambda text: console.print(f"  {text} ...", highlight=False)  # noqa: E731
        self._supervisor = Supervisor(services(self._settings, say), self._settings.common.data_dir, say)
        self.pid = self._supervisor.pid
        self.kill = self._supervisor.kill
        self.stop = self._supervisor.stop
        self.status = self._supervisor.status

    def start(self) -> None:
        """Return when everything is ready; CannotStart says what is missing and what to do."""
        check(self._settings.common.data_dir, self._settings.ports())
        self._supervisor.start()
        if not self._console.is_terminal:
            self._supervisor.wait_ready(READY_WITHIN_S, _lines(self._console))
            return
        with Live(console=self._console, refresh_per_second=4, transient=True) as live:
            self._supervisor.wait_ready(READY_WITHIN_S, lambda statuses: live.update(table(statuses)))


def _lines(console: Console) -> Callable[[list[Status]], None]:
    """Prints each process once when it is ready, where no table can be drawn."""
    shown: set[str] = set()

    def progress(statuses: list[Status]) -> None:
        for status in statuses:
            if status.state is State.READY and status.name not in shown:
                shown.add(status.name)
                console.print(f"  {status.name} is ready", highlight=False)

    return progress


@up.callback(invoke_without_command=True)
def run_up() -> None:
    """Start Kafka, the registry, ClickHouse and all services; Ctrl-C stops them."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    stack = Stack(console)
    try:
        stack.start()
        _watch(console, stack)
    except CannotStart as error:
        console.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        console.print("")
    finally:
        console.print("Stopping ...")
        stack.stop()


@demo.callback(invoke_without_command=True)
def demonstrate() -> None:
    """Charge real sessions through the whole stack, kill a process on the way, and compare."""
    signal.signal(signal.SIGTERM, _interrupt)
    console = Console()
    raise typer.Exit(run_demo(Stack(console), load(DemoSettings), console))


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _watch(console: Console, stack: Stack) -> None:
    """Show how everything is until Ctrl-C."""
    console.print("[bold]Wattlog runs.[/] Ctrl-C stops it.")
    if not console.is_terminal:
        console.print(table(stack.status()))
        threading.Event().wait()
    with Live(console=console, refresh_per_second=1) as live:
        while True:
            live.update(table(stack.status()))
            threading.Event().wait(1)
