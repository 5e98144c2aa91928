import base64
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ocpp.v201
import pytest
from jsonschema import Draft4Validator

from services.simulator.connection import Message, Part, encode
from services.simulator.dialect import Refusal
from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, derived_key
from services.simulator.plan import Visit
from services.simulator.station import HOUR_MS, Records, Station, StationSpec, Step, Stopped
from services.simulator.v201 import V201

SCHEMAS = Path(ocpp.v201.__file__).parent / "schemas"
START = 1_795_219_200_000
VISIT = Visit("s1", START, START + 2 * HOUR_MS, Decimal(6_600), "04AABBCCDDEEFF")
IDENTITY = MeterIdentity("Vendor", "Model", "SM1", "1.0", "Gateway", "GS1", "2.0", "DE*WAT*E1*1")


def valid(action: str, payload: Any) -> dict[str, Any]:
    """The payload as a backend reads it; fails when the schema of the specification refuses it."""
    read: dict[str, Any] = json.loads(encode([payload]), parse_float=Decimal)[0]
    name = action if action.endswith("Response") else f"{action}Request"
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8-sig"))
    Draft4Validator(schema).validate(json.loads(encode([payload]))[0])
    return read


class Replay:
    """Visits told in OCPP 2.0.1."""

    def __init__(
        self, *visits: Visit, status: str = "Accepted", records: Records = Records.PAIR, offline: bool = False
    ) -> None:
        spec = StationSpec("CP1", "ocpp2.0.1", "password", "DE*WAT*E1*1", "SM1", records=records)
        meter = Meter(IDENTITY, derived_key("seed", "SM1"), Decimal("12345678.9"), Decimal("0.1"))
        self.station = Station(spec, meter, visits or (VISIT,))
        self.dialect = V201(spec)
        self.steps: list[Step] = self.station.advance(START + 10 * HOUR_MS)
        self.said: list[tuple[str, dict[str, Any]]] = []
        for step in self.steps:
            for message in self.dialect.messages(step, offline):
                payload = message.payload()
                if payload is not None:
                    self.said.append((message.action, valid(message.action, payload)))
                    if message.action == "Authorize":
                        self.dialect.learn(message, {"idTokenInfo": {"status": status}})

    @property
    def events(self) -> list[dict[str, Any]]:
        return [payload for action, payload in self.said if action == "TransactionEvent"]

    @property
    def transaction(self) -> Any:
        return next(step.transaction for step in self.steps if isinstance(step, Stopped))


class TestBoot:
    def test_is_what_the_schema_asks_for(self) -> None:
        boot = valid("BootNotification", Replay().dialect.boot().payload())
        assert boot["chargingStation"]["serialNumber"] == "SM1"

    def test_is_followed_by_the_state_of_the_connector(self) -> None:
        [status] = Replay().dialect.introduce(START)
        assert valid("StatusNotification", status.payload())["connectorStatus"] == "Available"

    def test_is_kept_alive_by_heartbeats(self) -> None:
        assert valid("Heartbeat", Replay().dialect.heartbeat().payload()) == {}


class TestMessages:
    def test_tell_a_visit_in_the_order_of_the_specification(self) -> None:
        replay = Replay()
        assert [action for action, _payload in replay.said[:3]] == [
            "StatusNotification",
            "Authorize",
            "TransactionEvent",
        ]
        assert [event["eventType"] for event in replay.events] == ["Started", *["Updated"] * 7, "Ended"]
        assert replay.said[-1][1]["connectorStatus"] == "Available"

    def test_number_the_events_of_each_transaction_without_gaps(self) -> None:
        second = Visit("s2", START + 5 * HOUR_MS, START + 6 * HOUR_MS, Decimal(100), "04BB")
        numbers: dict[str, list[int]] = {}
        for event in Replay(VISIT, second).events:
            numbers.setdefault(event["transactionInfo"]["transactionId"], []).append(event["seqNo"])
        assert list(numbers.values()) == [list(range(9)), list(range(5))]

    def test_carry_the_register_as_an_exact_number(self) -> None:
        events = Replay().events
        samples = [event["meterValue"][0]["sampledValue"][0] for event in (events[0], events[-1])]
        assert [sample["value"] for sample in samples] == [Decimal("12345678.9"), Decimal("12352278.9")]
        assert [sample["context"] for sample in samples] == ["Transaction.Begin", "Transaction.End"]

    def test_carry_signed_records_at_both_ends(self) -> None:
        replay = Replay()
        signed = [
            event["meterValue"][0]["sampledValue"][0]["signedMeterValue"]
            for event in (replay.events[0], replay.events[-1])
        ]
        texts = [base64.b64decode(value["signedMeterData"]).decode() for value in signed]
        assert all(text.startswith("OCMF|{") for text in texts)
        assert '"RV":12345.6789,' in texts[0]
        assert {value["encodingMethod"] for value in signed} == {"OCMF"}
        assert base64.b64decode(signed[0]["publicKey"]).startswith(b"oca:base16:asn1:3059")
        digests = [hashlib.sha256(value["signedMeterData"].encode()).hexdigest() for value in signed]
        assert replay.transaction.signed_sha256 == digests

    def test_carry_one_record_at_the_end_when_the_meter_signs_both_readings_there(self) -> None:
        replay = Replay(records=Records.COMBINED)
        assert "signedMeterValue" not in replay.events[0]["meterValue"][0]["sampledValue"][0]
        assert len(replay.transaction.signed_sha256) == 1

    def test_say_when_the_car_is_full(self) -> None:
        changes = [
            event["transactionInfo"]["chargingState"]
            for event in Replay().events
            if event["triggerReason"] == "ChargingStateChanged"
        ]
        assert changes == ["SuspendedEV"]

    @pytest.mark.parametrize("offline", [True, False])
    def test_mark_what_happened_without_a_connection(self, offline: bool) -> None:
        assert {event["offline"] for event in Replay(offline=offline).events} == {offline}

    def test_say_nothing_of_a_transaction_whose_card_was_refused(self) -> None:
        replay = Replay(status="Blocked")
        assert not replay.events
        assert replay.transaction.refused
        assert replay.transaction.problems == ["Authorize was answered Blocked"]

    def test_name_the_remote_start_and_stop_that_they_follow_from(self) -> None:
        replay = Replay()
        now = START + 11 * HOUR_MS
        assert replay.station.remote_start("04CC", 7, now)
        [started] = replay.station.advance(now)
        [message] = replay.dialect.messages(started, offline=False)
        event = valid("TransactionEvent", message.payload())
        assert event["triggerReason"] == "RemoteStart"
        assert event["transactionInfo"]["remoteStartId"] == 7
        assert replay.station.remote_stop(event["transactionInfo"]["transactionId"], now + 60_000)
        stopped, _unplugged = replay.station.advance(now + HOUR_MS)
        [message] = replay.dialect.messages(stopped, offline=False)
        event = valid("TransactionEvent", message.payload())
        assert (event["triggerReason"], event["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")


class TestLearn:
    def test_notices_a_refusal_in_the_answer_to_an_event(self) -> None:
        replay = Replay()
        started = Message("TransactionEvent", dict, replay.transaction, Part.START)
        replay.dialect.learn(started, {"idTokenInfo": {"status": "Invalid"}})
        assert replay.transaction.problems == ["TransactionEvent was answered Invalid"]
        assert not replay.transaction.refused

    @pytest.mark.parametrize("answer", [{}, {"idTokenInfo": None}, {"idTokenInfo": {"status": "Accepted"}}])
    def test_takes_nothing_from_an_answer_without_refusal(self, answer: dict[str, Any]) -> None:
        replay = Replay()
        replay.dialect.learn(Message("TransactionEvent", dict, replay.transaction, Part.STOP), answer)
        assert replay.transaction.problems == []

    def test_takes_nothing_from_answers_about_nothing(self) -> None:
        Replay().dialect.learn(Message("Heartbeat", dict), {"idTokenInfo": {"status": "Blocked"}})


class TestAnswer:
    REQUEST: dict[str, Any] = {"remoteStartId": 7, "idToken": {"idToken": "04CC", "type": "ISO14443"}}  # noqa: RUF012

    def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        replay = Replay()
        answer = replay.dialect.answer(action, payload, replay.station, START + 11 * HOUR_MS)
        return valid(f"{action}Response", answer)

    def test_starts_when_asked_to(self) -> None:
        assert self.ask("RequestStartTransaction", self.REQUEST) == {"status": "Accepted"}

    def test_starts_on_its_one_evse_only(self) -> None:
        assert self.ask("RequestStartTransaction", self.REQUEST | {"evseId": 2}) == {"status": "Rejected"}

    def test_stops_no_transaction_that_it_does_not_have(self) -> None:
        assert self.ask("RequestStopTransaction", {"transactionId": "other"}) == {"status": "Rejected"}

    @pytest.mark.parametrize(
        ("action", "code"),
        [("GetVariables", "NotSupported"), ("Reset", "NotSupported"), ("Dance", "NotImplemented")],
    )
    def test_refuses_what_it_does_not_offer(self, action: str, code: str) -> None:
        with pytest.raises(Refusal, match="not offered") as refused:
            self.ask(action, {})
        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("action", "payload"),
        [
            ("RequestStartTransaction", {}),
            ("RequestStartTransaction", {"remoteStartId": "7", "idToken": {"idToken": "04CC"}}),
            ("RequestStartTransaction", {"remoteStartId": 7, "idToken": "04CC"}),
            ("RequestStopTransaction", {"transactionId": 7}),
        ],
    )
    def test_refuses_what_is_not_in_the_form_of_the_specification(
        self, action: str, payload: dict[str, Any]
    ) -> None:
        with pytest.raises(Refusal) as refused:
            self.ask(action, payload)
        assert refused.value.code == "FormatViolation"
