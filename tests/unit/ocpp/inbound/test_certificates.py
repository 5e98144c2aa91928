from base64 import b64decode
from dataclasses import replace
from typing import Any

import orjson
import pytest

from services.domain.events.station import ReportReceived
from services.ocpp.inbound.certificates import get_certificate_status, get_ev_certificate
from services.ocpp.inbound.reply import Context, EvCertificates, Reply
from tests.integration.contract_pki import EXI_RESPONSE, Operator, hash_data
from tests.unit.ocpp.circumstances import EDGE, NOW, V21, V201, context, fits

MO = Operator()
STATUS = {"ocspRequestData": hash_data(MO.sub_ca.certificate, MO.root.certificate, MO.ocsp_url)}
EV = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": "Install", "exiRequest": "gJgC"}


def asking(protocol: str = V201, **changes: Any) -> Context:
    known = {
        "ocsp_responders": (MO.ocsp_url,),
        "ev_certificates": EvCertificates("https://pool.example/", "secret"),
    }
    found = context(protocol)
    found.edge = replace(EDGE, **(known | changes))
    return found


def answered(reply: Reply, *answers: bytes | None) -> Reply:
    assert reply.inquiry is not None
    assert len(reply.inquiry.questions) == len(answers)
    return reply.inquiry.then(answers, NOW + 9)


def kept(reply: Reply) -> ReportReceived:
    (event,) = reply.events
    assert isinstance(event, ReportReceived)
    assert reply.durable
    assert orjson.loads(event.answer_json or "") == reply.payload
    return event


class TestCertificateStatus:
    @pytest.mark.parametrize("protocol", [V201, V21])
    def test_is_what_the_responder_says(self, protocol: str) -> None:
        asked = get_certificate_status(STATUS, asking(protocol))
        assert asked.inquiry is not None
        (question,) = asked.inquiry.questions
        assert (question.url, question.content_type) == (MO.ocsp_url, "application/ocsp-request")
        said = MO.answer(question.body)
        reply = answered(asked, said)
        assert reply.payload["status"] == "Accepted"
        assert b64decode(reply.payload["ocspResult"]) == said
        assert kept(reply).recorded_at == NOW + 9
        assert fits(protocol, "GetCertificateStatus", reply)

    @pytest.mark.parametrize("answer", [None, b"", b"<html>nothing here</html>", b"\x30\x03\x0a\x01\x06"])
    def test_is_failed_without_a_usable_answer(self, answer: bytes | None) -> None:
        reply = answered(get_certificate_status(STATUS, asking()), answer)
        assert reply.payload["status"] == "Failed"
        assert fits(V201, "GetCertificateStatus", reply)
        kept(reply)

    @pytest.mark.parametrize(
        "odd",
        [
            {"responderURL": "http://169.254.169.254/"}, {"responderURL": ""}, {"responderURL": MO.ocsp_url + "x"},
            {"responderURL": MO.ocsp_url + "/../admin"}, {"hashAlgorithm": "MD5"}, {"serialNumber": "none"},
        ],
    )  # fmt: skip
    def test_is_failed_and_nobody_is_asked_where_that_is_not_allowed(self, odd: dict[str, str]) -> None:
        payload = {"ocspRequestData": STATUS["ocspRequestData"] | odd}
        reply = get_certificate_status(payload, asking())
        assert reply.inquiry is None
        assert reply.payload["status"] == "Failed"
        kept(reply)

    @pytest.mark.parametrize("url", [MO.ocsp_url + "/sub-ca", MO.ocsp_url.upper()])
    def test_is_asked_below_what_is_allowed_and_in_any_case(self, url: str) -> None:
        payload = {"ocspRequestData": STATUS["ocspRequestData"] | {"responderURL": url}}
        assert get_certificate_status(payload, asking()).inquiry is not None

    def test_is_not_asked_anywhere_by_default(self) -> None:
        assert get_certificate_status(STATUS, asking(ocsp_responders=())).inquiry is None


class TestEvCertificate:
    @pytest.mark.parametrize("protocol", [V201, V21])
    def test_is_the_pools(self, protocol: str) -> None:
        asked = get_ev_certificate(EV, asking(protocol))
        assert asked.inquiry is not None
        (question,) = asked.inquiry.questions
        assert question.url == "https://pool.example/v1/ccp/signedContractData"
        assert question.headers == (("authorization", "Bearer secret"),)
        reply = answered(asked, MO.pooled(question.body))
        assert reply.payload == {"status": "Accepted", "exiResponse": EXI_RESPONSE}
        assert MO.requests[-1]["certificateInstallationReq"] == "gJgC"
        assert fits(protocol, "Get15118EVCertificate", reply)
        kept(reply)

    def test_is_asked_without_token_where_there_is_none(self) -> None:
        asked = get_ev_certificate(EV, asking(ev_certificates=EvCertificates("https://pool.example")))
        assert asked.inquiry is not None
        assert asked.inquiry.questions[0].headers == ()

    @pytest.mark.parametrize(
        "answer",
        [
            None, b"", b"[]", b"5", b'{"CCPResponse":{"emaidContent":[]}}', b'{"CCPResponse":null}',
            b'{"CCPResponse":{"emaidContent":[{"messageDef":{"certificateInstallationRes":""}}]}}',
            b'{"CCPResponse":{"emaidContent":[{"messageDef":{"certificateInstallationRes":7}}]}}',
            MO.pooled(b"{}").replace(EXI_RESPONSE.encode(), b"x" * 7501),
        ],
    )  # fmt: skip
    def test_is_failed_without_a_usable_answer(self, answer: bytes | None) -> None:
        reply = answered(get_ev_certificate(EV, asking()), answer)
        assert (reply.payload["status"], reply.payload["exiResponse"]) == ("Failed", "")
        assert fits(V201, "Get15118EVCertificate", reply)
        kept(reply)

    def test_is_failed_where_there_is_no_pool(self) -> None:
        reply = get_ev_certificate(EV, asking(ev_certificates=None))
        assert reply.inquiry is None
        assert reply.payload["status"] == "Failed"
        assert fits(V201, "Get15118EVCertificate", reply)
