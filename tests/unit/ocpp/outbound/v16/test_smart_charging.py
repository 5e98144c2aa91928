"""Charging profiles of OCPP 1.6."""

from typing import Any

import pytest

from tests.unit.ocpp.outbound.v16.telling import refused, told

WHEN = "2026-09-21T14:13:20Z"
PERIODS = [{"startPeriod": 0, "limit": 16.0, "numberPhases": 3}, {"startPeriod": 60, "limit": 6.1}]
SCHEDULE = {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}


def profile(purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    return {
        "id": 5, "stackLevel": 1, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
        "chargingSchedule": [{"id": 1, **SCHEDULE}], **more,
    }  # fmt: skip


def profile_16(purpose: str = "TxDefaultProfile", **more: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 5, "stackLevel": 1, "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute", "chargingSchedule": SCHEDULE, **more,
    }  # fmt: skip


def asked(evse_id: int, wanted: dict[str, Any]) -> dict[str, Any]:
    return {"evseId": evse_id, "chargingProfile": wanted}


class TestSetChargingProfile:
    @pytest.mark.parametrize(
        ("evse_id", "purpose", "said"),
        [
            (0, "ChargingStationMaxProfile", "ChargePointMaxProfile"),
            (0, "TxDefaultProfile", "TxDefaultProfile"),
            (2, "TxDefaultProfile", "TxDefaultProfile"),
            (2, "TxProfile", "TxProfile"),
        ],
    )
    def test_says_the_purpose(self, evse_id: int, purpose: str, said: str) -> None:
        assert told("SetChargingProfile", asked(evse_id, profile(purpose))) == (
            "SetChargingProfile",
            {"connectorId": evse_id, "csChargingProfiles": profile_16(said)},
        )

    def test_says_everything_that_1_6_has_a_field_for(self) -> None:
        same = {"recurrencyKind": "Daily", "validFrom": WHEN, "validTo": WHEN}
        more = {"duration": 3600, "startSchedule": WHEN, "minChargingRate": 6.0}
        wanted = profile("TxProfile", transactionId="42", **same)
        wanted["chargingSchedule"] = [{"id": 1, **SCHEDULE, **more}]
        _, payload = told("SetChargingProfile", asked(1, wanted))
        expected = profile_16("TxProfile", transactionId=42, **same)
        assert payload["csChargingProfiles"] == expected | {"chargingSchedule": SCHEDULE | more}

    def test_leaves_behind_which_phase_is_used(self) -> None:
        one_phase = {"startPeriod": 0, "limit": 16.0, "numberPhases": 1}
        wanted = profile()
        wanted["chargingSchedule"] = [
            {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [one_phase | {"phaseToUse": 2}]}
        ]
        _, payload = told("SetChargingProfile", asked(1, wanted))
        assert payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"] == [one_phase]

    @pytest.mark.parametrize(
        ("evse_id", "wanted", "said"),
        [
            (1, profile("ChargingStationMaxProfile"), "a ChargePointMaxProfile is set at connector 0"),
            (0, profile("TxProfile"), "a TxProfile is set at the connector of its transaction"),
            (1, profile(transactionId="4"), "only a TxProfile has a transactionId"),
            (1, profile("TxProfile", transactionId="a"), "OCPP 1.6 transaction ids are numbers"),
            (1, profile("ChargingStationExternalConstraints"), "has no charging profile purpose"),
            (1, profile(chargingSchedule=[{"id": n, **SCHEDULE} for n in (1, 2)]), "profiles have one schedule"),
        ],
    )
    def test_cannot_say(self, evse_id: int, wanted: dict[str, Any], said: str) -> None:
        assert said in refused("SetChargingProfile", asked(evse_id, wanted))

    def test_needs_periods_in_order(self) -> None:
        mixed = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS[::-1]}
        said = refused("SetChargingProfile", asked(1, profile(chargingSchedule=[mixed])))
        assert said == "chargingSchedulePeriods are not in order of time"

    def test_cannot_say_hundredths(self) -> None:
        fine = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.25}]}
        assert "limit does not fit" in refused("SetChargingProfile", asked(1, profile(chargingSchedule=[fine])))

    def test_takes_the_words_of_1_6(self) -> None:
        native = {"connectorId": 1, "csChargingProfiles": profile_16()}
        assert told("SetChargingProfile", native) == ("SetChargingProfile", native)
        bad = {"connectorId": 1, "csChargingProfiles": profile_16("ChargePointMaxProfile")}
        assert refused("SetChargingProfile", bad) == "a ChargePointMaxProfile is set at connector 0"


class TestClearChargingProfile:
    @pytest.mark.parametrize(
        ("wanted", "said"),
        [
            ({}, {}),
            ({"chargingProfileId": 5}, {"id": 5}),
            ({"chargingProfileCriteria": {"evseId": 0}}, {"connectorId": 0}),
            ({"chargingProfileCriteria": {"stackLevel": 0}}, {"stackLevel": 0}),
            (
                {"chargingProfileCriteria": {"chargingProfilePurpose": "ChargingStationMaxProfile"}},
                {"chargingProfilePurpose": "ChargePointMaxProfile"},
            ),
        ],
    )
    def test_says_which(self, wanted: dict[str, Any], said: dict[str, Any]) -> None:
        assert told("ClearChargingProfile", wanted) == ("ClearChargingProfile", said)

    def test_knows_the_purposes_of_1_6_only(self) -> None:
        criteria = {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
        said = "no charging profile purpose ChargingStationExternalConstraints"
        assert said in refused("ClearChargingProfile", {"chargingProfileCriteria": criteria})

    def test_takes_the_words_of_1_6(self) -> None:
        native = {"id": 5, "connectorId": 1, "chargingProfilePurpose": "TxProfile", "stackLevel": 0}
        assert told("ClearChargingProfile", native) == ("ClearChargingProfile", native)


class TestGetCompositeSchedule:
    @pytest.mark.parametrize("unit", [{}, {"chargingRateUnit": "W"}])
    def test_is_of_a_connector_or_the_station(self, unit: dict[str, Any]) -> None:
        for number in (0, 2):
            assert told("GetCompositeSchedule", {"evseId": number, "duration": 600, **unit}) == (
                "GetCompositeSchedule",
                {"connectorId": number, "duration": 600, **unit},
            )
