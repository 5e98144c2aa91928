"""The analytics process as it is run, with its embedded ClickHouse, killed and started again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.analytics.app import INPUTS
from services.analytics.cli import sql
from services.domain.events import common, transaction
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics

pytestmark = pytest.mark.integration


class Analytics:
    """The process, its settings and its address."""

    def __init__(self, kafka: KafkaSettings, data_dir: Path) -> None:
        self.port, metrics_port = free_ports(2)
        self.metrics = f"http://127.0.0.1:{metrics_port}"
        self.data_dir = data_dir
        self.env = {
            "WATTLOG_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WATTLOG_TOPIC_PREFIX": kafka.topic_prefix,
            "WATTLOG_DATA_DIR": str(data_dir),
            "WATTLOG_CLICKHOUSE_URL": f"http://127.0.0.1:{self.port}",
            "WATTLOG_ANALYTICS_METRICS_PORT": str(metrics_port),
            "WATTLOG_SESSION_TIMEOUT_MS": "6000",
            "WATTLOG_HEARTBEAT_INTERVAL_MS": "1000",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "services", "analytics"]
        self.process = subprocess.Popen(command, env=os.environ | self.env)
        for _ in range(600):
            assert self.process.poll() is None, "it ended before it was ready"
            try:
                if httpx.get(f"{self.metrics}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("it never got ready")

    def end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.process = None
        return code

    def ask(self, query: str) -> str:
        try:
            answer = httpx.post(f"http://127.0.0.1:{self.port}/", content=query, timeout=30, trust_env=False)
        except httpx.TransportError:
            return ""
        return answer.text.strip() if answer.status_code == 200 else ""

    def wait_for(self, query: str, wanted: str) -> None:
        for _ in range(600):
            if self.ask(query) == wanted:
                return
            time.sleep(0.1)
        raise AssertionError(f"{query} answers {self.ask(query)}, not {wanted}")


@pytest.fixture
def analytics(own_kafka: KafkaSettings, tmp_path: Path) -> Iterator[Analytics]:
    create_topics(own_kafka, INPUTS)
    process = Analytics(own_kafka, tmp_path)
    yield process
    process.end(signal.SIGKILL)


def reading(number: int) -> transaction.TransactionUpdated:
    sample = common.SampledValue(value=str(number))
    return transaction.TransactionUpdated(
        event_id=f"e{number}",
        tenant="t",
        station_id=f"CP{number % 7}",
        protocol="ocpp1.6",
        transaction_id="1",
        occurred_at=number,
        recorded_at=1_790_000_000_000 + number,
        meter_values=(common.MeterValue(sampled_at=number, sampled_values=(sample,)),),
    )


class TestAnalytics:
    def test_keeps_all_rows_through_kills_and_builds_them_again_from_kafka(
        self, analytics: Analytics, own_kafka: KafkaSettings
    ) -> None:
        analytics.start()
        for life in range(3):
            publish_sync(own_kafka, Codec(), [reading(n) for n in range(life * 2_000, (life + 1) * 2_000)])
            analytics.wait_for(f"SELECT count() > {life * 2_000 + 500} FROM meter_readings", "1")
            analytics.end(signal.SIGKILL)
            analytics.start()
        exact = "SELECT count(), uniqExact(event_id), sum(value) FROM meter_readings FINAL"
        analytics.wait_for(exact, f"6000\t6000\t{sum(range(6_000))}")
        assert analytics.end(signal.SIGTERM) == 0

        shutil.rmtree(analytics.data_dir / "clickhouse")
        analytics.start()
        analytics.wait_for(exact, f"6000\t6000\t{sum(range(6_000))}")

    def test_answers_wattlog_sql(
        self, analytics: Analytics, own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, text in analytics.env.items():
            monkeypatch.setenv(name, text)
        query = "SELECT station_id, count() AS n FROM meter_readings GROUP BY station_id ORDER BY station_id"
        away = CliRunner().invoke(sql, [query])
        assert away.exit_code == 1
        assert "start it with `make up`" in away.output

        analytics.start()
        publish_sync(own_kafka, Codec(), [reading(n) for n in range(14)])
        analytics.wait_for("SELECT count() FROM meter_readings", "14")
        table = CliRunner().invoke(sql, [query])
        assert "CP6" in table.output
        assert "7 rows" in table.output
        lines = CliRunner().invoke(sql, [query, "--format", "json"]).output.splitlines()
        assert json.loads(lines[0]) == {"station_id": "CP0", "n": "2"} or json.loads(lines[0])["n"] == 2
        assert CliRunner().invoke(sql, [query, "-f", "csv"]).output.splitlines()[0] == '"station_id","n"'
        assert CliRunner().invoke(sql, ["SELECT 1 FORMAT TSV"]).output == "1\n"
        refused = CliRunner().invoke(sql, ["DROP TABLE meter_readings"])
        assert (refused.exit_code, "readonly" in refused.output) == (1, True)
