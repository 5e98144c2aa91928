"""OCPP 2.0.1, block C: authorization."""

from typing import Any

import pytest

from services.domain.events.authorization import AuthorizationDecided
from services.domain.events.common import CommandOutcome
from tests.conformance.stations import Station
from tests.conformance.steps201 import Charging, authorize

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
    charging = Charging(station201)
    await charging.plugged_in()
    told = await charging.event("Authorized", token="VALID1")
    assert told["idTokenInfo"]["status"] == "Accepted"
    session = await charging.session()
    assert (session.status, session.quality_flags) == ("ACTIVE", ())
    assert session.id_token is not None
    assert session.id_token.value == "VALID1"


async def test_tc_c_20_cached_token_invalid(station201: Station) -> None:
    charging = Charging(station201)
    await charging.plugged_in()
    told = await charging.event("Authorized", token="NOBODY")
    assert told["idTokenInfo"]["status"] == "Invalid"
    await was_decided(station201, "Invalid")


async def test_tc_c_37_clear_cache_accepted(station201: Station) -> None:
    told = await station201.commanded("ClearCache", {}, {"status": "Accepted"})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.ACCEPTED


async def test_tc_c_38_clear_cache_rejected(station201: Station) -> None:
    told = await station201.commanded("ClearCache", {}, {"status": "Rejected"})
    assert told.payload == {}
    assert told.result.outcome is CommandOutcome.REJECTED


async def test_tc_c_39_authorization_by_group(station201: Station) -> None:
    charging = Charging(station201, token="GROUPED1")
    await charging.plugged_in()
    grouped(await authorize(station201, "GROUPED2"))
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("authorized")
    await charging.energy_transfer_started()
    grouped(await authorize(station201, "GROUPED2"))
    grouped(await charging.stop_authorized("GROUPED2"))
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_40_authorization_by_group_with_local_list(station201: Station) -> None:
    charging = Charging(station201, token="GROUPED1")
    await charging.plugged_in()
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("authorized")
    await charging.energy_transfer_started()
    grouped(await charging.stop_authorized("GROUPED2"))
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_43_authorization_by_group_invalid_in_local_list(station201: Station) -> None:
    charging = Charging(station201, token="GROUPED1")
    await charging.plugged_in()
    grouped((await charging.event("Authorized", token="GROUPED1"))["idTokenInfo"])
    charging.reached.add("authorized")
    await charging.energy_transfer_started()
    grouped(await authorize(station201, "GROUPED2"))
    grouped(await charging.stop_authorized("GROUPED2"))
    await ends_and_is_paid_by_who_started(charging)


async def test_tc_c_47_master_pass_stops_all_transactions(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    for charging in (first, second):
        told = await charging.ended("StopAuthorized", "MasterPass", token="MASTER1")
        is_master_pass(told["idTokenInfo"])
        await was_stopped_by_master_pass(charging)


async def test_tc_c_48_master_pass_stops_one_transaction(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    is_master_pass((await first.ended("StopAuthorized", "MasterPass", token="MASTER1"))["idTokenInfo"])
    await was_stopped_by_master_pass(first)
    assert (await second.session()).status == "ACTIVE"


async def test_tc_c_49_master_pass_without_user_interface(station201: Station) -> None:
    first, second = await two_transactions(station201)
    is_master_pass(await authorize(station201, "MASTER1"))
    for charging in (first, second):
        told = await charging.ended("StopAuthorized", "MasterPass", token=charging.token)
        assert told["idTokenInfo"]["status"] == "Accepted"
        await was_stopped_by_master_pass(charging)


async def test_a_master_pass_starts_no_transaction(station201: Station) -> None:
    """C16.FR.03; not a case of its own."""
    told = await Charging(station201).event("Authorized", token="MASTER1")
    assert told["idTokenInfo"]["status"] == "Invalid"


async def was_decided(station: Station, status: str) -> None:
    (decided,) = await station.recorded(AuthorizationDecided)
    assert decided.status == status


def grouped(info: dict[str, Any]) -> None:
    assert (info["status"], info["groupIdToken"]) == ("Accepted", GROUP)


def is_master_pass(info: dict[str, Any]) -> None:
    assert (info["status"], info["groupIdToken"]) == ("Accepted", MASTERS)


async def two_transactions(station: Station) -> tuple[Charging, Charging]:
    first, second = Charging(station, 1, "VALID1"), Charging(station, 2, "VALID2")
    await first.energy_transfer_started()
    await second.energy_transfer_started()
    return first, second


async def ends_and_is_paid_by_who_started(charging: Charging) -> None:
    await charging.unplugged()
    session = await charging.session()
    assert (session.status, session.stopped_reason) == ("COMPLETED", "EVDisconnected")
    assert session.id_token is not None
    assert session.id_token.value == "GROUPED1"


async def was_stopped_by_master_pass(charging: Charging) -> None:
    session = await charging.session()
    assert (session.status, session.stopped_reason) == ("COMPLETED", "MasterPass")
    assert session.id_token is not None
    assert session.id_token.value == charging.token
