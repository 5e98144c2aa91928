"""The load generator against a backend of other people's libraries."""

from decimal import Decimal

import pytest

from services.simulator.load import Refused, constant_rate
from services.simulator.registry import fleet_specs
from tests.integration.simulator_case import Backend, serving

pytestmark = pytest.mark.integration

SPECS = [spec for spec in fleet_specs(8, "L", "seed") if spec.protocol == "ocpp2.0.1"]
TOKEN = "04A1B2C3D4E5F6"


class TestConstantRate:
    async def test_sends_every_reading_once_and_knows_when_it_was_due(self) -> None:
        backend = Backend({spec.station_id: spec.password for spec in SPECS})
        async with serving(backend) as url:
            sent = await constant_rate(url, SPECS, TOKEN, rate_per_s=100, seconds=1)
        assert len(sent) == 100
        assert len({(item.station_id, item.register_wh) for item in sent}) == 100
        assert backend.calls["TransactionEvent"] == 100 + 2 * len(SPECS)
        assert len(backend.starts) == len(backend.stops) == len(SPECS)
        for item in sent:
            assert item.due_at_ms <= item.sent_at_ms <= item.answered_at_ms
        span_ms = max(item.due_at_ms for item in sent) - min(item.due_at_ms for item in sent)
        assert round(span_ms) == 990

    async def test_ends_each_transaction_at_its_last_register(self) -> None:
        backend = Backend({spec.station_id: spec.password for spec in SPECS})
        async with serving(backend) as url:
            sent = await constant_rate(url, SPECS, TOKEN, rate_per_s=40, seconds=1)
        for spec in SPECS:
            readings = [item.register_wh for item in sent if item.station_id == spec.station_id]
            assert readings == [Decimal(1_000_001 + number) for number in range(10)]
            assert backend.stops[f"{spec.station_id}/load-{spec.station_id}"]["wh"] == readings[-1] + 1

    async def test_stops_when_the_backend_refuses(self) -> None:
        backend = Backend({spec.station_id: spec.password for spec in SPECS})
        backend.fail_every = 1
        async with serving(backend) as url:
            with pytest.raises(Refused, match="InternalError"):
                await constant_rate(url, SPECS, TOKEN, rate_per_s=100, seconds=1)

    async def test_says_so_when_a_station_is_not_accepted(self) -> None:
        backend = Backend({spec.station_id: spec.password for spec in SPECS})
        backend.pending_boots = 1
        async with serving(backend) as url:
            with pytest.raises(Refused, match="L-002 is not accepted: Pending"):
                await constant_rate(url, SPECS, TOKEN, rate_per_s=100, seconds=1)
