import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import ocpp.v16
import pytest
from jsonschema import Draft4Validator

from services.simulator.connection import Message, Part, encode
from services.simulator.dialect import Refusal
from services.simulator.meter import Meter
from services.simulator.ocmf import MeterIdentity, derived_key
from services.simulator.plan import Visit
from services.simulator.station import HOUR_MS, Records, Station, StationSpec, Step, Stopped
from services.simulator.v16 import V16

SCHEMAS = Path(ocpp.v16.__file__).parent / "schemas"
START = 1_795_219_200_000
VISIT = Visit("s1", START, START + 2 * HOUR_MS, Decimal(6_600), "04AABBCCDDEEFF")
SPEC = StationSpec("CP1", "ocpp1.6", "password", "DE*WAT*E1*1", "SM1")
IDENTITY = MeterIdentity("Vendor", "Model", "SM1", "1.0", "Gateway", "GS1", "2.0", "DE*WAT*E1*1")


def valid(action: str, payload: Any) -> dict[str, Any]:
    """The payload as a backend reads it; fails when the schema of the specification refuses it."""
    read: dict[str, Any] = json.loads(encode([payload]))[0]
    Draft4Validator(json.loads((SCHEMAS / f"{action}.json").read_text())).validate(read)
    return read


class Replay:
    """One visit, told in OCPP 1.6 and answered with `transaction_id` where an answer counts."""

    def __init__(
        self, transaction_id: int = 42, status: str = "Accepted", records: Records = Records.PAIR
    ) -> None:
        meter = Meter(IDENTITY, derived_key("seed", "SM1"), Decimal(1000), Decimal(1))
        self.station = Station(replace(SPEC, records=records), meter, [VISIT])
        self.dialect = V16(SPEC, meter.public_key_hex, 900)
        self.steps: list[Step] = self.station.advance(START + 3 * HOUR_MS)
        self.said: list[tuple[str, dict[str, Any]]] = []
        for step in self.steps:
            for message in self.dialect.messages(step, offline=False):
                payload = message.payload()
                if payload is not None:
                    self.said.append((message.action, valid(message.action, payload)))
                    self.answer(message, transaction_id, status)

    def answer(self, message: Message, transaction_id: int, status: str) -> None:
        info = {"idTagInfo": {"status": status}}
        if message.action == "StartTransaction":
            self.dialect.learn(message, {"transactionId": transaction_id} | info)
        elif message.action == "Authorize":
            self.dialect.learn(message, info)

    def of(self, action: str) -> list[dict[str, Any]]:
        return [payload for said, payload in self.said if said == action]

    @property
    def transaction(self) -> Any:
        return next(step.transaction for step in self.steps if isinstance(step, Stopped))


class TestBoot:
    def test_is_what_the_schema_asks_for(self) -> None:
        boot = Replay().dialect.boot()
        assert valid("BootNotification", boot.payload())["meterSerialNumber"] == "SM1"
        assert boot.part is None

    def test_is_followed_by_status_and_meter_key(self) -> None:
        status, key = Replay().dialect.introduce(START)
        assert valid("StatusNotification", status.payload())["status"] == "Available"
        transfer = valid("DataTransfer", key.payload())
        [meter] = json.loads(transfer["data"])["meters"]
        assert (meter["connectorId"], meter["meterSerial"]) == (1, "SM1")
        assert len(bytes.fromhex(meter["publicKey"])) == 91

    def test_is_kept_alive_by_heartbeats(self) -> None:
        assert valid("Heartbeat", Replay().dialect.heartbeat().payload()) == {}


class TestMessages:
    def test_tell_a_visit_in_the_order_of_the_specification(self) -> None:
        actions = [action for action, _payload in Replay().said]
        assert actions[:5] == [
            "StatusNotification",
            "Authorize",
            "StartTransaction",
            "MeterValues",
            "StatusNotification",
        ]
        assert actions[-3:] == ["StopTransaction", "StatusNotification", "StatusNotification"]
        assert actions.count("MeterValues") == 8

    def test_report_every_change_of_the_connector_once(self) -> None:
        statuses = [payload["status"] for payload in Replay().of("StatusNotification")]
        assert statuses == ["Preparing", "Charging", "SuspendedEV", "Finishing", "Available"]

    def test_carry_whole_watt_hours_and_the_recorded_times(self) -> None:
        replay = Replay()
        [start], [stop] = replay.of("StartTransaction"), replay.of("StopTransaction")
        assert (start["meterStart"], stop["meterStop"]) == (1000, 7600)
        assert start["timestamp"] == "2026-11-21T00:00:00.000Z"
        assert stop["timestamp"] == "2026-11-21T02:00:00.000Z"
        assert stop["reason"] == "EVDisconnected"

    def test_carry_the_id_that_the_backend_gave(self) -> None:
        replay = Replay(transaction_id=77)
        numbers = {payload["transactionId"] for payload in replay.of("MeterValues") + replay.of("StopTransaction")}
        assert numbers == {77}

    def test_carry_signed_records_at_both_ends_unchanged(self) -> None:
        replay = Replay()
        begin = replay.of("MeterValues")[0]["meterValue"][0]["sampledValue"]
        [stop] = replay.of("StopTransaction")
        end = stop["transactionData"][0]["sampledValue"]
        signed = [sample for sample in begin + end if sample.get("format") == "SignedData"]
        assert [sample["context"] for sample in signed] == ["Transaction.Begin", "Transaction.End"]
        assert all(sample["value"].startswith("OCMF|{") for sample in signed)
        digests = [hashlib.sha256(sample["value"].encode()).hexdigest() for sample in signed]
        assert replay.transaction.signed_sha256 == digests

    def test_carry_one_record_at_the_end_when_the_meter_signs_both_readings_there(self) -> None:
        replay = Replay(records=Records.COMBINED)
        begin = replay.of("MeterValues")[0]["meterValue"][0]["sampledValue"]
        assert not any(sample.get("format") == "SignedData" for sample in begin)
        assert len(replay.transaction.signed_sha256) == 1

    def test_say_nothing_of_a_transaction_whose_card_was_refused(self) -> None:
        replay = Replay(status="Blocked")
        assert {action for action, _payload in replay.said} == {"StatusNotification", "Authorize"}
        assert replay.transaction.refused
        assert replay.transaction.problems == ["Authorize was answered Blocked"]


class TestLearn:
    def start(self, replay: Replay) -> Message:
        return Message("StartTransaction", dict, replay.transaction, Part.START)

    def test_notices_another_id_for_the_same_start(self) -> None:
        replay = Replay(transaction_id=42)
        replay.dialect.learn(self.start(replay), {"transactionId": 43})
        assert replay.transaction.problems == ["transaction 42 became 43 in a repetition"]

    def test_accepts_the_same_id_again(self) -> None:
        replay = Replay(transaction_id=42)
        replay.dialect.learn(self.start(replay), {"transactionId": 42, "idTagInfo": {"status": "Accepted"}})
        assert replay.transaction.problems == []

    def test_goes_on_when_the_start_itself_is_answered_with_a_refusal(self) -> None:
        replay = Replay()
        replay.dialect.learn(self.start(replay), {"transactionId": 42, "idTagInfo": {"status": "Invalid"}})
        assert replay.transaction.problems == ["StartTransaction was answered Invalid"]
        assert not replay.transaction.refused

    @pytest.mark.parametrize("answer", [{}, {"idTagInfo": None}, {"idTagInfo": "Accepted"}, {"idTagInfo": {}}])
    def test_survives_answers_without_status(self, answer: dict[str, Any]) -> None:
        replay = Replay()
        replay.dialect.learn(Message("StopTransaction", dict, replay.transaction, Part.STOP), answer)
        assert replay.transaction.problems == []

    def test_takes_nothing_from_answers_about_nothing(self) -> None:
        Replay().dialect.learn(Message("Heartbeat", dict), {"idTagInfo": {"status": "Blocked"}})


class TestAnswer:
    def idle(self) -> tuple[V16, Station]:
        replay = Replay()
        return replay.dialect, replay.station

    def running(self) -> tuple[V16, Station]:
        dialect, station = self.idle()
        assert station.remote_start("04CC", 0, START + 4 * HOUR_MS)
        for step in station.advance(START + 4 * HOUR_MS):
            for message in dialect.messages(step, offline=False):
                if message.part is Part.START:
                    dialect.learn(message, {"transactionId": 9})
        return dialect, station

    def ask(self, of: tuple[V16, Station], action: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer = of[0].answer(action, payload, of[1], START + 4 * HOUR_MS)
        return valid(f"{action}Response", answer)

    def test_starts_when_asked_to(self) -> None:
        assert self.ask(self.idle(), "RemoteStartTransaction", {"idTag": "04CC"}) == {"status": "Accepted"}

    def test_starts_on_its_one_connector_only(self) -> None:
        request = {"idTag": "04CC", "connectorId": 2}
        assert self.ask(self.idle(), "RemoteStartTransaction", request) == {"status": "Rejected"}

    def test_rejects_a_start_while_it_charges(self) -> None:
        assert self.ask(self.running(), "RemoteStartTransaction", {"idTag": "04CC"}) == {"status": "Rejected"}

    def test_stops_its_own_transaction_only(self) -> None:
        charging = self.running()
        assert self.ask(charging, "RemoteStopTransaction", {"transactionId": 8}) == {"status": "Rejected"}
        assert self.ask(charging, "RemoteStopTransaction", {"transactionId": 9}) == {"status": "Accepted"}

    def test_shows_its_configuration(self) -> None:
        everything = self.ask(self.idle(), "GetConfiguration", {})
        keys = {entry["key"] for entry in everything["configurationKey"]}
        assert {"HeartbeatInterval", "MeterPublicKey1", "NumberOfConnectors"} <= keys
        some = self.ask(self.idle(), "GetConfiguration", {"key": ["NumberOfConnectors", "Nonsense"]})
        assert some["unknownKey"] == ["Nonsense"]
        assert some["configurationKey"] == [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}]

    @pytest.mark.parametrize(
        ("key", "status"),
        [("HeartbeatInterval", "Accepted"), ("NumberOfConnectors", "Rejected"), ("Nonsense", "NotSupported")],
    )
    def test_changes_what_may_be_changed(self, key: str, status: str) -> None:
        station = self.idle()
        assert self.ask(station, "ChangeConfiguration", {"key": key, "value": "7"}) == {"status": status}
        changed = self.ask(station, "GetConfiguration", {"key": ["HeartbeatInterval"]})["configurationKey"][0]
        assert changed["value"] == ("7" if status == "Accepted" else "300")

    @pytest.mark.parametrize(
        ("action", "code"),
        [("Reset", "NotSupported"), ("ClearCache", "NotSupported"), ("Dance", "NotImplemented")],
    )
    def test_refuses_what_it_does_not_offer(self, action: str, code: str) -> None:
        with pytest.raises(Refusal, match="not offered") as refused:
            self.ask(self.idle(), action, {})
        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("action", "payload"),
        [
            ("RemoteStartTransaction", {}),
            ("RemoteStartTransaction", {"idTag": 7}),
            ("RemoteStopTransaction", {"transactionId": "9"}),
            ("RemoteStopTransaction", {"transactionId": True}),
            ("ChangeConfiguration", {"key": "HeartbeatInterval"}),
        ],
    )
    def test_refuses_what_is_not_in_the_form_of_the_specification(
        self, action: str, payload: dict[str, Any]
    ) -> None:
        with pytest.raises(Refusal, match="missing or of the wrong type") as refused:
            self.ask(self.idle(), action, payload)
        assert refused.value.code == "FormationViolation"
