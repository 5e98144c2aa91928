"""Schemas: what they refuse, what we tolerate aloud, and under which code the rest is refused."""

from typing import Any

import pytest

from services.ocpp.routes import INBOUND
from services.ocpp.wire.faults import V16, V201, Fault, Refused
from services.ocpp.wire.schemas import actions, tolerated, validator

START = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": "2026-09-21T14:13:20Z"}
STATUS_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
EVENT = {
    "eventType": "Started",
    "timestamp": "2026-09-21T14:13:20Z",
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "t"},
}


def meter_16(**sample: Any) -> dict[str, Any]:
    value = {"timestamp": "2026-09-21T14:13:20Z", "sampledValue": [{"value": "1"} | sample]}
    return {"connectorId": 1, "meterValue": [value]}


def warnings(protocol: str, action: str, payload: dict[str, Any]) -> list[str]:
    return tolerated(validator(protocol, action), payload)


def refusal(protocol: str, action: str, payload: dict[str, Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        warnings(protocol, action, payload)
    return caught.value


class TestActions:
    def test_are_all_of_the_specification(self) -> None:
        assert (len(actions(V16)), len(actions(V201))) == (39, 64)

    def test_include_what_is_routed(self) -> None:
        for protocol, routed in INBOUND.items():
            assert routed.keys() <= actions(protocol)


class TestValidator:
    @pytest.mark.parametrize("protocol", [V16, V201])
    def test_compiles_every_schema_that_ships(self, protocol: str) -> None:
        for action in actions(protocol):
            assert validator(protocol, action)
            assert validator(protocol, action, answer=True)

    def test_is_compiled_once(self) -> None:
        assert validator(V16, "Heartbeat") is validator(V16, "Heartbeat")

    def test_knows_request_from_answer(self) -> None:
        assert not validator(V16, "Heartbeat", answer=True).is_valid({})
        assert validator(V16, "Heartbeat").is_valid({})

    @pytest.mark.parametrize(
        ("protocol", "action"),
        [
            (V16, "TransactionEvent"),
            (V201, "StartTransaction"),
            (V16, "../v201/Heartbeat"),
            (V16, ""),
            (V16, "heartbeat"),
        ],
    )
    def test_does_not_know_other_versions_messages(self, protocol: str, action: str) -> None:
        with pytest.raises(KeyError):
            validator(protocol, action)

    def test_leaves_dates_to_those_who_read_them(self) -> None:
        assert validator(V16, "StartTransaction").is_valid(START | {"timestamp": "222222017-10-27T19:10:11Z"})

    def test_takes_customer_data_in_2_0_1(self) -> None:
        assert validator(V201, "Heartbeat").is_valid({"customData": {"vendorId": "v", "anything": [1]}})


class TestTolerated:
    @pytest.mark.parametrize(
        ("protocol", "action", "payload", "said"),
        [
            (V16, "StartTransaction", START | {"idTag": "x" * 21}, "idTag has 21 characters, 20 are allowed"),
            (V16, "StartTransaction", START | {"color": 1}, "payload has unknown properties 'color'"),
            (V16, "StartTransaction", START | {"meterStart": 5.0}, "meterStart is written with a decimal point"),
            (V16, "StartTransaction", START | {"meterStart": 5.25}, "meterStart is written with a decimal point"),
            (V16, "StartTransaction", START | {"connectorId": 1.0}, "connectorId is written with a decimal point"),
            (V16, "StatusNotification", STATUS_16 | {"errorCode": "Cat"}, "errorCode has unknown value 'Cat'"),
            (V16, "MeterValues", meter_16(unit="Hz"), "meterValue.0.sampledValue.0.unit has unknown value 'Hz'"),
            (
                V16,
                "MeterValues",
                meter_16(value=1.5),
                "meterValue.0.sampledValue.0.value is a number, not its text",
            ),
            (V201, "TransactionEvent", EVENT | {"triggerReason": "Cat"}, "triggerReason has unknown value 'Cat'"),
        ],
    )
    def test_what_is_harmless(self, protocol: str, action: str, payload: dict[str, Any], said: str) -> None:
        assert not validator(protocol, action).is_valid(payload)
        assert warnings(protocol, action, payload) == [said]

    def test_too_many_items(self) -> None:
        profile = {
            "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute",
            "chargingSchedule": [
                {"id": n, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1}]}
                for n in range(4)
            ],
        }  # fmt: skip
        token = {"idToken": "A", "type": "Central"}
        payload = {"remoteStartId": 1, "idToken": token, "chargingProfile": profile}
        assert warnings(V201, "RequestStartTransaction", payload) == [
            "chargingProfile.chargingSchedule has 4 items, 3 are allowed"
        ]

    def test_nothing_to_say_about_what_fits(self) -> None:
        assert warnings(V16, "StartTransaction", START) == []

    def test_lists_a_few_of_many_unknown_properties(self) -> None:
        (said,) = warnings(V16, "StartTransaction", START | {f"x{n}": n for n in range(50)})
        assert said == "payload has unknown properties 'x0', 'x1', 'x10', 'x11', 'x12'"


class TestRefuses:
    @pytest.mark.parametrize(
        ("protocol", "action", "payload", "fault", "said"),
        [
            (V16, "StartTransaction", {**START, "idTag": 5}, Fault.TYPE, "idTag: is not of type string"),
            (V16, "StartTransaction", {**START, "meterStart": "5"}, Fault.TYPE,
             "meterStart: is not of type integer"),
            (V16, "StartTransaction", {**START, "connectorId": 1.5}, Fault.TYPE,
             "connectorId: is not of type integer"),
            (V16, "StartTransaction", {**START, "connectorId": True}, Fault.TYPE,
             "connectorId: is not of type integer"),
            (V16, "StartTransaction", {**START, "timestamp": None}, Fault.TYPE,
             "timestamp: is not of type string"),
            (V16, "Authorize", {}, Fault.OCCURRENCE, "payload: 'idTag' is missing"),
            (V16, "MeterValues", {"connectorId": 1, "meterValue": []}, Fault.OCCURRENCE,
             "meterValue: violates minItems"),
            (V16, "StatusNotification", {**STATUS_16, "status": "Fine"}, Fault.PROPERTY,
             "status: has a value that is not among those allowed"),
            (V16, "MeterValues", meter_16(value=True), Fault.TYPE,
             "meterValue.0.sampledValue.0.value: is not of type string"),
            (V16, "StartTransaction", {**START, "idTag": "x" * 1001}, Fault.PROPERTY,
             "idTag: has more than 20 characters"),
            (V201, "TransactionEvent", {**EVENT, "eventType": "Begun"}, Fault.PROPERTY,
             "eventType: has a value that is not among those allowed"),
            (V201, "TransactionEvent", {**EVENT, "seqNo": "0"}, Fault.TYPE, "seqNo: is not of type integer"),
            (V201, "TransactionEvent", {**EVENT, "transactionInfo": {}}, Fault.OCCURRENCE,
             "transactionInfo: 'transactionId' is missing"),
            (V201, "TransactionEvent", {**EVENT, "triggerReason": 5}, Fault.TYPE,
             "triggerReason: is not of type string"),
        ],
    )  # fmt: skip
    def test_what_is_not(
        self, protocol: str, action: str, payload: dict[str, Any], fault: Fault, said: str
    ) -> None:
        error = refusal(protocol, action, payload)
        assert (error.fault, error.description) == (fault, said)

    def test_even_if_something_harmless_comes_first(self) -> None:
        assert refusal(V16, "StartTransaction", {**START, "aaa": 1, "idTag": 5}).fault is Fault.TYPE

    def test_lets_long_texts_be_eight_times_longer(self) -> None:
        signed = {"signedMeterData": "d" * 20_000, "signingMethod": "", "encodingMethod": "", "publicKey": ""}
        sample = {"value": 1, "signedMeterValue": signed}
        payload = {**EVENT, "meterValue": [{"timestamp": "x", "sampledValue": [sample]}]}
        assert len(warnings(V201, "TransactionEvent", payload)) == 1
        signed["signedMeterData"] += "d"
        assert refusal(V201, "TransactionEvent", payload).fault is Fault.PROPERTY

    def test_a_payload_that_is_nothing_but_deviations(self) -> None:
        sample = {"value": "1", "unit": "cats"}
        payload = {"connectorId": 1, "meterValue": [{"timestamp": "x", "sampledValue": [sample] * 60}]}
        assert refusal(V16, "MeterValues", payload).description == "more than 50 deviations from the schema"

    def test_without_showing_long_values(self) -> None:
        (said,) = warnings(V16, "MeterValues", meter_16(unit="u" * 5000))
        assert len(said) < 120
