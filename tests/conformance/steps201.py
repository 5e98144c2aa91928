"""Steps that cases of OCPP 2.0.1 share: a boot, a connector's status, a transaction through Part 6's states."""

from typing import Any, Final
from uuid import uuid4

from services.domain.events.session import Session
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.units import rfc3339
from tests.conformance.stations import Station
from tests.integration.ocpp_case import until
from tests.scenarios.story import sessions_run

T0_MS: Final = 1_790_000_000_000
AT: Final = rfc3339(T0_MS)
START_WH: Final = 1000
WH_PER_EVENT: Final = 100
"""The register of the meter at the n-th message of a transaction is START_WH + n * WH_PER_EVENT."""

STEP_MS: Final = 60_000
MODEL: Final = {"vendorName": "Vendor", "model": "Model"}
OUTLETS: Final = ((1, 1), (2, 1))


def id_token(uid: str) -> dict[str, str]:
    """IdTokenType of a card."""
    return {"idToken": uid, "type": "ISO14443"}


async def boot(station: Station, reason: str = "PowerUp") -> dict[str, Any]:
    """BootNotification, and its answer."""
    return await station.call("BootNotification", {"reason": reason, "chargingStation": MODEL})


async def connector(station: Station, evse_id: int, status: str, connector_id: int = 1) -> None:
    """A connector's status, said in both ways that there are."""
    said = {"timestamp": AT, "connectorStatus": status, "evseId": evse_id, "connectorId": connector_id}
    assert await station.call("StatusNotification", said) == {}
    evse = {"id": evse_id, "connectorId": connector_id}
    assert await station.call("NotifyEvent", monitored("Connector", "AvailabilityState", status, evse)) == {}


async def connectors(station: Station, status: str = "Available") -> None:
    """The same status of all connectors."""
    for evse_id, connector_id in OUTLETS:
        await connector(station, evse_id, status, connector_id)


def monitored(component: str, variable: str, value: str, evse: dict[str, int]) -> dict[str, Any]:
    """NotifyEvent of one changed variable."""
    event = {
        "eventId": 1, "timestamp": AT, "trigger": "Delta", "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": component, "evse": evse}, "variable": {"name": variable},
    }  # fmt: skip
    return {"generatedAt": AT, "seqNo": 0, "eventData": [event]}


def readings(wh: int, at: str, context: str) -> list[dict[str, Any]]:
    """MeterValueType with the energy register."""
    return [{"timestamp": at, "sampledValue": [{"value": wh, "context": context}]}]


async def authorize(station: Station, uid: str) -> dict[str, Any]:
    """IdTokenInfoType that Authorize is answered by."""
    info: dict[str, Any] = (await station.call("Authorize", {"idToken": id_token(uid)}))["idTokenInfo"]
    return info


class Charging:
    """A transaction on one EVSE. The methods named after Part 6's reusable states do what these lack first."""

    def __init__(self, station: Station, evse_id: int = 1, token: str = "VALID1", begins_ms: int = T0_MS) -> None:
        self.station = station
        self.evse_id = evse_id
        self.token = token
        self.begins_ms = begins_ms
        self.transaction_id = str(uuid4())
        self.seq_no = 0
        self.sent = 0
        self.reached: set[str] = set()

    async def event(
        self,
        trigger_reason: str,
        event_type: str = "",
        *,
        token: str = "",
        state: str = "",
        stopped: str = "",
        remote_start_id: int | None = None,
        seq_no: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """One TransactionEvent (by default Started first and Updated then) and its answer."""
        number = self.seq_no if seq_no is None else seq_no
        self.seq_no = max(self.seq_no, number + 1)
        kind = event_type or ("Updated" if self.sent else "Started")
        self.sent += 1
        at = rfc3339(self.begins_ms + number * STEP_MS)
        said = {"chargingState": state, "stoppedReason": stopped, "remoteStartId": remote_start_id}
        context = {"Started": "Transaction.Begin", "Ended": "Transaction.End"}.get(kind, "Sample.Periodic")
        payload: dict[str, Any] = {
            "eventType": kind,
            "timestamp": at,
            "triggerReason": trigger_reason,
            "seqNo": number,
            "transactionInfo": {"transactionId": self.transaction_id}
            | {name: value for name, value in said.items() if value},
            "meterValue": readings(START_WH + number * WH_PER_EVENT, at, context),
        }
        if token:
            payload["idToken"] = id_token(token)
        return await self.station.call("TransactionEvent", payload | more)

    @property
    def place(self) -> dict[str, Any]:
        """EVSEType of its connector, as a field of TransactionEvent."""
        return {"evse": {"id": self.evse_id, "connectorId": 1}}

    async def authorized(self) -> None:
        """Authorized."""
        self.reached.add("authorized")
        assert (await authorize(self.station, self.token))["status"] == "Accepted"
        told = await self.event("Authorized", token=self.token, **self.place)
        assert told["idTokenInfo"]["status"] == "Accepted"

    async def plugged_in(self) -> None:
        """EVConnectedPreSession."""
        self.reached.add("plugged in")
        await connector(self.station, self.evse_id, "Occupied")
        assert await self.event("CablePluggedIn", state="EVConnected", **self.place) == {}

    async def energy_transfer_started(self) -> None:
        """EnergyTransferStarted."""
        if "authorized" not in self.reached:
            await self.authorized()
        if "plugged in" not in self.reached:
            await self.plugged_in()
        self.reached.add("charging")
        assert await self.event("ChargingStateChanged", state="Charging") == {}

    async def energy_transfer_suspended(self) -> None:
        """EnergyTransferSuspended."""
        if "charging" not in self.reached:
            await self.energy_transfer_started()
        assert await self.event("ChargingStateChanged", state="SuspendedEV") == {}

    async def stop_authorized(self, token: str = "") -> dict[str, Any]:
        """StopAuthorized; the answer about the token."""
        if "charging" not in self.reached:
            await self.energy_transfer_started()
        self.reached.add("stop authorized")
        info: dict[str, Any] = (await self.event("StopAuthorized", token=token or self.token))["idTokenInfo"]
        assert info["status"] == "Accepted"
        return info

    async def plugged_in_still(self) -> None:
        """EVConnectedPostSession."""
        if "stop authorized" not in self.reached:
            await self.stop_authorized()
        self.reached.add("plugged in still")
        assert await self.event("ChargingStateChanged", state="EVConnected") == {}

    async def unplugged(self) -> None:
        """EVDisconnected."""
        if "plugged in still" not in self.reached:
            await self.plugged_in_still()
        await connector(self.station, self.evse_id, "Available")
        assert await self.ended("EVCommunicationLost", "EVDisconnected", state="Idle") == {}

    async def ended(self, trigger_reason: str, stopped: str, **more: Any) -> dict[str, Any]:
        """The last TransactionEvent."""
        return await self.event(trigger_reason, "Ended", stopped=stopped, **more)

    async def events(self) -> list[Any]:
        """Its events that Kafka has, in their order; one for each message that was sent."""

        def told() -> list[Any]:
            kinds = (TransactionStarted, TransactionUpdated, TransactionEnded)
            return [e for e in self.station.told(*kinds) if e.transaction_id == self.transaction_id]

        await until(lambda: len(told()) == self.sent)
        return told()

    async def session(self) -> Session:
        """The session that these events are folded to."""
        run = sessions_run()
        run.take(*await self.events())
        (found,) = run.latest(Session).values()
        assert isinstance(found, Session)
        return found
