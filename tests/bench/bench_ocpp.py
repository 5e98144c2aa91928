"""OCPP ingress: CPU per message of whole sessions down to Kafka's ack, and memory per idle station.

The stations are a process of their own that talks over real sockets; what counts is the CPU time of the server's
process, all of its threads. A session is 18 to 20 messages, ten of them readings of four sampled values. The
yardstick in the same run is a server made of the `ocpp` and `websockets` packages that routes and validates the
same messages, without Kafka and without keeping anything.
"""

import asyncio
import base64
import logging
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvloop
from picows import WSCloseCode, WSError, WSListener, WSMsgType, ws_connect

from services.domain.events.common import Evse, TokenStatus
from services.domain.events.station import Station
from services.domain.events.token import Token
from services.ocpp import passwords
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.kafka import EmbeddedKafka
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics

V16, V201 = "ocpp1.6", "ocpp2.0.1"
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = b"bench-password-0123456789"
TENANT = "wattlog"
TOKEN = "04A1B2C3D4E5F6"
WARM = 50
METER_VALUES = 10
CPU_BAR_US, RATIO_BAR, RSS_BAR_KIB = 60.0, 8.0, 13.0
Figure = dict[str, Any]
Message = tuple[str, dict[str, Any]]


def measure(quick: bool = False) -> list[Figure]:
    """The figures of the edge: CPU per message, its ratio to the yardstick, RSS per idle station."""
    with tempfile.TemporaryDirectory() as folder:
        return Bench(Path(folder), quick).run()


class Bench:
    """One run: a broker, the edge, the yardstick, and stations against both."""

    def __init__(self, folder: Path, quick: bool) -> None:
        self.folder = folder
        self.stations, self.sessions = (20, 4) if quick else (100, 10)
        self.rounds = 1 if quick else 3
        self.idle = 1000 if quick else 5000

    def run(self) -> list[Figure]:
        with broker(self.folder) as bootstrap:
            kafka = new_kafka(bootstrap, "sessions")
            register(kafka, self.stations)
            with edge(self.folder, kafka) as (port, pid), yardstick() as (base_port, base_pid):
                ours, theirs = [], []
                self._sessions(port, pid, 1)  # compiles validators, fills caches
                for _ in range(self.rounds):
                    ours.append(self._sessions(port, pid, self.sessions))
                    theirs.append(self._sessions(base_port, base_pid, max(1, self.sessions // 5)))
            kib = self._idle_kib(bootstrap)
        cpu_us, base_us = min(ours), min(theirs)
        ratio = base_us / cpu_us
        return [
            figure("OCPP ingress to Kafka's ack, CPU per message", cpu_us, "us", CPU_BAR_US, cpu_us <= CPU_BAR_US),
            figure("ocpp + websockets without Kafka, CPU per message", base_us, "us", None, None),
            figure("OCPP ingress against ocpp + websockets", ratio, "times less", RATIO_BAR, ratio >= RATIO_BAR),
            figure("RSS per idle registered station", kib, "KiB", RSS_BAR_KIB, kib <= RSS_BAR_KIB),
        ]

    def _idle_kib(self, bootstrap: str) -> float:
        """What a station costs from its registry entry to its open connection, after BootNotification."""
        kafka = new_kafka(bootstrap, "idle")
        register(kafka, WARM)
        with edge(self.folder, kafka) as (port, pid):
            uvloop.run(charge(port, WARM, 1))
            before = rss_kib(pid)
            register(kafka, WARM + self.idle)
            return uvloop.run(idle_rss_kib(port, pid, range(WARM, WARM + self.idle), before))

    def _sessions(self, port: int, pid: int, sessions: int) -> float:
        before = cpu_s(pid)
        count = uvloop.run(charge(port, self.stations, sessions))
        return (cpu_s(pid) - before) / count * 1e6


def figure(name: str, value: float, unit: str, bar: float | None, ok: bool | None) -> Figure:
    return {"name": name, "value": value, "unit": unit, "bar": bar, "ok": ok}


# The processes.


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    given = os.environ.get("WATTLOG_BENCH_KAFKA")
    if given:
        yield given
        return
    port, controller = free_ports(2)
    with EmbeddedKafka(folder / "kafka", port, controller, jars_dir=ROOT / ".wattlog" / "kafka") as kafka:
        yield kafka.bootstrap_servers


def new_kafka(bootstrap: str, name: str) -> KafkaSettings:
    """The broker under a prefix of this run, with all topics."""
    kafka = KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=f"bench{os.getpid()}{name}.")
    create_topics(kafka)
    return kafka


def register(kafka: KafkaSettings, stations: int) -> None:
    """Register stations 0 to `stations` and the token that they charge with."""
    kept = passwords.hashed(PASSWORD, bytes(16))
    token = Token(
        tenant=TENANT,
        token_uid=TOKEN,
        token_type="RFID",
        contract_id="DE-WAT-C1",
        issuer="bench",
        status=TokenStatus.VALID,
        updated_at=1,
    )
    entries = [
        Station(
            tenant=TENANT,
            station_id=station_id(number),
            password_hash=kept,
            location_id="BENCH",
            evses=(Evse(evse_id=1, evse_uid=f"DE*WAT*E{number}*1"),),
            updated_at=1,
        )
        for number in range(stations)
    ]
    publish_sync(kafka, Codec(), [token, *entries])


@contextmanager
def edge(
    folder: Path, kafka: KafkaSettings, limits: bool = False, more: dict[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """`wattlog ocpp`: its port and process id; with its limits or without, and `more` settings."""
    port, metrics = free_ports(2)
    env = {
        "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
        "WATTLOG_OCPP_PORT": str(port),
        "WATTLOG_OCPP_SOAP_PORT": "0",
        "WATTLOG_OCPP_METRICS_PORT": str(metrics),
        "WATTLOG_DATA_DIR": str(folder),
        "WATTLOG_LOG_LEVEL": "warning",
    } | (more or {})
    if not limits:
        env |= {"WATTLOG_STATION_MESSAGES_PER_S": "100000", "WATTLOG_CONNECTS_PER_S": "100000"}
    with process([sys.executable, "-m", "services", "ocpp"], env, f"http://127.0.0.1:{metrics}/readyz") as pid:
        yield port, pid


@contextmanager
def yardstick() -> Iterator[tuple[int, int]]:
    """The server that we compare with: its port and process id."""
    (port,) = free_ports(1)
    with process([sys.executable, __file__, "yardstick", str(port)], {}, f"http://127.0.0.1:{port}/readyz") as pid:
        yield port, pid


@contextmanager
def process(command: list[str], env: dict[str, str], ready_url: str) -> Iterator[int]:
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | env)
    try:
        for _ in range(600):
            try:
                if httpx.get(ready_url, timeout=1).status_code in (200, 426):
                    break
            except httpx.TransportError:
                pass
            if child.poll() is not None:
                raise RuntimeError(f"{command[-2:]} ended with {child.returncode}")
            time.sleep(0.1)
        yield child.pid
    finally:
        child.terminate()
        child.wait(60)


def cpu_s(pid: int) -> float:
    """CPU time of all threads that a process has; none of ours ends before the process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Rss:"))


# The stations.


def station_id(number: int) -> str:
    return f"BENCH{number:06d}"


_TRANSACTION_ID = re.compile(rb'"transactionId":[0-9]+')
"""As OCPP 1.6 has it: a number, which StartTransaction is answered with."""


class StationClient(WSListener):
    """Sends its messages one after the other, each after the reply to the one before."""

    def __init__(self) -> None:
        self.script: Iterator[bytes] = iter(())
        self.transport: Any = None
        self.sent = 0
        self.transaction = b""
        self.over: asyncio.Future[None] | None = None

    def on_ws_connected(self, transport: Any) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            if payload[:2] != b"[3":
                raise RuntimeError(payload.decode())
            given = _TRANSACTION_ID.search(payload)
            if given is not None:
                self.transaction = given[0]
            self.next()

    def run(self, script: Iterator[bytes]) -> asyncio.Future[None]:
        self.script = script
        self.over = asyncio.get_running_loop().create_future()
        self.next()
        return self.over

    def next(self) -> None:
        data = next(self.script, None)
        if data is None:
            if self.over is not None:
                self.over.set_result(None)
                self.over = None
        else:
            self.sent += 1
            if self.transaction:
                data = _TRANSACTION_ID.sub(self.transaction, data)
            self.transport.send(WSMsgType.TEXT, data)


async def connected(port: int, number: int, protocol: str, tls: ssl.SSLContext | None = None) -> StationClient:
    name, server = station_id(number), "wss://localhost" if tls else "ws://127.0.0.1"
    credentials = base64.b64encode(f"{name}:".encode() + PASSWORD).decode()
    _, client = await ws_connect(
        StationClient,
        f"{server}:{port}/ocpp/{name}",
        ssl_context=tls,
        extra_headers={"Sec-WebSocket-Protocol": protocol, "Authorization": f"Basic {credentials}"},
        use_aiofastnet=False,
        logger_name=logging.LoggerAdapter(logging.getLogger("bench")),
    )
    return client


async def charge(port: int, stations: int, sessions: int, first: int = 0) -> int:
    """Every station charges `sessions` times, numbered from `first`; how many messages that took."""
    clients = [await connected(port, n, V16 if n % 2 else V201) for n in range(stations)]
    scripts = []
    for number in range(stations):
        make = session_v16 if number % 2 else session_v201
        frames = [frame for s in range(first, first + sessions) for frame in session_frames(make(s, number), s)]
        scripts.append(iter(frames))
    await asyncio.gather(*[client.run(script) for client, script in zip(clients, scripts, strict=True)])
    for client in clients:
        client.transport.send_close(WSCloseCode.OK)
        client.transport.disconnect()
    return sum(client.sent for client in clients)


def session_frames(messages: list[Message], session: int) -> list[bytes]:
    return [orjson.dumps([2, f"{session}-{n}", action, payload]) for n, (action, payload) in enumerate(messages)]


def moment(session: int, step: int) -> str:
    second = (int(time.time()) // 100_000 * 100_000) + session * 3600 + step * 60
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


BOOT = {"chargePointVendor": "Bench", "chargePointModel": "AC22", "firmwareVersion": "1.2.3"}
SAMPLED = [
    ("Energy.Active.Import.Register", "Wh", None, 12_345_678.0),
    ("Power.Active.Import", "W", None, 10987.5),
    ("Current.Import", "A", "L1", 15.9),
    ("SoC", "Percent", None, 54.0),
]


def session_v16(session: int, number: int) -> list[Message]:
    """The messages of a plug-in, charge, leave in OCPP 1.6."""

    def status(word: str, step: int) -> Message:
        body = {"connectorId": 1, "errorCode": "NoError", "status": word, "timestamp": moment(session, step)}
        return "StatusNotification", body

    def meter(step: int) -> Message:
        sampled = [
            {"value": str(round(value + step * 180.5, 1)), "context": "Sample.Periodic", "measurand": measurand}
            | {"location": "Outlet", "unit": unit, **({"phase": phase} if phase else {})}
            for measurand, unit, phase, value in SAMPLED
        ]
        value = [{"timestamp": moment(session, step), "sampledValue": sampled}]
        return "MeterValues", {"connectorId": 1, "transactionId": 1_000_000 + session, "meterValue": value}

    start = {"connectorId": 1, "idTag": TOKEN, "meterStart": 12_345_678, "timestamp": moment(session, 1)}
    stop = {"transactionId": 1_000_000 + session, "idTag": TOKEN, "meterStop": 12_356_789 + number}
    return [
        *([("BootNotification", BOOT)] if session == 0 else []),
        ("Heartbeat", {}),
        status("Preparing", 0),
        ("Authorize", {"idTag": TOKEN}),
        ("StartTransaction", start),
        status("Charging", 1),
        *[meter(step) for step in range(2, 2 + METER_VALUES)],
        ("Heartbeat", {}),
        ("StopTransaction", stop | {"timestamp": moment(session, 20), "reason": "EVDisconnected"}),
        status("Finishing", 20),
        status("Available", 21),
    ]


def session_v201(session: int, number: int) -> list[Message]:
    """The same in OCPP 2.0.1."""

    def status(word: str, step: int) -> Message:
        body = {"timestamp": moment(session, step), "connectorStatus": word, "evseId": 1, "connectorId": 1}
        return "StatusNotification", body

    def event(kind: str, step: int, seq: int, reason: str, **more: Any) -> Message:
        info = {"transactionId": f"bench-{os.getpid()}-{number}-{session}", "chargingState": "Charging"}
        body = {"eventType": kind, "timestamp": moment(session, step), "triggerReason": reason, "seqNo": seq}
        return "TransactionEvent", {**body, "transactionInfo": info, "evse": {"id": 1, "connectorId": 1}, **more}

    def readings(step: int, context: str) -> list[dict[str, Any]]:
        sampled = [
            {"value": round(value + step * 180.5, 1), "context": context, "measurand": measurand}
            | {"location": "Outlet", "unitOfMeasure": {"unit": unit}, **({"phase": phase} if phase else {})}
            for measurand, unit, phase, value in SAMPLED
        ]
        return [{"timestamp": moment(session, step), "sampledValue": sampled}]

    token = {"idToken": TOKEN, "type": "ISO14443"}
    boot = {"reason": "PowerUp", "chargingStation": {"model": "DC150", "vendorName": "Bench"}}
    updates = [
        event("Updated", s, s - 1, "MeterValuePeriodic", meterValue=readings(s, "Sample.Periodic"))
        for s in range(2, 2 + METER_VALUES)
    ]
    return [
        *([("BootNotification", boot)] if session == 0 else []),
        ("Heartbeat", {}),
        status("Occupied", 0),
        ("Authorize", {"idToken": token}),
        event("Started", 1, 0, "Authorized", idToken=token, meterValue=readings(1, "Transaction.Begin")),
        *updates,
        ("Heartbeat", {}),
        event("Ended", 20, 20, "EVDeparted", idToken=token, meterValue=readings(20, "Transaction.End")),
        status("Available", 21),
    ]


async def idle_rss_kib(port: int, pid: int, numbers: range, before: int) -> float:
    """RSS over `before` for each of these stations when all are connected, booted and silent."""
    clients: list[StationClient] = []
    for first in range(0, len(numbers), 50):
        some = await asyncio.gather(*[connected_once_known(port, n) for n in numbers[first : first + 50]])
        await boot(some)
        clients += some
    await asyncio.sleep(3)
    grown = rss_kib(pid) - before
    for client in clients:
        client.transport.disconnect()
    return grown / len(clients)


async def connected_once_known(port: int, number: int) -> StationClient:
    """A connection of a station that has just been registered, as soon as the edge has read its entry."""
    for _ in range(100):
        try:
            return await connected(port, number, V16)
        except WSError:
            await asyncio.sleep(0.2)
    raise RuntimeError("the edge does not learn of new stations")


async def boot(clients: list[StationClient]) -> None:
    frames = session_frames([("BootNotification", BOOT), ("Heartbeat", {})], 0)
    await asyncio.gather(*[client.run(iter(frames)) for client in clients])


# The yardstick.


async def serve_yardstick(port: int) -> None:  # noqa: C901  one handler per message
    """`ocpp` and `websockets` as their documentation combines them: route, validate, answer, keep nothing."""
    from ocpp.routing import on
    from ocpp.v16 import ChargePoint as ChargePoint16
    from ocpp.v16 import call_result as result16
    from ocpp.v201 import ChargePoint as ChargePoint201
    from ocpp.v201 import call_result as result201
    from websockets.asyncio.server import ServerConnection, serve

    logging.getLogger("ocpp").setLevel(logging.ERROR)
    now = "2026-01-01T00:00:00Z"
    accepted = {"current_time": now, "interval": 300, "status": "Accepted"}

    class Station16(ChargePoint16):  # type: ignore[misc]
        @on("BootNotification")
        def on_boot(self, **_: Any) -> Any:
            return result16.BootNotification(**accepted)

        @on("Heartbeat")
        def on_heartbeat(self, **_: Any) -> Any:
            return result16.Heartbeat(current_time=now)

        @on("StatusNotification")
        def on_status(self, **_: Any) -> Any:
            return result16.StatusNotification()

        @on("Authorize")
        def on_authorize(self, **_: Any) -> Any:
            return result16.Authorize(id_tag_info={"status": "Accepted"})

        @on("StartTransaction")
        def on_start(self, **_: Any) -> Any:
            return result16.StartTransaction(transaction_id=1, id_tag_info={"status": "Accepted"})

        @on("MeterValues")
        def on_meter_values(self, **_: Any) -> Any:
            return result16.MeterValues()

        @on("StopTransaction")
        def on_stop(self, **_: Any) -> Any:
            return result16.StopTransaction()

    class Station201(ChargePoint201):  # type: ignore[misc]
        @on("BootNotification")
        def on_boot(self, **_: Any) -> Any:
            return result201.BootNotification(**accepted)

        @on("Heartbeat")
        def on_heartbeat(self, **_: Any) -> Any:
            return result201.Heartbeat(current_time=now)

        @on("StatusNotification")
        def on_status(self, **_: Any) -> Any:
            return result201.StatusNotification()

        @on("Authorize")
        def on_authorize(self, **_: Any) -> Any:
            return result201.Authorize(id_token_info={"status": "Accepted"})

        @on("TransactionEvent")
        def on_transaction_event(self, **_: Any) -> Any:
            return result201.TransactionEvent()

    async def handle(socket: ServerConnection) -> None:
        name = (socket.request.path if socket.request else "").rsplit("/", 1)[-1]
        kind = Station16 if socket.subprotocol == V16 else Station201
        await kind(name, socket).start()

    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    async with serve(handle, "127.0.0.1", port, subprotocols=[V16, V201]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["yardstick"]:
        asyncio.run(serve_yardstick(int(sys.argv[2])))
    else:
        for line in measure(quick="--quick" in sys.argv):
            print(line)
