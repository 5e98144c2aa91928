"""Charging profiles of partners become operations that stations take."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from services.domain.events.common import CommandOutcome
from services.ocpi.inbound.charging_profiles import (
    body_of,
    checked,
    clearing,
    duration_of,
    getting,
    profile_id,
    setting,
)
from services.ocpi.inbound.commands import NotDone
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.outbound.charging_profiles import active
from services.ocpi.outbound.results import of
from services.ocpi.outbound.told import told
from services.ocpi.wire.envelope import decoded, encoded
from services.ocpi.wire.kinds import CLEAR_PROFILE, GET_PROFILE, SET_PROFILE, UPDATE_PROFILE
from services.ocpp.wire.faults import V16, V201
from services.ocpp.wire.schemas import validator
from tests.unit.ocpi.facts import answered, session
from tests.unit.ocpi.wire.test_reading import JSON

RUNNING = session(ended_at=None)
URL = "https://emsp.example.com/results/1"
PROFILE: dict[str, Any] = {
    "start_date_time": "2026-09-21T14:15:00",
    "duration": 900,
    "charging_rate_unit": "W",
    "min_charging_rate": Decimal("1380"),
    "charging_profile_period": [
        {"start_period": 0, "limit": Decimal("11000.55")},
        {"start_period": 300, "limit": 7000},
    ],
}


def body(**changes: Any) -> dict[str, Any]:
    profile = {key: item for key, item in (PROFILE | changes).items() if item is not None}
    return {"response_url": URL, "charging_profile": profile}


class TestSetting:
    def test_is_a_profile_of_the_sessions_transaction(self) -> None:
        made = setting(RUNNING, 1, body_of(body(), "2.2.1")["charging_profile"])
        assert (made.station_id, made.action) == ("DE-WAT-0001", "SetChargingProfile")
        payload = json.loads(encoded(made.payload))
        assert validator(V201, "SetChargingProfile").is_valid(payload)
        profile = payload["chargingProfile"]
        assert (profile["transactionId"], profile["chargingProfileKind"]) == (RUNNING.transaction_id, "Absolute")
        (schedule,) = profile["chargingSchedule"]
        assert schedule["startSchedule"] == "2026-09-21T14:15:00Z"
        assert schedule["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 11000.5},
            {"startPeriod": 300, "limit": 7000},
        ]

    def test_without_a_start_is_relative_to_that_of_charging(self) -> None:
        bare = body(start_date_time=None, duration=None, min_charging_rate=None)
        payload = setting(RUNNING, 1, body_of(bare, "2.3.0")["charging_profile"]).payload
        assert payload["chargingProfile"]["chargingProfileKind"] == "Relative"
        assert validator(V201, "SetChargingProfile").is_valid(json.loads(encoded(payload)))

    @pytest.mark.parametrize(
        "changes",
        [
            {"charging_rate_unit": "kW"},
            {"charging_profile_period": []},
            {"charging_profile_period": [{"start_period": 5, "limit": 1}]},
            {"charging_profile_period": [{"start_period": 0, "limit": 1}] * 2},
            {"charging_profile_period": [{"start_period": 0, "limit": -1}]},
            {"charging_profile_period": [{"start_period": 0}]},
            {"charging_profile_period": [{"start_period": n, "limit": 1} for n in range(1025)]},
            {"charging_profile_period": [{"start_period": 0, "limit": 1}, {"start_period": 2**40, "limit": 1}]},
            {"duration": 0},
            {"duration": 2**31},
        ],
    )
    def test_refuses_what_no_station_could_follow(self, changes: dict[str, Any]) -> None:
        with pytest.raises(Refusal):
            body_of(body(**changes), "2.2.1")

    @given(JSON)
    def test_survives_whatever_is_sent(self, sent: Any) -> None:
        for whole in (sent, {"response_url": URL, "charging_profile": sent}):
            with pytest.raises(Refusal):
                body_of(whole, "2.3.0")


class TestOthers:
    def test_clear_what_was_set_and_nothing_else(self) -> None:
        made = clearing(RUNNING)
        assert made.payload == {"chargingProfileId": profile_id(RUNNING.session_id)}
        assert validator(V201, "ClearChargingProfile").is_valid(made.payload)

    def test_ask_for_the_schedule_of_the_evse(self) -> None:
        assert getting("S", 2, 60).payload == {"duration": 60, "evseId": 2}

    @pytest.mark.parametrize("text", [None, "", "0", "-1", "1.5", "1e3", "٣", "9" * 5000, str(8 * 86_400)])
    def test_take_a_duration_that_is_one(self, text: str | None) -> None:
        assert duration_of("900") == 900
        with pytest.raises(Refusal):
            duration_of(text)


class TestChecked:
    def test_finds_the_evse(self) -> None:
        assert checked(RUNNING, connected=True) == (RUNNING, 1)

    @pytest.mark.parametrize(
        ("found", "connected", "result"),
        [
            (None, True, "UNKNOWN_SESSION"),
            (session(ended_at=5), True, "REJECTED"),
            (session(ended_at=None, evse_id=None), True, "NOT_SUPPORTED"),
            (session(ended_at=None, protocol="ocpp1.5"), True, "NOT_SUPPORTED"),
            (RUNNING, False, "REJECTED"),
        ],
    )
    def test_says_why_not(self, found: Any, connected: bool, result: str) -> None:
        with pytest.raises(NotDone) as caught:
            checked(found, connected)
        assert caught.value.result == result


PERIODS = [{"startPeriod": 0, "limit": 16.5, "numberPhases": 3}]
V201_ANSWER = {
    "status": "Accepted",
    "schedule": {
        "evseId": 1, "duration": 900, "scheduleStart": "2026-09-21T14:15:00Z", "chargingRateUnit": "A",
        "chargingSchedulePeriod": PERIODS,
    },
}  # fmt: skip
V16_ANSWER = {
    "status": "Accepted", "connectorId": 1, "scheduleStart": "2026-09-21T16:15:00+02:00",
    "chargingSchedule": {"duration": 900, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS},
}  # fmt: skip


class TestResults:
    @pytest.mark.parametrize(
        ("protocol", "answer"), [(V201, V201_ANSWER), (V16, V16_ANSWER)], ids=["2.0.1", "1.6"]
    )
    def test_tell_the_schedule_of_either_version(self, protocol: str, answer: dict[str, Any]) -> None:
        assert validator(protocol, "GetCompositeSchedule", answer=True).is_valid(answer)
        name, result = of(GET_PROFILE, answered(answer_json=json.dumps(answer)))
        shown = told(result, name, "2.2.1", [])
        assert shown is not None
        assert (shown["result"], shown["profile"]["start_date_time"]) == ("ACCEPTED", "2026-09-21T14:15:00.000Z")
        assert shown["profile"]["charging_profile"]["charging_profile_period"] == [
            {"start_period": 0, "limit": Decimal("16.5")}
        ]

    @pytest.mark.parametrize("command", [SET_PROFILE, CLEAR_PROFILE, GET_PROFILE, UPDATE_PROFILE])
    def test_are_told_in_either_version(self, command: str) -> None:
        for outcome in CommandOutcome:
            for version in ("2.3.0", "2.2.1"):
                name, result = of(command, answered(outcome))
                assert told(result, name, version, []) is not None
        assert of(command, None)[1] == {"result": "REJECTED"}

    def test_know_that_there_was_nothing_to_clear(self) -> None:
        nothing = answered(CommandOutcome.REJECTED, operation="ClearChargingProfile", status="Unknown")
        assert of(CLEAR_PROFILE, nothing)[1] == {"result": "UNKNOWN"}

    @given(JSON)
    def test_survive_whatever_is_recorded(self, said: Any) -> None:
        for whole in (
            said,
            {"schedule": said},
            {"chargingSchedule": said, "scheduleStart": "2026-09-21T14:15:00Z"},
        ):
            text = encoded(whole).decode()
            assert active(answered(answer_json=text)) is None or decoded(text.encode())
        assert active(answered(answer_json="{")) is None
        assert active(None) is None
