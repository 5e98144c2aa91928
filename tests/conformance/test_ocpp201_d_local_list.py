"""OCPP 2.0.1, block D: the local authorization list."""

from typing import Any

from services.domain.events.common import CommandOutcome
from tests.conformance.metered201 import id_token
from tests.conformance.stations import Station

ACCEPTED = {"status": "Accepted"}
VALID = {"status": "Accepted"}


async def test_tc_d_01_send_local_list_full(station201: Station) -> None:
    assert await version(station201, 1) == 1
    entries = [entry("VALID1", VALID), entry("GROUPED1", VALID | {"groupIdToken": id_token("GROUP1")})]
    await sent(station201, {"versionNumber": 2, "updateType": "Full", "localAuthorizationList": entries})


async def test_tc_d_02_send_local_list_differential_update(station201: Station) -> None:
    assert await version(station201, 1) == 1
    entries = [entry("VALID2", VALID)]
    await sent(station201, {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": entries})


async def test_tc_d_03_send_local_list_differential_remove(station201: Station) -> None:
    entries = [entry("VALID1"), entry("VALID2")]
    await sent(station201, {"versionNumber": 3, "updateType": "Differential", "localAuthorizationList": entries})


async def test_tc_d_04_send_local_list_full_empty(station201: Station) -> None:
    await sent(station201, {"versionNumber": 4, "updateType": "Full"})


async def test_tc_d_08_get_local_list_version(station201: Station) -> None:
    assert await version(station201, 12) == 12


async def test_tc_d_09_get_local_list_version_no_list(station201: Station) -> None:
    assert await version(station201, 0) == 0


async def test_a_list_of_version_0_or_with_a_token_twice_is_not_sent(station201: Station) -> None:
    """D01.FR.06 and D01.FR.18; not cases of their own."""
    zero = await station201.refused_by_us("SendLocalList", {"versionNumber": 0, "updateType": "Full"})
    twice = [entry("VALID1", VALID), entry("valid1", VALID)]
    asked = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": twice}
    repeated = await station201.refused_by_us("SendLocalList", asked)
    assert [result.outcome for result in (zero, repeated)] == [CommandOutcome.FAILED] * 2


def entry(uid: str, info: dict[str, Any] | None = None) -> dict[str, Any]:
    """AuthorizationData; without info the token is removed."""
    return {"idToken": id_token(uid)} | ({} if info is None else {"idTokenInfo": info})


async def sent(station: Station, asked: dict[str, Any]) -> None:
    told = await station.commanded("SendLocalList", asked, ACCEPTED)
    assert told.payload == asked
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def version(station: Station, number: int) -> int:
    """What an operator reads as the version that the station has."""
    told = await station.commanded("GetLocalListVersion", {}, {"versionNumber": number})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert told.result.answer_json == f'{{"versionNumber":{number}}}'
    return number
