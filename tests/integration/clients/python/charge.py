"""A station made of the PyPI packages `ocpp` and `websockets`; its argument is a plan (see clients_case.py)."""

import asyncio
import base64
import json
import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from uuid import uuid4

import ocpp.exceptions
from ocpp import v16, v21, v201
from ocpp.routing import on
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

REGISTER = "Energy.Active.Import.Register"
GONE = (WebSocketException, OSError, TimeoutError)


class Point16(v16.ChargePoint):  # type: ignore[misc]
    """OCPP 1.6."""

    starts: "asyncio.Queue[str]"
    stops: "asyncio.Queue[str]"

    @on("RemoteStartTransaction")
    def remote_start(self, id_tag: str, **_: Any) -> Any:
        self.starts.put_nowait(id_tag)
        return v16.call_result.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")
    def remote_stop(self, transaction_id: int) -> Any:
        self.stops.put_nowait(str(transaction_id))
        return v16.call_result.RemoteStopTransaction(status="Accepted")


class Words16:
    """What a station says in OCPP 1.6."""

    kind = Point16

    @staticmethod
    def boot() -> Any:
        return v16.call.BootNotification(charge_point_model="Python", charge_point_vendor="ocpp")

    @staticmethod
    def authorize(token: str) -> Any:
        return v16.call.Authorize(id_tag=token)

    @staticmethod
    def accepted(answer: Any) -> bool:
        return bool((answer.id_tag_info or {}).get("status") == "Accepted")

    @staticmethod
    def status(charging: bool) -> Any:
        word = "Charging" if charging else "Available"
        return v16.call.StatusNotification(connector_id=1, error_code="NoError", status=word)

    @staticmethod
    def start(session: dict[str, Any], wh: Any, at: str) -> Any:
        return v16.call.StartTransaction(connector_id=1, id_tag=session["token"], meter_start=wh, timestamp=at)

    @staticmethod
    def meter(session: dict[str, Any], wh: Any, at: str) -> Any:
        sample = {"value": str(wh), "context": "Sample.Periodic", "measurand": REGISTER, "unit": "Wh"}
        value = {"timestamp": at, "sampled_value": [sample]}
        return v16.call.MeterValues(
            connector_id=1, transaction_id=int(session["transaction"]), meter_value=[value]
        )

    @staticmethod
    def stop(session: dict[str, Any], wh: Any, at: str) -> Any:
        return v16.call.StopTransaction(
            meter_stop=wh, timestamp=at, transaction_id=int(session["transaction"]), reason="Local"
        )


def point_of(version: ModuleType) -> Any:
    """The charge point of a version after 1.6."""

    class Point(version.ChargePoint):  # type: ignore[misc,name-defined]
        starts: "asyncio.Queue[str]"
        stops: "asyncio.Queue[str]"

        @on("RequestStartTransaction")
        def start_requested(self, id_token: dict[str, Any], **_: Any) -> Any:
            self.starts.put_nowait(id_token["id_token"])
            return version.call_result.RequestStartTransaction(status="Accepted")

        @on("RequestStopTransaction")
        def stop_requested(self, transaction_id: str, **_: Any) -> Any:
            self.stops.put_nowait(transaction_id)
            return version.call_result.RequestStopTransaction(status="Accepted")

    return Point


class Words2:
    """What a station says in OCPP 2.0.1 and 2.1."""

    def __init__(self, version: ModuleType) -> None:
        self.kind = point_of(version)
        self.call = version.call

    def boot(self) -> Any:
        station = {"model": "Python", "vendor_name": "ocpp"}
        return self.call.BootNotification(charging_station=station, reason="PowerUp")

    def authorize(self, token: str) -> Any:
        return self.call.Authorize(id_token={"id_token": token, "type": "ISO14443"})

    def accepted(self, answer: Any) -> bool:
        return bool((answer.id_token_info or {}).get("status") == "Accepted")

    def status(self, charging: bool) -> Any:
        word = "Occupied" if charging else "Available"
        return self.call.StatusNotification(timestamp=now(), connector_status=word, evse_id=1, connector_id=1)

    def start(self, session: dict[str, Any], wh: Any, at: str) -> Any:
        session |= {"transaction": str(uuid4()), "seq_no": -1}
        token = {"id_token": session["token"], "type": "ISO14443"}
        return self._event(
            session, wh, at, "Started", "Transaction.Begin", id_token=token, evse={"id": 1, "connector_id": 1}
        )

    def meter(self, session: dict[str, Any], wh: Any, at: str) -> Any:
        return self._event(session, wh, at, "Updated", "Sample.Periodic")

    def stop(self, session: dict[str, Any], wh: Any, at: str) -> Any:
        return self._event(session, wh, at, "Ended", "Transaction.End")

    def _event(self, session: dict[str, Any], wh: Any, at: str, kind: str, context: str, **more: Any) -> Any:
        session["seq_no"] += 1
        sample = {"value": wh, "context": context, "measurand": REGISTER, "unit_of_measure": {"unit": "Wh"}}
        return self.call.TransactionEvent(
            event_type=kind,
            timestamp=at,
            trigger_reason="MeterValuePeriodic",
            seq_no=session["seq_no"],
            transaction_info={"transaction_id": session["transaction"]},
            meter_value=[{"timestamp": at, "sampled_value": [sample]}],
            offline=session["way"] == "offline",
            **more,
        )


WORDS: dict[str, Any] = {"ocpp1.6": Words16(), "ocpp2.0.1": Words2(v201), "ocpp2.1": Words2(v21)}


class Station:
    """Plays a plan; every message is sent until it is answered, over as many connections as it takes."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.words = WORDS[plan["protocol"]]
        self.starts: asyncio.Queue[str] = asyncio.Queue()
        self.stops: asyncio.Queue[str] = asyncio.Queue()
        self.socket: ClientConnection | None = None
        self.listening: asyncio.Task[None] | None = None

    async def charge(self) -> None:
        await self.connect()
        must((await self.tell(self.words.boot())).status == "Accepted", "not accepted")
        for session in self.plan["sessions"]:
            await self.play(session)
        await self.leave()

    async def play(self, session: dict[str, Any]) -> None:
        session["token"] = self.plan["token"]
        if session["way"] == "remote":
            say({"ask": "start"})
            session["token"] = await self.starts.get()
        else:
            answer = await self.tell(self.words.authorize(self.plan["token"]))
            must(self.words.accepted(answer), "the token is not accepted")
        await self.tell(self.words.status(True))
        if session["way"] == "offline":
            await self.leave()
        kept = []
        for number, wh in enumerate(session["wh"]):
            kept.append((number, wh, now()))
            await asyncio.sleep(self.plan["pause_ms"] / 1000)
            if session["way"] != "offline":
                await self.reading(session, *kept.pop())
        for reading in kept:
            await self.reading(session, *reading)
        await self.tell(self.words.status(False))
        start, stop = session["wh"][0], session["wh"][-1]
        ledger = {"meter_start": start, "meter_stop": stop, "wh": stop - start, "token": session["token"]}
        say(ledger | {"transaction": session["transaction"]})

    async def reading(self, session: dict[str, Any], number: int, wh: Any, at: str) -> None:
        if number == 0:
            answer = await self.tell(self.words.start(session, wh, at))
            must(self.words.accepted(answer), "the start is not accepted")
            session.setdefault("transaction", str(getattr(answer, "transaction_id", "")))
        elif number < len(session["wh"]) - 1:
            await self.tell(self.words.meter(session, wh, at))
        else:
            if session["way"] == "remote":
                say({"ask": "stop", "transaction": session["transaction"]})
                must(await self.stops.get() == session["transaction"], "asked to stop another transaction")
            await self.tell(self.words.stop(session, wh, at))

    async def tell(self, message: Any) -> Any:
        while True:
            try:
                if self.socket is None:
                    await self.connect()
                return await self.call(message)
            except GONE:
                await self.leave()
                await asyncio.sleep(0.1)

    async def call(self, message: Any) -> Any:
        """The answer, or ConnectionError as soon as the connection ends: the library would wait on."""
        calling = asyncio.ensure_future(self.point.call(message, suppress=False))
        assert self.listening is not None
        await asyncio.wait({calling, self.listening}, return_when=asyncio.FIRST_COMPLETED)
        if not calling.done():
            calling.cancel()
            raise ConnectionError
        return calling.result()

    async def connect(self) -> None:
        name = self.plan["station"]
        credentials = base64.b64encode(f"{name}:{self.plan['password']}".encode()).decode()
        while self.socket is None:
            try:
                self.socket = await connect(
                    f"{self.plan['url']}/{name}",
                    subprotocols=[Subprotocol(self.plan["protocol"])],
                    additional_headers={"Authorization": f"Basic {credentials}"},
                    proxy=None,
                )
            except (*GONE, InvalidHandshake):
                await asyncio.sleep(0.2)
        must(self.socket.subprotocol == self.plan["protocol"], "another protocol")
        self.point = self.words.kind(name, self.socket, response_timeout=25)
        self.point.starts, self.point.stops = self.starts, self.stops
        self.listening = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        try:
            await self.point.start()
        except GONE:
            self.socket = None

    async def leave(self) -> None:
        if self.listening is not None:
            self.listening.cancel()
        if self.socket is not None:
            await self.socket.close()
        self.socket = None


def now() -> str:
    return datetime.now(UTC).isoformat()


def say(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def must(true: bool, what: str) -> None:
    if not true:
        raise ocpp.exceptions.OCPPError(what)


if __name__ == "__main__":
    asyncio.run(Station(json.loads(sys.argv[1])).charge())
