"""Block F: commands to requests, answers to results."""

from typing import Any

import orjson
import pytest

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered, CommandRequested
from services.ocpp.outbound.command import NotPossible, Request, Stamp, answered, request, result
from services.ocpp.wire.frames import CallError, CallResult
from tests.unit.ocpp.circumstances import EDGE, NOW, STATION, TENANT, V16, V21, V201

START = {"idToken": {"idToken": "04A1", "type": "ISO14443"}, "remoteStartId": 7, "evseId": 2}
PROFILE = {
    "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1000.5}]}
    ],
}  # fmt: skip


SET_KEY = {"key": "HeartbeatInterval", "value": "60"}
STAMP = Stamp(EDGE.edge_id, 7, NOW)


def asked(payload: Any, operation: str = "RequestStartTransaction") -> CommandRequested:
    return CommandRequested(
        event_id="e",
        command_id="c1",
        tenant=TENANT,
        station_id=STATION,
        operation=operation,
        payload_json=payload if isinstance(payload, str) else orjson.dumps(payload).decode(),
        requested_by="test",
        requested_at=NOW,
        deadline_at=NOW + 30_000,
    )


def answer(
    protocol: str, frame: CallResult | CallError, operation: str = "RequestStartTransaction"
) -> CommandAnswered:
    command = asked(START if "Start" in operation else {"transactionId": "1"}, operation)
    return answered(command, request(command, protocol).action, protocol, frame, STAMP)


class TestRequest:
    def test_starts_in_2_0_1_as_it_was_asked(self) -> None:
        assert request(asked(START | {"chargingProfile": PROFILE}), V201) == Request(
            "RequestStartTransaction", START | {"chargingProfile": PROFILE}
        )

    def test_starts_in_1_6(self) -> None:
        assert request(asked(START), V16) == Request("RemoteStartTransaction", {"idTag": "04A1", "connectorId": 2})

    def test_leaves_the_connector_to_the_station(self) -> None:
        anywhere = {key: value for key, value in START.items() if key != "evseId"}
        assert request(asked(anywhere), V16).payload == {"idTag": "04A1"}

    def test_stops_in_both(self) -> None:
        stop = asked({"transactionId": "42"}, "RequestStopTransaction")
        assert request(stop, V201) == Request("RequestStopTransaction", {"transactionId": "42"})
        assert request(stop, V16) == Request("RemoteStopTransaction", {"transactionId": 42})

    @pytest.mark.parametrize(
        ("payload", "operation", "said"),
        [
            (START, "SetNetworkProfile", "SetNetworkProfile is no operation of ocpp1.6"),
            (START, "StartTransaction", "StartTransaction is no operation"),
            (START, "", " is no operation"),
            ("{", "RequestStartTransaction", "payload_json is not JSON"),
            ([], "RequestStartTransaction", 'is not of type "object"'),
            ({}, "RequestStartTransaction", "is a required property"),
            (START | {"color": 1}, "RequestStartTransaction", "payload does not fit RequestStartTransaction"),
            ({"remoteStartId": "x", "idToken": START["idToken"]}, "RequestStartTransaction", "remoteStartId"),
            (
                START | {"idToken": {"idToken": "x" * 21, "type": "Central"}},
                "RequestStartTransaction",
                "21 characters",
            ),
            ({"transactionId": "7c0b"}, "RequestStopTransaction", "are numbers"),
            ({"transactionId": ""}, "RequestStopTransaction", "are numbers"),
        ],
    )
    def test_says_why_it_cannot_be_put_to_a_1_6_station(self, payload: Any, operation: str, said: str) -> None:
        with pytest.raises(NotPossible, match=said):
            request(asked(payload, operation), V16)

    @pytest.mark.parametrize(
        ("operation", "payload", "said"),
        [
            ("Reset", {"type": "Hard"}, ("Reset", {"type": "Hard"})),
            ("Reset", {"type": "Immediate"}, ("Reset", {"type": "Hard"})),
            ("UnlockConnector", {"connectorId": 2}, ("UnlockConnector", {"connectorId": 2})),
            ("UnlockConnector", {"evseId": 2, "connectorId": 1}, ("UnlockConnector", {"connectorId": 2})),
            ("ChangeConfiguration", SET_KEY, ("ChangeConfiguration", SET_KEY)),
            ("ClearCache", {}, ("ClearCache", {})),
        ],
    )
    def test_takes_the_payload_of_either_version(self, operation: str, payload: Any, said: Any) -> None:
        assert request(asked(payload, operation), V16) == said


class TestAnswered:
    @pytest.mark.parametrize("protocol", [V16, V201, V21])
    @pytest.mark.parametrize(
        ("status", "outcome"), [("Accepted", CommandOutcome.ACCEPTED), ("Rejected", CommandOutcome.REJECTED)]
    )
    @pytest.mark.parametrize("operation", ["RequestStartTransaction", "RequestStopTransaction"])
    def test_is_what_the_station_says(
        self, protocol: str, status: str, outcome: CommandOutcome, operation: str
    ) -> None:
        event = answer(protocol, CallResult("m", {"status": status}), operation)
        assert (event.outcome, event.status, event.answer_json) == (outcome, status, f'{{"status":"{status}"}}')
        assert (event.command_id, event.operation, event.edge_id, event.epoch) == ("c1", operation, "edge-1", 7)

    def test_fails_when_the_station_refuses_the_call(self) -> None:
        event = answer(V16, CallError("m", "NotSupported", "never heard of it"))
        assert (event.outcome, event.detail) == (CommandOutcome.FAILED, "NotSupported: never heard of it")

    @pytest.mark.parametrize("payload", [{}, {"status": "Maybe"}, {"status": 1}, {"status": None}])
    def test_fails_when_the_answer_makes_no_sense(self, payload: dict[str, Any]) -> None:
        event = answer(V16, CallResult("m", payload))
        assert event.outcome is CommandOutcome.FAILED
        assert event.detail is not None
        assert event.detail.startswith("the answer does not fit RemoteStartTransaction")
        assert event.answer_json == orjson.dumps(payload).decode()

    def test_tolerates_more_than_was_asked(self) -> None:
        assert (
            answer(V16, CallResult("m", {"status": "Accepted", "mood": "good"})).outcome is CommandOutcome.ACCEPTED
        )

    @pytest.mark.parametrize("more", [{"status": [[]]}, {"status": 5}, {"setVariableResult": 5}])
    def test_is_not_in_fields_that_the_answer_does_not_have(self, more: dict[str, Any]) -> None:
        wanted = asked({"keys": []}, "GetConfiguration")
        said = answered(wanted, "GetConfiguration", V16, CallResult("m", {"configurationKey": [], **more}), STAMP)
        assert (said.outcome, said.status) == (CommandOutcome.ACCEPTED, None)


class TestResult:
    def test_is_one_per_command_whoever_says_it(self) -> None:
        command = asked(START)
        expired = result(command, CommandOutcome.EXPIRED, Stamp(EDGE.edge_id, 0, NOW), detail="late")
        accepted = result(command, CommandOutcome.ACCEPTED, Stamp(EDGE.edge_id, 9, NOW + 1))
        assert expired.event_id == accepted.event_id
        assert (expired.detail, accepted.detail, expired.key) == ("late", None, f"{TENANT}/{STATION}")


class TestSeveralStatuses:
    def test_are_done_when_none_is_refused(self) -> None:
        variable = {"component": {"name": "C"}, "variable": {"name": "V"}}
        payload = {"setVariableData": [{**variable, "attributeValue": "1"}, {**variable, "attributeValue": "2"}]}
        command = asked(payload, "SetVariables")
        results = [{**variable, "attributeStatus": status} for status in ("Accepted", "RebootRequired")]
        both = answered(command, "SetVariables", V201, CallResult("m", {"setVariableResult": results}), STAMP)
        assert both.outcome is CommandOutcome.ACCEPTED
        results[1]["attributeStatus"] = "Rejected"
        one = answered(command, "SetVariables", V201, CallResult("m", {"setVariableResult": results}), STAMP)
        assert one.outcome is CommandOutcome.REJECTED

    def test_of_tariffs_are_done_when_each_is_cleared(self) -> None:
        command = asked({"tariffIds": ["T1", "T2"]}, "ClearTariffs")
        results = [{"tariffId": "T1", "status": "Accepted"}, {"tariffId": "T2", "status": "Accepted"}]
        both = answered(command, "ClearTariffs", V21, CallResult("m", {"clearTariffsResult": results}), STAMP)
        results[0]["status"] = "NoTariff"
        one = answered(command, "ClearTariffs", V21, CallResult("m", {"clearTariffsResult": results}), STAMP)
        assert (both.outcome, one.outcome) == (CommandOutcome.ACCEPTED, CommandOutcome.REJECTED)
