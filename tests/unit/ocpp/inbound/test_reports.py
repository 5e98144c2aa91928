"""Messages that are kept whole."""

from typing import Any

import orjson
import pytest

from services.domain.events.station import ReportReceived
from services.ocpp.inbound.reply import Inbound, Reply
from services.ocpp.inbound.reports import REPORTS_V21, REPORTS_V201, empty, reported, status
from services.ocpp.wire.faults import Refused
from services.ocpp.wire.schemas import actions
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V21, V201, context, fits

WHEN = "2026-09-21T14:13:19Z"


def received(reply: Reply) -> ReportReceived:
    (event,) = reply.events
    assert isinstance(event, ReportReceived)
    return event


class TestReported:
    inbound: Inbound = staticmethod(reported("ReportChargingProfiles", empty))

    def test_keeps_the_whole_message(self) -> None:
        payload = {"requestId": 5, "evseId": 1, "chargingLimitSource": "EMS", "chargingProfile": [], "tbc": True}
        reply = self.inbound(payload, context())
        event = received(reply)
        assert event == ReportReceived(
            event_id=event.event_id,
            tenant=TENANT,
            station_id=STATION,
            protocol=V201,
            operation="ReportChargingProfiles",
            request_id=5,
            seq_no=0,
            last=False,
            payload_json=event.payload_json,
            recorded_at=NOW,
        )
        assert orjson.loads(event.payload_json) == payload
        assert (reply.payload, reply.durable) == ({}, True)

    @pytest.mark.parametrize(
        ("payload", "last"),
        [
            ({}, True),
            ({"tbc": False}, True),
            ({"tbc": True}, False),
            ({"pending": 0}, True),
            ({"pending": 3}, False),
        ],
    )
    def test_says_whether_more_follows(self, payload: dict[str, Any], last: bool) -> None:
        assert received(self.inbound(payload, context())).last is last

    @pytest.mark.parametrize("name", ["generatedAt", "timestamp", "basetime"])
    def test_knows_when_it_was_made(self, name: str) -> None:
        assert received(self.inbound({name: WHEN}, context())).generated_at == NOW - 1000
        strange = received(self.inbound({name: "soon"}, context()))
        assert (strange.generated_at, len(strange.warnings)) == (NOW, 1)

    def test_may_be_without_a_time(self) -> None:
        assert received(self.inbound({}, context())).generated_at is None

    def test_has_a_number_when_it_is_a_part(self) -> None:
        assert received(self.inbound({"seqNo": 4}, context())).seq_no == 4
        strange = received(self.inbound({"seqNo": 2**40}, context()))
        assert (strange.seq_no, len(strange.warnings)) == (0, 1)

    @pytest.mark.parametrize("told", [{"requestId": 1}, {"seqNo": 0}, {"generatedAt": WHEN}])
    def test_is_one_report_by_its_content(self, told: dict[str, Any]) -> None:
        first = received(self.inbound(told, context(message_id="a")))
        assert first.event_id == received(self.inbound(told, context(message_id="b"))).event_id
        assert first.event_id != received(self.inbound(told | {"x": 1}, context())).event_id

    def test_is_one_per_message_when_nothing_numbers_it(self) -> None:
        told = {"evseId": 1}
        first = received(self.inbound(told, context(message_id="a")))
        assert first.event_id == received(self.inbound(told, context(message_id="a"))).event_id
        assert first.event_id != received(self.inbound(told, context(message_id="b"))).event_id

    def test_is_another_one_in_another_message(self) -> None:
        other = reported("NotifyMonitoringReport", status("Accepted"))({"requestId": 1}, context())
        assert received(other).event_id != received(self.inbound({"requestId": 1}, context())).event_id
        assert other.payload == {"status": "Accepted"}

    def test_refuses_what_is_nested_too_deeply(self) -> None:
        deep: list[Any] = []
        for _ in range(900):
            deep = [deep]
        with pytest.raises(Refused):
            self.inbound({"data": deep}, context())


CERTIFICATE = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}
ASKED = {"source": "OCSP", "urls": ["http://ocsp.example"], "certificateHashData": CERTIFICATE}


class TestAnswers:
    @pytest.mark.parametrize(("protocol", "reports"), [(V201, REPORTS_V201), (V21, REPORTS_V201 | REPORTS_V21)])
    def test_fit_the_schema(self, protocol: str, reports: dict[str, Inbound]) -> None:
        # What some answers repeat from their request.
        payload = {"vatNumber": "DE1", "certificateStatusRequests": [ASKED]}
        for operation, inbound in reports.items():
            reply = inbound(payload, context(protocol))
            if operation != "NotifyPeriodicEventStream":  # OCPP-J 2.1, 4.2.4: never answered
                assert fits(protocol, operation, reply), operation
            assert received(reply).operation == operation

    def test_are_of_messages_that_the_version_has(self) -> None:
        assert REPORTS_V201.keys() <= actions(V201)
        assert REPORTS_V21.keys() <= actions(V21) - actions(V201)

    @pytest.mark.parametrize(("evse", "said"), [({}, {}), ({"evseId": 2}, {"evseId": 2})])
    def test_confirm_no_vat_number(self, evse: dict[str, Any], said: dict[str, Any]) -> None:
        reply = REPORTS_V21["VatNumberValidation"]({"vatNumber": "DE1", **evse}, context(V21))
        assert reply.payload == {"vatNumber": "DE1", "status": "Rejected", **said}
        assert fits(V21, "VatNumberValidation", reply)

    def test_know_the_status_of_no_certificate(self) -> None:
        asked = {"certificateStatusRequests": [ASKED, ASKED | {"source": "CRL"}]}
        told = REPORTS_V21["GetCertificateChainStatus"](asked, context(V21)).payload["certificateStatus"]
        assert [(entry["source"], entry["status"]) for entry in told] == [("OCSP", "Failed"), ("CRL", "Failed")]
        assert {entry["nextUpdate"] for entry in told} == {"2026-09-21T14:13:20.000Z"}
