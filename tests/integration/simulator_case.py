"""Simulated stations against a backend of other people's libraries: `ocpp` (which validates) and `websockets`."""

import asyncio
import base64
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import ocpp.messages
from ocpp.routing import on
from ocpp.v16 import ChargePoint as ChargePoint16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as ChargePoint201
from ocpp.v201 import call_result as result201
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from services.simulator import acn
from services.simulator.app import Tally
from services.simulator.fleet import FleetOptions, run_fleet
from services.simulator.ledger import Entry
from services.simulator.plan import plan, span
from services.simulator.registry import fleet_specs, token_uids

ocpp.messages.ASYNC_VALIDATION = False

NOW = 1_795_219_200_000
SECRET = "test"


@dataclass
class Backend:
    """What a test backend knows: transactions keyed by their content, as Wattlog does it."""

    passwords: dict[str, str]
    starts: dict[str, dict[str, Any]] = field(default_factory=dict)
    stops: dict[str, dict[str, Any]] = field(default_factory=dict)
    signed: dict[str, set[str]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    live: dict[str, Any] = field(default_factory=dict)
    message_ids: list[str] = field(default_factory=list)
    endings: Counter[int] = field(default_factory=Counter)
    fail_every: int = 0
    silent_every: int = 0
    pending_boots: int = 0
    blocked: frozenset[str] = frozenset()

    def book(self, station_id: str, transaction_id: str, values: list[dict[str, Any]]) -> None:
        kept = self.signed.setdefault(f"{station_id}/{transaction_id}", set())
        for value in values:
            for sample in value["sampled_value"]:
                text = sample.get("signed_meter_value", {}).get("signed_meter_data", "")
                text = sample["value"] if sample.get("format") == "SignedData" else text
                if text:
                    kept.add(hashlib.sha256(text.encode()).hexdigest())

    def rows(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The sessions and records that a correct backend would have made of it."""
        sessions, cdrs = [], []
        for key, stop in self.stops.items():
            start = self.starts[key]
            station_id, transaction_id = key.split("/")
            row = {
                "station_id": station_id,
                "transaction_id": transaction_id,
                "started_at": start["at"],
                "ended_at": stop["at"],
                "energy_wh": stop["wh"] - start["wh"],
            }
            sessions.append(row | {"status": "COMPLETED", "meter_start_wh": start["wh"]})
            cdrs.append(row | {"status": "ISSUED", "signed_sha256": sorted(self.signed[key])})
        return sessions, cdrs

    def decision(self, token: str) -> str:
        return "Blocked" if token in self.blocked else "Accepted"


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def register(values: list[dict[str, Any]]) -> Decimal:
    return next(
        Decimal(repr(s["value"]))
        for v in values
        for s in v["sampled_value"]
        if s["measurand"].startswith("Energy")
    )


class Socket:
    """Counts, and fails or stays silent now and then."""

    def __init__(self, inner: ServerConnection, backend: Backend) -> None:
        self._inner = inner
        self._backend = backend

    async def recv(self) -> str:
        while True:
            text = str(await self._inner.recv())
            try:
                kind, message_id, action = (json.loads(text) + [None] * 3)[:3]
            except (ValueError, TypeError):
                return text
            if kind == 2 and isinstance(message_id, str):
                self._backend.calls[action] += 1
                self._backend.message_ids.append(message_id)
                number = self._backend.calls.total()
                if action in ("StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"):
                    if self._backend.fail_every and number % self._backend.fail_every == 0:
                        await self._inner.send(json.dumps([4, message_id, "InternalError", "on purpose", {}]))
                        continue
                    if self._backend.silent_every and number % self._backend.silent_every == 0:
                        continue
            return text

    async def send(self, text: str) -> None:
        await self._inner.send(text)


class Station16(ChargePoint16):  # type: ignore[misc]
    backend: Backend

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        if self.backend.pending_boots:
            self.backend.pending_boots -= 1
            return result16.BootNotification(current_time=now(), interval=1, status="Pending")
        return result16.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return result16.Heartbeat(current_time=now())

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result16.StatusNotification()

    @on("DataTransfer")
    def data(self, **_: Any) -> Any:
        return result16.DataTransfer(status="UnknownVendorId")

    @on("Authorize")
    def authorize(self, id_tag: str) -> Any:
        return result16.Authorize(id_tag_info={"status": self.backend.decision(id_tag)})

    @on("StartTransaction")
    def begin(self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_: Any) -> Any:
        content = f"{SECRET}{self.id}{connector_id}{id_tag}{meter_start}{timestamp}"
        number = int.from_bytes(hashlib.sha256(content.encode()).digest()[:4], "big") & 0x7FFF_FFFF
        self.backend.starts[f"{self.id}/{number}"] = {"at": millis(timestamp), "wh": Decimal(meter_start)}
        return result16.StartTransaction(
            transaction_id=number, id_tag_info={"status": self.backend.decision(id_tag)}
        )

    @on("MeterValues")
    def meter_values(self, meter_value: list[Any], transaction_id: int, **_: Any) -> Any:
        self.backend.book(self.id, str(transaction_id), meter_value)
        return result16.MeterValues()

    @on("StopTransaction")
    def end(
        self, transaction_id: int, meter_stop: int, timestamp: str, transaction_data: list[Any], **_: Any
    ) -> Any:
        self.backend.book(self.id, str(transaction_id), transaction_data)
        self.backend.stops[f"{self.id}/{transaction_id}"] = {"at": millis(timestamp), "wh": Decimal(meter_stop)}
        return result16.StopTransaction()


class Station201(ChargePoint201):  # type: ignore[misc]
    backend: Backend

    @on("BootNotification")
    def boot(self, **_: Any) -> Any:
        if self.backend.pending_boots:
            self.backend.pending_boots -= 1
            return result201.BootNotification(current_time=now(), interval=1, status="Pending")
        return result201.BootNotification(current_time=now(), interval=300, status="Accepted")

    @on("Heartbeat")
    def heartbeat(self, **_: Any) -> Any:
        return result201.Heartbeat(current_time=now())

    @on("StatusNotification")
    def status(self, **_: Any) -> Any:
        return result201.StatusNotification()

    @on("Authorize")
    def authorize(self, id_token: dict[str, Any], **_: Any) -> Any:
        return result201.Authorize(id_token_info={"status": self.backend.decision(id_token["id_token"])})

    @on("TransactionEvent")
    def event(
        self,
        event_type: str,
        timestamp: str,
        transaction_info: dict[str, Any],
        meter_value: list[Any],
        **_: Any,
    ) -> Any:
        key = f"{self.id}/{transaction_info['transaction_id']}"
        self.backend.book(self.id, transaction_info["transaction_id"], meter_value)
        said = {"at": millis(timestamp), "wh": register(meter_value)}
        if event_type == "Started":
            self.backend.starts[key] = said
        if event_type == "Ended":
            self.backend.stops[key] = said
        return result201.TransactionEvent()


def now() -> str:
    return datetime.now(UTC).isoformat()


@asynccontextmanager
async def serving(backend: Backend) -> AsyncIterator[str]:
    """A backend on a free port that wants Basic authentication (security profile 1)."""

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        station_id = request.path.rsplit("/", 1)[-1]
        wanted = base64.b64encode(f"{station_id}:{backend.passwords.get(station_id)}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        station_id = connection.request.path.rsplit("/", 1)[-1]
        kind = Station16 if connection.subprotocol == "ocpp1.6" else Station201
        station = kind(station_id, Socket(connection, backend))
        station.backend = backend
        backend.live[station_id] = station
        try:
            await station.start()
        except ConnectionClosed as closed:
            backend.endings[closed.rcvd.code if closed.rcvd else 0] += 1

    async with serve(
        handle, "127.0.0.1", 0, subprotocols=["ocpp1.6", "ocpp2.0.1"], process_request=admit, compression=None
    ) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ocpp"


class Run:
    """A fleet, its plan and what came of it."""

    def __init__(self, stations: int, visits: int, **options: Any) -> None:
        self.specs = fleet_specs(stations, "T", "seed")
        self.tokens = token_uids(5)
        recording = acn.read(acn.SAMPLE.parent)
        self.plans = plan(recording.sessions, stations, visits, self.tokens, NOW)
        first_at, last_at = span(self.plans)
        self.options: dict[str, Any] = {
            "speed": (last_at - first_at) / 1000 / 2,
            "drain_s": 30.0,
            "connect_within_s": 10.0,
        } | options
        self.backend = Backend({spec.station_id: spec.password for spec in self.specs})
        self.tally = Tally()
        self.stopping = asyncio.Event()

    def progress(self, tally: Tally) -> None:
        self.tally = tally

    async def go(self) -> list[Entry]:
        async with serving(self.backend) as url:
            return await run_fleet(
                self.specs, self.plans, FleetOptions(url=url, **self.options), self.stopping, self.progress
            )
