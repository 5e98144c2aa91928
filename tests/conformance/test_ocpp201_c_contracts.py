"""Block C of OCPP 2.0.1, plug and charge (C07): contract certificates, checked with the responder they name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationDecided
from tests.conformance.reusable_states import Charging
from tests.conformance.stations import Station
from tests.integration.contract_pki import Authority, World, hash_data, pem

EMAID = {"idToken": "DEABCC00000001", "type": "eMAID"}
PAST = datetime.now(UTC) - timedelta(days=1)


async def authorized(station: Station, token: dict[str, str] = EMAID, **shown: Any) -> tuple[str, str]:
    """What Authorize says of the certificate, and of the token."""
    answer = await station.call("Authorize", {"idToken": token} | shown)
    return answer["certificateStatus"], answer["idTokenInfo"]["status"]


async def charges(station: Station) -> None:
    """The station goes on as with any token that is accepted."""
    charging = await Charging(station, token=EMAID).ev_connected()
    told = await charging.tell("Authorized", idToken=EMAID)
    assert told["idTokenInfo"]["status"] == "Accepted"
    charging.reached.add("Authorized")
    await charging.started()


def hashes(world: World, revoked: bool = False) -> list[dict[str, Any]]:
    """What the station has found of a contract certificate and its CA."""
    leaf = world.sub_ca.contract(EMAID["idToken"])
    if revoked:
        world.revoked.add(leaf.serial_number)
    return [
        hash_data(leaf, world.sub_ca.certificate, world.ocsp_url),
        hash_data(world.sub_ca.certificate, world.root.certificate, world.ocsp_url),
    ]


async def test_tc_c_50_contract_that_the_station_has_validated(station201: Station, world: World) -> None:
    data = hashes(world)
    assert await authorized(station201, iso15118CertificateHashData=data) == ("Accepted", "Accepted")
    assert {int(one["serialNumber"], 16) for one in data} <= set(world.asked)
    await charges(station201)


async def test_tc_c_51_contract_is_revoked(station201: Station, world: World) -> None:
    data = hashes(world, revoked=True)
    assert await authorized(station201, iso15118CertificateHashData=data) == ("CertificateRevoked", "Invalid")
    (decided,) = await station201.recorded(AuthorizationDecided)
    assert (decided.status, "revoked" in decided.reason) == ("Invalid", True)


async def test_tc_c_52_contract_that_the_csms_validates(station201: Station, world: World) -> None:
    leaf = world.sub_ca.contract(EMAID["idToken"])
    shown = pem(leaf, world.sub_ca.certificate)
    assert await authorized(station201, certificate=shown) == ("Accepted", "Accepted")
    assert {leaf.serial_number, world.sub_ca.certificate.serial_number} <= set(world.asked)
    await charges(station201)


@pytest.mark.parametrize(
    ("end", "issuer", "emaid", "expected"),
    [
        (PAST, None, EMAID, ("CertificateExpired", "Expired")),
        (None, "Somebody", EMAID, ("CertChainError", "Invalid")),
        (None, None, EMAID | {"idToken": "DEABCC00000002"}, ("CertChainError", "Invalid")),
    ],
)
async def test_a_contract_that_is_not_good_charges_nothing(
    station201: Station, world: World, end: Any, issuer: str | None, emaid: Any, expected: tuple[str, str]
) -> None:
    """C07.FR.15, FR.17; no cases of their own."""
    begin = None if end is None else end - timedelta(days=9)
    ca = world.sub_ca if issuer is None else Authority(issuer)
    leaf = ca.contract(EMAID["idToken"], begin=begin, end=end, ocsp_url=world.ocsp_url)
    assert await authorized(station201, emaid, certificate=pem(leaf, ca.certificate)) == expected


async def test_a_good_contract_that_is_cancelled_charges_nothing(station201: Station, world: World) -> None:
    """C07.FR.13; not a case of its own."""
    unknown = {"idToken": "DEABCC00000009", "type": "eMAID"}
    shown = pem(world.sub_ca.contract(unknown["idToken"]), world.sub_ca.certificate)
    assert await authorized(station201, unknown, certificate=shown) == ("ContractCancelled", "Invalid")


async def test_nobody_else_is_asked_than_the_operator_allows(station201: Station, world: World) -> None:
    """The responder is named by whoever speaks as the station; not a case of its own."""
    data = [hashes(world)[0] | {"responderURL": f"{world.url}/elsewhere"}]
    before = len(world.asked)
    assert await authorized(station201, iso15118CertificateHashData=data) == ("CertChainError", "Invalid")
    answer = await station201.call("GetCertificateStatus", {"ocspRequestData": data[0]})
    assert answer["status"] == "Failed"
    assert len(world.asked) == before
