"""OCPP 2.0.1, block I: tariff and cost."""

from decimal import Decimal

from services.domain.events.common import TariffTerms
from services.domain.events.tariff import Tariff
from tests.conformance.reusable_states import Charging, accepted, connector_is, sampled
from tests.conformance.stations import V201, Csms, Station
from tests.integration.ocpp_case import TENANT, until

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}


async def test_tc_i_01_driver_sees_the_running_cost(station201: Station) -> None:
    charging = await (await Charging(station201).authorized()).started()
    for number, cost in enumerate(("0.25", "0.5"), 1):
        answer = await charging.tell(
            "MeterValuePeriodic", meterValue=[sampled("Sample.Periodic", 100 * number, 60 * number)]
        )
        assert "totalCost" not in answer
        running = {"totalCost": float(cost), "transactionId": charging.transaction_id}
        await accepted(station201, "CostUpdated", running, {})


async def test_tc_i_02_driver_sees_the_total_cost(csms: Csms) -> None:
    name = next(csms.names)
    terms = TariffTerms(
        tariff_id="ENERGY", currency="EUR", energy_price_per_kwh=Decimal("0.5"), time_price_per_hour=Decimal(0),
        session_fee=Decimal(0), vat_percent=Decimal(0),
    )  # fmt: skip
    await csms.bus.publish(Tariff(tenant=TENANT, tariff_id="ENERGY", terms=terms, updated_at=1))
    await until(lambda: csms.edge.edge.edge.tariff(f"{TENANT}/ENERGY") is not None)
    await csms.register(name, tariff_id="ENERGY")
    async with csms.station(V201, name) as station:
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        charging = await Charging(station).ev_connected(meterValue=[sampled("Transaction.Begin", 1000, 0)])
        await charging.ev_connected_after()
        await connector_is(station, "Available", 1)
        charging.charging_state = "Idle"
        info, end = {"stoppedReason": "EVDisconnected"}, sampled("Transaction.End", 6000, 600)
        answer = await charging.tell("EVCommunicationLost", "Ended", info=info, meterValue=[end])
    assert answer["totalCost"] == 2.5
