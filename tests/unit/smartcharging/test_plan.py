"""What an EV can take becomes what it is offered, and nothing else does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ocpp.wire.faults import V201
from services.ocpp.wire.schemas import validator
from services.smartcharging.plan import MAX_LIMIT, demand, profile

NOW = 1_790_000_000_000  # 2026-09-21T14:13:20Z
AC = {"energyAmount": 30_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400}
DC = {"evMaxCurrent": 200, "evMaxVoltage": 400}


def needs(mode: str = "AC_three_phase", **more: Any) -> dict[str, Any]:
    return {"requestedEnergyTransfer": mode} | more


def offered(said: dict[str, Any]) -> dict[str, Any]:
    asked = demand(said)
    assert asked is not None
    made = profile(asked, "session-1", "t1", NOW)
    assert validator(V201, "SetChargingProfile").is_valid({"evseId": 1, "chargingProfile": made})
    return made


def schedule(said: dict[str, Any]) -> dict[str, Any]:
    (only,) = offered(said)["chargingSchedule"]
    assert isinstance(only, dict)
    return only


class TestProfile:
    def test_is_for_the_transaction(self) -> None:
        made = offered(needs(acChargingParameters=AC))
        assert (made["chargingProfilePurpose"], made["chargingProfileKind"]) == ("TxProfile", "Absolute")
        assert (made["transactionId"], made["stackLevel"]) == ("t1", 0)

    @pytest.mark.parametrize(
        ("mode", "phases"), [("AC_single_phase", 1), ("AC_two_phase", 2), ("AC_three_phase", 3)]
    )
    def test_allows_the_current_that_the_ev_takes(self, mode: str, phases: int) -> None:
        made = schedule(needs(mode, acChargingParameters=AC))
        assert made["chargingRateUnit"] == "A"
        assert made["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 32, "numberPhases": phases}]
        assert made["startSchedule"] == "2026-09-21T14:13:20.000Z"

    def test_leaves_the_phases_open_when_the_ev_does(self) -> None:
        assert (
            "numberPhases" not in schedule(needs("AC_BPT", acChargingParameters=AC))["chargingSchedulePeriod"][0]
        )

    @pytest.mark.parametrize(
        ("more", "watts"),
        [
            ({"dcChargingParameters": DC}, 80_000),
            ({"dcChargingParameters": DC | {"evMaxPower": 50_000}}, 50_000),
            ({"v2xChargingParameters": {"maxChargePower": 11_000.5}}, 11_000.5),
        ],
    )
    def test_allows_the_power_that_the_ev_takes(self, more: dict[str, Any], watts: float) -> None:
        made = schedule(needs("DC", **more))
        assert made["chargingRateUnit"] == "W"
        assert made["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": watts}]

    def test_ends_when_the_ev_wants_to_leave(self) -> None:
        made = schedule(needs(acChargingParameters=AC, departureTime="2026-09-21T16:13:20Z"))
        assert made["duration"] == 7200

    @pytest.mark.parametrize(
        "departure", ["2026-09-21T14:13:20Z", "2020-01-01T00:00:00Z", "2036-01-01T00:00:00Z", "x", ""]
    )
    def test_does_not_end_at_a_departure_that_is_none(self, departure: str) -> None:
        assert "duration" not in schedule(needs(acChargingParameters=AC, departureTime=departure))

    @pytest.mark.parametrize(
        "said",
        [
            needs(),
            needs(acChargingParameters=AC | {"evMaxCurrent": 0}),
            needs(acChargingParameters=AC | {"evMaxCurrent": -32}),
            needs(acChargingParameters=AC | {"evMaxCurrent": MAX_LIMIT + 1}),
            needs(dcChargingParameters={"evMaxVoltage": 400}),
            needs(dcChargingParameters=DC | {"evMaxVoltage": -400}),
            needs(dcChargingParameters={"evMaxVoltage": 1e300, "evMaxCurrent": 1e300}),
            needs(dcChargingParameters=DC | {"evMaxPower": 10**40}),
            needs(v2xChargingParameters={}),
            {},
        ],
    )
    def test_is_none_when_the_ev_does_not_say_how_much(self, said: dict[str, Any]) -> None:
        assert demand(said) is None

    def test_takes_the_place_of_the_one_before(self) -> None:
        first = offered(needs(acChargingParameters=AC))
        second = offered(needs(acChargingParameters=AC | {"evMaxCurrent": 16}))
        assert first["id"] == second["id"]

    @given(st.text(max_size=40))
    def test_has_an_id_that_stations_can_hold(self, session: str) -> None:
        asked = demand(needs(acChargingParameters=AC))
        assert asked is not None
        made = profile(asked, session, "t1", NOW)
        assert 0 < made["id"] <= 2**31 - 1
