"""Block A of OCPP 2.0.1: passwords, TLS and client certificates."""

import ssl
from pathlib import Path

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from services.domain.events.station import SecurityEventRaised, StationConnected
from services.runtime.embedded.pki import Pki
from tests.conformance.stations import V201, Csms, Station
from tests.conformance.tls_client import connection, context
from tests.integration.ocpp_case import PASSWORD

BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}


async def _boots(csms: Csms, name: str, socket: object, profile: int) -> None:
    station = Station(csms, name, V201, socket)  # type: ignore[arg-type]
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    connected = await station.recorded(StationConnected)
    assert connected[-1].security_profile == profile
    await station.leave()


async def test_tc_a_01_basic_authentication(csms: Csms) -> None:
    async with csms.station(V201) as station:
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"


async def test_tc_a_02_username_is_not_the_station(csms: Csms) -> None:
    name = next(csms.names)
    with pytest.raises(InvalidStatus, match="401"):
        await csms.edge.connect(name, (V201,), user="somebody-else")
    events = await csms.edge.wait_for(SecurityEventRaised, 1, name)
    assert events[0].type == "AuthenticationFailed"


async def test_tc_a_03_wrong_password(csms: Csms) -> None:
    with pytest.raises(InvalidStatus, match="401"):
        await csms.edge.connect(next(csms.names), (V201,), password="not-the-password-20c")


async def test_tc_a_04_tls_server_certificate(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    async with connection(csms, "SEC2", V201, context(pki, tmp_path), PASSWORD) as socket:
        tls = socket.transport.get_extra_info("ssl_object")
        assert tls.version() in ("TLSv1.2", "TLSv1.3")
        await _boots(csms, "SEC2", socket, 2)


async def test_tc_a_06_tls_version_too_low(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    tls = context(pki, tmp_path)
    tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((OSError, InvalidMessage)):
        await connection(csms, "SEC2", V201, tls, PASSWORD)


async def test_tc_a_07_client_certificate(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    async with connection(csms, "SEC3", V201, context(pki, tmp_path, "SEC3")) as socket:
        await _boots(csms, "SEC3", socket, 3)


async def test_tc_a_08_client_certificate_is_not_valid(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    other = Pki(tmp_path / "other")
    with pytest.raises((OSError, InvalidMessage)):
        await connection(csms, "SEC3", V201, context(pki, tmp_path, "SEC3", other))
    with pytest.raises(InvalidStatus, match="401"):
        await connection(csms, "SEC3", V201, context(pki, tmp_path, "SOMEBODY"))
    events = await csms.edge.wait_for(SecurityEventRaised, 1, "SEC3")
    assert events[-1].type == "InvalidChargingStationCertificate"
