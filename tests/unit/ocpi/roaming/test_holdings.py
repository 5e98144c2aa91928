"""What CPOs have told us is changed one step after the other, whatever the clock says."""

from typing import Any

import pytest

from services.domain.events.roaming import RoamingObject
from services.ocpi.outbound import asked_commands
from services.ocpi.roaming import holdings
from services.ocpi.roaming.holdings import Holdings
from services.runtime.clickhouse import ClickHouseSettings
from services.runtime.settings import KafkaSettings

WHERE = ("wattlog", "DE-ALP", "locations", "L1")


class Copy(dict[str, RoamingObject]):
    """In place of the view of Kafka: what has been read so far."""

    def __init__(self, *_: object) -> None:
        super().__init__()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Holdings:
    monkeypatch.setattr(holdings, "View", Copy)
    monkeypatch.setattr(holdings, "Tail", Copy)
    codec: Any = None
    return Holdings(KafkaSettings(), codec, ClickHouseSettings(), 0)


def location(received_at: int, object_json: str = "{}") -> RoamingObject:
    tenant, partner_id, module, object_id = WHERE
    return RoamingObject(
        tenant=tenant, partner_id=partner_id, module=module, object_id=object_id.lower(), country_code="DE",
        party_id="ALP", version="2.2.1", object_json=object_json, received_json=object_json, received_sha256="",
        last_updated=1, received_at=received_at,
    )  # fmt: skip


def read(kept: Holdings, state: RoamingObject) -> None:
    copy: Any = kept._objects
    copy[state.key] = state


def test_the_first_counts_as_received_now(kept: Holdings) -> None:
    assert kept.next_at(*WHERE, 1000) == 1000


def test_a_change_of_the_same_millisecond_is_later_than_what_it_builds_on(kept: Holdings) -> None:
    read(kept, location(1000))
    at = kept.next_at(*WHERE, 1000)
    assert (at, kept.has(location(at))) == (1001, False)
    read(kept, location(at))
    assert kept.has(location(at))


def test_a_clock_that_goes_back_hides_no_change(kept: Holdings) -> None:
    read(kept, location(1000))
    assert kept.next_at(*WHERE, 400) == 1001


def test_time_goes_on(kept: Holdings) -> None:
    read(kept, location(1000))
    assert kept.next_at(*WHERE, 5000) == 5000


def test_ids_know_no_case(kept: Holdings) -> None:
    read(kept, location(1000))
    assert kept.next_at("wattlog", "DE-ALP", "locations", "l1", 1000) == 1001


def test_what_was_not_read_is_not_there(kept: Holdings) -> None:
    assert not kept.has(location(1000))


def test_a_result_is_of_the_partner_that_was_asked_or_of_its_hub(kept: Holdings) -> None:
    sent = asked_commands.sent(("wattlog", "DE-ALP"), "STOP_SESSION", "2.2.1", {}, "secret", "cli", 1000)
    kept.take([sent])
    known_as = asked_commands.secret_sha256("secret")
    assert kept.command(known_as, {"wattlog/NL-HUB", "wattlog/DE-ALP"}, 1000) == sent
    assert kept.command(known_as, {"wattlog/DE-ABC"}, 1000) is None
    assert kept.command(known_as, {"wattlog/DE-ALP"}, sent.expires_at + 1) is None
