"""Block A: security events and requests to sign certificates."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.events.station import CertificateSigningRequested, SecurityEventRaised
from services.ocpp.inbound.reply import Reply
from services.ocpp.inbound.security import security_event, sign_certificate
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16, V21, V201, context, fits

EVENT = {"type": "InvalidChargePointCertificate", "timestamp": "2026-09-21T14:13:19Z", "techInfo": "expired"}
CSR = """-----BEGIN CERTIFICATE REQUEST-----
MIHLMHICAQAwEDEOMAwGA1UEAwwFQ1AwMDEwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAATPD8SAu3BmFg3DwViCln4FwRS/Gz747PoArZNKYzLXpEgPr57sQeDxOjn/
zcNHa59WTSJ3BNJ18dBJbcu9n10JoAAwCgYIKoZIzj0EAwIDSQAwRgIhALXyiwGF
CNGX4e7VP0dK3rzK4zYqkXdXIQ/dzhvUCiAYAiEA7RevnQz/bSFSm20soT9BI/t1
Ug2fN/0V/P8scQpYfF8=
-----END CERTIFICATE REQUEST-----
"""


def raised(reply: Reply) -> SecurityEventRaised:
    (event,) = reply.events
    assert isinstance(event, SecurityEventRaised)
    return event


def requested(reply: Reply) -> CertificateSigningRequested:
    (event,) = reply.events
    assert isinstance(event, CertificateSigningRequested)
    return event


OF_NO_VERSION = CSR.replace("MIHLMHICAQAw", "MIHLMHICAT4w")
"""The same with 62 for its version: no kind of ValueError where it is read."""


class TestSecurityEvent:
    def test_is_kept_with_both_times(self) -> None:
        event = raised(security_event(EVENT, context()))
        assert event == SecurityEventRaised(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            type="InvalidChargePointCertificate",
            detail="expired",
            occurred_at=NOW - 1000,
            recorded_at=NOW,
        )

    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    def test_is_answered_when_that_is_durable(self, protocol: str) -> None:
        reply = security_event(EVENT, context(protocol))
        assert reply.durable
        assert fits(protocol, "SecurityEventNotification", reply)

    def test_may_say_no_more_than_its_type(self) -> None:
        assert raised(security_event({k: v for k, v in EVENT.items() if k != "techInfo"}, context())).detail == ""

    def test_is_one_however_often_it_is_sent(self) -> None:
        first = raised(security_event(EVENT, context(message_id="a")))
        assert first.event_id == raised(security_event(EVENT, context(message_id="b", epoch=9))).event_id

    @pytest.mark.parametrize("change", [{"type": "X"}, {"timestamp": "2026-09-21T14:13:18Z"}, {"techInfo": ""}])
    def test_is_another_event_when_anything_differs(self, change: dict[str, str]) -> None:
        first = raised(security_event(EVENT, context()))
        assert first.event_id != raised(security_event(EVENT | change, context())).event_id

    @pytest.mark.parametrize("timestamp", ["", "yesterday", "1970-01-01T00:00:00Z", "222222017-10-27T19:10:11Z"])
    def test_happened_now_when_its_time_cannot_be_used(self, timestamp: str) -> None:
        assert raised(security_event(EVENT | {"timestamp": timestamp}, context())).occurred_at == NOW


class TestSignCertificate:
    def test_is_recorded_for_whoever_signs(self) -> None:
        payload = {"csr": CSR, "certificateType": "V2GCertificate"}
        event = requested(sign_certificate(payload, context()))
        assert (event.csr, event.certificate_type, event.request_id) == (CSR, "V2GCertificate", None)
        assert (event.protocol, event.recorded_at) == (V201, NOW)
        assert requested(sign_certificate(payload | {"requestId": 5}, context(V21))).request_id == 5

    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    @pytest.mark.parametrize(("signs", "word"), [(True, "Accepted"), (False, "Rejected")])
    def test_is_accepted_where_somebody_signs(self, protocol: str, signs: bool, word: str) -> None:
        circumstances = context(protocol)
        circumstances.edge = replace(EDGE, signs_certificates=signs)
        reply = sign_certificate({"csr": CSR}, circumstances)
        assert reply.payload == {"status": word}
        assert reply.durable
        assert fits(protocol, "SignCertificate", reply)

    def test_is_one_request_for_one_csr(self) -> None:
        first = requested(sign_certificate({"csr": CSR}, context(message_id="a")))
        assert first.event_id == requested(sign_certificate({"csr": CSR}, context(message_id="b"))).event_id
        assert first.event_id != requested(sign_certificate({"csr": CSR + "x"}, context())).event_id

    @pytest.mark.parametrize("csr", ["", "\x00", "x" * 60_000, "-----BEGIN PRIVATE KEY-----", OF_NO_VERSION])
    def test_rejects_what_is_no_request_and_keeps_it(self, csr: Any) -> None:
        circumstances = context()
        circumstances.edge = replace(EDGE, signs_certificates=True)
        reply = sign_certificate({"csr": csr}, circumstances)
        assert reply.payload == {"status": "Rejected"}
        assert requested(reply).csr == csr
