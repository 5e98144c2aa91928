"""What a station says in OCPP 1.6, and how it answers. Signed readings travel in format SignedData."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from ocpp.v16.enums import Action

from services.domain.units import Millis, rfc3339
from services.simulator.connection import Message, Part, Payload
from services.simulator.dialect import REGISTER, Refusal, said
from services.simulator.meter import SignedRecord
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

SUBPROTOCOL = "ocpp1.6"
KNOWN_ACTIONS = frozenset(action.value for action in Action)


class V16:
    """OCPP 1.6 for one station."""

    subprotocol = SUBPROTOCOL

    def __init__(self, spec: StationSpec, meter_key_hex: str, sample_every_s: int) -> None:
        self._spec = spec
        self._key_hex = meter_key_hex
        self._status = "Available"
        self._configuration = {
            "HeartbeatInterval": ("300", False),
            "MeterValueSampleInterval": (str(sample_every_s), False),
            "TransactionMessageAttempts": ("1000000", False),
            "TransactionMessageRetryInterval": ("1", False),
            "WebSocketPingInterval": ("0", False),
            "NumberOfConnectors": ("1", True),
            "MeterPublicKey1": (meter_key_hex, True),
        }

    def boot(self) -> Message:
        spec = self._spec
        return said(
            "BootNotification",
            {
                "chargePointVendor": spec.vendor,
                "chargePointModel": spec.model,
                "chargePointSerialNumber": spec.serial,
                "firmwareVersion": spec.firmware,
                "meterSerialNumber": spec.serial,
                "meterType": "OCMF",
            },
        )

    def introduce(self, now: Millis) -> list[Message]:
        """What follows an accepted boot: the state of the connector and the meter's key."""
        key = {"connectorId": 1, "meterSerial": self._spec.serial, "type": "SIGNATURE", "publicKey": self._key_hex}
        data = orjson.dumps({"meters": [key]}).decode()
        transfer = {"vendorId": "generalConfiguration", "messageId": "setMeterConfiguration", "data": data}
        return [self._status_message(self._status, now), said("DataTransfer", transfer)]

    def heartbeat(self) -> Message:
        return said("Heartbeat", {})

    def messages(self, step: Step, offline: bool) -> list[Message]:
        """The calls that tell about a step; 1.6 has no word for `offline` but the timestamps."""
        match step:
            case PluggedIn():
                return [self._status_message("Preparing", step.at)]
            case CardShown():
                token = {"idTag": step.transaction.visit.token_uid}
                return [Message("Authorize", lambda: token, step.transaction)]
            case Started():
                return self._started(step)
            case Sampled():
                return self._sampled(step)
            case Stopped():
                return self._stopped(step)
        return [self._status_message("Available", step.at)]

    def learn(self, message: Message, answer: Payload) -> None:
        """Take from an answer what later messages need: the transaction id, a refusal of the card."""
        transaction = message.transaction
        if transaction is None:
            return
        if message.part is Part.START:
            given = str(answer.get("transactionId"))
            if transaction.transaction_id not in (None, given):
                transaction.problems.append(
                    f"transaction {transaction.transaction_id} became {given} in a repetition"
                )
            transaction.transaction_id = given
        info = answer.get("idTagInfo")
        status = info.get("status") if isinstance(info, dict) else None
        if status not in (None, "Accepted"):
            transaction.problems.append(f"{message.action} was answered {status}")
            transaction.refused = transaction.refused or message.action == "Authorize"

    def answer(self, action: str, payload: Payload, station: Station, now: Millis) -> Payload:
        """Carry out a call of the backend; raises Refusal."""
        match action:
            case "RemoteStartTransaction":
                token = _field(payload, "idTag", str)
                accepted = payload.get("connectorId", 1) == 1 and station.remote_start(token, 0, now)
                return {"status": "Accepted" if accepted else "Rejected"}
            case "RemoteStopTransaction":
                stopped = station.remote_stop(str(_field(payload, "transactionId", int)), now)
                return {"status": "Accepted" if stopped else "Rejected"}
            case "GetConfiguration":
                return self._get_configuration(payload.get("key") or list(self._configuration))
            case "ChangeConfiguration":
                return {"status": self._change(_field(payload, "key", str), _field(payload, "value", str))}
        code = "NotSupported" if action in KNOWN_ACTIONS else "NotImplemented"
        raise Refusal(code, f"{action} is not offered by this station")

    def _get_configuration(self, keys: list[Any]) -> Payload:
        known = [key for key in keys if key in self._configuration]
        entries = [
            {"key": key, "readonly": self._configuration[key][1], "value": self._configuration[key][0]}
            for key in known
        ]
        return {"configurationKey": entries, "unknownKey": [key for key in keys if key not in known]}

    def _change(self, key: str, value: str) -> str:
        if key not in self._configuration:
            return "NotSupported"
        if self._configuration[key][1]:
            return "Rejected"
        self._configuration[key] = (value, False)
        return "Accepted"

    def _started(self, step: Started) -> list[Message]:
        transaction = step.transaction
        start = {
            "connectorId": 1,
            "idTag": transaction.visit.token_uid,
            "meterStart": int(step.register_wh),
            "timestamp": rfc3339(step.at),
        }
        samples = [_register(step, "Transaction.Begin")]
        if step.signed is not None:
            samples.append(_signed(step.signed, "Transaction.Begin", transaction))
        return [
            Message("StartTransaction", lambda: None if transaction.refused else start, transaction, Part.START),
            _meter_values(transaction, step.at, samples),
            *self._changed("Charging", step.at),
        ]

    def _sampled(self, step: Sampled) -> list[Message]:
        power = {"value": str(step.power_w), "measurand": "Power.Active.Import", "unit": "W"}
        samples = [_register(step, "Sample.Periodic"), power | {"context": "Sample.Periodic"}]
        status = "Charging" if step.power_w else "SuspendedEV"
        return [*self._changed(status, step.at), _meter_values(step.transaction, step.at, samples)]

    def _stopped(self, step: Stopped) -> list[Message]:
        samples = [_register(step, "Transaction.End"), _signed(step.signed, "Transaction.End", step.transaction)]
        stop = {
            "idTag": step.transaction.visit.token_uid,
            "meterStop": int(step.register_wh),
            "timestamp": rfc3339(step.at),
            "reason": step.reason,
            "transactionData": [{"timestamp": rfc3339(step.at), "sampledValue": samples}],
        }
        payload = partial(_with_id, step.transaction, stop)
        return [
            Message("StopTransaction", payload, step.transaction, Part.STOP),
            *self._changed("Finishing", step.at),
        ]

    def _changed(self, status: str, at: Millis) -> list[Message]:
        return [] if status == self._status else [self._status_message(status, at)]

    def _status_message(self, status: str, at: Millis) -> Message:
        self._status = status
        report = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": rfc3339(at)}
        return said("StatusNotification", report)


def _field(payload: Payload, name: str, kind: Callable[..., Any]) -> Any:
    value = payload.get(name)
    if type(value) is not kind:
        raise Refusal("FormationViolation", f"{name} is missing or of the wrong type")
    return value


def _register(step: Started | Sampled | Stopped, context: str) -> Payload:
    return {"value": f"{step.register_wh:f}", "context": context, "measurand": REGISTER, "unit": "Wh"}


def _signed(record: SignedRecord, context: str, transaction: Transaction) -> Payload:
    transaction.signed_sha256.append(hashlib.sha256(record.text.encode()).hexdigest())
    return {"value": record.text, "context": context, "format": "SignedData", "measurand": REGISTER}


def _meter_values(transaction: Transaction, at: Millis, samples: list[Payload]) -> Message:
    content = {"connectorId": 1, "meterValue": [{"timestamp": rfc3339(at), "sampledValue": samples}]}
    return Message("MeterValues", partial(_with_id, transaction, content), transaction, Part.UPDATE)


def _with_id(transaction: Transaction, content: Payload) -> Payload | None:
    """Only known once StartTransaction has been answered, which the order of the queue guarantees."""
    if transaction.refused:
        return None
    return content | {"transactionId": int(transaction.transaction_id or 0)}
