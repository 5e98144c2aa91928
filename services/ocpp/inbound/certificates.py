"""Block M, certificates: whether one is still good (M06), contract certificates for EVs (M01, M02)."""

from base64 import b64encode
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import orjson

from services.domain.units import Millis
from services.ocpp.inbound.reply import Answer, Context, EvCertificates, Inquiry, Question, Reply
from services.ocpp.inbound.reports import reported
from services.ocpp.wire import ocsp

FAILED: Final = "Failed"
ACCEPTED: Final = "Accepted"
MAX_OCSP_RESULT: Final = 5500
"""OCPP 2.0.1; 2.1 takes more."""

MAX_EXI: Final = {"ocpp2.0.1": 7500, "ocpp2.1": 17000}
_MAX_ANSWER: Final = 65_536
_CONTRACT_DATA: Final = "/v1/ccp/signedContractData"

_GET_STATUS: Final = "GetCertificateStatus"
_GET_EV: Final = "Get15118EVCertificate"


def get_certificate_status(payload: dict[str, Any], context: Context) -> Reply:
    """M06.FR.02, FR.04: what the responder that the station names says, if it is one of those that we ask."""
    data = payload["ocspRequestData"]
    try:
        question = ocsp_question(data["responderURL"], ocsp.subject(data), context.edge.ocsp_responders)
    except ValueError as error:
        return _said(_GET_STATUS, payload, context, _failed(str(error)))
    return Reply({}, inquiry=Inquiry((question,), partial(_certificate_status, payload, context)))


def get_ev_certificate(payload: dict[str, Any], context: Context) -> Reply:
    """M01, M02: the EV's request goes to the contract certificate pool as it is, and its answer back."""
    pool = context.edge.ev_certificates
    if pool is None:
        return _said(
            _GET_EV, payload, context, _failed("there is no contract certificate pool") | {"exiResponse": ""}
        )
    question = _pool_question(pool, payload)
    return Reply({}, inquiry=Inquiry((question,), partial(_ev_certificate, payload, context)))


def ocsp_question(url: str, about: ocsp.Subject, responders: Sequence[str]) -> Question:
    """To ask a responder about a certificate; ValueError unless it is one that we ask: stations name any."""
    asked = url.lower()
    allowed = any(asked == one or asked.startswith(one.rstrip("/") + "/") for one in map(str.lower, responders))
    if not allowed or "/.." in url:
        raise ValueError(f"{url[:80]} is no responder that is asked")
    return Question(url, ocsp.request(about), ocsp.CONTENT_TYPE, most_bytes=_MAX_ANSWER)


def _pool_question(pool: EvCertificates, payload: dict[str, Any]) -> Question:
    """Open Plug&Charge Protocol: what a CPO asks of a contract certificate pool."""
    asked = {
        "certificateInstallationReq": payload["exiRequest"],
        "xsdMsgDefNamespace": payload["iso15118SchemaVersion"],
    }
    headers = (("authorization", f"Bearer {pool.token}"),) if pool.token else ()
    url = pool.url.rstrip("/") + _CONTRACT_DATA
    return Question(url, orjson.dumps(asked), "application/json", headers, _MAX_ANSWER)


def _certificate_status(
    payload: dict[str, Any], context: Context, answers: Sequence[Answer], now_ms: Millis
) -> Reply:
    (answer,) = answers
    context.now_ms = now_ms
    said = _failed("the responder gave no usable answer")
    if isinstance(answer, bytes) and ocsp.is_answer(answer):
        result = b64encode(answer).decode()
        said = {"status": ACCEPTED, "ocspResult": result} if len(result) <= MAX_OCSP_RESULT else said
    return _said(_GET_STATUS, payload, context, said)


def _ev_certificate(payload: dict[str, Any], context: Context, answers: Sequence[Answer], now_ms: Millis) -> Reply:
    (answer,) = answers
    context.now_ms = now_ms
    found = _installation_response(answer)
    if found is None or len(found) > MAX_EXI.get(context.protocol, MAX_EXI["ocpp2.0.1"]):
        return _said(_GET_EV, payload, context, _failed("the pool has no usable answer") | {"exiResponse": ""})
    return _said(_GET_EV, payload, context, {"status": ACCEPTED, "exiResponse": found})


def _installation_response(answer: Answer) -> str | None:
    """The first contract that the pool has for the EV; in ISO 15118-2 there is one."""
    try:
        found = orjson.loads(answer if isinstance(answer, bytes) else b"")["CCPResponse"]["emaidContent"][0][
            "messageDef"
        ]
        exi = found["certificateInstallationRes"]
    except (ValueError, LookupError, TypeError):
        return None
    return exi if isinstance(exi, str) and exi else None


def _said(operation: str, payload: dict[str, Any], context: Context, answer: dict[str, Any]) -> Reply:
    """The message is kept whole, with the answer."""
    return reported(operation, lambda _payload, _context: answer)(payload, context)


def _failed(why: str) -> dict[str, Any]:
    return {"status": FAILED, "statusInfo": {"reasonCode": "NotAvailable", "additionalInfo": why[:512]}}
