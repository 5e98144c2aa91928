"""Local authorization list profile of OCPP 1.6."""

from typing import Any

import orjson

from tests.conformance.station16 import accepted, rejected
from tests.conformance.stations import Station

LIST = {
    "versionNumber": 1,
    "updateType": "Full",
    "localAuthorizationList": [
        {
            "idToken": {"idToken": "VALID1", "type": "ISO14443"},
            "idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": "2030-01-01T00:00:00Z"},
        },
        {
            "idToken": {"idToken": "GROUPED1", "type": "ISO14443"},
            "idTokenInfo": {"status": "Blocked", "groupIdToken": {"idToken": "GROUP1", "type": "Central"}},
        },
    ],
}
LIST_16 = {
    "listVersion": 1,
    "updateType": "Full",
    "localAuthorizationList": [
        {"idTag": "VALID1", "idTagInfo": {"status": "Accepted", "expiryDate": "2030-01-01T00:00:00Z"}},
        {"idTag": "GROUPED1", "idTagInfo": {"status": "Blocked", "parentIdTag": "GROUP1"}},
    ],
}
CHANGES = {
    "versionNumber": 2,
    "updateType": "Differential",
    "localAuthorizationList": [
        {"idToken": {"idToken": "VALID2", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}},
        {"idToken": {"idToken": "VALID1", "type": "ISO14443"}},
    ],
}
CHANGES_16 = {
    "listVersion": 2,
    "updateType": "Differential",
    "localAuthorizationList": [{"idTag": "VALID2", "idTagInfo": {"status": "Accepted"}}, {"idTag": "VALID1"}],
}


async def _version(station: Station, number: int) -> None:
    told = await station.commanded("GetLocalListVersion", {}, {"listVersion": number})
    accepted(told, {})
    assert orjson.loads(told.result.answer_json or "") == {"listVersion": number}


async def _list(station: Station, payload: dict[str, Any], word: str, said: dict[str, Any]) -> None:
    told = await station.commanded("SendLocalList", payload, {"status": word})
    if word == "Accepted":
        accepted(told, said)
    else:
        rejected(told, said, word)


async def test_tc_042_1_csms_version_of_a_list_that_is_not_supported(station16: Station) -> None:
    await _version(station16, -1)


async def test_tc_042_2_csms_version_of_an_empty_list(station16: Station) -> None:
    await _version(station16, 0)


async def test_tc_043_1_csms_list_not_supported(station16: Station) -> None:
    await _list(station16, LIST, "NotSupported", LIST_16)


async def test_tc_043_3_csms_list_fails(station16: Station) -> None:
    await _list(station16, LIST, "Failed", LIST_16)


async def test_tc_043_4_csms_full_list(station16: Station) -> None:
    await _version(station16, 0)
    await _list(station16, LIST, "Accepted", LIST_16)
    await _list(station16, LIST_16, "Accepted", LIST_16)
    await _version(station16, 1)


async def test_tc_043_5_csms_differential_list(station16: Station) -> None:
    await _list(station16, LIST, "Accepted", LIST_16)
    await _version(station16, 1)
    await _list(station16, CHANGES, "Accepted", CHANGES_16)
    await _version(station16, 2)
    await _list(station16, CHANGES, "VersionMismatch", CHANGES_16)
