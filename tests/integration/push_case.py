"""A running push process for tests, and receivers that answer as a test wants: real Kafka and sockets."""

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from services.domain.events.cdr import CdrIssued
from services.domain.events.common import PartnerEndpoint
from services.domain.events.delivery import DeliveryAttempted, PushQueued
from services.domain.events.partner import Partner
from services.domain.events.session import Session
from services.domain.ids import derived_id
from services.ocpi.directory import TOPICS
from services.ocpi.push.app import INPUTS, OWN, run
from services.ocpi.push.settings import PushSettings
from services.ocpi.registrar import purpose
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.process import Process
from services.runtime.sealing import seal_of
from services.runtime.settings import CommonSettings, KafkaSettings
from services.runtime.streaming.settings import StreamingSettings
from services.runtime.topics import create_topics
from tests.unit.ocpi.facts import END, START, TENANT, detail, partner, session

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
"""Base64 of 32 bytes: what tokens of partners are sealed with."""
SECRET = "what-we-show-the-partner"
PATIENCE_S = 90.0


@dataclass(frozen=True)
class Got:
    """A request as a partner received it."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float

    @property
    def object_id(self) -> str:
        return (
            self.body["id"] if isinstance(self.body, dict) and "id" in self.body else self.path.rsplit("/", 1)[-1]
        )


@dataclass
class Answer:
    """What a partner answers. `wait_s` before it does."""

    http: int = 200
    ocpi: int | None = 1000
    headers: dict[str, str] = field(default_factory=dict)
    data: Any = None
    wait_s: float = 0.0
    raw: bytes | None = None

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        told = {"status_code": self.ocpi, "timestamp": "2026-11-21T10:00:00Z", "data": self.data}
        return json.dumps(told).encode() if self.ocpi is not None else b""


class Receiver:
    """A partner's HTTP server. `answer` may be changed at any time; everything received is in `got`."""

    def __init__(self, answer: Callable[[Got], Answer] | None = None) -> None:
        self.got: list[Got] = []
        self.answer = answer or (lambda _: Answer())
        self.under_way = 0
        self.most_under_way = 0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/ocpi"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def of(self, *methods: str) -> list[Got]:
        return [one for one in list(self.got) if one.method in methods]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                answer = receiver.take(self.command, self.path, dict(self.headers.items()), body)
                told = answer.body()
                self.send_response(answer.http)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_PUT = do_PATCH = do_POST = handle_any  # noqa: N815  names that the base class wants

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        return Handler

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            known = {name.lower(): value for name, value in headers.items()}
            told = json.loads(body) if body else None
            got = Got(next(self._numbers), method, path, known, told, time.monotonic())
            self.got.append(got)
        try:
            answer = self.answer(got)
            time.sleep(answer.wait_s)
            return answer
        finally:
            with self._lock:
                self.under_way -= 1


@contextmanager
def receiver(answer: Callable[[Got], Answer] | None = None) -> Iterator[Receiver]:
    one = Receiver(answer)
    try:
        yield one
    finally:
        one.close()


def told_at(url: str, data_dir: Path, **changes: Any) -> Partner:
    """A partner that has exchanged credentials and receives everything at this URL."""
    modules = ("locations", "tariffs", "sessions", "cdrs")
    known = partner(
        registration="REGISTERED",
        version="2.2.1",
        endpoints=tuple(PartnerEndpoint(module=name, role="RECEIVER", url=f"{url}/{name}") for name in modules),
        allow_private=True,
        registered_at=partner().updated_at,
    )
    known = replace(known, **changes)
    return replace(known, sealed_token=seal_of(KEY, data_dir).seal(SECRET, purpose(known)))


def prepared(kafka: KafkaSettings) -> None:
    """All topics, as whoever starts first would make them."""
    create_topics(kafka, {*TOPICS, *INPUTS, *OWN})


def push_settings(kafka: KafkaSettings, data_dir: Path, **changes: Any) -> PushSettings:
    quick = {"ocpi_push_retry_first_ms": 50, "ocpi_push_retry_most_ms": 400, "ocpi_push_resync_ms": 0}
    streaming = replace(
        StreamingSettings(), checkpoint_interval_ms=100, session_timeout_ms=6_000, heartbeat_interval_ms=1_500
    )
    common = replace(CommonSettings(), data_dir=data_dir)
    known = replace(PushSettings(), kafka=kafka, common=common, sealing_key=KEY, streaming=streaming)
    return replace(known, **(quick | changes))


@contextmanager
def pushing(chosen: PushSettings) -> Iterator[Process]:
    """The process on an event loop of its own, ready."""
    host = Process("ocpi-push")
    loop = asyncio.new_event_loop()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            loop.run_until_complete(run(chosen, host))
        except BaseException as error:  # noqa: BLE001  shown by the test below
            failures.append(error)

    thread = threading.Thread(target=work, name="ocpi-push")
    thread.start()
    try:
        until(lambda: host.ready or not thread.is_alive())
        assert thread.is_alive(), failures
        yield host
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(host.stopping.set)
        thread.join(60)
        loop.close()
        assert not thread.is_alive()
    assert not failures, failures


def until(true: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What becomes true, at last."""
    deadline = time.monotonic() + patience_s
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def records(kafka: KafkaSettings, topic: str) -> list[tuple[str, Any]]:
    """Keys and events of a topic, in the order of each partition; deletions are None."""
    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap_servers, "group.id": "look", "enable.auto.commit": False}
    )
    name, codec, found = kafka.topic_prefix + topic, Codec(), []
    partitions = consumer.list_topics(name, 10).topics[name].partitions
    for number in partitions:
        place = TopicPartition(name, number, 0)
        _, end = consumer.get_watermark_offsets(place, 10)
        if not end:
            continue
        consumer.assign([place])
        last = -1
        while last < end - 1:
            message: Any = consumer.poll(10)
            last = message.offset()
            key = message.key().decode()
            found.append((key, codec.decode(message.value()) if message.value() else None))
    consumer.close()
    return found


def attempts(kafka: KafkaSettings) -> list[DeliveryAttempted]:
    return [event for _, event in records(kafka, DeliveryAttempted.TOPIC)]


def waiting(kafka: KafkaSettings) -> set[str]:
    """What is in the queue, as a process that starts now would find it."""
    found: dict[str, PushQueued | None] = dict(records(kafka, PushQueued.TOPIC))
    return {push.object_id for push in found.values() if push is not None}


def numbered(number: int, version: int = 1, **changes: Any) -> Session:
    """A session of many."""
    at = {"version": version, "updated_at": START + version}
    return session(session_id=derived_id("session", number), **(at | changes))


def issued(number: int = 0, at: int = END, **changes: Any) -> CdrIssued:
    """A record of many."""
    known = detail(cdr_id=derived_id("cdr", number), **changes)
    return CdrIssued(event_id=f"e{number}", tenant=TENANT, cdr_id=known.cdr_id, detail=known, issued_at=at)


def environment(kafka: KafkaSettings, data_dir: Path) -> dict[str, str]:
    """What a process or a command is told to work in the same place."""
    told = {
        "BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "TOPIC_PREFIX": kafka.topic_prefix,
        "DATA_DIR": str(data_dir),
        "SEALING_KEY": KEY,
        "OCPI_PUSH_METRICS_PORT": str(free_ports(1)[0]),
        "SESSION_TIMEOUT_MS": "6000",
        "HEARTBEAT_INTERVAL_MS": "1500",
    }
    return {f"WATTLOG_{name}": value for name, value in told.items()}
