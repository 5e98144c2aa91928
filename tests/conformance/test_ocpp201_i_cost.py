"""OCPP 2.0.1, block I: tariff and cost."""

from tests.conformance.reusable_states import Charging, accepted, sampled
from tests.conformance.stations import Station


async def test_tc_i_01_driver_sees_the_running_cost(station201: Station) -> None:
    charging = await (await Charging(station201).authorized()).started()
    for number, cost in enumerate(("0.25", "0.5"), 1):
        answer = await charging.tell(
            "MeterValuePeriodic", meterValue=[sampled("Sample.Periodic", 100 * number, 60 * number)]
        )
        assert "totalCost" not in answer
        running = {"totalCost": float(cost), "transactionId": charging.transaction_id}
        await accepted(station201, "CostUpdated", running, {})
