"""A sandbox partner is let in from the command line; what it does is logged, shown and done again."""

import time
from collections.abc import Callable

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.domain.events.partner import Partner
from services.ocpi.cli import partner
from services.ocpi.directory import TOPICS
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from tests.integration.ocpi_case import client_of, running_edge, say
from tests.unit.ocpi.facts import partner as real_partner

pytestmark = pytest.mark.integration


def wattlog(*arguments: str) -> Result:
    return CliRunner().invoke(partner, arguments)


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not done():
        assert time.monotonic() < ends


def exchange_ids(shown: str) -> list[str]:
    words = [line.split("│")[1].strip() for line in shown.splitlines() if line.startswith("│")]
    return [word for word in words if len(word) == 10]


def asked(client: httpx.Client) -> None:
    assert client.get("/ocpi/2.2.1/locations", params={"limit": 3}).json()["status_code"] == 1000
    client.put("/ocpi/2.2.1/credentials", json={"token": "a-secret-of-theirs", "url": "http://x", "roles": []})


class TestSandbox:
    def test_is_logged_shown_and_replayed(
        self, own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: object
    ) -> None:
        monkeypatch.setenv("WATTLOG_BOOTSTRAP_SERVERS", own_kafka.bootstrap_servers)
        monkeypatch.setenv("WATTLOG_TOPIC_PREFIX", own_kafka.topic_prefix)
        monkeypatch.setenv("WATTLOG_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("COLUMNS", "200")
        create_topics(own_kafka, TOPICS)
        say(own_kafka, real_partner())
        token = wattlog("sandbox", "Try me").stdout.strip()
        with running_edge(own_kafka, ClickHouseSettings()) as edge:
            monkeypatch.setenv("WATTLOG_OCPI_PORT", str(edge.ocpi_port))
            with client_of(edge, token) as client:
                asked(client)
            until(lambda: len(exchange_ids(wattlog("log", "NL-SBX").stdout)) == 2)
            first, second = exchange_ids(wattlog("log", "Try me").stdout)
            command = wattlog("log", "NL-SBX", "--curl", first).stdout
            assert f"'{edge.public_url}/ocpi/2.2.1/locations?limit=3'" in command
            assert token not in command
            shown = wattlog("log", "NL-SBX", "--show", second).stdout
            assert "a-secret-of-theirs" not in shown
            assert '"token":"***"' in shown
            again = wattlog("log", "NL-SBX", "--replay", first)
            assert "HTTP 200 (before: 200)" in again.stderr
            assert '"status_code":1000' in again.stdout
            refused = wattlog("log", "NL-SBX", "--replay", second)
            assert (refused.exit_code, "secrets" in refused.stderr) == (1, True)
            assert "of real partners nothing is logged" in wattlog("log", "NL-TNM").stderr
            assert "NL-TNM is a real partner" in wattlog("sandbox", "--party", "TNM").stderr
            assert wattlog("log", "nobody").exit_code == 1
            assert wattlog("log", "NL-SBX", "--curl", "zz").exit_code == 1

            assert wattlog("invoiced", "NL-SBX", "2026/0001", "cdr-1", "cdr-2").exit_code == 0
            with client_of(edge, token) as client:
                until(lambda: client.get("/ocpi/2.3.0/invoicereconciliation").json()["data"] != [])
                (record,) = client.get("/ocpi/2.3.0/invoicereconciliation").json()["data"]
                assert (record["invoice_id"], record["cdrs"]) == ("2026/0001", ["cdr-1", "cdr-2"])
            assert wattlog("invoiced", "NL-SBX", "x" * 256, "cdr-1").exit_code == 1


def test_of_a_real_partner_is_not_a_sandbox() -> None:
    assert not Partner.from_record(real_partner().to_record()).sandbox
