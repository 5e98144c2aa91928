"""Stations that charge one session each and send what their meter signed in one of the shapes of the field."""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import orjson
from websockets.asyncio.client import ClientConnection

from services.domain.units import rfc3339
from services.ocpp.wire.faults import V21
from tests.integration.ocpp_case import V16, V201, RunningEdge, call
from tests.integration.soap_case import SoapStation
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.evidence.signing import ENDED, ENERGY, STARTED, key
from tests.unit.ocpi.facts import UID

START_WH = 1_000_500
STOP_WH = START_WH + int(ENERGY)
BEGIN, END = "Transaction.Begin", "Transaction.End"
WRAPPED_KEY = b64encode(f"oca:base16:asn1:{key()}".encode()).decode()
"""The meter's public key in the spelling of the Open Charge Alliance."""

Say = Callable[[str, dict[str, Any]], Awaitable[Any]]


def as_text(record: str) -> str:
    return record


def as_hex(record: str) -> str:
    return record.encode().hex().upper()


def as_base64(record: str) -> str:
    return b64encode(record.encode()).decode()


def as_json(record: str) -> str:
    """OCA's application note; odd spaces, which have to stay."""
    told = {"signedMeterData": as_base64(record), "encodingMethod": "OCMF", "signingMethod": "",
            "publicKey": WRAPPED_KEY}  # fmt: skip
    return json.dumps(told, separators=(" ,", " : "))


@dataclass(frozen=True, slots=True)
class Meter:
    """What a meter signs at the begin and at the end of one session, and how its station sends that."""

    station_id: str
    shape: Callable[[str], str]
    padding: int = 0

    @property
    def records(self) -> tuple[str, str]:
        """Signed texts with all that a careless writer of JSON or XML would change."""
        odd = {"GI": "G\u00e4teway <\u00b5> & 'co'", "MV": "x" * self.padding or None}
        texts = (payload(begin(), **odd), payload(end(), PG="T8", **odd))
        whole = [text.replace("\\u00b5", "\u00b5").replace("1000.5,", "1000.500 ,") for text in texts]
        return signed(whole[0]), signed(whole[1])

    @property
    def sent(self) -> tuple[str, str]:
        """The same as it stands in the frames."""
        first, last = self.records
        return self.shape(first), self.shape(last)


def _said(socket: ClientConnection) -> Say:
    numbers = iter(range(1_000))

    async def say(action: str, told: dict[str, Any]) -> Any:
        answered = await call(socket, action, told, f"m{next(numbers)}")
        assert answered[0] == 3, answered
        return answered[2]

    return say


def _reading(at: int, value: str, context: str) -> dict[str, Any]:
    return {
        "timestamp": rfc3339(at),
        "sampledValue": [{"value": value, "format": "SignedData", "context": context}],
    }


async def charge_16(
    edge: RunningEdge, meter: Meter, show: Callable[[ClientConnection, Say], Awaitable[None]]
) -> None:
    """OCPP 1.6 J: the first value comes in MeterValues, the last one with the stop."""
    async with edge.connect(meter.station_id, (V16,)) as socket:
        say = _said(socket)
        await say("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        await show(socket, say)
        start = {"connectorId": 1, "idTag": UID, "meterStart": START_WH, "timestamp": rfc3339(STARTED)}
        transaction = (await say("StartTransaction", start))["transactionId"]
        first, last = meter.sent
        told = {"connectorId": 1, "transactionId": transaction, "meterValue": [_reading(STARTED, first, BEGIN)]}
        await say("MeterValues", told)
        stop = {"transactionId": transaction, "meterStop": STOP_WH, "timestamp": rfc3339(ENDED), "idTag": UID}
        await say("StopTransaction", stop | {"transactionData": [_reading(ENDED, last, END)]})


async def show_nothing(socket: ClientConnection, say: Say) -> None:
    """Its key comes with its values."""


async def show_by_data_transfer(socket: ClientConnection, say: Say) -> None:
    await say("DataTransfer", data_transfer())


def data_transfer() -> dict[str, str]:
    meters = [{"connectorId": 1, "meterSerial": "M1", "type": "SIGNATURE", "publicKey": key()}]
    told = {"vendorId": "generalConfiguration", "messageId": "setMeterConfiguration"}
    return told | {"data": json.dumps({"meters": meters})}


def show_by_configuration_key(edge: RunningEdge, station_id: str, name: str) -> Any:
    """Asked for its configuration, the station shows the key under this name."""

    async def show(socket: ClientConnection, say: Say) -> None:
        asked = await edge.ask(station_id, "GetConfiguration", {"key": [name]})
        request = orjson.loads(await socket.recv())
        entry = {"key": name, "readonly": True, "value": key()}
        await socket.send(orjson.dumps([3, request[1], {"configurationKey": [entry]}]).decode())
        assert (await edge.result(asked)).outcome.value == "ACCEPTED"

    return show


async def charge_16_soap(port: int, meter: Meter) -> None:
    """OCPP 1.6 S: both values come with the stop."""
    station = SoapStation(port, meter.station_id)

    async def say(message: str, inner: str) -> Any:
        answered = await station.say(message, inner)
        assert (answered.status, answered.fault) == (200, ())
        return answered

    def reading(at: int, value: str, context: str) -> str:
        return (
            f"<transactionData><timestamp>{rfc3339(at)}</timestamp><sampledValue><value>{escape(value)}</value>"
            f"<context>{context}</context><format>SignedData</format></sampledValue></transactionData>"
        )

    model = "<chargePointVendor>V</chargePointVendor><chargePointModel>M</chargePointModel>"
    await say("bootNotificationRequest", model)
    parts = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in data_transfer().items())
    await say("dataTransferRequest", parts)
    begun = await say(
        "startTransactionRequest",
        f"<connectorId>1</connectorId><idTag>{UID}</idTag><timestamp>{rfc3339(STARTED)}</timestamp>"
        f"<meterStart>{START_WH}</meterStart>",
    )
    first, last = meter.sent
    await say(
        "stopTransactionRequest",
        f"<transactionId>{begun.get('transactionId')}</transactionId><idTag>{UID}</idTag>"
        f"<timestamp>{rfc3339(ENDED)}</timestamp><meterStop>{STOP_WH}</meterStop>"
        f"{reading(STARTED, first, BEGIN)}{reading(ENDED, last, END)}",
    )


async def charge_2x(edge: RunningEdge, protocol: str, meter: Meter) -> None:
    """OCPP 2.0.1 says the key with the value, 2.1 may leave it out: that one reports it as a variable."""
    async with edge.connect(meter.station_id, (protocol,)) as socket:
        say = _said(socket)
        boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
        await say("BootNotification", boot)
        if protocol == V21:
            variable = {
                "component": {"name": "FiscalMetering", "evse": {"id": 1}},
                "variable": {"name": "MeterPublicKey"},
                "variableAttribute": [{"value": key()}],
            }
            report = {"requestId": 1, "generatedAt": rfc3339(STARTED), "seqNo": 0, "reportData": [variable]}
            await say("NotifyReport", report)
        with_it = {"signingMethod": "ECDSA-secp256r1-SHA256", "publicKey": WRAPPED_KEY} if protocol == V201 else {}
        parts = zip(("Started", "Ended"), (STARTED, ENDED), (START_WH, STOP_WH), meter.sent, strict=True)
        for number, (kind, at, register_wh, record) in enumerate(parts):
            value = {
                "value": register_wh,
                "context": BEGIN if kind == "Started" else END,
                "signedMeterValue": {"signedMeterData": record, "encodingMethod": "OCMF"} | with_it,
            }
            await say("TransactionEvent", {
                "eventType": kind, "timestamp": rfc3339(at), "triggerReason": "Authorized", "seqNo": number,
                "transactionInfo": {"transactionId": f"t-{meter.station_id}"},
                "idToken": {"idToken": UID, "type": "ISO14443"}, "evse": {"id": 1, "connectorId": 1},
                "meterValue": [{"timestamp": rfc3339(at), "sampledValue": [value]}],
            })  # fmt: skip
