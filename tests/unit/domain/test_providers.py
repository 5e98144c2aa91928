"""Whom to ask about tokens."""

from typing import Any

from services.domain.events.common import PartnerEndpoint, PartnerRole, TokenStatus
from services.domain.events.partner import Partner
from services.domain.events.token import Token
from services.domain.providers import Providers, can_be_asked, is_asked_about_unknown, parties, tokens_url

TOKENS = PartnerEndpoint(module="tokens", role="SENDER", url="https://emsp.example.com/tokens")


def partner(name: str = "NL-TNM", **changes: Any) -> Partner:
    country, party = name.split("-")
    values: dict[str, Any] = {
        "tenant": "wattlog", "partner_id": name, "name": name, "country_code": country, "party_id": party,
        "role": "EMSP", "token_hash": "", "updated_at": 1, "version": "2.2.1", "endpoints": (TOKENS,),
        "sealed_token": "sealed",
    }  # fmt: skip
    return Partner(**(values | changes))


def token(country: str = "NL", party: str = "TNM", **changes: Any) -> Token:
    values: dict[str, Any] = {
        "tenant": "wattlog", "token_uid": "U", "token_type": "RFID", "contract_id": "C", "issuer": "I",
        "status": TokenStatus.VALID, "updated_at": 1, "owner_country_code": country, "owner_party_id": party,
    }  # fmt: skip
    return Token(**(values | changes))


def known(*partners: Partner) -> Providers:
    providers = Providers()
    for one in partners:
        providers.changed(one.key, one)
    return providers


class TestCanBeAsked:
    def test_takes_credentials_and_an_endpoint(self) -> None:
        assert can_be_asked(partner())
        receiver = PartnerEndpoint(module="tokens", role="RECEIVER", url="https://x.example.com")
        for changes in (
            {"enabled": False}, {"registration": "INVITED"}, {"sealed_token": ""}, {"endpoints": (receiver,)},
        ):  # fmt: skip
            assert not can_be_asked(partner(**changes))

    def test_is_without_roles_of_endpoints_in_211(self) -> None:
        old = PartnerEndpoint(module="tokens", role="", url="https://old.example.com/tokens")
        assert tokens_url(partner(endpoints=(old,))) == "https://old.example.com/tokens"

    def test_about_unknown_tokens_is_opted_in_and_takes_answers_that_name_the_contract(self) -> None:
        assert is_asked_about_unknown(partner(realtime=True))
        assert not is_asked_about_unknown(partner())
        assert not is_asked_about_unknown(partner(realtime=True, version="2.1.1"))


class TestParties:
    def test_are_all_that_a_hub_lists_and_the_invited_one_of_others(self) -> None:
        roles = (PartnerRole(country_code="DE", party_id="8AA", role="EMSP"),)
        assert parties(partner(roles=roles)) == {("NL", "TNM")}
        assert parties(partner("NL-HUB", role="HUB", roles=roles)) == {("NL", "HUB"), ("DE", "8AA")}


class TestProviders:
    def test_are_found_by_who_keeps_the_token(self) -> None:
        one, other = partner(), partner("DE-8AA")
        assert known(one, other).of(token()) == one
        assert known(one, other).of(token("DE", "8AA")) == other
        assert known(one).of(token("DE", "8AA")) is None
        assert known(one).of(token("", "")) is None
        assert known(one).of(token(tenant="another")) is None

    def test_are_asked_directly_before_a_hub(self) -> None:
        hub = partner("NL-HUB", role="HUB", roles=(PartnerRole(country_code="NL", party_id="TNM", role="EMSP"),))
        one = partner()
        assert known(hub, one).of(token()) == known(one, hub).of(token()) == one
        assert known(hub).of(token()) == hub

    def test_behind_a_hub_are_asked_by_themselves_through_it_whichever_is_known_first(self) -> None:
        hub = partner("NL-HUB", role="HUB", roles=(PartnerRole(country_code="NL", party_id="TNM", role="EMSP"),))
        party = partner(hub="NL-HUB", endpoints=(), sealed_token="", version="")
        for found in (known(hub, party), known(party, hub)):
            asked = found.of(token())
            assert asked is not None
            assert (asked.partner_id, asked.endpoints, asked.sealed_token) == ("NL-TNM", (TOKENS,), "sealed")
            assert found.partner("wattlog/NL-TNM") == asked
            assert {one.partner_id for one in found.partners()} == {"NL-HUB", "NL-TNM"}

    def test_behind_a_hub_that_is_gone_are_not_asked(self) -> None:
        hub, party = partner("NL-HUB", role="HUB"), partner(hub="NL-HUB")
        providers = known(hub, party)
        providers.changed(hub.key, None)
        assert providers.of(token()) is None

    def test_change_and_go(self) -> None:
        providers = known(partner(realtime=True))
        assert [one.partner_id for one in providers.about_unknown("wattlog")] == ["NL-TNM"]
        assert providers.about_unknown("another") == ()
        providers.changed("wattlog/NL-TNM", partner(enabled=False))
        assert providers.about_unknown("wattlog") == ()
        providers.changed("wattlog/NL-TNM", partner())
        providers.changed("wattlog/NL-TNM", None)
        assert providers.of(token()) is None
