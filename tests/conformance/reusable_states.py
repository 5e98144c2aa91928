"""The states that many cases of OCPP 2.0.1 begin with, or pass through (Booted is the fixture `station201`)."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson

from services.domain.events.common import CommandOutcome
from services.domain.events.station import (
    CommandAnswered,
    ConnectorStatusChanged,
    MonitorEventsReported,
    ReportReceived,
)
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from tests.conformance.stations import Commanded, Station
from tests.integration.ocpp_case import until

VALID: Final = {"idToken": "VALID1", "type": "ISO14443"}
ACCEPTED: Final = {"status": "Accepted"}
BEGAN_AT: Final = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)

_event_numbers = itertools.count(1)


def at(seconds: int) -> str:
    """A moment of the case as the wire has it, so many seconds after its begin."""
    return (BEGAN_AT + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ahead(seconds: int) -> str:
    """A moment that is still to come."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sampled(context: str, wh: float, seconds: int, **more: Any) -> dict[str, Any]:
    """A MeterValueType with one reading of the energy register."""
    sample = {"value": wh, "context": context, "measurand": "Energy.Active.Import.Register", **more}
    return {"timestamp": at(seconds), "sampledValue": [sample]}


def event_data(component: dict[str, Any], variable: str, value: str, **more: Any) -> dict[str, Any]:
    """An EventDataType, numbered as stations have to."""
    return {
        "eventId": next(_event_numbers),
        "timestamp": at(0),
        "trigger": "Delta",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": variable},
    } | more


async def notified(station: Station, *events: dict[str, Any]) -> MonitorEventsReported:
    """The station sends NotifyEvent: it is answered with an empty body and recorded."""
    before = len(station.told(MonitorEventsReported))
    message = {"generatedAt": at(0), "seqNo": 0, "eventData": list(events)}
    assert await station.call("NotifyEvent", message) == {}
    return (await station.recorded(MonitorEventsReported, before + 1))[-1]


async def reported(
    station: Station, operation: str, message: dict[str, Any]
) -> tuple[dict[str, Any], ReportReceived]:
    """The station sends a message that is kept whole: our answer, and what was recorded of it."""
    before = len(station.told(ReportReceived))
    answer = await station.call(operation, message)
    event = (await station.recorded(ReportReceived, before + 1))[-1]
    assert (event.operation, payload_of(event), event.warnings) == (operation, message, ())
    return answer, event


def payload_of(event: ReportReceived | CommandAnswered) -> Any:
    """The JSON that the station sent."""
    text = event.payload_json if isinstance(event, ReportReceived) else event.answer_json
    assert text is not None
    return orjson.loads(text)


async def connector_is(station: Station, status: str, evse_id: int = 1) -> None:
    """The station tells both ways how a connector is, and both are recorded."""
    before = len(station.told(ConnectorStatusChanged))
    said = {"timestamp": at(before), "connectorStatus": status, "evseId": evse_id, "connectorId": 1}
    assert await station.call("StatusNotification", said) == {}
    connector = {"name": "Connector", "evse": {"id": evse_id, "connectorId": 1}}
    (monitored,) = (await notified(station, event_data(connector, "AvailabilityState", status))).events
    assert (monitored.component, monitored.variable) == ("Connector", "AvailabilityState")
    assert (monitored.evse_id, monitored.connector_id, monitored.actual_value) == (evse_id, 1, status)
    changed = (await station.recorded(ConnectorStatusChanged, before + 1))[-1]
    assert (changed.evse_id, changed.connector_id, changed.status) == (evse_id, 1, status)


async def accepted(
    station: Station, operation: str, payload: dict[str, Any], answer: dict[str, Any] = ACCEPTED
) -> Commanded:
    """The operator asks, the station does it: it heard what was asked, and the log says that it was done."""
    told = await station.commanded(operation, payload, answer)
    assert told.payload == payload
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert told.result.status == answer.get("status")
    return told


async def rejected(station: Station, operation: str, payload: dict[str, Any], answer: dict[str, Any]) -> Commanded:
    """The operator asks, the station does not: the log has its word for it."""
    told = await station.commanded(operation, payload, answer)
    assert told.payload == payload
    assert told.result.outcome is CommandOutcome.REJECTED
    assert told.result.status == answer.get("status")
    return told


@dataclass
class Charging:
    """A transaction of the station, state by state; each step needs the ones before it and takes them."""

    station: Station
    evse_id: int | None = 1
    """None while the driver has not chosen one."""
    token: dict[str, str] = field(default_factory=lambda: VALID)
    begins_s: int = 0
    transaction_id: str = field(default_factory=lambda: str(uuid4()))
    seq_no: int = -1
    charging_state: str = "Idle"
    reached: set[str] = field(default_factory=set)

    async def tell(self, trigger: str, kind: str = "Updated", **more: Any) -> dict[str, Any]:
        """Send a TransactionEvent and see it recorded; the answer. `more` goes into it, `info` into its info."""
        self.seq_no += 1
        info = {"transactionId": self.transaction_id, "chargingState": self.charging_state, **more.pop("info", {})}
        message = {
            "eventType": kind,
            "timestamp": at(self.begins_s + self.seq_no * 10),
            "triggerReason": trigger,
            "seqNo": self.seq_no,
            "transactionInfo": info,
            **({"evse": {"id": self.evse_id, "connectorId": 1}} if self.evse_id else {}),
        } | more
        answer = await self.station.call("TransactionEvent", message)
        await until(lambda: bool(self.events()) and self.events()[-1].seq_no == self.seq_no)
        recorded = self.events()[-1]
        assert recorded.trigger_reason == trigger
        assert recorded.warnings == ()
        return answer

    def events(self) -> list[Any]:
        """What has been recorded of this transaction."""
        told = self.station.told(TransactionStarted, TransactionUpdated, TransactionEnded)
        return [event for event in told if event.transaction_id == self.transaction_id]

    async def authorized(self) -> "Charging":
        """Authorized: the driver has shown a token, which is accepted twice."""
        info = (await self.station.call("Authorize", {"idToken": self.token}))["idTokenInfo"]
        assert info["status"] == "Accepted"
        answer = await self.tell("Authorized", self.next_kind, idToken=self.token)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        self.reached.add("Authorized")
        return self

    async def ev_connected(self, **more: Any) -> "Charging":
        """EVConnectedPreSession: the cable is plugged in."""
        await connector_is(self.station, "Occupied", self.evse_id or 1)
        self.charging_state = "EVConnected"
        await self.tell("CablePluggedIn", self.next_kind, **more)
        self.reached.add("EVConnectedPreSession")
        return self

    async def started(self, **more: Any) -> "Charging":
        """EnergyTransferStarted, with all that comes before it."""
        if "Authorized" not in self.reached:
            await self.authorized()
        if "EVConnectedPreSession" not in self.reached:
            await self.ev_connected()
        self.charging_state = "Charging"
        await self.tell("ChargingStateChanged", **more)
        self.reached.add("EnergyTransferStarted")
        return self

    async def suspended(self) -> "Charging":
        """EnergyTransferSuspended: the EV takes no energy, with all that comes before it."""
        if "EnergyTransferStarted" not in self.reached:
            await self.started()
        self.charging_state = "SuspendedEV"
        await self.tell("ChargingStateChanged")
        return self

    async def stop_authorized(self) -> "Charging":
        """StopAuthorized: the driver shows the token once more, with all that comes before it."""
        if "EnergyTransferStarted" not in self.reached:
            await self.started()
        answer = await self.tell("StopAuthorized", idToken=self.token)
        assert answer["idTokenInfo"]["status"] == "Accepted"
        self.reached.add("StopAuthorized")
        return self

    async def ev_connected_after(self) -> "Charging":
        """EVConnectedPostSession: no energy flows any more, the cable is still in."""
        if "StopAuthorized" not in self.reached:
            await self.stop_authorized()
        self.charging_state = "EVConnected"
        await self.tell("ChargingStateChanged")
        self.reached.add("EVConnectedPostSession")
        return self

    async def ev_disconnected(self, *meter_values: dict[str, Any]) -> TransactionEnded:
        """EVDisconnected: the cable is out and the transaction over; what was recorded of its end."""
        if "EVConnectedPostSession" not in self.reached:
            await self.ev_connected_after()
        await connector_is(self.station, "Available", self.evse_id or 1)
        self.charging_state = "Idle"
        more = {"meterValue": list(meter_values)} if meter_values else {}
        await self.tell("EVCommunicationLost", "Ended", info={"stoppedReason": "EVDisconnected"}, **more)
        ended = self.events()[-1]
        assert isinstance(ended, TransactionEnded)
        assert ended.stopped_reason == "EVDisconnected"
        return ended

    @property
    def next_kind(self) -> str:
        """Started for the first message, Updated for the next ones."""
        return "Started" if self.seq_no < 0 else "Updated"
