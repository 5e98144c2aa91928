"""OCPP 2.0.1, block K, ISO 15118: what EVs need, what they are offered, and what they plan.

The offers come from the smartcharging process, which runs beside the edge.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.domain.events.common import CommandOutcome
from services.domain.events.station import CommandAnswered
from services.runtime.codec import Codec
from services.runtime.process import Process
from services.runtime.settings import KafkaSettings
from services.runtime.streaming.run import run_processor
from services.runtime.streaming.settings import StreamingSettings
from services.smartcharging.app import PROCESSOR
from tests.conformance.reusable_states import Charging, accepted, at, reported
from tests.conformance.stations import Csms, Station
from tests.integration.ocpp_case import until

NEEDS = {
    "requestedEnergyTransfer": "AC_three_phase",
    "acChargingParameters": {"energyAmount": 30_000, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400},
}
ACCEPTED = {"status": "Accepted"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def smartcharging(
    csms: Csms, conformance_kafka: KafkaSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[None]:
    """The process that makes the offers."""
    host = Process("smartcharging")
    settings = StreamingSettings(
        worker_id="w1", session_timeout_ms=6000, heartbeat_interval_ms=1500, checkpoint_interval_ms=100
    )
    directory = tmp_path_factory.mktemp("smartcharging")
    task = asyncio.create_task(
        run_processor(PROCESSOR, conformance_kafka, Codec(), directory, host, settings=settings)
    )
    await until(lambda: host.ready or task.done(), 60)
    assert host.ready
    yield
    host.stopping.set()
    await task


async def needs(station: Station) -> None:
    """The EV says what it needs, and is told that it will be offered something."""
    message = {"evseId": 1, "maxScheduleTuples": 3, "chargingNeeds": NEEDS}
    answer, _ = await reported(station, "NotifyEVChargingNeeds", message)
    assert answer["status"] in {"Accepted", "Processing"}


async def offered(charging: Charging) -> dict[str, Any]:
    """The station is asked to set a profile for the transaction, and accepts; the schedule in it."""
    station = charging.station
    before = len(station.told(CommandAnswered))
    asked = await station.expect("SetChargingProfile", ACCEPTED)
    profile = asked["chargingProfile"]
    assert (asked["evseId"], profile["chargingProfilePurpose"]) == (1, "TxProfile")
    assert profile["transactionId"] == charging.transaction_id
    assert (await station.recorded(CommandAnswered, before + 1))[-1].outcome is CommandOutcome.ACCEPTED
    (schedule,) = profile["chargingSchedule"]
    found: dict[str, Any] = schedule
    return found


async def plans(station: Station, schedule: dict[str, Any], status: str = "Accepted") -> None:
    """The EV tells its own plan, and whether that will do is answered."""
    message = {"timeBase": schedule.get("startSchedule", at(0)), "evseId": 1, "chargingSchedule": schedule}
    answer, _ = await reported(station, "NotifyEVChargingSchedule", message)
    assert answer["status"] == status


async def negotiated(station: Station) -> Charging:
    """The reusable states Authorized, EVConnectedPreSession and ISO15118SmartCharging."""
    charging = await (await Charging(station).authorized()).ev_connected()
    await needs(station)
    await plans(station, await offered(charging))
    return await charging.started()


def more_than(schedule: dict[str, Any]) -> dict[str, Any]:
    (period,) = schedule["chargingSchedulePeriod"]
    return schedule | {"chargingSchedulePeriod": [period | {"limit": period["limit"] + 1}]}


def chosen_by_the_operator(charging: Charging, limit: float) -> dict[str, Any]:
    schedule = {
        "id": 1,
        "startSchedule": at(0),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    profile = {
        "id": 58,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "transactionId": charging.transaction_id,
        "chargingSchedule": [schedule],
    }
    return {"evseId": 1, "chargingProfile": profile}


async def test_tc_k_53_ev_is_offered_what_it_needs(station201: Station) -> None:
    charging = await (await Charging(station201).authorized()).ev_connected()
    await needs(station201)
    schedule = await offered(charging)
    assert schedule["chargingRateUnit"] == "A"
    assert schedule["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 32, "numberPhases": 3}]
    await plans(station201, schedule)
    await charging.started()


async def test_tc_k_55_ev_plans_to_take_more_than_it_is_offered(station201: Station) -> None:
    charging = await (await Charging(station201).authorized()).ev_connected()
    await needs(station201)
    await plans(station201, more_than(await offered(charging)), "Rejected")
    await charging.started()
    await plans(station201, await offered(charging))
    assert await charging.tell("ChargingRateChanged") == {}


async def test_tc_k_57_ev_renegotiates(station201: Station) -> None:
    charging = await negotiated(station201)
    await needs(station201)
    assert await charging.tell("ChargingRateChanged") == {}
    await plans(station201, await offered(charging))
    assert await charging.tell("ChargingRateChanged") == {}


async def test_tc_k_58_operator_renegotiates(station201: Station) -> None:
    charging = await negotiated(station201)
    asked = chosen_by_the_operator(charging, 16.0)
    await accepted(station201, "SetChargingProfile", asked)
    await plans(station201, asked["chargingProfile"]["chargingSchedule"][0])
    assert await charging.tell("ChargingRateChanged") == {}


async def test_tc_k_59_operator_renegotiates_and_the_ev_says_its_needs_again(station201: Station) -> None:
    charging = await negotiated(station201)
    await accepted(station201, "SetChargingProfile", chosen_by_the_operator(charging, 16.0))
    await needs(station201)
    await plans(station201, await offered(charging))
    assert await charging.tell("ChargingRateChanged") == {}
