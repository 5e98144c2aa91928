"""Remote starts and stops, UnlockConnector and TriggerMessage of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

TOKEN = {"idToken": "04A1", "type": "ISO14443"}
START = {"idToken": TOKEN, "remoteStartId": 7}
PERIODS = [{"startPeriod": 0, "limit": 16.0}]
PROFILE: dict[str, Any] = {
    "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
    "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}],
}  # fmt: skip
PROFILE_16: dict[str, Any] = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
}  # fmt: skip


class TestStart:
    @pytest.mark.parametrize(("evse", "connector"), [({}, {}), ({"evseId": 2}, {"connectorId": 2})])
    def test_is_of_a_connector_or_wherever_it_is(self, evse: dict[str, Any], connector: dict[str, Any]) -> None:
        assert told("RequestStartTransaction", START | evse) == (
            "RemoteStartTransaction",
            {"idTag": "04A1", **connector},
        )

    def test_may_have_a_profile(self) -> None:
        assert told("RequestStartTransaction", START | {"chargingProfile": PROFILE}) == (
            "RemoteStartTransaction",
            {"idTag": "04A1", "chargingProfile": PROFILE_16},
        )

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"chargingProfilePurpose": "TxDefaultProfile"}, "has to be a TxProfile"),
            ({"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "no charging profile purpose"),
            ({"transactionId": "4"}, "has no transactionId"),
        ],
    )
    def test_has_a_profile_for_its_transaction_only(self, change: dict[str, Any], said: str) -> None:
        assert said in refused("RequestStartTransaction", START | {"chargingProfile": PROFILE | change})

    @pytest.mark.parametrize("change", [{"chargingProfilePurpose": "ChargePointMaxProfile"}, {"transactionId": 4}])
    def test_is_held_to_that_in_the_words_of_1_6_too(self, change: dict[str, Any]) -> None:
        native = {"idTag": "04A1", "connectorId": 1, "chargingProfile": PROFILE_16}
        assert told("RemoteStartTransaction", native) == ("RemoteStartTransaction", native)
        bad = native | {"chargingProfile": PROFILE_16 | change}
        assert "chargingProfile of a remote start" in refused("RemoteStartTransaction", bad)

    def test_is_not_at_connector_0(self) -> None:
        assert "numbered from 1" in refused("RemoteStartTransaction", {"idTag": "04A1", "connectorId": 0})

    def test_needs_a_token_that_fits(self) -> None:
        long = {"idToken": "x" * 21, "type": "Central"}
        said = "token has 21 characters, OCPP 1.6 allows 20"
        assert refused("RequestStartTransaction", START | {"idToken": long}) == said


class TestStop:
    @pytest.mark.parametrize(("text", "number"), [("42", 42), ("0", 0), ("-1", -1), ("2147483647", 2**31 - 1)])
    def test_is_of_a_number(self, text: str, number: int) -> None:
        assert told("RequestStopTransaction", {"transactionId": text}) == (
            "RemoteStopTransaction",
            {"transactionId": number},
        )

    @pytest.mark.parametrize("text", ["", "4_2", " 42", "٤٢", "4.0", "0x2a", "+42", "42\n", "9" * 19, "7c0b-1"])
    def test_is_not_of_what_is_only_nearly_one(self, text: str) -> None:
        assert refused("RequestStopTransaction", {"transactionId": text}) == "OCPP 1.6 transaction ids are numbers"


class TestUnlockConnector:
    def test_is_of_the_evse(self) -> None:
        assert told("UnlockConnector", {"evseId": 2, "connectorId": 1}) == ("UnlockConnector", {"connectorId": 2})

    def test_takes_the_words_of_1_6(self) -> None:
        assert told("UnlockConnector", {"connectorId": 2}) == ("UnlockConnector", {"connectorId": 2})


class TestTriggerMessage:
    @pytest.mark.parametrize(
        ("wanted", "action", "said"),
        [
            ("BootNotification", "TriggerMessage", "BootNotification"),
            ("FirmwareStatusNotification", "TriggerMessage", "FirmwareStatusNotification"),
            ("Heartbeat", "TriggerMessage", "Heartbeat"),
            ("MeterValues", "TriggerMessage", "MeterValues"),
            ("StatusNotification", "TriggerMessage", "StatusNotification"),
            ("LogStatusNotification", "ExtendedTriggerMessage", "LogStatusNotification"),
            ("SignChargingStationCertificate", "ExtendedTriggerMessage", "SignChargePointCertificate"),
        ],
    )
    def test_asks_in_the_message_that_knows_the_word(self, wanted: str, action: str, said: str) -> None:
        assert told("TriggerMessage", {"requestedMessage": wanted}) == (action, {"requestedMessage": said})
        at = {"requestedMessage": wanted, "evse": {"id": 2, "connectorId": 1}}
        assert told("TriggerMessage", at) == (action, {"requestedMessage": said, "connectorId": 2})

    def test_of_evse_0_is_of_the_station(self) -> None:
        payload = {"requestedMessage": "StatusNotification", "evse": {"id": 0}}
        assert told("TriggerMessage", payload) == ("TriggerMessage", {"requestedMessage": "StatusNotification"})

    @pytest.mark.parametrize(
        "wanted", ["TransactionEvent", "SignV2GCertificate", "SignCombinedCertificate",
                   "PublishFirmwareStatusNotification"]
    )  # fmt: skip
    def test_cannot_ask_for_what_1_6_does_not_have(self, wanted: str) -> None:
        said = f"OCPP 1.6 stations cannot be asked for a {wanted}"
        assert refused("TriggerMessage", {"requestedMessage": wanted}) == said

    @pytest.mark.parametrize("operation", ["TriggerMessage", "ExtendedTriggerMessage"])
    def test_takes_the_words_of_1_6(self, operation: str) -> None:
        payload = {"requestedMessage": "MeterValues", "connectorId": 1}
        assert told(operation, payload) == (operation, payload)
