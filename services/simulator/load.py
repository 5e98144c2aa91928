"""Load at a constant rate, with the time at which each message was due: what latency is measured from.

Each station runs one OCPP 2.0.1 transaction and sends readings. When answers are slow, messages queue up behind
them and go on counting from when they were due, so that a slow backend cannot hide its own slowness.
"""

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from services.domain.units import Millis, rfc3339
from services.simulator.connection import CALL, CALLERROR, CALLRESULT, Payload, encode
from services.simulator.dialect import REGISTER
from services.simulator.station import StationSpec
from services.simulator.v201 import SUBPROTOCOL

_BASE_WH = Decimal(1_000_000)
_APART_S = 0.005


class Refused(Exception):
    """The backend answered a message of the load with an error; the message is its description."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One reading. `register_wh` tells it apart from all others of its station. Times are epoch milliseconds."""

    station_id: str
    transaction_id: str
    register_wh: Decimal
    due_at_ms: float
    sent_at_ms: float
    answered_at_ms: float


class LoadStation:
    """One connection that sends what it is told to, one call at a time."""

    def __init__(self, spec: StationSpec, token_uid: str, transaction_id: str) -> None:
        self._spec = spec
        self._token_uid = token_uid
        self._transaction_id = transaction_id
        self._number = 0
        self._due: asyncio.Queue[float | None] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self.sent: list[Sent] = []

    async def open(self, url: str) -> None:
        """Connect, boot, and start the transaction; Refused when the backend does not accept that."""
        spec = self._spec
        credentials = base64.b64encode(f"{spec.station_id}:{spec.password}".encode()).decode()
        self._socket = await connect(
            f"{url.rstrip('/')}/{spec.station_id}",
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers={"Authorization": f"Basic {credentials}"},
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        station = {"vendorName": spec.vendor, "model": spec.model}
        boot = await self._call("BootNotification", {"reason": "PowerUp", "chargingStation": station})
        if boot.get("status") != "Accepted":
            raise Refused(f"{spec.station_id} is not accepted: {boot.get('status')}")
        await self._call("TransactionEvent", self._event("Started", "Authorized", _wall_ms()))

    async def run(self) -> None:
        """Send a reading for each time that `due` was called with, until `finish`."""
        while (due_at_ms := await self._due.get()) is not None:
            sent_at_ms = _wall_ms()
            event = self._event("Updated", "MeterValuePeriodic", sent_at_ms)
            register_wh = _BASE_WH + self._number - 1
            await self._call("TransactionEvent", event)
            self.sent.append(
                Sent(self._spec.station_id, self._transaction_id, register_wh, due_at_ms, sent_at_ms, _wall_ms())
            )

    async def close(self) -> None:
        """End the transaction and the connection."""
        if self._socket is not None:
            await self._call("TransactionEvent", self._event("Ended", "EVDeparted", _wall_ms()))
            await self._socket.close()

    def due(self, at_ms: float) -> None:
        self._due.put_nowait(at_ms)

    def finish(self) -> None:
        self._due.put_nowait(None)

    async def _call(self, action: str, payload: Payload) -> Payload:
        if self._socket is None:
            raise RuntimeError(f"{self._spec.station_id} is not connected")
        message_id = f"{action[0]}{self._number}-{len(self.sent)}"
        await self._socket.send(encode([CALL, message_id, action, payload]))
        while True:
            frame = orjson.loads(await self._socket.recv())
            if frame[0] == CALLRESULT and frame[1] == message_id:
                answer: Payload = frame[2]
                return answer
            if frame[0] == CALLERROR and frame[1] == message_id:
                raise Refused(f"{action} of {self._spec.station_id}: {frame[2:4]}")

    def _event(self, kind: str, trigger: str, at_ms: float) -> Payload:
        number, self._number = self._number, self._number + 1
        at = rfc3339(Millis(at_ms))
        sample = {"value": _BASE_WH + number, "measurand": REGISTER, "unitOfMeasure": {"unit": "Wh"}}
        event = {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": trigger,
            "seqNo": number,
            "transactionInfo": {"transactionId": self._transaction_id, "chargingState": "Charging"},
            "evse": {"id": 1, "connectorId": 1},
            "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
        }
        return event | ({"idToken": {"idToken": self._token_uid, "type": "ISO14443"}} if number == 0 else {})


async def constant_rate(
    url: str, specs: Sequence[StationSpec], token_uid: str, rate_per_s: float, seconds: float
) -> list[Sent]:
    """Send `rate_per_s` readings a second for `seconds`, spread over the stations in turn; what was sent.

    Stations must be registered and speak OCPP 2.0.1. Raises Refused when the backend answers with an error.
    """
    stations = [LoadStation(spec, token_uid, f"load-{spec.station_id}") for spec in specs]
    for station in stations:
        await station.open(url)
        await asyncio.sleep(_APART_S)
    workers = [asyncio.create_task(station.run()) for station in stations]
    loop = asyncio.get_running_loop()
    begun_s, begun_ms = loop.time() + _APART_S, _wall_ms() + _APART_S * 1000
    for number in range(int(rate_per_s * seconds)):
        due_s = begun_s + number / rate_per_s
        if (wait_s := due_s - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        stations[number % len(stations)].due(begun_ms + number / rate_per_s * 1000)
        if any(worker.done() for worker in workers):
            break
    for station in stations:
        station.finish()
    await asyncio.gather(*workers)
    for station in stations:
        await station.close()
    return [sent for station in stations for sent in station.sent]


def _wall_ms() -> float:
    return time.time_ns() / 1_000_000
