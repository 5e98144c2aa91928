"""Block M of OCPP 2.0.1: certificates that the CSMS installs, lists and deletes on a station."""

from base64 import b64decode
from typing import Any

from cryptography.x509 import ocsp

from services.domain.events.common import CommandOutcome
from tests.conformance.reusable_states import reported
from tests.conformance.stations import Station
from tests.integration.contract_pki import EXI_RESPONSE, World, hash_data

PEM = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUTest\n-----END CERTIFICATE-----\n"
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a1b2", "issuerKeyHash": "c3d4", "serialNumber": "5e"}
ACCEPTED = {"status": "Accepted"}


async def _installed(station: Station, kind: str, status: str = "Accepted") -> None:
    payload = {"certificateType": kind, "certificate": PEM}
    told = await station.commanded("InstallCertificate", payload, {"status": status})
    assert told.payload == payload
    expected = CommandOutcome.ACCEPTED if status == "Accepted" else CommandOutcome.REJECTED
    assert (told.result.outcome, told.result.status) == (expected, status)


async def test_tc_m_01_install_csms_root(station201: Station) -> None:
    await _installed(station201, "CSMSRootCertificate")


async def test_tc_m_02_install_manufacturer_root(station201: Station) -> None:
    await _installed(station201, "ManufacturerRootCertificate")


async def test_tc_m_03_install_v2g_root(station201: Station) -> None:
    await _installed(station201, "V2GRootCertificate")


async def test_tc_m_04_install_mo_root(station201: Station) -> None:
    await _installed(station201, "MORootCertificate")


async def test_tc_m_05_install_fails(station201: Station) -> None:
    await _installed(station201, "CSMSRootCertificate", "Failed")


async def _listed(station: Station, asked: list[str] | None, found: list[str]) -> None:
    payload: dict[str, Any] = {} if asked is None else {"certificateType": asked}
    chain = [{"certificateType": kind, "certificateHashData": HASH} for kind in found]
    told = await station.commanded(
        "GetInstalledCertificateIds", payload, ACCEPTED | {"certificateHashDataChain": chain}
    )
    assert told.payload == payload
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert told.result.answer_json is not None
    assert all(kind in told.result.answer_json for kind in found)


async def test_tc_m_12_list_csms_root(station201: Station) -> None:
    await _listed(station201, ["CSMSRootCertificate"], ["CSMSRootCertificate"])


async def test_tc_m_13_list_manufacturer_root(station201: Station) -> None:
    await _listed(station201, ["ManufacturerRootCertificate"], ["ManufacturerRootCertificate"])


async def test_tc_m_14_list_v2g_root(station201: Station) -> None:
    await _listed(station201, ["V2GRootCertificate"], ["V2GRootCertificate"])


async def test_tc_m_15_list_v2g_chain(station201: Station) -> None:
    await _listed(station201, ["V2GCertificateChain"], ["V2GCertificateChain"])


async def test_tc_m_16_list_mo_root(station201: Station) -> None:
    await _listed(station201, ["MORootCertificate"], ["MORootCertificate"])


async def test_tc_m_17_list_two_kinds(station201: Station) -> None:
    both = ["CSMSRootCertificate", "ManufacturerRootCertificate"]
    await _listed(station201, both, both)


async def test_tc_m_18_list_all_kinds(station201: Station) -> None:
    await _listed(station201, None, ["CSMSRootCertificate", "MORootCertificate", "V2GRootCertificate"])


async def test_tc_m_19_list_finds_nothing(station201: Station) -> None:
    told = await station201.commanded(
        "GetInstalledCertificateIds", {"certificateType": ["MORootCertificate"]}, {"status": "NotFound"}
    )
    assert (told.result.outcome, told.result.status) == (CommandOutcome.REJECTED, "NotFound")


async def test_tc_m_20_delete(station201: Station) -> None:
    told = await station201.commanded("DeleteCertificate", {"certificateHashData": HASH}, ACCEPTED)
    assert told.payload == {"certificateHashData": HASH}
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_m_21_delete_fails(station201: Station) -> None:
    told = await station201.commanded("DeleteCertificate", {"certificateHashData": HASH}, {"status": "Failed"})
    assert (told.result.outcome, told.result.status) == (CommandOutcome.REJECTED, "Failed")


async def test_tc_m_24_status_of_a_certificate(station201: Station, world: World) -> None:
    about = hash_data(world.sub_ca.certificate, world.root.certificate, world.ocsp_url)
    answer, _ = await reported(station201, "GetCertificateStatus", {"ocspRequestData": about})
    assert answer["status"] == "Accepted"
    told = ocsp.load_der_ocsp_response(b64decode(answer["ocspResult"], validate=True))
    assert told.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert told.serial_number == world.sub_ca.certificate.serial_number
    assert told.certificate_status is ocsp.OCSPCertStatus.GOOD


async def _passed_on(station: Station, world: World, action: str) -> None:
    namespace = "urn:iso:15118:2:2013:MsgDef"
    asked = {"iso15118SchemaVersion": namespace, "action": action, "exiRequest": f"gJgC{action}"}
    answer, _ = await reported(station, "Get15118EVCertificate", asked)
    assert answer == {"status": "Accepted", "exiResponse": EXI_RESPONSE}
    assert world.requests[-1] == {
        "certificateInstallationReq": f"gJgC{action}", "xsdMsgDefNamespace": namespace,
    }  # fmt: skip


async def test_tc_m_26_contract_certificate_is_installed(station201: Station, world: World) -> None:
    await _passed_on(station201, world, "Install")


async def test_tc_m_28_contract_certificate_is_updated(station201: Station, world: World) -> None:
    await _passed_on(station201, world, "Update")
