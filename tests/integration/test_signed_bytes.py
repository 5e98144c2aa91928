"""What a meter signed is the same octets in every place it comes to, whichever way its station sends it.

Real sockets, Kafka and ClickHouse; the processes are those that are run.
"""

import asyncio
import hashlib
import io
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from prometheus_client import REGISTRY

from services.domain import elements, proof_link
from services.domain.events.cdr import Cdr
from services.domain.events.common import Evse, MeterKeySource, SignedMeterValue
from services.domain.events.meterkey import MeterKeyApproved, MeterKeys
from services.domain.events.session import SessionEnded
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.meter_key import identity, key_id
from services.evidence.cli import evidence
from services.evidence.page.settings import PageSettings
from services.ocpi.settings import OcpiSettings
from services.ocpp.wire.faults import V21
from services.runtime.bus import publish_sync
from services.runtime.clickhouse import ClickHouseSettings, Unreachable, query
from services.runtime.codec import Codec
from services.runtime.embedded.ports import free_ports
from services.runtime.settings import KafkaSettings, load
from services.runtime.topics import create_topics
from services.runtime.view import View
from tests.chaos.checker import read_all
from tests.integration.ocpi_case import client_of, running_edge
from tests.integration.ocpp_case import TENANT, V201, RunningEdge, running, station, until
from tests.integration.signing_stations import (
    Meter,
    as_base64,
    as_hex,
    as_json,
    as_text,
    charge_2x,
    charge_16,
    charge_16_soap,
    show_by_configuration_key,
    show_by_data_transfer,
    show_nothing,
)
from tests.integration.soap_case import free_port
from tests.integration.test_processors import Processes, wait_for, wattlog
from tests.unit.evidence.signing import STARTED, key
from tests.unit.ocpi import facts

pytestmark = pytest.mark.integration

METERS = {
    name: Meter(name, shape)
    for name, shape in (
        ("TEXT16", as_text), ("HEX16", as_hex), ("BASE16", as_base64), ("JSON16", as_json), ("SOAP16", as_text),
        ("V201", as_base64), ("V21", as_base64),
    )
}  # fmt: skip
METERS["LONG16"] = Meter("LONG16", as_text, padding=6_000)
METERS["LONG201"] = Meter("LONG201", as_base64, padding=2_000)
"""Base64 that is longer than OCPP 2.0.1 allows (2,500) and OCPI still carries (5,000)."""

SOURCES = {
    "TEXT16": MeterKeySource.DATA_TRANSFER, "HEX16": MeterKeySource.CONFIGURATION_KEY,
    "BASE16": MeterKeySource.CONFIGURATION_KEY, "JSON16": MeterKeySource.SIGNED_VALUE,
    "SOAP16": MeterKeySource.DATA_TRANSFER, "V201": MeterKeySource.SIGNED_VALUE,
    "V21": MeterKeySource.CONFIGURATION_KEY, "LONG16": MeterKeySource.DATA_TRANSFER,
    "LONG201": MeterKeySource.SIGNED_VALUE,
}  # fmt: skip
SLICES = ("analytics", "sessions", "evidence", "cdrs")


@pytest.fixture
def here(own_kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    """Topics of this test's own with stations, a partner and its driver; tools and processes find them."""
    create_topics(own_kafka)
    port, proof_port = free_ports(2)
    told = {"BOOTSTRAP_SERVERS": own_kafka.bootstrap_servers, "TOPIC_PREFIX": own_kafka.topic_prefix,
            "CLICKHOUSE_URL": f"http://127.0.0.1:{port}", "PROOF_PORT": str(proof_port),
            "TENANT": TENANT}  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(f"WATTLOG_{name}", value)
    evses = (Evse(evse_id=1, evse_uid="DE*WAT*E0001*1"),)
    stations = [
        station(
            name, calibration_law=True, location_id="LOC-1", tariff_id="AC-2026", evses=evses,
            soap_address="http://127.0.0.1:9/cp",
        )
        for name in METERS
    ]  # fmt: skip
    publish_sync(own_kafka, Codec(), [*stations, facts.partner(), facts.location(), facts.tariff(), facts.token()])
    return own_kafka


@pytest.fixture
def processes(here: KafkaSettings, tmp_path: Path) -> Iterator[Processes]:
    started = Processes(here, tmp_path, WATTLOG_TENANT=TENANT)
    for name in SLICES:
        started.start(name)
    yield started
    started.end()


async def charge_everywhere(here: KafkaSettings, data_dir: Path) -> None:
    """Every meter's session, from boot to stop, until Kafka has been told."""
    port = free_port()
    async with running(here, data_dir, ocpp_soap_port=port) as edge:
        shows = {
            "TEXT16": show_by_data_transfer,
            "HEX16": show_by_configuration_key(edge, "HEX16", "MeterPublicKey[1]"),
            "BASE16": show_by_configuration_key(edge, "BASE16", "MeterPublicKey1"),
            "JSON16": show_nothing,
            "LONG16": show_by_data_transfer,
        }
        await asyncio.gather(
            *(charge_16(edge, METERS[name], show) for name, show in shows.items()),
            charge_16_soap(port, METERS["SOAP16"]),
            charge_2x(edge, V201, METERS["V201"]),
            charge_2x(edge, V201, METERS["LONG201"]),
            charge_2x(edge, V21, METERS["V21"]),
        )
        for name, meter in METERS.items():
            await until(lambda name=name: len(_signed(edge, name)) == 2)  # type: ignore[misc]
            assert [one.signed_data for one in _signed(edge, name)] == [text.encode() for text in meter.sent], name
            assert all(hashlib.sha256(one.signed_data).hexdigest() == one.sha256 for one in _signed(edge, name))


def _signed(edge: RunningEdge, name: str) -> list[SignedMeterValue]:
    """What Kafka was told of a station's signed values."""
    kinds = (TransactionStarted, TransactionUpdated, TransactionEnded)
    told = [value for kind in kinds for event in edge.of(kind, name) for value in event.meter_values]
    return [one for value in told for one in value.signed_meter_values]


def approve(here: KafkaSettings, processes: Processes) -> None:
    """Two operators vouch for the keys that stations have shown, each in its way."""
    found: View[MeterKeys] = View(here, Codec(), MeterKeys.TOPIC)
    found.start()

    def sources() -> dict[str, MeterKeySource]:
        return {point.station_id: point.versions[0].source for _, point in found.items()}

    wait_for(lambda: sources() == SOURCES, lambda: (sources(), processes.log("evidence")[-2000:]))
    found.stop()
    known = identity(key())
    assert known is not None
    publish_sync(here, Codec(), [
        MeterKeyApproved(
            event_id=f"{name}{operator}", tenant=TENANT, station_id=name, evse_id=1,
            key_id=key_id(TENANT, name, 1, known.x), approved_by=operator, approved_at=STARTED,
        )
        for name in METERS for operator in ("ann", "bob")
    ])  # fmt: skip


def issued(here: KafkaSettings, processes: Processes) -> dict[str, Cdr]:
    """Each station's record, once its verdict has let it go."""
    records: View[Cdr] = View(here, Codec(), Cdr.TOPIC)
    records.start()

    def stand() -> dict[str, str]:
        return {one.detail.station_id: one.held_reason or one.status.value for _, one in records.items()}

    wanted = dict.fromkeys(METERS, "ISSUED")
    wait_for(lambda: stand() == wanted, lambda: (stand(), processes.log("evidence")[-2000:]))
    records.stop()
    return {one.detail.station_id: one for _, one in records.items()}


def hashes(octets: list[bytes]) -> list[str]:
    return [hashlib.sha256(one).hexdigest() for one in octets]


class TestSignedBytes:
    async def test_are_the_same_from_the_frame_to_whoever_gets_them(
        self, here: KafkaSettings, processes: Processes, tmp_path: Path
    ) -> None:
        await charge_everywhere(here, tmp_path / "ocpp")
        await asyncio.to_thread(self.follow, here, processes, tmp_path)

    def follow(self, here: KafkaSettings, processes: Processes, directory: Path) -> None:
        approve(here, processes)
        records = issued(here, processes)
        ended = {one.station_id: one for one in self.ends(here)}
        tables = load(ClickHouseSettings)
        in_tables = self.tables(tables)
        lost = self.lost()
        with running_edge(here, tables) as partners:
            for name, meter in METERS.items():
                wanted = hashes([text.encode() for text in meter.sent])
                detail = records[name].detail
                assert hashes([one.signed_data for one in ended[name].signed_meter_values]) == wanted, name
                assert hashes([one.signed_data for one in detail.signed_meter_values]) == wanted, name
                assert in_tables[name] == wanted, name
            self.pulled(partners, records)
        for record in records.values():
            self.opened(record)
        self.exported(records["TEXT16"], directory)
        # 2.1.1 carries no signed data; 2.2.1 and 2.3.0 not the two that are too long.
        assert self.lost() == lost + len(METERS) + 2 * 2
        assert processes.stop() == dict.fromkeys(SLICES, 0)

    def ends(self, here: KafkaSettings) -> list[SessionEnded]:
        decoded = [Codec().decode(value) for _, _, value in read_all(here, SessionEnded.TOPIC) if value]
        return [one for one in decoded if isinstance(one, SessionEnded)]

    def tables(self, settings: ClickHouseSettings) -> dict[str, list[str]]:
        """By station: ClickHouse itself says what the hash of its octets is."""
        sql = """SELECT station_id, arrayMap(v -> lower(hex(SHA256(v.signed_data))), signed_meter_values) AS hashes
                 FROM cdrs FINAL WHERE status = 'ISSUED'"""
        found: dict[str, list[str]] = {}

        def complete() -> bool:
            try:
                found.update({row["station_id"]: list(row["hashes"]) for row in query(settings, sql, {})})
            except Unreachable:
                return False
            return len(found) == len(METERS)

        wait_for(complete, lambda: found)
        return found

    def opened(self, record: Cdr) -> None:
        """An invoice's link opens the page, a document with what the meter signed, a ZIP with what was sent."""
        detail, meter = record.detail, METERS[record.detail.station_id]
        link = proof_link.link(load(PageSettings).public_url, TENANT, record.cdr_id, detail.signed_meter_values)
        page = self.fetched(link)
        assert "The signed values prove the energy of this record." in page.decode()
        document = self.fetched(f"{link}/{record.cdr_id}.xml")
        values = elements.read(document).children
        texts = [part.text for value in values for part in value.children if part.name == "signedData"]
        assert hashes([text.encode() for text in texts]) == hashes([text.encode() for text in meter.records])
        with ZipFile(io.BytesIO(self.fetched(f"{link}/{record.cdr_id}.zip"))) as archive:
            names = sorted(
                (one for one in archive.namelist() if one.startswith("signed/")), key=lambda one: one[-6:]
            )
            assert hashes([archive.read(one) for one in names]) == hashes([text.encode() for text in meter.sent])
            assert archive.read("transparency.xml") == document
        assert httpx.get(f"{link[:-1]}x", trust_env=False).status_code == 404

    def exported(self, record: Cdr, directory: Path) -> None:
        """The command line tools give the same as the page."""
        link = wattlog(evidence, "link", record.cdr_id).output.strip()
        for command, kind in (("transparency", "xml"), ("bundle", "zip")):
            written = directory / f"written.{kind}"
            done = wattlog(evidence, command, record.cdr_id, "-o", str(written))
            assert done.exit_code == 0, done.output
            assert written.read_bytes() == self.fetched(f"{link}/{record.cdr_id}.{kind}")

    def fetched(self, url: str) -> bytes:
        answer = httpx.get(url, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.content

    def pulled(self, partners: OcpiSettings, records: dict[str, Cdr]) -> None:
        by_id = {record.cdr_id: name for name, record in records.items()}
        with client_of(partners) as client:
            for version in ("2.1.1", "2.2.1", "2.3.0"):
                told = client.get(f"/ocpi/{version}/cdrs").json()
                found = {by_id[one["id"]]: one for one in told["data"]}
                assert found.keys() == METERS.keys(), version
                for name, meter in METERS.items():
                    self.carried(found[name], meter, by_url=version == "2.1.1" or meter.padding > 5_000)

    def lost(self) -> float:
        """How often partners were told of signed values that they did not get with a record."""
        return REGISTRY.get_sample_value("ocpi_warnings_total", {"field": "signed_data"}) or 0.0

    def carried(self, told: dict[str, Any], meter: Meter, *, by_url: bool) -> None:
        wanted = hashes([text.encode() for text in meter.sent])
        if by_url:
            assert "signed_data" not in told
            url = told["remark"].rpartition(" ")[2]
            whole = httpx.get(url, trust_env=False).json()["data"]["signed_meter_values"]
            assert hashes([b64decode(one["signed_data"]) for one in whole]) == wanted
            return
        texts = [one["signed_data"] for one in told["signed_data"]["signed_values"]]
        octets = [text.encode() if meter.shape is as_base64 else b64decode(text) for text in texts]
        assert hashes(octets) == wanted, meter.station_id
