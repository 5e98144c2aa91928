"""Security profile of OCPP 1.6: the whitepaper's messages, passwords, TLS and client certificates."""

from pathlib import Path

import orjson
import pytest
from cryptography import x509
from websockets.exceptions import InvalidStatus

from services.domain.events.station import (
    FirmwareStatusChanged,
    LogStatusChanged,
    SecurityEventRaised,
    StationConnected,
)
from services.ocpp.passwords import hashed
from services.runtime.embedded.pki import Pki
from tests.conformance.certificates import Keys
from tests.conformance.station16 import accepted, at, boot
from tests.conformance.stations import V16, Csms, Station
from tests.conformance.tls_client import connection, context
from tests.integration.ocpp_case import PASSWORD, answer, until
from tests.integration.ocpp_case import station as entry

PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUTest\n-----END CERTIFICATE-----\n"
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1b2", "issuerKeyHash": "c3d4", "serialNumber": "5e"}
ACCEPTED = {"status": "Accepted"}


async def test_tc_074_csms_update_charge_point_certificate(
    csms: Csms, pki: Pki, signing: None, tmp_path: Path
) -> None:
    name, keys = next(csms.names), Keys()
    await csms.register(name, security_profile=3, password_hash=None)
    async with connection(csms, name, V16, context(pki, tmp_path, name)) as socket:
        station = Station(csms, name, V16, socket)
        await boot(station)
        trigger = {"requestedMessage": "SignChargingStationCertificate"}
        told = await station.commanded("TriggerMessage", trigger, ACCEPTED, "ExtendedTriggerMessage")
        accepted(told, {"requestedMessage": "SignChargePointCertificate"})
        assert await station.call("SignCertificate", {"csr": keys.csr(name)}) == ACCEPTED
        heard = await station.expect("CertificateSigned", ACCEPTED)
        await station.leave()
    own = keys.certified(heard["certificateChain"])[0]
    own.verify_directly_issued_by(x509.load_pem_x509_certificate(pki.ca_file.read_bytes()))
    async with connection(csms, name, V16, keys.context(pki, heard["certificateChain"], tmp_path)) as socket:
        await _boots(csms, name, socket, 3)


async def test_tc_075_1_csms_install_manufacturer_root(station16: Station) -> None:
    payload = {"certificateType": "ManufacturerRootCertificate", "certificate": PEM}
    accepted(await station16.commanded("InstallCertificate", payload, ACCEPTED), payload)


async def test_tc_075_2_csms_install_central_system_root(station16: Station) -> None:
    payload = {"certificateType": "CSMSRootCertificate", "certificate": PEM}
    heard = {"certificateType": "CentralSystemRootCertificate", "certificate": PEM}
    accepted(await station16.commanded("InstallCertificate", payload, ACCEPTED), heard)


async def test_tc_076_csms_delete_certificate(station16: Station) -> None:
    asked = {"certificateType": ["ManufacturerRootCertificate"]}
    listed = await station16.commanded(
        "GetInstalledCertificateIds", asked, ACCEPTED | {"certificateHashData": [HASH]}
    )
    accepted(listed, {"certificateType": "ManufacturerRootCertificate"})
    assert orjson.loads(listed.result.answer_json or "")["certificateHashData"] == [HASH]
    deleted = await station16.commanded("DeleteCertificate", {"certificateHashData": HASH}, ACCEPTED)
    accepted(deleted, {"certificateHashData": HASH})


async def _reports(station: Station, kind: str) -> None:
    assert await station.call("SecurityEventNotification", {"type": kind, "timestamp": at()}) == {}
    (event,) = await station.recorded(SecurityEventRaised)
    assert (event.type, event.occurred_at is not None) == (kind, True)


async def test_tc_077_csms_invalid_charge_point_certificate(station16: Station) -> None:
    await _reports(station16, "InvalidChargePointCertificate")


async def test_tc_078_csms_invalid_central_system_certificate(station16: Station) -> None:
    await _reports(station16, "InvalidCentralSystemCertificate")


async def test_tc_079_csms_security_log(station16: Station) -> None:
    payload = {"logType": "SecurityLog", "requestId": 7, "log": {"remoteLocation": "https://logs.example/up"}}
    accepted(await station16.commanded("GetLog", payload, ACCEPTED | {"filename": "security.log"}), payload)
    for word in ("Uploading", "Uploaded"):
        assert await station16.call("LogStatusNotification", {"status": word, "requestId": 7}) == {}
    told = await station16.recorded(LogStatusChanged, 2)
    assert [(event.status, event.request_id) for event in told] == [("Uploading", 7), ("Uploaded", 7)]


async def _signed_update(station: Station, *words: str) -> None:
    firmware = {
        "location": "https://firmware.example/v2.bin", "retrieveDateTime": at(), "signingCertificate": PEM,
        "signature": "c2lnbmVk",
    }  # fmt: skip
    payload = {"requestId": 9, "firmware": firmware}
    told = await station.commanded("UpdateFirmware", payload, ACCEPTED, "SignedUpdateFirmware")
    accepted(told, payload)
    for word in words:
        assert await station.call("SignedFirmwareStatusNotification", {"status": word, "requestId": 9}) == {}
    events = await station.recorded(FirmwareStatusChanged, len(words))
    assert [(event.status, event.request_id) for event in events] == [(word, 9) for word in words]


async def test_tc_080_csms_secure_firmware_update(station16: Station) -> None:
    await _signed_update(station16, "Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed")


async def test_tc_081_csms_secure_firmware_update_with_invalid_signature(station16: Station) -> None:
    await _signed_update(station16, "Downloading", "Downloaded", "InvalidSignature")
    said = {"type": "InvalidFirmwareSignature", "timestamp": at()}
    assert await station16.call("SecurityEventNotification", said) == {}
    (event,) = await station16.recorded(SecurityEventRaised)
    assert event.type == "InvalidFirmwareSignature"


async def test_tc_085_csms_basic_authentication(csms: Csms) -> None:
    name = next(csms.names)
    for wrong in ({"user": "somebody-else"}, {"password": "not-the-password-20c"}):
        with pytest.raises(InvalidStatus, match="401"):
            await csms.edge.connect(name, (V16,), **wrong)
    async with csms.station(V16, name) as station:
        await boot(station)


async def test_tc_086_csms_tls_server_certificate(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    async with connection(csms, "SEC2", V16, context(pki, tmp_path), PASSWORD) as socket:
        await _boots(csms, "SEC2", socket, 2)


async def test_tc_087_csms_client_certificate(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    async with connection(csms, "SEC3", V16, context(pki, tmp_path, "SEC3")) as socket:
        await _boots(csms, "SEC3", socket, 3)


async def _boots(csms: Csms, name: str, socket: object, profile: int) -> None:
    station = Station(csms, name, V16, socket)  # type: ignore[arg-type]
    await boot(station)
    await until(lambda: [e.security_profile for e in station.told(StationConnected)][-1:] == [profile])
    await station.leave()


async def test_tc_088_csms_sub_protocol(csms: Csms) -> None:
    name = next(csms.names)
    async with csms.edge.connect(name, ("ocpp0.1",)) as socket:
        assert socket.subprotocol is None
        with pytest.raises(Exception, match="1002"):
            await answer(socket)
    async with csms.edge.connect(name, ("ocpp0.1", V16)) as socket:
        assert socket.subprotocol == V16


async def test_tc_073_csms_new_password(csms: Csms) -> None:
    name, new = next(csms.names), "another-password-20c"
    csms.edge.say(entry(name, pending_password_hash=hashed(new.encode(), bytes(16))))
    await until(lambda: csms.known(name).pending_password_hash is not None)
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    async with csms.station(V16, name) as station:
        payload = {"setVariableData": [variable | {"attributeValue": new}]}
        told = await station.commanded("SetVariables", payload, ACCEPTED, "ChangeConfiguration")
        accepted(told, {"key": "AuthorizationKey", "value": new.encode().hex()})
    async with csms.edge.connect(name, (V16,), password=new):
        await until(lambda: csms.known(name).pending_password_hash is None)


async def test_tc_083_csms_security_profile_is_raised(csms: Csms, pki: Pki, tmp_path: Path) -> None:
    name = next(csms.names)
    csms.edge.say(entry(name, pending_security_profile=2))
    await until(lambda: csms.known(name).pending_security_profile == 2)
    async with csms.station(V16, name) as station:
        change = {"key": "SecurityProfile", "value": "2"}
        accepted(await station.commanded("ChangeConfiguration", change, ACCEPTED), change)
        accepted(await station.commanded("Reset", {"type": "Hard"}, ACCEPTED), {"type": "Hard"})
    async with connection(csms, name, V16, context(pki, tmp_path), PASSWORD) as socket:
        await _boots(csms, name, socket, 2)
    await until(lambda: csms.known(name).security_profile == 2)
    with pytest.raises(InvalidStatus, match="401"):
        await csms.edge.connect(name, (V16,))
