"""OCPP 1.5 in the words of 1.6, and back."""

from services.ocpp.soap.v15 import ANSWERS_IN, ANSWERS_OUT, REQUESTS_IN, REQUESTS_OUT, converted
from services.ocpp.wire.faults import V15S, V16S
from services.ocpp.wire.schemas import validator

READING = {"timestamp": "t", "value": [{"value": "230", "unit": "Volt"}, {"value": "5"}]}
READING_V16 = {"timestamp": "t", "sampledValue": [{"value": "230", "unit": "V"}, {"value": "5"}]}


class TestRequestsOfStations:
    def test_have_their_readings_where_16_has_them(self) -> None:
        said = {"connectorId": 1, "values": [READING]}
        assert converted(REQUESTS_IN, "MeterValues", said) == {"connectorId": 1, "meterValue": [READING_V16]}

    def test_have_one_list_of_transaction_data(self) -> None:
        said = {"meterStop": 1, "transactionData": [{"values": [READING]}, {}, {"values": [READING, READING]}]}
        told = converted(REQUESTS_IN, "StopTransaction", said)
        assert told == {"meterStop": 1, "transactionData": [READING_V16] * 3}

    def test_without_readings_are_alike(self) -> None:
        assert converted(REQUESTS_IN, "MeterValues", {"connectorId": 1}) == {"connectorId": 1}
        assert converted(REQUESTS_IN, "Authorize", {"idTag": "A"}) == {"idTag": "A"}

    def test_keep_units_that_are_nonsense_for_the_schema(self) -> None:
        said = {"values": [{"value": [{"value": "1", "unit": {"a": "b"}}]}]}
        assert converted(REQUESTS_IN, "MeterValues", said) == {
            "meterValue": [{"sampledValue": [{"value": "1", "unit": {"a": "b"}}]}]
        }

    def test_may_have_the_words_that_16_gave_up(self) -> None:
        said = {"connectorId": 1, "status": "Occupied", "errorCode": "Mode3Error"}
        assert validator(V15S, "StatusNotification").is_valid(said)
        assert not validator(V16S, "StatusNotification").is_valid(said)


class TestAnswersToStations:
    def test_name_the_interval_as_15_does(self) -> None:
        answer = {"status": "Accepted", "currentTime": "t", "interval": 300}
        assert converted(ANSWERS_OUT, "BootNotification", answer) == {
            "status": "Accepted", "currentTime": "t", "heartbeatInterval": 300,
        }  # fmt: skip

    def test_reject_who_must_wait(self) -> None:
        answer = {"status": "Pending", "currentTime": "t", "interval": 60}
        assert converted(ANSWERS_OUT, "BootNotification", answer)["status"] == "Rejected"


class TestRequestsToStations:
    def test_spell_the_local_list_as_15_does(self) -> None:
        asked = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [{"idTag": "A"}]}
        assert converted(REQUESTS_OUT, "SendLocalList", asked) == {
            "listVersion": 1, "updateType": "Full", "localAuthorisationList": [{"idTag": "A"}],
        }  # fmt: skip


class TestAnswersOfStations:
    def test_say_what_16_would_say(self) -> None:
        assert converted(ANSWERS_IN, "UnlockConnector", {"status": "Accepted"}) == {"status": "Unlocked"}
        assert converted(ANSWERS_IN, "UnlockConnector", {"status": "Rejected"}) == {"status": "UnlockFailed"}
        assert converted(ANSWERS_IN, "SendLocalList", {"status": "HashError", "hash": "x"}) == {"status": "Failed"}
        assert converted(ANSWERS_IN, "Reset", {"status": "Accepted"}) == {"status": "Accepted"}

    def test_of_no_use_are_left_to_the_schema(self) -> None:
        assert converted(ANSWERS_IN, "UnlockConnector", {"status": {"a": "b"}}) == {"status": {"a": "b"}}
        assert converted(ANSWERS_IN, "UnlockConnector", {}) == {}
