"""What hubs tell us about whom they are connected to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.partnerobject import PartnerObject
from services.ocpi.inbound import clients
from services.ocpi.inbound.clients import client, listing, put, shown, understood
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import START, partner

HUB = partner(partner_id="NL-HUB", party_id="HUB", role="HUB", version="2.2.1")
TNM = Party("NL", "TNM")
NOW = START + 5


def info(party: str = "TNM", status: str = "CONNECTED", at: int = 1, **changes: Any) -> dict[str, Any]:
    told = {"party_id": party, "country_code": "NL", "role": "EMSP", "status": status}
    return told | {"last_updated": f"2026-11-21T10:00:{at:02}Z"} | changes


def state(*told: dict[str, Any]) -> dict[str, PartnerObject]:
    found, _ = listing(told, HUB, {}, NOW)
    return {one.key: one for one in found}


class TestPut:
    def test_keeps_a_client_per_party_and_role(self) -> None:
        made = put(info(), TNM, HUB, "2.2.1", {}, NOW).state
        assert made is not None
        assert made.key == "wattlog/hubclientinfo/NL-HUB/nl-tnm-emsp"
        assert client(made)[:3] == (TNM, "EMSP", "CONNECTED")

    def test_reads_parties_and_statuses_however_they_are_written(self) -> None:
        made = put(info("tnm", "connected", country_code="nl"), TNM, HUB, "2.3.0", {}, NOW)
        assert made.state is not None
        assert client(made.state)[:3] == (TNM, "EMSP", "CONNECTED")
        assert made.warnings

    def test_that_is_older_than_what_is_known_changes_nothing(self) -> None:
        before = state(info(at=9))
        assert put(info(status="OFFLINE", at=8), TNM, HUB, "2.2.1", before, NOW).state is None
        assert put(info(status="OFFLINE", at=9), TNM, HUB, "2.2.1", before, NOW).state is not None

    def test_brings_back_a_client_that_the_hub_had_taken_away(self) -> None:
        before = {key: replace(one, deleted=True) for key, one in state(info(at=9)).items()}
        made = put(info(at=8), TNM, HUB, "2.2.1", before, NOW).state
        assert made is not None
        assert (made.deleted, made.updated_at) == (False, NOW + 1)

    @pytest.mark.parametrize(
        "body",
        [
            None, [], "x", {}, info(status="AWAY"), info(last_updated="yesterday"), info("TNMX"), info(role=None),
            info("ABC"), info(country_code="N1"), info(role="R" * 50),
        ],
    )  # fmt: skip
    def test_is_refused_when_it_cannot_be_used(self, body: Any) -> None:
        with pytest.raises(Refusal) as refused:
            put(body, TNM, HUB, "2.2.1", {}, NOW)
        assert refused.value.status == 2001

    def test_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clients, "MOST_CLIENTS", 1)
        before = state(info("ABC"))
        with pytest.raises(Refusal, match="No more than 1 clients"):
            put(info(), TNM, HUB, "2.2.1", before, NOW)
        assert put(info("ABC"), Party("NL", "ABC"), HUB, "2.2.1", before, NOW).state is not None

    @given(st.recursive(st.none() | st.text() | st.integers(), lambda more: st.dictionaries(st.text(), more)))
    def test_survives_whatever_is_sent(self, body: Any) -> None:
        with pytest.raises(Refusal):
            understood(body, "2.3.0")


class TestListing:
    def test_is_what_is_new_or_different(self) -> None:
        before = state(info("AAA"), info("BBB"), info("CCC"))
        found, unusable = listing([info("AAA"), info("BBB", "OFFLINE", 2), info("DDD")], HUB, before, NOW)
        told = {(one.object_id, one.deleted) for one in found}
        assert told == {("nl-bbb-emsp", False), ("nl-ddd-emsp", False), ("nl-ccc-emsp", True)}
        assert unusable == 0

    def test_takes_nobody_away_when_it_could_not_be_read_whole(self) -> None:
        found, unusable = listing([info("AAA"), {"party_id": "CCC"}], HUB, state(info("AAA"), info("CCC")), NOW)
        assert (found, unusable) == ([], 1)

    def test_does_not_take_away_twice(self) -> None:
        gone = {key: replace(one, deleted=True) for key, one in state(info()).items()}
        assert listing([], HUB, gone, NOW) == ([], 0)

    def test_is_later_than_what_is_known(self) -> None:
        (one,), _ = listing([], HUB, state(info()), NOW - 100)
        assert one.updated_at == NOW + 1


class TestShown:
    def test_is_the_role_that_was_updated_last(self) -> None:
        found = list(state(info(at=1), info(at=2, role="CPO")).values())
        assert shown(found)["role"] == "CPO"

    def test_is_404_for_whom_the_hub_has_not_named(self) -> None:
        with pytest.raises(Refusal) as refused:
            shown([])
        assert refused.value.http_status == 404
