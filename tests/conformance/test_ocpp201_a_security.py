"""Block A of OCPP 2.0.1: passwords, TLS and client certificates."""

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from services.domain.events.certificate import CertificateRevoked
from services.domain.events.common import CertificateStatus, CommandOutcome
from services.domain.events.station import CommandAnswered, SecurityEventRaised, StationConnected
from services.ocpp.passwords import hashed
from services.runtime.embedded.pki import Pki
from tests.conformance.certificates import Keys
from tests.conformance.stations import V201, Csms, Station
from tests.conformance.tls_client import connection, context
from tests.integration.ocpp_case import PASSWORD, TENANT, until
from tests.integration.ocpp_case import station as entry

ACCEPTED = {"status": "Accepted"}
OWN = "ChargingStationCertificate"
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "Vendor", "model": "Model"}}


async def _boots(csms: Csms, name: str, socket: object, profile: int) -> None:
    station = Station(csms, name, V201, socket)  # type: ignore[arg-type]
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    await until(lambda: [e.security_profile for e in station.told(StationConnected)][-1:] == [profile])
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


async def _asked(station: Station, message: str, csr: str, certificate_type: str | None) -> None:
    """A02: the CSMS asks for a request, the station makes one, and the CSMS takes it."""
    told = await station.commanded("TriggerMessage", {"requestedMessage": message}, ACCEPTED)
    assert told.payload == {"requestedMessage": message}
    payload = {"csr": csr} | ({"certificateType": certificate_type} if certificate_type else {})
    assert await station.call("SignCertificate", payload) == ACCEPTED


async def _certified(station: Station, certificate_type: str | None, status: str = "Accepted") -> str:
    """The CSMS brings the certificate; the chain."""
    told = await station.expect("CertificateSigned", {"status": status})
    assert told.get("certificateType") == certificate_type
    found: str = told["certificateChain"]
    return found


async def test_tc_a_11_charging_station_certificate_is_renewed(
    csms: Csms, pki: Pki, signing: None, tmp_path: Path
) -> None:
    name, keys = next(csms.names), Keys()
    await csms.register(name, security_profile=3, password_hash=None)
    async with connection(csms, name, V201, context(pki, tmp_path, name)) as socket:
        station = Station(csms, name, V201, socket)
        await _asked(station, "SignChargingStationCertificate", keys.csr(name), OWN)
        chain = await _certified(station, OWN)
        await station.leave()
    keys.certified(chain)[0].verify_directly_issued_by(x509.load_pem_x509_certificate(pki.ca_file.read_bytes()))
    async with connection(csms, name, V201, keys.context(pki, chain, tmp_path)) as socket:
        await _boots(csms, name, socket, 3)
    serial_number = f"{keys.certified(chain)[0].serial_number:x}"
    await until(lambda: csms.known(name).certificate_serial_number == serial_number)
    await _lets_nobody_in_once_revoked(csms, name, serial_number, keys.context(pki, chain, tmp_path))


async def _lets_nobody_in_once_revoked(csms: Csms, name: str, serial_number: str, tls: ssl.SSLContext) -> None:
    key = f"{TENANT}/{serial_number}"
    lookup = csms.edge.edge.edge.certificate
    await until(lambda: lookup(key) is not None and lookup(key).status is CertificateStatus.INSTALLED)
    async with connection(csms, name, V201, tls) as socket:
        csms.edge.say(
            CertificateRevoked(
                event_id=key, tenant=TENANT, station_id=name, serial_number=serial_number, reason="superseded",
                revoked_by="test", recorded_at=1,
            )
        )  # fmt: skip
        with pytest.raises(ConnectionClosed, match="1008"):
            await asyncio.wait_for(socket.recv(), 30)
    with pytest.raises(InvalidStatus, match="401"):
        await connection(csms, name, V201, tls)


async def test_tc_a_12_v2g_certificate_is_renewed(station201: Station, pki: Pki, signing: None) -> None:
    keys = Keys()
    csr = keys.csr(None, COUNTRY_NAME="NL", ORGANIZATIONAL_UNIT_NAME="Charging")
    await _asked(station201, "SignV2GCertificate", csr, "V2GCertificate")
    own, above = keys.certified(await _certified(station201, "V2GCertificate"))
    own.verify_directly_issued_by(above)
    above.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.v2g_root_file.read_bytes()))


async def test_tc_a_13_combined_certificate_is_renewed(station201: Station, pki: Pki, signing: None) -> None:
    keys = Keys()
    await _asked(station201, "SignCombinedCertificate", keys.csr(station201.name), None)
    own = keys.certified(await _certified(station201, None))[0]
    own.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.ca_file.read_bytes()))
    assert f"CN={station201.name}" in own.subject.rfc4514_string()


async def test_tc_a_14_station_rejects_its_new_certificate(station201: Station, signing: None) -> None:
    csr = Keys().csr(station201.name)
    await _asked(station201, "SignChargingStationCertificate", csr, OWN)
    await _certified(station201, OWN, "Rejected")
    answered = await station201.recorded(CommandAnswered, 2)
    told = [one.outcome for one in answered if one.operation == "CertificateSigned"]
    assert told == [CommandOutcome.REJECTED]
    said = {"type": "InvalidChargingStationCertificate", "timestamp": "2026-09-21T14:13:20Z"}
    assert await station201.call("SecurityEventNotification", said) == {}


PASSWORD_VARIABLE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
NEW = "another-password-20c"


async def _new_password(csms: Csms, name: str, status: str) -> None:
    """A01: the CSMS sets a password and the station answers."""
    csms.edge.say(entry(name, pending_password_hash=hashed(NEW.encode(), bytes(16))))
    await until(lambda: csms.known(name).pending_password_hash is not None)
    data = [PASSWORD_VARIABLE | {"attributeValue": NEW}]
    async with csms.station(V201, name) as station:
        told = await station.commanded(
            "SetVariables",
            {"setVariableData": data},
            {"setVariableResult": [PASSWORD_VARIABLE | {"attributeStatus": status}]},
        )
        assert told.payload == {"setVariableData": data}


async def test_tc_a_09_new_password_is_accepted(csms: Csms) -> None:
    name = next(csms.names)
    await _new_password(csms, name, "Accepted")
    async with csms.edge.connect(name, (V201,), password=NEW):
        await until(lambda: csms.known(name).pending_password_hash is None)
    with pytest.raises(InvalidStatus, match="401"):
        await csms.edge.connect(name, (V201,))


async def test_tc_a_10_new_password_is_rejected(csms: Csms) -> None:
    name = next(csms.names)
    await _new_password(csms, name, "Rejected")
    async with csms.station(V201, name) as station:
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"


async def test_tc_a_19_security_profile_is_raised(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    name = next(csms.names)
    csms.edge.say(entry(name, pending_security_profile=2))
    await until(lambda: csms.known(name).pending_security_profile == 2)
    priority = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
    network = {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": "wss://localhost/ocpp",
        "messageTimeout": 30, "securityProfile": 2, "ocppInterface": "Wired0",
    }  # fmt: skip
    async with csms.station(V201, name) as station:
        profile = {"configurationSlot": 1, "connectionData": network}
        told = await station.commanded("SetNetworkProfile", profile, {"status": "Accepted"})
        assert told.payload == profile
        data = {"setVariableData": [priority | {"attributeValue": "1"}]}
        await station.commanded(
            "SetVariables", data, {"setVariableResult": [priority | {"attributeStatus": "Accepted"}]}
        )
        await station.commanded("Reset", {"type": "OnIdle"}, {"status": "Accepted"})
    async with connection(csms, name, V201, context(pki, tmp_path), PASSWORD) as socket:
        await _boots(csms, name, socket, 2)
    await until(lambda: csms.known(name).security_profile == 2)
    with pytest.raises(InvalidStatus, match="401"):
        await csms.edge.connect(name, (V201,))
