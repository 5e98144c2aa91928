"""Messages that are kept whole: recorded as they are, answered as specified, the same when they are repeated."""

from typing import Any

import orjson
import pytest

from services.domain.events.station import ReportReceived
from services.ocpp.inbound.reply import Reply
from services.ocpp.inbound.reports import REPORTS_V21, REPORTS_V201
from services.ocpp.wire.faults import Refused
from services.ocpp.wire.schemas import actions, validator
from tests.unit.ocpp.circumstances import NOW, STATION, TENANT, V21, V201, context, fits

AT = "2026-09-21T14:13:19Z"
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1", "issuerKeyHash": "b2", "serialNumber": "3f"}
MESSAGE = {"id": 1, "priority": "InFront", "message": {"format": "UTF8", "content": "Hello"}}
VARIABLE = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}}
MONITOR = {"id": 1, "transaction": False, "value": 1, "type": "Delta", "severity": 8}
SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
}
PROFILE = {
    "id": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [SCHEDULE],
}
REPORTS: dict[str, dict[str, Any]] = {
    "ClearedChargingLimit": {"chargingLimitSource": "EMS"},
    "NotifyChargingLimit": {"chargingLimit": {"chargingLimitSource": "EMS"}},
    "NotifyCustomerInformation": {"data": "three", "seqNo": 0, "generatedAt": AT, "requestId": 5},
    "NotifyDisplayMessages": {"requestId": 5, "messageInfo": [MESSAGE]},
    "NotifyEVChargingNeeds": {
        "evseId": 1,
        "chargingNeeds": {
            "requestedEnergyTransfer": "DC", "dcChargingParameters": {"evMaxCurrent": 200, "evMaxVoltage": 400},
        },
    },
    "NotifyEVChargingSchedule": {"timeBase": AT, "evseId": 1, "chargingSchedule": SCHEDULE},
    "NotifyMonitoringReport": {
        "requestId": 5, "seqNo": 2, "generatedAt": AT, "monitor": [VARIABLE | {"variableMonitoring": [MONITOR]}],
    },
    "ReportChargingProfiles": {
        "requestId": 5, "chargingLimitSource": "CSO", "evseId": 1, "chargingProfile": [PROFILE],
    },
    "BatterySwap": {
        "eventType": "BatteryIn",
        "requestId": 5,
        "idToken": {"idToken": "VALID1", "type": "ISO14443"},
        "batteryData": [{"evseId": 1, "serialNumber": "B1", "soC": 20, "soH": 90}],
    },
    "ClosePeriodicEventStream": {"id": 1},
    "GetCertificateChainStatus": {
        "certificateStatusRequests": [{"certificateHashData": HASH, "source": "CRL", "urls": ["http://crl.example"]}]
    },
    "NotifyDERAlarm": {"controlType": "VoltWatt", "timestamp": AT},
    "NotifyDERStartStop": {"controlId": "c1", "started": True, "timestamp": AT},
    "NotifyPeriodicEventStream": {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 0.5, "v": "230.1"}]},
    "NotifyPriorityCharging": {"transactionId": "t1", "activated": True},
    "NotifySettlement": {"pspRef": "p1", "status": "Settled", "settlementAmount": 12.5, "settlementTime": AT},
    "NotifyWebPaymentStarted": {"evseId": 1, "timeout": 60},
    "OpenPeriodicEventStream": {"constantStreamData": {"id": 1, "params": {}, "variableMonitoringId": 7}},
    "PullDynamicScheduleUpdate": {"chargingProfileId": 3},
    "ReportDERControl": {"requestId": 5},
    "VatNumberValidation": {"vatNumber": "NL123456789B01"},
}  # fmt: skip
"""A message of every kind; `requestId` is 5 where there is one, and the time AT."""

ANSWERS = {
    "NotifyEVChargingNeeds": {"status": "Accepted"},
    "NotifyEVChargingSchedule": {"status": "Accepted"},
    "OpenPeriodicEventStream": {"status": "Accepted"},
    "PullDynamicScheduleUpdate": {"status": "Rejected"},
    "VatNumberValidation": {"vatNumber": "NL123456789B01", "status": "Rejected"},
    "GetCertificateChainStatus": {
        "certificateStatus": [
            {
                "certificateHashData": HASH,
                "source": "CRL",
                "status": "Failed",
                "nextUpdate": "2026-09-21T14:13:20.000Z",
            }
        ]
    },
}
"""Answers that are not empty."""

DATED = sorted(name for name, said in REPORTS.items() if AT in said.values())
UNIQUE = sorted(name for name, said in REPORTS.items() if AT in said.values() or "requestId" in said)
REPEATABLE = sorted(set(REPORTS) - set(UNIQUE))
KNOWN = sorted(REPORTS)


def replied(operation: str, payload: dict[str, Any] | None = None, **circumstances: Any) -> Reply:
    functions = REPORTS_V201 | REPORTS_V21
    said = REPORTS[operation] if payload is None else payload
    return functions[operation](said, context(**({"protocol": V21} | circumstances)))


def event_of(reply: Reply) -> ReportReceived:
    (event,) = reply.events
    assert isinstance(event, ReportReceived)
    return event


class TestReported:
    def test_has_a_case_for_every_message(self) -> None:
        assert set(REPORTS) == set(REPORTS_V201) | set(REPORTS_V21)
        assert REPORTS_V201.keys() <= actions(V201)
        assert REPORTS_V21.keys() <= actions(V21) - actions(V201)

    @pytest.mark.parametrize("operation", KNOWN)
    def test_cases_are_messages_that_stations_may_send(self, operation: str) -> None:
        version = V201 if operation in REPORTS_V201 else V21
        assert validator(version, operation).is_valid(REPORTS[operation])

    @pytest.mark.parametrize("operation", KNOWN)
    def test_keeps_the_message_whole(self, operation: str) -> None:
        event = event_of(replied(operation))
        assert (event.tenant, event.station_id, event.protocol) == (TENANT, STATION, V21)
        assert (event.operation, event.recorded_at, event.warnings) == (operation, NOW, ())
        assert orjson.loads(event.payload_json) == REPORTS[operation]

    @pytest.mark.parametrize("operation", KNOWN)
    def test_is_answered_when_it_is_durable(self, operation: str) -> None:
        reply = replied(operation)
        assert reply.durable
        assert reply.payload == ANSWERS.get(operation, {})

    @pytest.mark.parametrize("operation", sorted(set(KNOWN) - {"NotifyPeriodicEventStream"}))
    def test_answer_fits_every_version_that_asks(self, operation: str) -> None:
        versions = (V201, V21) if operation in REPORTS_V201 else (V21,)
        assert all(fits(version, operation, replied(operation)) for version in versions)

    @pytest.mark.parametrize("operation", KNOWN)
    def test_knows_what_it_answers(self, operation: str) -> None:
        event = event_of(replied(operation))
        assert event.request_id == REPORTS[operation].get("requestId")
        assert event.seq_no == REPORTS[operation].get("seqNo", 0)

    @pytest.mark.parametrize("operation", sorted(set(DATED) - {"NotifyEVChargingSchedule"}))
    def test_has_the_time_of_the_station(self, operation: str) -> None:
        assert event_of(replied(operation)).generated_at == NOW - 1000

    @pytest.mark.parametrize("operation", [*sorted(set(KNOWN) - set(DATED)), "NotifyEVChargingSchedule"])
    def test_has_no_time_where_the_station_gives_none(self, operation: str) -> None:
        assert event_of(replied(operation)).generated_at is None

    def test_uses_our_time_for_one_that_is_none(self) -> None:
        event = event_of(replied("NotifyDERAlarm", REPORTS["NotifyDERAlarm"] | {"timestamp": "yesterday"}))
        assert event.generated_at == NOW
        assert len(event.warnings) == 1

    def test_leaves_out_a_number_that_is_out_of_range(self) -> None:
        event = event_of(replied("ReportDERControl", {"requestId": 2**40}))
        assert event.request_id is None
        assert len(event.warnings) == 1

    def test_has_no_number_that_is_out_of_range(self) -> None:
        event = event_of(replied("NotifyMonitoringReport", REPORTS["NotifyMonitoringReport"] | {"seqNo": 2**40}))
        assert (event.seq_no, len(event.warnings)) == (0, 1)

    def test_keeps_what_was_answered(self) -> None:
        event = event_of(replied("OpenPeriodicEventStream"))
        assert event.answer_json == '{"status":"Accepted"}'
        assert event_of(replied("BatterySwap")).answer_json is None

    @pytest.mark.parametrize(
        ("more", "last"),
        [({}, True), ({"tbc": False}, True), ({"tbc": True}, False)],
    )
    def test_says_whether_more_parts_follow(self, more: dict[str, Any], last: bool) -> None:
        payload = REPORTS["NotifyDisplayMessages"] | more
        assert event_of(replied("NotifyDisplayMessages", payload)).last is last

    @pytest.mark.parametrize(("pending", "last"), [(0, True), (1, False)])
    def test_says_whether_more_of_a_stream_waits(self, pending: int, last: bool) -> None:
        payload = REPORTS["NotifyPeriodicEventStream"] | {"pending": pending}
        assert event_of(replied("NotifyPeriodicEventStream", payload)).last is last

    def test_carries_what_was_tolerated(self) -> None:
        tolerating = context(V21)
        tolerating.warn("payload has unknown properties 'x'")
        (event,) = REPORTS_V21["ClosePeriodicEventStream"]({"id": 1, "x": 2}, tolerating).events
        assert isinstance(event, ReportReceived)
        assert event.warnings == ("payload has unknown properties 'x'",)

    def test_refuses_what_is_nested_too_deeply(self) -> None:
        deep: Any = {}
        for _ in range(300):
            deep = {"x": deep}
        with pytest.raises(Refused):
            replied("NotifyDERAlarm", REPORTS["NotifyDERAlarm"] | {"customData": deep})


class TestIdentity:
    @pytest.mark.parametrize("operation", UNIQUE)
    def test_is_the_content_where_that_tells_messages_apart(self, operation: str) -> None:
        first = event_of(replied(operation, message_id="a"))
        again = event_of(replied(operation, message_id="b", now_ms=NOW + 60_000, epoch=8))
        assert first.event_id == again.event_id

    @pytest.mark.parametrize("operation", REPEATABLE)
    def test_is_the_message_where_the_content_does_not(self, operation: str) -> None:
        others = [replied(operation, message_id="b"), replied(operation, message_id="a", epoch=8)]
        ids = {event_of(reply).event_id for reply in [replied(operation, message_id="a"), *others]}
        assert len(ids) == 3

    @pytest.mark.parametrize("operation", UNIQUE)
    def test_differs_with_the_content(self, operation: str) -> None:
        changed = REPORTS[operation] | {"customData": {"vendorId": "org.wattlog"}}
        assert event_of(replied(operation)).event_id != event_of(replied(operation, changed)).event_id

    def test_does_not_hang_on_the_order_of_fields(self) -> None:
        said = REPORTS["NotifyDERAlarm"]
        turned = dict(reversed(said.items()))
        assert (
            event_of(replied("NotifyDERAlarm", said)).event_id
            == event_of(replied("NotifyDERAlarm", turned)).event_id
        )

    def test_differs_between_messages_of_the_same_content(self) -> None:
        same = {"requestId": 5}
        reports = [replied("ReportDERControl", same), replied("NotifyDisplayMessages", same)]
        assert len({event_of(reply).event_id for reply in reports}) == 2


class TestAnswers:
    @pytest.mark.parametrize("more", [{}, {"evseId": 0}, {"evseId": 2}])
    def test_about_a_vat_number_repeat_what_was_asked(self, more: dict[str, Any]) -> None:
        asked = {"vatNumber": "'; DROP TABLE x"} | more
        assert replied("VatNumberValidation", asked).payload == {**asked, "status": "Rejected"}

    def test_about_certificates_are_one_for_each(self) -> None:
        asked = [
            {"certificateHashData": HASH | {"serialNumber": str(number)}, "source": "OCSP", "urls": ["http://x"]}
            for number in range(4)
        ]
        reply = replied("GetCertificateChainStatus", {"certificateStatusRequests": asked})
        told = reply.payload["certificateStatus"]
        assert [one["certificateHashData"]["serialNumber"] for one in told] == ["0", "1", "2", "3"]
        assert fits(V21, "GetCertificateChainStatus", reply)
