"""What is not said to stations of OCPP 2.0.1 although the schemas allow it."""

from typing import Any

import pytest

from services.ocpp.outbound.rules import broken
from tests.unit.ocpp.circumstances import V201
from tests.unit.ocpp.outbound.test_command import PROFILE, START, NotPossible, asked, request

VARIABLE = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "Enabled"}, "attributeValue": "true"}


def entry(uid: str, kind: str = "ISO14443") -> dict[str, Any]:
    return {"idToken": {"idToken": uid, "type": kind}, "idTokenInfo": {"status": "Accepted"}}


def local_list(*entries: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return {"versionNumber": version, "updateType": "Full", "localAuthorizationList": list(entries)}


def profile(*periods: dict[str, Any], **changes: Any) -> dict[str, Any]:
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": list(periods)}
    return PROFILE | {"chargingSchedule": [schedule]} | changes


def period(at_s: int, **more: Any) -> dict[str, Any]:
    return {"startPeriod": at_s, "limit": 16, **more}


class TestBroken:
    @pytest.mark.parametrize(
        ("action", "payload"),
        [
            ("RequestStartTransaction", START),
            ("RequestStartTransaction", START | {"chargingProfile": PROFILE}),
            ("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(period(0), period(60))}),
            ("SetChargingProfile",
             {"evseId": 1, "chargingProfile": profile(period(0, numberPhases=1, phaseToUse=2))}),
            ("SendLocalList", local_list(entry("A"), entry("B"), entry("A", "eMAID"))),
            ("SendLocalList", {"versionNumber": 1, "updateType": "Full"}),
            ("SetVariables", {"setVariableData": [VARIABLE, VARIABLE | {"attributeType": "Target"}]}),
            ("SetVariables", {"setVariableData": [VARIABLE, VARIABLE | {"variable": {"name": "Tries"}}]}),
            ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
            ("TriggerMessage", {"requestedMessage": "MeterValues"}),
            ("ClearCache", {}),
        ],
    )  # fmt: skip
    def test_lets_pass_what_may_be_said(self, action: str, payload: dict[str, Any]) -> None:
        assert broken(action, payload) is None
        assert request(asked(payload, action), V201).payload == payload

    @pytest.mark.parametrize(
        ("action", "payload", "says"),
        [
            ("RequestStartTransaction",
             START | {"chargingProfile": PROFILE | {"chargingProfilePurpose": "TxDefaultProfile"}}, "TxProfile"),
            ("RequestStartTransaction",
             START | {"chargingProfile": PROFILE | {"transactionId": "t"}}, "no transactionId"),
            ("RequestStartTransaction", START | {"chargingProfile": profile(period(60), period(0))}, "order"),
            ("SetChargingProfile", {"evseId": 1, "chargingProfile": profile(period(0), period(0))}, "order"),
            ("SetChargingProfile",
             {"evseId": 1, "chargingProfile": profile(period(0, phaseToUse=1))}, "phaseToUse"),
            ("SetChargingProfile",
             {"evseId": 1, "chargingProfile": profile(period(0, numberPhases=3, phaseToUse=1))}, "phaseToUse"),
            ("SendLocalList", local_list(version=0) | {"localAuthorizationList": [entry("A")]}, "greater than 0"),
            ("SendLocalList", {"versionNumber": -1, "updateType": "Full"}, "greater than 0"),
            ("SendLocalList", local_list(entry("a1"), entry("B"), entry("A1")), "twice"),
            ("SetVariables", {"setVariableData": [VARIABLE, VARIABLE | {"attributeType": "Actual"}]}, "twice"),
            ("TriggerMessage", {"requestedMessage": "StatusNotification"}, "connectorId"),
            ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1}}, "connectorId"),
        ],
    )  # fmt: skip
    def test_says_what_may_not(self, action: str, payload: dict[str, Any], says: str) -> None:
        with pytest.raises(NotPossible, match=says):
            request(asked(payload, action), V201)
