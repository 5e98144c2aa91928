"""The crash test in short; `make chaos` is the long one."""

import pytest

from services.runtime.settings import KafkaSettings
from tests.chaos.crash_test import Plan, crash_test

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("path", "kills"), [("faust", 5), ("librdkafka", 2)])
def test_nothing_is_lost_whatever_is_killed(own_kafka: KafkaSettings, path: str, kills: int) -> None:
    anomalies, acts = crash_test(
        own_kafka, Plan(seed=5, kills=kills, events=10_000 * kills, path=path, mean_pause_s=1.0)
    )
    assert acts["kill -9"] == kills
    assert anomalies.expected_outputs == 10_000 * kills
    assert anomalies.clean, anomalies.table()
