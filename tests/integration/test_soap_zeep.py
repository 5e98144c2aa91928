"""Stations whose SOAP nobody here wrote: zeep with the official WSDLs, which it takes to the letter.

The WSDLs may not be copied. That of 1.6 comes with a Java library; WATTLOG_TEST_WSDL names a folder that has
ocpp_centralsystemservice_1.5_final.wsdl.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from services.domain.events.station import ProtocolViolated
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.ocpp.soap.envelope import CS
from services.ocpp.wire.faults import V15S, V16S
from services.runtime.bus import publish_sync
from services.runtime.codec import Codec
from services.runtime.settings import KafkaSettings
from tests.integration.clients_build import wsdl
from tests.integration.ocpp_case import PASSWORD, registered, running, station
from tests.integration.soap_case import AT, free_port

pytestmark = pytest.mark.integration

zeep = pytest.importorskip("zeep", reason="zeep is not installed: pip install zeep")
requests = pytest.importorskip("requests", reason="comes with zeep")
FILES = {V16S: "OCPP_CentralSystemService_1.6.wsdl", V15S: "ocpp_centralsystemservice_1.5_final.wsdl"}


def service(protocol: str, port: int, cache: Path) -> Any:
    """A proxy of the central system's service, as station CP1."""
    folder = wsdl(cache) if protocol == V16S else Path(os.environ.get("WATTLOG_TEST_WSDL", ""))
    path = folder / FILES[protocol]
    if not path.is_file():
        pytest.skip(f"no {FILES[protocol]}: set WATTLOG_TEST_WSDL to the folder that has it")
    session = requests.Session()
    session.auth = ("CP1", PASSWORD)
    session.trust_env = False
    client = zeep.Client(str(path), transport=zeep.Transport(session=session, operation_timeout=60))
    binding = next(iter(client.wsdl.bindings))
    client.set_default_soapheaders({"ChargeBoxIdentity": "CP1"})
    return client.create_service(binding, f"http://127.0.0.1:{port}/ocpp")


@pytest.fixture
def kafka(own_kafka: KafkaSettings) -> KafkaSettings:
    registered(own_kafka)
    publish_sync(own_kafka, Codec(), [station("CP1", soap_address="http://127.0.0.1:9/")])
    return own_kafka


class TestZeep:
    async def test_charges_by_16_from_boot_to_stop(
        self, kafka: KafkaSettings, tmp_path: Path, cache_dir: Path
    ) -> None:
        port = free_port()
        cs = service(V16S, port, cache_dir)
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            transaction = await asyncio.to_thread(self.session_16, cs)
            (started,) = await edge.wait_for(TransactionStarted)
            (updated,) = await edge.wait_for(TransactionUpdated)
            (ended,) = await edge.wait_for(TransactionEnded)
            assert {started.transaction_id, updated.transaction_id, ended.transaction_id} == {str(transaction)}
            assert edge.of(ProtocolViolated) == []

    def session_16(self, cs: Any) -> int:
        booted = cs.BootNotification(chargePointVendor="V", chargePointModel="M", firmwareVersion="1")
        assert booted.status == "Accepted"
        assert booted.currentTime.tzinfo is not None
        assert cs.Heartbeat() is not None
        cs.StatusNotification(connectorId=1, status="Preparing", errorCode="NoError")
        assert cs.Authorize(idTag="VALID1").status == "Accepted"
        assert cs.Authorize(idTag="NOBODY").status == "Invalid"
        started = cs.StartTransaction(connectorId=1, idTag="VALID1", timestamp=AT, meterStart=10)
        assert started.idTagInfo.status == "Accepted"
        sample = {"value": "150", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        readings = [{"timestamp": AT, "sampledValue": [sample]}]
        cs.MeterValues(connectorId=1, transactionId=started.transactionId, meterValue=readings)
        stopped = cs.StopTransaction(
            transactionId=started.transactionId, idTag="VALID1", timestamp=AT, meterStop=200, reason="Local"
        )
        assert stopped.status == "Accepted"
        cs.FirmwareStatusNotification(status="Installed")
        cs.DiagnosticsStatusNotification(status="Idle")
        assert cs.DataTransfer(vendorId="nobody").status == "UnknownVendorId"
        return int(started.transactionId)

    async def test_charges_by_15_from_boot_to_stop(
        self, kafka: KafkaSettings, tmp_path: Path, cache_dir: Path
    ) -> None:
        port = free_port()
        cs = service(V15S, port, cache_dir)
        async with running(kafka, tmp_path, ocpp_soap_port=port) as edge:
            transaction = await asyncio.to_thread(self.session_15, cs)
            (started,) = await edge.wait_for(TransactionStarted)
            (updated,) = await edge.wait_for(TransactionUpdated)
            (ended,) = await edge.wait_for(TransactionEnded)
            assert {started.transaction_id, updated.transaction_id, ended.transaction_id} == {str(transaction)}
            assert (updated.protocol, updated.meter_values[0].sampled_values[0].value) == ("ocpp1.5s", "150")
            assert edge.of(ProtocolViolated) == []

    def session_15(self, cs: Any) -> int:
        booted = cs.BootNotification(chargePointVendor="V", chargePointModel="M")
        assert booted.status == "Accepted"
        assert booted.heartbeatInterval > 0
        cs.StatusNotification(connectorId=1, status="Occupied", errorCode="NoError")
        started = cs.StartTransaction(connectorId=1, idTag="VALID1", timestamp=AT, meterStart=10)
        readings = [{"timestamp": AT, "value": [{"_value_1": "150", "unit": "Wh", "context": "Sample.Periodic"}]}]
        cs.MeterValues(connectorId=1, transactionId=started.transactionId, values=readings)
        cs.StopTransaction(
            transactionId=started.transactionId,
            timestamp=AT,
            meterStop=200,
            transactionData=[{"values": readings}],
        )
        return int(started.transactionId)

    async def test_is_told_a_fault_in_its_own_terms(
        self, kafka: KafkaSettings, tmp_path: Path, cache_dir: Path
    ) -> None:
        port = free_port()
        cs = service(V16S, port, cache_dir)
        async with running(kafka, tmp_path, ocpp_soap_port=port):
            with pytest.raises(zeep.exceptions.Fault) as caught:
                await asyncio.to_thread(
                    lambda: cs.StatusNotification(connectorId=1, status="Nonsense", errorCode="x")
                )
            assert "PropertyConstraintViolation" in str(caught.value)
            assert [str(code) for code in caught.value.subcodes] == [f"{{{CS[V16S]}}}ProtocolError"]
