"""OCPP 2.0.1, block D: the local authorization list."""

from typing import Any

from services.domain.events.common import CommandOutcome
from tests.conformance.metered201 import id_token
from tests.conformance.reusable_states import ACCEPTED, accepted
from tests.conformance.stations import Station

VALID = {"status": "Accepted"}


async def test_tc_d_01_send_local_list_full(station201: Station) -> None:
    assert await version(station201, 1) == 1
    entries = [entry("VALID1", VALID), entry("GROUPED1", VALID | {"groupIdToken": id_token("GROUP1")})]
    await accepted(
        station201, "SendLocalList", {"versionNumber": 2, "updateType": "Full", "localAuthorizationList": entries}
    )


async def test_tc_d_01_send_local_list_full_in_parts(station201: Station) -> None:
    """The list is longer than one message of this station may be."""
    limit = {"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": "ItemsPerMessage"}}
    told = limit | {"attributeStatus": "Accepted", "attributeValue": "1"}
    await accepted(station201, "GetVariables", {"getVariableData": [limit]}, {"getVariableResult": [told]})
    entries = [entry("VALID1", VALID), entry("VALID2", VALID)]
    asked = update(3, "Full", entries)
    command_id = await station201.csms.ask(station201.name, "SendLocalList", asked)
    first = await station201.expect("SendLocalList", ACCEPTED)
    second = await station201.expect("SendLocalList", ACCEPTED)
    assert (first["versionNumber"], first["updateType"]) == (2, "Full")
    assert (second["versionNumber"], second["updateType"]) == (3, "Differential")
    assert first["localAuthorizationList"] + second["localAuthorizationList"] == entries
    result = await station201.csms.edge.result(command_id)
    assert (result.outcome, result.status) == (CommandOutcome.ACCEPTED, "Accepted")
    command_id = await station201.csms.ask(station201.name, "SendLocalList", asked | {"versionNumber": 5})
    await station201.expect("SendLocalList", {"status": "Failed"})
    result = await station201.csms.edge.result(command_id)
    assert (result.outcome, result.detail) == (CommandOutcome.REJECTED, "0 of 2 parts accepted")


async def test_tc_d_02_send_local_list_differential_update(station201: Station) -> None:
    assert await version(station201, 1) == 1
    entries = [entry("VALID2", VALID)]
    await accepted(
        station201,
        "SendLocalList",
        {"versionNumber": 2, "updateType": "Differential", "localAuthorizationList": entries},
    )


async def test_tc_d_03_send_local_list_differential_remove(station201: Station) -> None:
    entries = [entry("VALID1"), entry("VALID2")]
    await accepted(
        station201,
        "SendLocalList",
        {"versionNumber": 3, "updateType": "Differential", "localAuthorizationList": entries},
    )


async def test_tc_d_04_send_local_list_full_empty(station201: Station) -> None:
    await accepted(station201, "SendLocalList", {"versionNumber": 4, "updateType": "Full"})


async def test_tc_d_08_get_local_list_version(station201: Station) -> None:
    assert await version(station201, 12) == 12


async def test_tc_d_09_get_local_list_version_no_list(station201: Station) -> None:
    assert await version(station201, 0) == 0


async def test_a_list_of_version_0_or_with_a_token_twice_is_not_sent(station201: Station) -> None:
    """D01.FR.06 and D01.FR.18; not cases of their own."""
    zero = await station201.refused_by_us("SendLocalList", {"versionNumber": 0, "updateType": "Full"})
    twice = [entry("VALID1", VALID), entry("valid1", VALID)]
    repeated = await station201.refused_by_us("SendLocalList", update(1, "Full", twice))
    assert [result.outcome for result in (zero, repeated)] == [CommandOutcome.FAILED] * 2


def entry(uid: str, info: dict[str, Any] | None = None) -> dict[str, Any]:
    """AuthorizationData; without info the token is removed."""
    return {"idToken": id_token(uid)} | ({} if info is None else {"idTokenInfo": info})


def update(version_number: int, kind: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """SendLocalList."""
    return {"versionNumber": version_number, "updateType": kind, "localAuthorizationList": entries}


async def version(station: Station, number: int) -> int:
    """What an operator reads as the version that the station has."""
    told = await station.commanded("GetLocalListVersion", {}, {"versionNumber": number})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.ACCEPTED
    assert told.result.answer_json == f'{{"versionNumber":{number}}}'
    return number
