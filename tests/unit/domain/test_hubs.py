"""Parties behind a hub are partners of their own, reached as their hub is."""

from typing import Any

import pytest

from services.domain.events.common import PartnerEndpoint, PartnerQuirks
from services.domain.events.partner import Partner
from services.domain.hubs import behind, quirks_of, reached, through

ENDPOINT = PartnerEndpoint(module="cdrs", role="RECEIVER", url="https://hub.example.com/cdrs")


def partner(name: str, **changes: Any) -> Partner:
    country, party = name.split("-")
    values: dict[str, Any] = {
        "tenant": "wattlog", "partner_id": name, "name": name, "country_code": country, "party_id": party,
        "role": "EMSP", "token_hash": "", "updated_at": 1,
    }  # fmt: skip
    return Partner(**(values | changes))


HUB = partner(
    "NL-HUB", role="HUB", token_hash="hash", version="2.2.1", endpoints=(ENDPOINT,), sealed_token="sealed",
    allow_private=True, registered_at=5,
)  # fmt: skip
TNM = partner("NL-TNM", hub="NL-HUB", registered_at=7, realtime=True)


class TestThrough:
    def test_reaches_a_party_at_the_hubs_endpoints_with_the_hubs_token(self) -> None:
        found = through(TNM, HUB)
        assert (found.version, found.endpoints, found.sealed_token) == ("2.2.1", (ENDPOINT,), "sealed")
        assert found.allow_private

    def test_leaves_a_party_its_name_and_since_when_it_is_there(self) -> None:
        found = through(TNM, HUB)
        assert (found.partner_id, found.party_id, found.registered_at) == ("NL-TNM", "TNM", 7)
        assert found.realtime

    def test_gives_a_party_nothing_to_show_at_our_gate(self) -> None:
        assert through(TNM, HUB).token_hash == ""

    @pytest.mark.parametrize(
        "hub",
        [None, partner("NL-HUB"), partner("NL-HUB", role="HUB", hub="NL-OTH"), partner("NL-HUB", role="CPO")],
    )
    def test_lets_nobody_in_without_a_hub(self, hub: Partner | None) -> None:
        assert not through(TNM, hub).enabled

    def test_suspends_whoever_is_behind_a_suspended_hub(self) -> None:
        assert not through(TNM, partner("NL-HUB", role="HUB", enabled=False)).enabled
        assert through(TNM, partner("NL-HUB", role="HUB", registration="ENDED")).registration == "ENDED"

    def test_prefers_the_quirks_of_the_party(self) -> None:
        odd = PartnerQuirks(enum_case="LOWER")
        assert through(TNM, partner("NL-HUB", role="HUB", quirks=odd)).quirks == odd
        own = PartnerQuirks(trailing_slash="SLASH")
        assert through(partner("NL-TNM", hub="NL-HUB", quirks=own), HUB).quirks == own


class TestReached:
    def test_leaves_direct_partners_as_they_are(self) -> None:
        direct = partner("DE-ABC")
        found = reached({one.key: one for one in (direct, HUB, TNM)})
        assert found[direct.key] is direct
        assert found[HUB.key] is HUB
        assert found[TNM.key].endpoints == HUB.endpoints

    def test_knows_no_hub_of_another_tenant(self) -> None:
        other = partner("NL-HUB", tenant="other", role="HUB")
        assert not reached({one.key: one for one in (other, TNM)})[TNM.key].enabled


class TestBehind:
    def test_finds_the_party_that_was_let_in(self) -> None:
        assert behind([HUB, TNM], HUB, "NL", "TNM") is TNM

    @pytest.mark.parametrize(
        "other",
        [
            partner("NL-TNM"),
            partner("NL-TNM", hub="DE-HUB"),
            partner("NL-TNM", hub="NL-HUB", enabled=False),
            partner("NL-TNM", hub="NL-HUB", tenant="other"),
            partner("NL-TNX", hub="NL-HUB"),
        ],
    )
    def test_finds_nobody_else(self, other: Partner) -> None:
        assert behind([HUB, other], HUB, "NL", "TNM") is None


class TestQuirks:
    def test_are_none_unless_they_are_set(self) -> None:
        assert quirks_of(partner("NL-TNM")) == PartnerQuirks()
        assert quirks_of(partner("NL-TNM", quirks=PartnerQuirks(date_to="INCLUSIVE"))).date_to == "INCLUSIVE"
