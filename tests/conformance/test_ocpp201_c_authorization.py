"""OCPP 2.0.1, block C: authorization."""

from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from tests.conformance.metered201 import Metered, authorize, id_token
from tests.conformance.stations import Station

GROUP = {"idToken": "GROUP1", "type": "Central"}
MASTERS = {"idToken": "MASTERS", "type": "Central"}


@pytest.mark.parametrize(
    ("uid", "status"),
    [
        pytest.param("NOBODY", "Invalid", id="unknown"),
        pytest.param("", "Invalid", id="empty"),
    ],
)
async def test_tc_c_02_authorization_invalid(station201: Station, uid: str, status: str) -> None:
    assert (await authorize(station201, uid))["status"] == status
    await was_decided(station201, status)


async def test_tc_c_06_authorization_blocked(station201: Station) -> None:
    assert (await authorize(station201, "BLOCKED1"))["status"] == "Blocked"
    await was_decided(station201, "Blocked")


async def test_tc_c_07_authorization_expired(station201: Station) -> None:
    assert (await authorize(station201, "EXPIRED1"))["status"] == "Expired"
    await was_decided(station201, "Expired")


async def test_tc_c_08_cached_token_accepted(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected()
    told = await charging.event("Authorized", token="VALID1")
    assert told["idTokenInfo"]["status"] == "Accepted"
    await charging.runs("EVConnected")


async def test_tc_c_20_cached_token_invalid(station201: Station) -> None:
    charging = Metered(station201)
    await charging.ev_connected()
    told = await charging.event("Authorized", token="NOBODY")
    assert told["idTokenInfo"]["status"] == "Invalid"
    await was_decided(station201, "Invalid")
    assert (await charging.session()).quality_flags == ("NOT_AUTHORIZED",)


async def test_tc_c_37_clear_cache_accepted(station201: Station) -> None:
    told = await station201.commanded("ClearCache", {}, {"status": "Accepted"})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_c_38_clear_cache_rejected(station201: Station) -> None:
    told = await station201.commanded("ClearCache", {}, {"status": "Rejected"})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.REJECTED


async def test_tc_c_39_authorization_by_group(station201: Station) -> None:
    charging = Metered(station201, token=id_token("GROUPED1"))
    await charging.ev_connected()
    grouped(await authorize(station201, "GROUPED2"))
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("Authorized")
    await charging.started()
    grouped(await authorize(station201, "GROUPED2"))
    grouped((await charging.event("StopAuthorized", token="GROUPED2"))["idTokenInfo"])
    charging.reached.add("StopAuthorized")
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_40_authorization_by_group_with_local_list(station201: Station) -> None:
    charging = Metered(station201, token=id_token("GROUPED1"))
    await charging.ev_connected()
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("Authorized")
    await charging.started()
    grouped((await charging.event("StopAuthorized", token="GROUPED2"))["idTokenInfo"])
    charging.reached.add("StopAuthorized")
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_43_authorization_by_group_invalid_in_local_list(station201: Station) -> None:
    charging = Metered(station201, token=id_token("GROUPED1"))
    await charging.ev_connected()
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("Authorized")
    await charging.started()
    grouped(await authorize(station201, "GROUPED2"))
    grouped((await charging.event("StopAuthorized", token="GROUPED2"))["idTokenInfo"])
    charging.reached.add("StopAuthorized")
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_47_master_pass_stops_all_transactions(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    for charging in (first, second):
        told = await charging.ended("StopAuthorized", "MasterPass", token="MASTER1")
        is_master_pass(told["idTokenInfo"])
        await charging.is_over("MasterPass")


async def test_tc_c_48_master_pass_stops_one_transaction(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    is_master_pass((await first.ended("StopAuthorized", "MasterPass", token="MASTER1"))["idTokenInfo"])
    await first.is_over("MasterPass")
    assert (await second.session()).status == "ACTIVE"


async def test_tc_c_49_master_pass_without_user_interface(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    for charging in (first, second):
        told = await charging.ended("StopAuthorized", "MasterPass", token=charging.token["idToken"])
        assert told["idTokenInfo"]["status"] == "Accepted"
        await charging.is_over("MasterPass")


async def test_a_master_pass_starts_no_transaction(station201: Station) -> None:
    """C16.FR.03; not a case of its own."""
    told = await Metered(station201).event("Authorized", token="MASTER1")
    assert told["idTokenInfo"]["status"] == "Invalid"


async def was_decided(station: Station, status: str) -> None:
    (decided,) = await station.recorded(AuthorizationDecided)
    assert decided.status == status


def grouped(info: dict[str, Any]) -> None:
    assert (info["status"], info["groupIdToken"]) == ("Accepted", GROUP)


def is_master_pass(info: dict[str, Any]) -> None:
    assert (info["status"], info["groupIdToken"]) == ("Accepted", MASTERS)


async def two_transactions(station: Station) -> tuple[Metered, Metered]:
    first, second = Metered(station, 1), Metered(station, 2, token=id_token("VALID2"))
    await first.started()
    await second.started()
    return first, second


async def ends_and_is_paid_by_who_started(charging: Metered) -> None:
    await charging.ev_disconnected()
    await charging.is_over("EVDisconnected")
