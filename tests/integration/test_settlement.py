"""A partner's month from ended sessions to a statement: processes, command line tools, Kafka and ClickHouse."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import typer
from typer.testing import CliRunner, Result

from services.cdrs.cli import tariff
from services.domain.events.cdr import Cdr
from services.domain.events.common import CdrStatus, IdToken, SettlementStatus, SignedMeterValue, TokenStatus
from services.domain.events.session import SessionEnded
from services.domain.events.settlement import CdrChained, CdrStepRefused, Settlement
from services.domain.events.token import Token
from services.evidence.cli import evidence
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings
from services.runtime.topics import create_topics
from services.runtime.view import View
from services.settlement.cli import agreement, settlement
from tests.chaos.checker import read_all

pytestmark = pytest.mark.integration

TENANT = "default"
PATIENCE_S = 90.0
NOW = int(time.time() * 1000)
PROCESSES = ("cdrs", "settlement", "analytics")


SIGNED = SignedMeterValue(signed_data=b"OCMF|{}|{}", sha256="ab" * 32)
PAGE = "https://proof.example.com"


def ended(number: int, energy_wh: int, revision: int = 1) -> SessionEnded:
    return SessionEnded(
        event_id=f"e{number}-{revision}",
        tenant=TENANT,
        session_id=f"s{number}",
        revision=revision,
        station_id="CS1",
        transaction_id=str(number),
        protocol="ocpp1.6",
        id_token=IdToken(value="04A1"),
        started_at=NOW + 1_000,
        ended_at=NOW + 2_000,
        meter_start_wh=Decimal(0),
        meter_stop_wh=Decimal(energy_wh),
        energy_wh=Decimal(energy_wh),
        signed_meter_values=(SIGNED,) if number == 3 else (),
        recorded_at=NOW + 3_000 * revision,
    )


TOKEN = Token(
    tenant=TENANT,
    token_uid="04A1",
    token_type="RFID",
    contract_id="NL-TNM-C00122045-K",
    issuer="TNM",
    status=TokenStatus.VALID,
    updated_at=1,
)


@pytest.fixture
def kafka(own_kafka: KafkaSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    create_topics(own_kafka)
    ports = free_ports(len(PROCESSES) + 1)
    told = {
        "BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers,
        "TOPIC_PREFIX": own_kafka.topic_prefix,
        "TENANT": TENANT,
        "CLICKHOUSE_URL": f"http://127.0.0.1:{ports[0]}",
        "SESSION_TIMEOUT_MS": "6000",
        "HEARTBEAT_INTERVAL_MS": "1500",
        "LOG_LEVEL": "warning",
        "PROOF_PUBLIC_URL": PAGE,
        **{f"{name.upper()}_METRICS_PORT": str(port) for name, port in zip(PROCESSES, ports[1:], strict=True)},
    }
    for name, value in told.items():
        monkeypatch.setenv(f"WATTLOG_{name}", value)
    return own_kafka


@pytest.fixture
def processes(kafka: KafkaSettings, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a process by its name."""
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        env = os.environ | {"WATTLOG_DATA_DIR": str(tmp_path / name)}
        running.append(subprocess.Popen([sys.executable, "-m", "services", name], env=env))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait(10)


@pytest.fixture
def settlements(kafka: KafkaSettings) -> Iterator[View[Settlement]]:
    view: View[Settlement] = View(kafka, Codec(), Settlement.TOPIC)
    view.start()
    yield view
    view.stop()


def wattlog(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)


def wait_for(what: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (found := what()) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def records(kafka: KafkaSettings) -> list[Cdr]:
    """Every record as it stands, the latest state of each."""
    codec = Codec()
    found = [codec.decode(value) for _, _, value in read_all(kafka, Cdr.TOPIC) if value is not None]
    return list({record.cdr_id: record for record in found}.values())


class TestSettlement:
    def test_states_a_partners_month_to_the_cent_of_its_records(
        self,
        kafka: KafkaSettings,
        processes: Callable[[str], subprocess.Popen[bytes]],
        settlements: View[Settlement],
        tmp_path: Path,
    ) -> None:
        assert wattlog(tariff, "add", "ROAMING", "--kwh", "0.37", "--vat", "19").exit_code == 0
        added = wattlog(
            agreement, "add", "TNM-2026", "--partner", "nl*tnm", "--tariff", "ROAMING", "--from", "2026-01-01"
        )
        assert added.exit_code == 0, added.output
        publish_sync(kafka, Codec(), [TOKEN])
        for name in PROCESSES:
            process = processes(name)
            if name == "settlement":
                folding = process
        publish_sync(kafka, Codec(), [ended(1, 10_001), ended(2, 20_002), ended(3, 30_003)])
        wait_for(lambda: len(settlements), 3)
        by_session = {known.session_id: known for _, known in settlements.items()}
        assert {known.partner_id for known in by_session.values()} == {"NL-TNM"}
        self.take_steps(by_session)
        self.replace_a_record(kafka, settlements, folding, processes)
        self.check_statement(kafka)
        self.correct_records(kafka, settlements)
        self.check_chain(kafka, tmp_path)

    def take_steps(self, by_session: dict[str, Settlement]) -> None:
        one, two = by_session["s1"].cdr_id, by_session["s2"].cdr_id
        assert wattlog(settlement, "step", "deliver", one, two, "--by", "anna").exit_code == 0
        assert wattlog(settlement, "step", "dispute", two, "--by", "TNM").exit_code == 1
        disputed = wattlog(settlement, "step", "dispute", two, "--by", "TNM", "--reason", "cable was locked")
        assert disputed.exit_code == 0
        assert wattlog(settlement, "step", "invoice", one, "--by", "anna", "--reference", "R-7").exit_code == 0
        assert wattlog(settlement, "step", "accept", one, "--by", "anna").exit_code == 0

    def replace_a_record(
        self,
        kafka: KafkaSettings,
        settlements: View[Settlement],
        folding: subprocess.Popen[bytes],
        processes: Callable[[str], subprocess.Popen[bytes]],
    ) -> None:
        """A late stop corrects an invoiced session, while the process is killed and started again."""
        folding.send_signal(signal.SIGKILL)
        folding.wait(10)
        publish_sync(kafka, Codec(), [ended(1, 11_000, revision=2)])
        processes("settlement")
        wanted = sorted(
            [
                ("s1", False, SettlementStatus.CREDITED),
                ("s1", True, SettlementStatus.ISSUED),
                ("s1", False, SettlementStatus.ISSUED),
                ("s2", False, SettlementStatus.DISPUTED),
                ("s3", False, SettlementStatus.ISSUED),
            ]
        )
        wait_for(lambda: sorted((k.session_id, k.credit, k.status) for _, k in settlements.items()), wanted)
        refused = [Codec().decode(value) for _, _, value in read_all(kafka, CdrStepRefused.TOPIC) if value]
        assert {event.why for event in refused if isinstance(event, CdrStepRefused)} == {
            "it is INVOICED; ACCEPT is for records that are DELIVERED, DISPUTED"
        }

    def correct_records(self, kafka: KafkaSettings, settlements: View[Settlement]) -> None:
        """One gets another energy and tariff, another is taken back for good; neither twice."""
        assert wattlog(tariff, "add", "GOODWILL", "--kwh", "0.10", "--vat", "19").exit_code == 0
        ids = {k.session_id: k.cdr_id for _, k in settlements.items() if k.status is not SettlementStatus.CREDITED}
        two, three = ids["s2"], ids["s3"]
        for arguments, why in (
            (("correct", three), "say what is to be other"),
            (("correct", three, "--tariff", "T9"), "there is no tariff T9"),
            (("credit", "nobody"), "there is no charge detail record nobody"),
        ):
            refused = wattlog(settlement, *arguments, "--by", "anna", "--reason", "r")
            assert (refused.exit_code, why in refused.output) == (1, True), refused.output
        told = ("--by", "anna", "--reason", "read at the meter")
        done = wattlog(settlement, "correct", three, "--kwh", "25", "--tariff", "GOODWILL", *told)
        assert done.exit_code == 0, done.output
        assert wattlog(settlement, "credit", two, "--by", "anna", "--reason", "wrong customer").exit_code == 0
        wait_for(
            lambda: sorted(k.session_id for _, k in settlements.items()), ["s1"] * 3 + ["s2"] * 2 + ["s3"] * 3
        )
        totals = {
            (one.detail.session_id, one.detail.revision, one.detail.credit): one.detail.total_cost_incl_vat
            for one in records(kafka)
        }
        assert totals["s3", 2, False] == Decimal("2.975")
        assert totals["s3", 1, True] == -(totals["s3", 1, False] or 0)
        assert totals["s2", 1, True] == -(totals["s2", 1, False] or 0)
        again = wattlog(settlement, "credit", two, *told)
        assert (again.exit_code, "only what is issued is corrected" in again.output) == (1, True), again.output

    def check_chain(self, kafka: KafkaSettings, tmp_path: Path) -> None:
        whole = wattlog(settlement, "chain")
        assert (whole.exit_code, "8 records: all on their chains" in whole.output) == (0, True), whole.output
        links = [Codec().decode(value) for _, _, value in read_all(kafka, CdrChained.TOPIC) if value]
        assert wattlog(settlement, "chain", "--expect", links[0].link_sha256).exit_code == 0
        packed = wattlog(evidence, "bundle", links[0].cdr_id, "-o", str(tmp_path / "proof.zip"))
        assert packed.exit_code == 0, packed.output
        with ZipFile(tmp_path / "proof.zip") as archive:
            assert json.loads(archive.read("chain.json")) == links[0].to_record()
        cut = wattlog(settlement, "chain", "--expect", "ab" * 32)
        assert (cut.exit_code, "links were taken off" in cut.output) == (1, True)
        publish_sync(kafka, Codec(), [replace(links[0], event_id="forged", cdr_id="never-issued")])
        forged = wattlog(settlement, "chain")
        assert (forged.exit_code, "never-issued is on a chain, but was not issued" in forged.output) == (1, True)

    def check_statement(self, kafka: KafkaSettings) -> None:
        month = millis_month(NOW)

        def told() -> Any:
            result = wattlog(settlement, "statement", "NL-TNM", month, "--format", "json", "--zone", "UTC")
            return json.loads(result.output) if result.exit_code == 0 else {"lines": [], "why": result.output}

        wait_for(lambda: len(told()["lines"]), 5)
        wait_for(lambda: told()["disputed"], 1)
        issued = [record for record in records(kafka) if record.status is not CdrStatus.HELD]
        sums = sum((record.detail.total_cost_incl_vat or Decimal(0) for record in issued), Decimal(0))
        (total,) = told()["totals"]
        assert Decimal(total["total_cost_incl_vat"]) == sums
        assert sums == Decimal("26.8605"), "11, 20.002 and 30.003 kWh, each rounded once"
        assert (total["records"], total["credits"], total["energy_kwh"]) == (5, 1, "61.005")
        lines = wattlog(settlement, "statement", "NL-TNM", month, "--format", "csv", "--zone", "UTC").output
        rows = list(csv.DictReader(io.StringIO(lines)))
        assert sum(Decimal(row["total_cost_incl_vat"]) for row in rows) == sums
        session_of = {one.cdr_id: one.detail.session_id for one in records(kafka)}
        links = {session_of[row["cdr_id"]]: row["driver_url"] for row in rows}
        assert (links["s1"], links["s3"].startswith(f"{PAGE}/proof/{TENANT}/")) == ("", True)
        shown = wattlog(settlement, "list", "--status", "disputed")
        assert "cable was locked" in shown.output
        assert "1 record" in shown.output


def millis_month(at: int) -> str:
    return time.strftime("%Y-%m", time.gmtime((at + 3_000) / 1000))


class TestAgreements:
    def test_are_never_changed_but_ended(self, kafka: KafkaSettings) -> None:
        assert wattlog(agreement, "add", "A1", "--partner", "NL-TNM").exit_code == 0
        again = wattlog(agreement, "add", "A1", "--partner", "NL-TNM")
        assert (again.exit_code, "never change" in again.output) == (1, True)
        past = wattlog(agreement, "end", "A1", "--on", "2020-01-01")
        assert (past.exit_code, "in the past" in past.output) == (1, True)
        assert wattlog(agreement, "end", "A1", "--on", "2099-01-01").exit_code == 0
        shown = wattlog(agreement, "list").output
        assert "2099-01-01" in shown
        assert "the station's" in shown

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["add", "A1", "--partner", "nobody!"], "names no provider"),
            (["add", "A1", "--partner", "NL-TNM", "--tariff", "T9"], "no tariff T9"),
            (["add", "A1", "--partner", "NL-TNM", "--from", "soon"], "is no day"),
            (["end", "A9"], "no agreement A9"),
        ],
    )
    def test_say_what_is_wrong(self, kafka: KafkaSettings, arguments: list[str], told: str) -> None:
        result = wattlog(agreement, *arguments)
        assert (result.exit_code, told in result.output) == (1, True), result.output


def test_a_statement_needs_a_month_and_a_clickhouse(kafka: KafkaSettings) -> None:
    for month, zone in (("soon", "UTC"), ("2026-11", "Mars/Base")):
        result = wattlog(settlement, "statement", "NL-TNM", month, "--zone", zone)
        assert (result.exit_code, "is no month" in result.output) == (1, True)
    away = wattlog(settlement, "statement", "NL-TNM", "2026-11")
    assert (away.exit_code, "no ClickHouse answers" in away.output) == (1, True)
