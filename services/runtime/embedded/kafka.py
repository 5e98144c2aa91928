"""The embedded Kafka: one real broker that is its own controller (KRaft), on loopback."""

import subprocess
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from services.runtime.embedded.child import end, end_leftover, spawn
from services.runtime.embedded.jre import Java, find_java
from services.runtime.embedded.kafka_jars import Progress, ensure_jars, silent
from services.runtime.embedded.ports import is_free, is_listening
from services.runtime.embedded.problems import CannotStart
from services.runtime.settings import setting

STOP_WITHIN_S = 30.0
READY_WITHIN_S = 120.0

_LOG4J = Path(__file__).with_name("kafka-log4j2.properties")
_ASK_EVERY_S = 0.1
_TAIL_LINES = 12

_BROKER = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # Every topic says how long it keeps its data; one that does not must not lose it by a default.
    "log.retention.ms": "-1",
    # Offsets of a stack that was stopped for weeks would otherwise be gone, and all its topics be read again.
    "offsets.retention.minutes": "525600",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # A broker that was killed may register again only after its old session has ended (default: 9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Three and eight by default, which mostly hand work to each other on a few cores.
    "num.network.threads": "1",
    "num.io.threads": "2",
    # The default takes 128 MB of a heap of 512.
    "log.cleaner.dedupe.buffer.size": "33554432",
}

_JVM = (
    "-XX:+ExitOnOutOfMemoryError",
    # One machine's broker is rarely up long enough for the optimizing compiler and parallel collector to pay off:
    # they take CPU that the services beside it need.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
)


@dataclass(frozen=True, slots=True)
class EmbeddedKafkaSettings:
    """The embedded Kafka's ports and memory."""

    kafka_port: int = setting(9092, "port of the embedded Kafka")
    kafka_controller_port: int = setting(9093, "port of the embedded Kafka's controller, for itself only")
    kafka_heap: str = setting("512m", "Java heap of the embedded Kafka, as -Xmx takes it")


class EmbeddedKafka:
    """A broker with its data below `data_dir`/kafka. One process at a time can run it there.

    Either `start` and `stop` it (or use `with`), or `prepare` it and have `argv` run under supervision.
    `jars_dir` holds the jars where several brokers share them (default: with the data).
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 9092,
        controller_port: int = 9093,
        heap: str = "512m",
        jars_dir: Path | None = None,
    ) -> None:
        self.port = port
        self.controller_port = controller_port
        self.log_file = data_dir / "logs" / "kafka.log"
        self.pid_file = data_dir / "run" / "kafka.pid"
        self._heap = heap
        self._dir = (data_dir / "kafka").absolute()
        self._jars_dir = jars_dir or self._dir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def prepare(self, progress: Progress = silent) -> list[str]:
        """Fetch the jars, format the storage, write the configuration, whatever is not done yet.

        Returns the command line that runs the broker. CannotStart when something that it needs is missing.
        """
        java = find_java()
        jars = ensure_jars(self._jars_dir, java, progress)
        scratch = self._dir / "tmp"
        rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        if not (self._dir / "data" / "meta.properties").exists():
            progress("formatting Kafka's storage (once)")
            self._format(java, jars)
        properties = self._dir / "server.properties"
        properties.write_text(self.properties(self._dir / "data"))
        return [*self._java(java, jars), "kafka.Kafka", str(properties)]

    def start(self, progress: Progress = silent) -> Self:
        """Return when it answers. CannotStart when it cannot: with the port that is taken, or its last words."""
        end_leftover(self.pid_file)
        for port in (self.port, self.controller_port):
            if not is_free(port):
                raise CannotStart(f"Port {port} is in use: stop what listens there, or set WATTLOG_KAFKA_PORT.")
        argv = self.prepare(progress)
        progress("starting Kafka")
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = spawn(argv, self.pid_file, log)
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def wait_ready(self, timeout_s: float = READY_WITHIN_S) -> None:
        """Return when the broker answers with its metadata; CannotStart when it ended or takes too long."""
        deadline = time.monotonic() + timeout_s
        while not answers(self.port):
            if self._process is not None and (status := self._process.poll()) is not None:
                raise CannotStart(
                    f"Kafka ended with status {status}: see {self.log_file}, which ends in\n{self.tail()}"
                )
            if time.monotonic() > deadline:
                raise CannotStart(f"Kafka did not answer within {timeout_s:g} s: see {self.log_file}.")
            time.sleep(_ASK_EVERY_S)

    def stop(self, grace_s: float = STOP_WITHIN_S) -> None:
        """Stop it cleanly, or kill it after `grace_s`. Its data stays."""
        if self._process is not None:
            end(self._process, grace_s, self.pid_file)
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def properties(self, log_dir: Path) -> str:
        """The text of server.properties, with its data in `log_dir`."""
        listener = f"PLAINTEXT://127.0.0.1:{self.port}"
        own = {
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"{listener},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": listener,
            "log.dirs": str(log_dir),
        }
        return "".join(f"{name}={_escaped(value)}\n" for name, value in {**_BROKER, **own}.items())

    def tail(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    def _java(self, java: Java, jars: Path) -> list[str]:
        return [
            str(java.command),
            f"-Xmx{self._heap}",
            *_JVM,
            "-Djava.awt.headless=true",
            f"-Djava.io.tmpdir={self._dir / 'tmp'}",
            f"-Dlog4j2.configurationFile={_LOG4J}",
            "-cp",
            f"{jars.absolute()}/*",
        ]

    def _format(self, java: Java, jars: Path) -> None:
        """Format aside and rename, so that a crash half-way leaves nothing that looks formatted."""
        final, fresh = self._dir / "data", self._dir / "data.new"
        if final.exists():
            raise CannotStart(
                f"{final} is not Kafka's storage (no meta.properties), and it is not ours to delete: restore it, "
                "or move it away to start empty."
            )
        rmtree(fresh, ignore_errors=True)
        properties = self._dir / "format.properties"
        properties.write_text(self.properties(fresh))
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id()}", "-c", str(properties)]
        done = subprocess.run([*self._java(java, jars), *tool], capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotStart(
                f"Kafka's storage in {self._dir} cannot be formatted: {(done.stdout + done.stderr)[-500:]}"
            )
        fresh.rename(final)


def answers(port: int) -> bool:
    """True when a broker on this port answers with metadata that names it."""
    if not is_listening(port):
        return False
    quiet: dict[str, Any] = {"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0, "socket.timeout.ms": 2000}
    try:
        return bool(AdminClient(quiet).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def cluster_id() -> str:
    """A new cluster id: 16 random bytes in 22 characters, not starting like an option."""
    text = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    return cluster_id() if text.startswith("-") else text


def _escaped(value: str) -> str:
    """A value as Java's Properties reads it back, which takes files for Latin-1."""
    units = value.encode("utf-16-be")
    codes = [int.from_bytes(units[i : i + 2], "big") for i in range(0, len(units), 2)]
    return "".join(chr(c) if 0x20 <= c < 0x7F and c != 0x5C else f"\\u{c:04x}" for c in codes)
