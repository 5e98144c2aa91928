"""One edge on one real Kafka for all cases, and stations that have booted."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.domain.events.common import TokenStatus
from services.runtime.bus import Bus, publish_sync
from services.runtime.codec import Codec
from services.runtime.embedded.pki import Pki
from services.runtime.settings import KafkaSettings
from tests.conformance.stations import V16, V21, V201, Csms, Station
from tests.integration.contract_pki import World, contract_world
from tests.integration.ocpp_case import registered, running, station, token
from tests.integration.pki_case import pki_process

HERE = Path(__file__).parent
VENDOR = "org.wattlog.conformance"
"""A vendorId whose DataTransfer the edge accepts."""

MASTERS = "MASTERS"
"""The group of master passes."""

_STATIONS = [f"CS{number:03}" for number in range(1, 701)]
_LONG_AGO_MS, _FAR_AHEAD_MS = 1_000_000_000_000, 4_000_000_000_000
TOKENS = [
    token("VALID1"),
    token("VALID2"),
    token("BLOCKED1", status=TokenStatus.BLOCKED),
    token("EXPIRED1", expires_at=_LONG_AGO_MS),
    token("GROUPED1", group_id="GROUP1", expires_at=_FAR_AHEAD_MS),
    token("GROUPED2", group_id="GROUP1", expires_at=_FAR_AHEAD_MS),
    token("MASTER1", group_id=MASTERS),
    token("DEABCC00000001", token_type="EMAID"),
]
"""The whitelist of all cases; what is not in it is Invalid."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cases share the edge and therefore its event loop."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def conformance_kafka(kafka: KafkaSettings) -> KafkaSettings:
    """The broker with the edge's topics, registered stations and a whitelist."""
    own = registered(replace(kafka, topic_prefix="conformance."), *_STATIONS)
    secured = [
        station("SEC2", security_profile=2),
        station("SEC3", security_profile=3, password_hash=None),
    ]
    publish_sync(own, Codec(), [*TOKENS, *secured])
    return own


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Whose certificates the edge and the stations of security profiles 2 and 3 have."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, Any]]]:
    """Whom the edge asks about contract certificates, and its settings for that."""
    with contract_world(tmp_path_factory.mktemp("contracts")) as made:
        yield made


@pytest.fixture(scope="session")
def world(contracts: tuple[World, dict[str, Any]]) -> World:
    """Whom the edge asks about contract certificates."""
    return contracts[0]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def csms(
    conformance_kafka: KafkaSettings,
    pki: Pki,
    contracts: tuple[World, dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Csms]:
    """The edge under test."""
    data_dir = tmp_path_factory.mktemp("conformance")
    tls = {"tls_certificate_file": str(pki.server_file), "client_ca_file": str(pki.ca_file), "ocpp_tls_port": 0}
    async with running(
        conformance_kafka, data_dir, data_transfer_vendors=VENDOR, master_pass_group=MASTERS, **tls, **contracts[1]
    ) as edge:
        bus = Bus(conformance_kafka, Codec())
        yield Csms(edge, bus, iter(_STATIONS))
        await bus.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signing(
    csms: Csms, conformance_kafka: KafkaSettings, pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[None]:
    """The process that has stations' certificates signed."""
    async with pki_process(conformance_kafka, pki, tmp_path_factory.mktemp("signing")):
        yield


@pytest_asyncio.fixture(loop_scope="session")
async def station16(csms: Csms) -> AsyncIterator[Station]:
    """A station of OCPP 1.6 that has booted; its connectors 1 and 2 are available."""
    async with csms.station(V16) as station:
        await station.call("BootNotification", {"chargePointVendor": "Vendor", "chargePointModel": "Model"})
        for connector_id in (0, 1, 2):
            said = {"connectorId": connector_id, "errorCode": "NoError", "status": "Available"}
            assert await station.call("StatusNotification", said) == {}
        yield station


async def _booted(station: Station) -> Station:
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}
    assert (await station.call("BootNotification", boot))["status"] == "Accepted"
    for evse_id in (1, 2):
        said = {"evseId": evse_id, "connectorId": 1, "connectorStatus": "Available"}
        assert await station.call("StatusNotification", said | {"timestamp": "2026-09-21T14:13:20Z"}) == {}
    return station


@pytest_asyncio.fixture(loop_scope="session")
async def station201(csms: Csms) -> AsyncIterator[Station]:
    """A station of OCPP 2.0.1 that has booted; its EVSEs 1 and 2 are available."""
    async with csms.station(V201) as station:
        yield await _booted(station)


@pytest_asyncio.fixture(loop_scope="session")
async def station21(csms: Csms) -> AsyncIterator[Station]:
    """A station of OCPP 2.1 that has booted; its EVSEs 1 and 2 are available."""
    async with csms.station(V21) as station:
        yield await _booted(station)
