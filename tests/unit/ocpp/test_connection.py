"""The protocol machine: one answer per call, the right one, whatever comes."""

from dataclasses import replace
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.domain.events.common import CommandOutcome, RegistrationStatus
from services.domain.events.station import CommandAnswered, CommandRequested, ProtocolViolated, StationBooted
from services.domain.events.transaction import TransactionStarted
from services.ocpp.connection import MAX_VIOLATIONS_PER_MINUTE, Busy, Connection, Step
from services.ocpp.outbound.command import NotPossible
from services.ocpp.wire.faults import Fault
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16, V21, V201, registered_as

AT = "2026-09-21T14:13:20Z"
START = {"connectorId": 1, "idTag": "VALID1", "meterStart": 5, "timestamp": AT}
METER = {"connectorId": 1, "meterValue": [{"timestamp": AT, "sampledValue": [{"value": "5"}]}]}


def connection(protocol: str = V16) -> Connection:
    return Connection(EDGE, STATION, protocol, 7)


def call(action: Any, payload: Any, message_id: Any = "m1") -> bytes:
    return orjson.dumps([2, message_id, action, payload])


def said(step: Step) -> Any:
    return None if step.reply is None else orjson.loads(step.reply)


def violation(step: Step) -> ProtocolViolated:
    (event,) = step.events
    assert isinstance(event, ProtocolViolated)
    return event


def asked(command_id: str = "c1", operation: str = "RequestStopTransaction") -> CommandRequested:
    return CommandRequested(
        event_id="e",
        command_id=command_id,
        tenant=TENANT,
        station_id=STATION,
        operation=operation,
        payload_json='{"transactionId":"42"}',
        requested_by="test",
        requested_at=NOW,
        deadline_at=NOW + 30_000,
    )


class TestReceiveCalls:
    def test_answers_by_message_id(self) -> None:
        step = connection().receive(call("Heartbeat", {}, "abc"), NOW)
        assert said(step) == [3, "abc", {"currentTime": "2026-09-21T14:13:20.000Z"}]
        assert (step.action, step.outcome, step.events, step.durable) == ("Heartbeat", "ok", (), False)

    def test_holds_back_what_has_to_be_durable(self) -> None:
        machine = connection()
        step = machine.receive(call("StartTransaction", START), NOW)
        assert step.durable
        assert isinstance(step.events[0], TransactionStarted)
        assert machine.pending == 1
        machine.settle(step)
        assert machine.pending == 0

    def test_answers_others_meanwhile(self) -> None:
        machine = connection()
        machine.receive(call("StartTransaction", START, "slow"), NOW)
        assert said(machine.receive(call("Heartbeat", {}, "quick"), NOW))[:2] == [3, "quick"]
        machine.receive(call("MeterValues", METER, "also slow"), NOW)
        assert machine.pending == 2

    @pytest.mark.parametrize(
        ("protocol", "action", "code"),
        [
            (V16, "Reset", "NotSupported"),
            (V16, "RemoteStartTransaction", "NotSupported"),
            (V16, "TransactionEvent", "NotImplemented"),
            (V201, "GetReport", "NotSupported"),
            (V201, "StartTransaction", "NotImplemented"),
            (V201, "Heartbeat2", "NotImplemented"),
            (V16, "", "NotImplemented"),
            (V16, "__class__", "NotImplemented"),
            (V16, "constructor", "NotImplemented"),
            (V16, "heartbeat", "NotImplemented"),
            (V16, "A" * 5000, "NotImplemented"),
        ],
    )
    def test_refuses_actions_by_whether_the_version_knows_them(
        self, protocol: str, action: str, code: str
    ) -> None:
        step = connection(protocol).receive(call(action, {}), NOW)
        assert said(step)[:3] == [4, "m1", code]
        event = violation(step)
        assert (event.code, event.action, step.action) == (code, action[:50], "")
        assert len(event.description) < 100

    @pytest.mark.parametrize(
        ("protocol", "action", "payload", "code"),
        [
            (V16, "Authorize", {}, "OccurenceConstraintViolation"),
            (V201, "Authorize", {}, "OccurrenceConstraintViolation"),
            (V16, "Authorize", {"idTag": 5}, "TypeConstraintViolation"),
            (V16, "Authorize", [], "FormationViolation"),
            (V201, "Authorize", [], "FormatViolation"),
            (
                V16,
                "StatusNotification",
                {"connectorId": 1, "errorCode": "NoError", "status": "x"},
                "PropertyConstraintViolation",
            ),
            (
                V16,
                "StopTransaction",
                {"transactionId": 2**63, "meterStop": 1, "timestamp": AT},
                "PropertyConstraintViolation",
            ),
        ],
    )
    def test_refuses_payloads_in_the_versions_words(
        self, protocol: str, action: str, payload: Any, code: str
    ) -> None:
        step = connection(protocol).receive(call(action, payload), NOW)
        assert said(step)[:3] == [4, "m1", code]
        assert said(step)[4] == {}
        assert violation(step).code == code
        assert step.outcome == code

    def test_tells_what_it_tolerated_in_the_event(self) -> None:
        (event, *_) = connection().receive(call("StartTransaction", START | {"color": 1}), NOW).events
        assert isinstance(event, TransactionStarted)
        assert event.warnings == ("payload has unknown properties 'color'",)

    def test_or_beside_events_that_cannot_carry_it(self) -> None:
        boot = {"chargePointVendor": "V" * 50, "chargePointModel": "M"}
        step = connection().receive(call("BootNotification", boot), NOW)
        booted, tolerated = step.events
        assert isinstance(booted, StationBooted)
        assert isinstance(tolerated, ProtocolViolated)
        assert (tolerated.code, tolerated.action) == ("Tolerated", "BootNotification")
        assert tolerated.description == "chargePointVendor has 50 characters, 20 are allowed"
        assert said(step)[2]["status"] == "Accepted"


class TestReceiveRepetitions:
    def test_repeats_the_last_reply(self) -> None:
        machine = connection()
        first = machine.receive(call("Heartbeat", {}), NOW)
        again = machine.receive(call("Heartbeat", {}), NOW + 60_000)
        assert again.reply == first.reply
        assert (again.outcome, again.events) == ("repeated", ())

    def test_repeats_a_durable_reply_once_it_was_sent(self) -> None:
        machine = connection()
        step = machine.receive(call("StartTransaction", START), NOW)
        waiting = machine.receive(call("StartTransaction", START), NOW)
        assert (waiting.reply, waiting.events, waiting.outcome, waiting.action) == (
            None,
            (),
            "repeated",
            "StartTransaction",
        )
        machine.settle(step)
        assert machine.receive(call("StartTransaction", START), NOW).reply == step.reply

    def test_takes_a_used_id_with_another_payload_as_a_new_message(self) -> None:
        machine = connection()
        machine.receive(call("Authorize", {"idTag": "VALID1"}), NOW)
        step = machine.receive(call("Authorize", {"idTag": "BLOCKED1"}), NOW)
        assert said(step)[2]["idTagInfo"]["status"] == "Blocked"

    def test_counts_a_repetition_of_an_unknown_action_under_no_name(self) -> None:
        machine = connection()
        machine.receive(call("StartTransaction", START), NOW)
        assert machine.receive(call("Nonsense", {}), NOW).action == ""


class TestReceiveMalformed:
    @pytest.mark.parametrize(
        ("protocol", "data", "answer"),
        [
            (V201, b"garbage", [4, "-1", "RpcFrameworkError"]),
            (V16, b"garbage", [4, "-1", "FormationViolation"]),
            (V201, b'[2,"abc"]', [4, "abc", "RpcFrameworkError"]),
            (V201, b'[2,5,"Heartbeat",{}]', [4, "-1", "RpcFrameworkError"]),
            (V201, b'[6,"abc","NotifyPeriodicEventStream",{}]', [4, "abc", "MessageTypeNotSupported"]),
            (V201, b'[5,"abc","X","",{}]', [4, "abc", "MessageTypeNotSupported"]),
        ],
    )
    def test_is_answered_with_the_id_if_it_can_be_read(
        self, protocol: str, data: bytes, answer: list[Any]
    ) -> None:
        step = connection(protocol).receive(data, NOW)
        assert said(step)[:3] == answer
        event = violation(step)
        assert (event.code, event.frame, event.action, event.recorded_at) == (answer[2], data, None, NOW)
        assert event.protocol == protocol

    @pytest.mark.parametrize("data", [b'[9,"abc","Heartbeat",{}]', b"[9]"])
    def test_of_an_unknown_type_is_ignored_in_1_6(self, data: bytes) -> None:
        step = connection(V16).receive(data, NOW)
        assert step.reply is None
        assert violation(step).code == "GenericError"

    @pytest.mark.parametrize("data", [b"[3]", b'[4,"a"]', b'[3,"a",[]]'])
    def test_answers_are_not_answered(self, data: bytes) -> None:
        step = connection(V201).receive(data, NOW)
        assert step.reply is None
        assert len(step.events) == 1

    def test_keeps_the_beginning_of_a_long_frame(self) -> None:
        assert len(violation(connection().receive(b"x" * 60_000, NOW)).frame) == 4096

    def test_becomes_events_only_so_often(self) -> None:
        machine = connection()
        count = sum(len(machine.receive(b"x", NOW).events) for _ in range(10_000))
        assert count == MAX_VIOLATIONS_PER_MINUTE
        assert said(machine.receive(b"x", NOW))[:2] == [4, "-1"]
        assert len(machine.receive(b"x", NOW + 60_000).events) == 1

    def test_tells_equal_violations_apart(self) -> None:
        machine = connection()
        assert violation(machine.receive(b"x", NOW)).event_id != violation(machine.receive(b"x", NOW)).event_id


class TestCall:
    def test_is_a_call_with_an_id_of_its_own(self) -> None:
        kind, message_id, action, payload = orjson.loads(connection().call(asked(), NOW + 30_000))
        assert (kind, action, payload) == (2, "RemoteStopTransaction", {"transactionId": 42})
        assert len(message_id) == 36

    def test_is_answered_by_its_result(self) -> None:
        machine = connection()
        _, message_id, _, _ = orjson.loads(machine.call(asked(), NOW + 30_000))
        assert machine.calling
        step = machine.receive(orjson.dumps([3, message_id, {"status": "Accepted"}]), NOW)
        (event,) = step.events
        assert isinstance(event, CommandAnswered)
        assert (event.outcome, event.command_id, event.epoch) == (CommandOutcome.ACCEPTED, "c1", 7)
        assert (step.action, step.reply) == ("CallResult", None)
        assert not machine.calling

    def test_is_answered_by_its_error(self) -> None:
        machine = connection()
        _, message_id, _, _ = orjson.loads(machine.call(asked(), NOW + 30_000))
        (event,) = machine.receive(orjson.dumps([4, message_id, "InternalError", "", {}]), NOW).events
        assert isinstance(event, CommandAnswered)
        assert event.outcome is CommandOutcome.FAILED

    def test_is_one_at_a_time(self) -> None:
        machine = connection()
        machine.call(asked("c1"), NOW + 30_000)
        with pytest.raises(Busy):
            machine.call(asked("c2"), NOW + 30_000)

    def test_that_cannot_be_put_leaves_the_line_free(self) -> None:
        machine = connection()
        with pytest.raises(NotPossible):
            machine.call(asked(operation="Reset"), NOW)
        assert not machine.calling

    def test_does_not_keep_the_station_waiting(self) -> None:
        machine = connection()
        machine.call(asked(), NOW + 30_000)
        assert said(machine.receive(call("Heartbeat", {}), NOW))[0] == 3

    def test_times_out(self) -> None:
        machine = connection()
        machine.call(asked(), NOW + 30_000)
        assert machine.expire(NOW + 29_999) is None
        event = machine.expire(NOW + 30_000)
        assert event is not None
        assert (event.outcome, event.detail) == (CommandOutcome.TIMED_OUT, "no answer in time")
        assert machine.expire(NOW + 30_001) is None

    def test_ends_with_the_connection(self) -> None:
        machine = connection()
        assert machine.close(NOW) is None
        machine.call(asked(), NOW + 30_000)
        event = machine.close(NOW)
        assert event is not None
        assert event.outcome is CommandOutcome.TIMED_OUT
        assert machine.close(NOW) is None

    def test_late_answers_do_not_shift_later_ones(self) -> None:
        machine = connection()
        _, first, _, _ = orjson.loads(machine.call(asked("c1"), NOW + 1))
        machine.expire(NOW + 1)
        _, second, _, _ = orjson.loads(machine.call(asked("c2"), NOW + 9))
        late = machine.receive(orjson.dumps([3, first, {"status": "Rejected"}]), NOW + 2)
        assert violation(late).code == "Unmatched"
        assert machine.calling
        (event,) = machine.receive(orjson.dumps([3, second, {"status": "Accepted"}]), NOW + 3).events
        assert isinstance(event, CommandAnswered)
        assert (event.command_id, event.outcome) == ("c2", CommandOutcome.ACCEPTED)

    @pytest.mark.parametrize("data", [b'[3,"never sent",{}]', b'[4,"never sent","X","",{}]', b'[3,"",{}]'])
    def test_answers_to_nothing_are_events(self, data: bytes) -> None:
        step = connection().receive(data, NOW)
        assert step.reply is None
        assert (violation(step).code, step.outcome) == ("Unmatched", "Unmatched")

    def test_an_answer_twice_counts_once(self) -> None:
        machine = connection()
        _, message_id, _, _ = orjson.loads(machine.call(asked(), NOW + 30_000))
        answer = orjson.dumps([3, message_id, {"status": "Accepted"}])
        assert isinstance(machine.receive(answer, NOW).events[0], CommandAnswered)
        assert violation(machine.receive(answer, NOW)).code == "Unmatched"


BOOT_201 = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}


def clears(*ids: int) -> CommandRequested:
    payload = orjson.dumps({"id": ids}).decode()
    return replace(asked(operation="ClearVariableMonitoring"), payload_json=payload)


def cleared(*ids: int, status: str = "Accepted") -> dict[str, Any]:
    return {"clearMonitoringResult": [{"id": number, "status": status} for number in ids]}


LIMIT_OF_TWO = {
    "component": {"name": "MonitoringCtrlr"},
    "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
}


class TestCallInParts:
    def limited(self, protocol: str = V201) -> Connection:
        """A station that has said that it takes two ids at a time."""
        machine = connection(protocol)
        report = {"requestId": 1, "generatedAt": AT, "seqNo": 0}
        data = [LIMIT_OF_TWO | {"variableAttribute": [{"value": "2"}]}]
        step = machine.receive(call("NotifyReport", report | {"reportData": data}), NOW)
        machine.settle(step)
        return machine

    def answered(self, machine: Connection, asking: Any, payload: Any) -> Step:
        return machine.receive(orjson.dumps([3, asking[1], payload]), NOW)

    def test_says_no_more_at_once_than_the_station_takes(self) -> None:
        machine = self.limited()
        first = orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))
        assert first[3] == {"id": [1, 2]}
        step = self.answered(machine, first, cleared(1, 2))
        assert (step.events, machine.calling) == ((), True)
        second = said(step)
        assert second[2:] == ["ClearVariableMonitoring", {"id": [3]}]
        assert second[1] != first[1]
        (event,) = self.answered(machine, second, cleared(3)).events
        assert isinstance(event, CommandAnswered)
        assert event.outcome is CommandOutcome.ACCEPTED
        assert orjson.loads(event.answer_json or "") == cleared(1, 2, 3)
        assert not machine.calling

    def test_is_rejected_when_any_part_is(self) -> None:
        machine = self.limited()
        first = orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))
        second = said(self.answered(machine, first, cleared(1, 2, status="Rejected")))
        (event,) = self.answered(machine, second, cleared(3)).events
        assert isinstance(event, CommandAnswered)
        assert event.outcome is CommandOutcome.REJECTED

    @pytest.mark.parametrize(
        "wrong", [{}, {"clearMonitoringResult": "x"}, {"clearMonitoringResult": [{"id": "x"}]}]
    )
    def test_stops_at_an_answer_that_is_none(self, wrong: Any) -> None:
        machine = self.limited()
        first = orjson.loads(machine.call(clears(1, 2, 3, 4, 5), NOW + 30_000))
        second = said(self.answered(machine, first, cleared(1, 2)))
        (event,) = self.answered(machine, second, wrong).events
        assert isinstance(event, CommandAnswered)
        assert event.outcome is CommandOutcome.FAILED
        assert (event.detail or "").endswith("(after 1 of 3 parts)")
        assert orjson.loads(event.answer_json or "") == cleared(1, 2)
        assert not machine.calling

    def test_stops_at_an_error(self) -> None:
        machine = self.limited()
        first = orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))
        step = machine.receive(orjson.dumps([4, first[1], "InternalError", "no", {}]), NOW)
        (event,) = step.events
        assert isinstance(event, CommandAnswered)
        assert (event.detail, event.answer_json, machine.calling) == ("InternalError: no", None, False)

    def test_keeps_what_was_answered_when_time_is_up(self) -> None:
        machine = self.limited()
        first = orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))
        self.answered(machine, first, cleared(1, 2))
        event = machine.expire(NOW + 30_000)
        assert event is not None
        assert event.outcome is CommandOutcome.TIMED_OUT
        assert event.detail == "no answer in time (after 1 of 2 parts)"
        assert orjson.loads(event.answer_json or "") == cleared(1, 2)

    def test_learns_the_limit_from_get_variables(self) -> None:
        machine = connection(V201)
        wanted = replace(
            asked(operation="GetVariables"),
            payload_json=orjson.dumps({"getVariableData": [LIMIT_OF_TWO]}).decode(),
        )
        asking = orjson.loads(machine.call(wanted, NOW + 30_000))
        result = LIMIT_OF_TWO | {"attributeStatus": "Accepted", "attributeValue": "2"}
        self.answered(machine, asking, {"getVariableResult": [result]})
        assert orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))[3] == {"id": [1, 2]}

    def test_tells_a_station_of_2_1_that_a_part_of_its_answer_was_none(self) -> None:
        machine = self.limited(V21)
        first = orjson.loads(machine.call(clears(1, 2, 3), NOW + 30_000))
        assert said(self.answered(machine, first, {}))[:3] == [5, first[1], "FormatViolation"]


class TestOffers:
    PLAN: ClassVar[dict[str, Any]] = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 17}],
    }

    def offered(self, status: str) -> Connection:
        """A station that was asked to set 16 A for transaction t1 on EVSE 1, and said this to it."""
        machine = connection(V201)
        profile = {
            "id": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "transactionId": "t1",
            "chargingSchedule": [self.PLAN | {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}],
        }
        payload = orjson.dumps({"evseId": 1, "chargingProfile": profile}).decode()
        command = replace(asked(operation="SetChargingProfile"), payload_json=payload)
        _, message_id, *_ = orjson.loads(machine.call(command, NOW + 30_000))
        machine.receive(orjson.dumps([3, message_id, {"status": status}]), NOW)
        return machine

    def planned(self, machine: Connection) -> str:
        """What the station is answered to an EV's plan to take 17 A."""
        said_by_ev = {"timeBase": AT, "evseId": 1, "chargingSchedule": self.PLAN}
        step = machine.receive(call("NotifyEVChargingSchedule", said_by_ev), NOW)
        machine.settle(step)
        status: str = said(step)[2]["status"]
        return status

    def test_bound_the_plans_of_evs(self) -> None:
        assert self.planned(self.offered("Accepted")) == "Rejected"

    def test_that_were_refused_bind_nobody(self) -> None:
        assert self.planned(self.offered("Rejected")) == "Accepted"

    def test_end_with_their_transaction(self) -> None:
        machine = self.offered("Accepted")
        over = {
            "eventType": "Ended",
            "timestamp": AT,
            "triggerReason": "EVDeparted",
            "seqNo": 1,
            "transactionInfo": {"transactionId": "t1"},
        }
        machine.settle(machine.receive(call("TransactionEvent", over, "m0"), NOW))
        assert self.planned(machine) == "Accepted"


class TestRegistration:
    def machine(self, status: RegistrationStatus, protocol: str = V201) -> Connection:
        return Connection(registered_as(status), STATION, protocol, 7)

    @pytest.mark.parametrize("protocol", [V16, V201])
    @pytest.mark.parametrize("status", [RegistrationStatus.PENDING, RegistrationStatus.REJECTED])
    def test_refuses_what_a_station_says_before_it_is_accepted(
        self, protocol: str, status: RegistrationStatus
    ) -> None:
        step = self.machine(status, protocol).receive(call("Heartbeat", {}), NOW)
        assert said(step)[:3] == [4, "m1", "SecurityError"]
        assert violation(step).code == "SecurityError"

    def test_lets_it_say_anything_once_it_is_told_that_it_is_accepted(self) -> None:
        machine = self.machine(RegistrationStatus.PENDING)
        assert said(machine.receive(call("BootNotification", BOOT_201), NOW))[2]["status"] == "Pending"
        machine.edge = registered_as(RegistrationStatus.ACCEPTED)
        assert said(machine.receive(call("Heartbeat", {}, "m2"), NOW))[2] == "SecurityError"
        assert said(machine.receive(call("BootNotification", BOOT_201, "m3"), NOW))[2]["status"] == "Accepted"
        assert said(machine.receive(call("Heartbeat", {}, "m4"), NOW))[0] == 3

    def test_lets_it_say_what_it_was_asked_for(self) -> None:
        machine = self.machine(RegistrationStatus.PENDING)
        trigger = replace(asked(operation="TriggerMessage"), payload_json='{"requestedMessage":"Heartbeat"}')
        machine.call(trigger, NOW + 30_000)
        assert said(machine.receive(call("Heartbeat", {}), NOW))[0] == 3

    def test_asks_a_rejected_station_nothing(self) -> None:
        machine = self.machine(RegistrationStatus.REJECTED)
        with pytest.raises(NotPossible, match="rejected"):
            machine.call(asked(), NOW + 30_000)
        assert not machine.calling

    def test_takes_no_unanswered_message_of_a_station_that_is_not_accepted(self) -> None:
        stream = {"id": 1, "pending": 0, "basetime": AT, "data": [{"t": 1, "v": "5"}]}
        data = orjson.dumps([6, "m1", "NotifyPeriodicEventStream", stream])
        step = self.machine(RegistrationStatus.PENDING, V21).receive(data, NOW)
        assert step.reply is None
        assert violation(step).code == "SecurityError"


class TestFailed:
    def test_answers_a_call_that_a_defect_kept_from_being_handled(self) -> None:
        machine = connection()
        machine.receive(call("StartTransaction", START), NOW)
        step = machine.failed(call("StartTransaction", START), NOW)
        assert said(step)[:3] == [4, "m1", "InternalError"]
        assert violation(step).frame == call("StartTransaction", START)
        assert machine.pending == 0

    @pytest.mark.parametrize("data", [b"garbage", b'[3,"a",{}]'])
    def test_answers_nothing_else(self, data: bytes) -> None:
        step = connection().failed(data, NOW)
        assert step.reply is None
        assert len(step.events) == 1


class TestRefuse:
    def test_records_a_frame_that_is_no_text(self) -> None:
        (event,) = connection(V201).refuse(b"\x00\x01", Fault.RPC_FRAMEWORK, "binary frame", NOW)
        assert isinstance(event, ProtocolViolated)
        assert (event.code, event.description, event.frame) == ("RpcFrameworkError", "binary frame", b"\x00\x01")


class TestAnyFrame:
    json = st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats(allow_nan=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=10,
    )
    action = st.sampled_from(
        [
            "Authorize",
            "BootNotification",
            "StartTransaction",
            "StopTransaction",
            "MeterValues",
            "TransactionEvent",
            "x",
        ]
    )

    @given(st.sampled_from([V16, V201]), st.binary(max_size=200))
    def test_never_fails(self, protocol: str, data: bytes) -> None:
        assert connection(protocol).receive(data, NOW).outcome

    @given(st.sampled_from([V16, V201]), action, json)
    def test_is_answered_if_it_is_a_call(self, protocol: str, action: str, payload: Any) -> None:
        step = connection(protocol).receive(call(action, payload), NOW)
        assert said(step)[1] == "m1"


class Machine(RuleBasedStateMachine):
    """Calls of both sides, replies in any order: ids and answers never mix."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = connection()
        self.number = 0
        self.held: list[Step] = []
        self.open: str | None = None

    @rule(slow=st.booleans())
    def station_calls(self, slow: bool) -> None:
        self.number += 1
        message_id = f"s{self.number}"
        frame = call("MeterValues", METER, message_id) if slow else call("Heartbeat", {}, message_id)
        step = self.machine.receive(frame, NOW)
        assert said(step)[1] == message_id
        if step.durable:
            self.held.append(step)

    @rule(index=st.integers(0, 5))
    def reply_is_durable(self, index: int) -> None:
        if self.held:
            self.machine.settle(self.held.pop(index % len(self.held)))

    @rule()
    def we_call(self) -> None:
        self.number += 1
        if self.open is None:
            self.open = orjson.loads(self.machine.call(asked(f"c{self.number}"), NOW + 5))[1]

    @rule(right=st.booleans())
    def station_answers(self, right: bool) -> None:
        message_id = self.open if right and self.open else "other"
        step = self.machine.receive(orjson.dumps([3, message_id, {"status": "Accepted"}]), NOW)
        answered = [event for event in step.events if isinstance(event, CommandAnswered)]
        assert len(answered) == (message_id == self.open)
        if message_id == self.open:
            self.open = None

    @rule()
    def time_passes(self) -> None:
        assert (self.machine.expire(NOW + 5) is not None) == (self.open is not None)
        self.open = None

    @invariant()
    def counts_are_right(self) -> None:
        assert self.machine.pending == len(self.held)
        assert self.machine.calling == (self.open is not None)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=30, stateful_step_count=30)
