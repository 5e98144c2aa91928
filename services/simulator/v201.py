"""What a station says in OCPP 2.0.1, and how it answers. Signed readings travel as signedMeterValue."""

import base64
import hashlib
from itertools import count
from typing import Any

from ocpp.v201.enums import Action

from services.domain.units import Millis, rfc3339
from services.simulator.connection import Message, Part, Payload
from services.simulator.dialect import REGISTER, Refusal, said
from services.simulator.meter import SignedRecord
from services.simulator.ocmf import public_key_ocpp
from services.simulator.station import (
    CardShown,
    PluggedIn,
    Sampled,
    Started,
    Station,
    StationSpec,
    Step,
    Stopped,
    Transaction,
)

SUBPROTOCOL = "ocpp2.0.1"
KNOWN_ACTIONS = frozenset(action.value for action in Action)

_EVSE = {"id": 1, "connectorId": 1}


class V201:
    """OCPP 2.0.1 for one station."""

    subprotocol = SUBPROTOCOL

    def __init__(self, spec: StationSpec) -> None:
        self._spec = spec
        self._connector = "Available"
        self._charging_state = "Idle"
        self._seq_no = count()

    def boot(self) -> Message:
        spec = self._spec
        station = {
            "vendorName": spec.vendor,
            "model": spec.model,
            "serialNumber": spec.serial,
            "firmwareVersion": spec.firmware,
        }
        return said("BootNotification", {"reason": "PowerUp", "chargingStation": station})

    def introduce(self, now: Millis) -> list[Message]:
        """What follows an accepted boot: the state of the connector. Keys travel with the signed values."""
        return [self._status(self._connector, now)]

    def heartbeat(self) -> Message:
        return said("Heartbeat", {})

    def messages(self, step: Step, offline: bool) -> list[Message]:
        """The calls that tell about a step; `offline` marks what happened without a connection."""
        match step:
            case PluggedIn():
                return [self._status("Occupied", step.at)]
            case CardShown():
                token = {"idToken": _id_token(step.transaction)}
                return [Message("Authorize", lambda: token, step.transaction)]
            case Started():
                return [self._started(step, offline)]
            case Sampled():
                return [self._sampled(step, offline)]
            case Stopped():
                return [self._stopped(step, offline)]
        return [self._status("Available", step.at)]

    def learn(self, message: Message, answer: Payload) -> None:
        """Take a refusal of the card from an answer."""
        transaction = message.transaction
        info = answer.get("idTokenInfo")
        status = info.get("status") if isinstance(info, dict) else None
        if transaction is not None and status not in (None, "Accepted"):
            transaction.problems.append(f"{message.action} was answered {status}")
            transaction.refused = transaction.refused or message.action == "Authorize"

    def answer(self, action: str, payload: Payload, station: Station, now: Millis) -> Payload:
        """Carry out a call of the backend; raises Refusal."""
        match action, payload:
            case "RequestStartTransaction", {"remoteStartId": int(number), "idToken": {"idToken": str(token)}}:
                accepted = payload.get("evseId", 1) == 1 and station.remote_start(token, number, now)
                return {"status": "Accepted" if accepted else "Rejected"}
            case "RequestStopTransaction", {"transactionId": str(transaction_id)}:
                return {"status": "Accepted" if station.remote_stop(transaction_id, now) else "Rejected"}
            case "RequestStartTransaction" | "RequestStopTransaction", _:
                raise Refusal("FormatViolation", f"{action} lacks what the specification requires")
        code = "NotSupported" if action in KNOWN_ACTIONS else "NotImplemented"
        raise Refusal(code, f"{action} is not offered by this station")

    def _started(self, step: Started, offline: bool) -> Message:
        transaction = step.transaction
        transaction.transaction_id = transaction.local_id
        self._seq_no, self._charging_state = count(), "Charging"
        info: Payload = {}
        trigger = "Authorized"
        if transaction.visit.remote_start_id is not None:
            info, trigger = {"remoteStartId": transaction.visit.remote_start_id}, "RemoteStart"
        sample = _register(step, "Transaction.Begin")
        if step.signed is not None:
            sample["signedMeterValue"] = _signed(step.signed, transaction)
        event = self._event("Started", trigger, step, [sample], offline, info)
        event["idToken"] = _id_token(transaction)
        return _about(transaction, Part.START, event)

    def _sampled(self, step: Sampled, offline: bool) -> Message:
        power = {"value": step.power_w, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}
        samples = [_register(step, "Sample.Periodic"), power | {"context": "Sample.Periodic"}]
        state = "Charging" if step.power_w else "SuspendedEV"
        trigger = "MeterValuePeriodic" if state == self._charging_state else "ChargingStateChanged"
        self._charging_state = state
        event = self._event("Updated", trigger, step, samples, offline, {})
        return _about(step.transaction, Part.UPDATE, event)

    def _stopped(self, step: Stopped, offline: bool) -> Message:
        self._charging_state = "Idle"
        sample = _register(step, "Transaction.End") | {"signedMeterValue": _signed(step.signed, step.transaction)}
        trigger = "RemoteStop" if step.reason == "Remote" else "EVDeparted"
        event = self._event("Ended", trigger, step, [sample], offline, {"stoppedReason": step.reason})
        return _about(step.transaction, Part.STOP, event)

    def _event(
        self,
        kind: str,
        trigger: str,
        step: Started | Sampled | Stopped,
        samples: list[Payload],
        offline: bool,
        info: Payload,
    ) -> Payload:
        transaction_id, charging_state = step.transaction.local_id, self._charging_state
        return {
            "eventType": kind,
            "timestamp": rfc3339(step.at),
            "triggerReason": trigger,
            "seqNo": next(self._seq_no),
            "offline": offline,
            "transactionInfo": {"transactionId": transaction_id, "chargingState": charging_state} | info,
            "evse": _EVSE,
            "meterValue": [{"timestamp": rfc3339(step.at), "sampledValue": samples}],
        }

    def _status(self, status: str, at: Millis) -> Message:
        self._connector = status
        report = {"timestamp": rfc3339(at), "connectorStatus": status, "evseId": 1, "connectorId": 1}
        return said("StatusNotification", report)


def _about(transaction: Transaction, part: Part, event: Payload) -> Message:
    return Message("TransactionEvent", lambda: None if transaction.refused else event, transaction, part)


def _id_token(transaction: Transaction) -> Payload:
    return {"idToken": transaction.visit.token_uid, "type": "ISO14443"}


def _register(step: Started | Sampled | Stopped, context: str) -> dict[str, Any]:
    return {
        "value": step.register_wh,
        "context": context,
        "measurand": REGISTER,
        "location": "Outlet",
        "unitOfMeasure": {"unit": "Wh"},
    }


def _signed(record: SignedRecord, transaction: Transaction) -> Payload:
    """signingMethod is empty because OCMF names it itself (OCA note on signed meter values, table 11)."""
    data = base64.b64encode(record.text.encode()).decode()
    transaction.signed_sha256.append(hashlib.sha256(data.encode()).hexdigest())
    return {
        "signedMeterData": data,
        "signingMethod": "",
        "encodingMethod": "OCMF",
        "publicKey": public_key_ocpp(record.public_key_hex),
    }
