"""The bytes that a meter signed, from the station's frame to a partner, in every shape in which they are sent."""

import base64
import hashlib
import json
from typing import Any

import orjson
import pytest

from services.domain.events.cdr import Cdr
from services.domain.events.common import EvidenceOutcome, MeterKeyStatus, SignedMeterValue
from services.domain.events.session import SessionEnded
from services.domain.signed_meter.session import judge
from services.evidence.received import records
from services.evidence.routing import to_verify
from services.evidence.verdict import judged
from services.ocpi.outbound.signed_data import as_base64
from services.ocpp.inbound import transactions as v201
from services.ocpp.inbound.v16.transactions import start_transaction, stop_transaction
from tests.scenarios.story import cdrs_run, sessions_run
from tests.unit.domain.signed_meter.ocmf_records import begin, end, payload, signed
from tests.unit.evidence.signing import key
from tests.unit.evidence.test_verdict import version
from tests.unit.ocpp.circumstances import V16, V201, context

RECORD = signed(payload(begin(), end()))
BASE64 = base64.b64encode(RECORD.encode()).decode()
WRAPPED = base64.b64encode(f"oca:base16:asn1:{key()}".encode()).decode()
NOTE = {"encodingMethod": "OCMF", "signingMethod": "", "publicKey": WRAPPED}
SHAPES = {
    "text": RECORD,
    "hexadecimal": RECORD.encode().hex(),
    "base64": BASE64,
    "note": json.dumps({"signedMeterData": BASE64, **NOTE}),
    "note in the other spelling": json.dumps({"signedMeterValue": BASE64, **NOTE}, indent=1),
}
START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 1_000_500, "timestamp": "2026-03-01T09:00:00Z"}


def received(frame: dict[str, Any]) -> dict[str, Any]:
    """As it comes out of the WebSocket."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(frame))
    return found


def by_ocpp16(text: str) -> list[Any]:
    started = start_transaction(received(START), context(V16))
    sample = {"value": text, "format": "SignedData", "context": "Transaction.End"}
    stop = {
        "transactionId": started.payload["transactionId"], "meterStop": 1_012_750,
        "timestamp": "2026-03-01T09:45:00Z",
        "transactionData": [{"timestamp": "2026-03-01T09:45:00Z", "sampledValue": [sample]}],
    }  # fmt: skip
    return [*started.events, *stop_transaction(received(stop), context(V16)).events]


def by_ocpp201(text: str) -> list[Any]:
    def said(kind: str, at: str, seq_no: int, sample: dict[str, Any]) -> list[Any]:
        frame = {
            "eventType": kind, "timestamp": at, "triggerReason": "Authorized", "seqNo": seq_no, "evse": {"id": 1},
            "transactionInfo": {"transactionId": "tx-1"},
            "meterValue": [{"timestamp": at, "sampledValue": [sample]}],
        }  # fmt: skip
        return list(v201.transaction_event(received(frame), context(V201)).events)

    value = {"signedMeterData": text, "encodingMethod": "OCMF", "signingMethod": "", "publicKey": WRAPPED}
    last = {"value": 1_012_750, "context": "Transaction.End", "signedMeterValue": value}
    first = {"value": 1_000_500, "context": "Transaction.Begin"}
    return [*said("Started", "2026-03-01T09:00:00Z", 0, first), *said("Ended", "2026-03-01T09:45:00Z", 1, last)]


def carried(events: list[Any]) -> tuple[SessionEnded, Cdr, SignedMeterValue]:
    """The session's end and its record, with the one signed value."""
    sessions, cdrs = sessions_run(), cdrs_run()
    for event in events:
        if event.TOPIC == "transaction.events.v1":
            cdrs.take(*(one for one in sessions.take(event) if one.TOPIC == "session.events.v1"))
    (ended,), record = sessions.of(SessionEnded), cdrs.of(Cdr)[-1]
    (value,) = record.detail.signed_meter_values
    return ended, record, value


CASES = [pytest.param(by_ocpp16, text, id=f"1.6 {name}") for name, text in SHAPES.items()]
CASES.append(pytest.param(by_ocpp201, BASE64, id="2.0.1"))


@pytest.mark.parametrize(("sent_by", "text"), CASES)
class TestSignedBytes:
    def test_are_the_same_from_frame_to_record_to_ocpi(self, sent_by: Any, text: str) -> None:
        _, record, value = carried(sent_by(text))
        digest = hashlib.sha256(text.encode()).hexdigest()
        assert (hashlib.sha256(value.signed_data).hexdigest(), value.sha256) == (digest, digest)
        told = as_base64(value, record.detail.protocol)
        assert told == text or base64.b64decode(told) == text.encode()

    def test_prove_the_session(self, sent_by: Any, text: str) -> None:
        ended, _, value = carried(sent_by(text))
        assert judge(records(value, key())).transaction_ok is True
        verdict = judged(to_verify(ended), (version(status=MeterKeyStatus.APPROVED),))
        assert (verdict.outcome, verdict.findings) == (EvidenceOutcome.OK, ())

    def test_bring_the_key_and_encoding_that_stand_beside_them(self, sent_by: Any, text: str) -> None:
        _, _, value = carried(sent_by(text))
        beside = text.startswith("{") or sent_by is by_ocpp201
        assert (value.encoding_method, value.public_key) == (("OCMF", WRAPPED) if beside else ("", ""))
