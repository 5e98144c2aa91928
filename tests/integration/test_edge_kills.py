"""Two edges, one of them killed now and then; `make chaos` is the long run."""

import asyncio

import pytest

from services.runtime.settings import KafkaSettings
from tests.chaos.edge_kills import edge_kills

pytestmark = pytest.mark.integration


def test_nothing_acknowledged_is_lost_and_no_command_is_done_twice(own_kafka: KafkaSettings) -> None:
    anomalies = asyncio.run(edge_kills(own_kafka.bootstrap_servers, seed=3, kills=3))
    assert anomalies.clean, anomalies
    assert anomalies.acknowledged > 500
    assert anomalies.commands > 50
