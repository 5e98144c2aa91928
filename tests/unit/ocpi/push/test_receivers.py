"""Who is told, and where."""

from dataclasses import replace

import pytest

from services.domain.events.common import PartnerEndpoint, PartnerQuirks
from services.ocpi.push.receivers import MODULES, endpoint, may_be_told, party, receives
from tests.unit.ocpi.push.facts import receiving


def at(side: str, **changes: object) -> str | None:
    one = PartnerEndpoint(module="sessions", role=side, url="https://emsp.example.com/sessions/")
    return endpoint(receiving(endpoints=(one,), **changes), "sessions")


class TestEndpoints:
    def test_are_those_of_the_receiver(self) -> None:
        assert at("RECEIVER") == "https://emsp.example.com/sessions"
        assert at("SENDER") is None
        assert endpoint(receiving(), "chargingprofiles") is None

    def test_of_2_1_1_are_the_receivers_unless_the_partner_has_stations(self) -> None:
        assert at("", version="2.1.1") == "https://emsp.example.com/sessions"
        assert at("", version="2.1.1", role="CPO") is None
        assert at("", version="2.2.1") is None


class TestHubs:
    """transport_and_format: Broadcast Push."""

    HUB = receiving(partner_id="NL-HUB", party_id="HUB", role="HUB")
    PARTY = receiving(hub="NL-HUB")
    EACH = PartnerQuirks(broadcast="OFF")

    @pytest.mark.parametrize("module", ["locations", "tariffs"])
    def test_are_told_what_is_for_all_in_place_of_who_is_behind_them(self, module: str) -> None:
        assert (receives(self.HUB, module), receives(self.PARTY, module)) == (True, False)

    @pytest.mark.parametrize("module", ["locations", "tariffs"])
    def test_that_do_not_pass_on_are_not_told(self, module: str) -> None:
        hub, behind = (replace(one, quirks=self.EACH) for one in (self.HUB, self.PARTY))
        assert (receives(hub, module), receives(behind, module)) == (False, True)

    @pytest.mark.parametrize("module", ["sessions", "cdrs"])
    def test_pass_on_to_one_what_is_for_one(self, module: str) -> None:
        assert receives(self.PARTY, module)

    def test_make_no_difference_to_others(self) -> None:
        assert all(receives(receiving(quirks=self.EACH), module) for module in MODULES)
        assert not receives(receiving(endpoints=()), "cdrs")


class TestTelling:
    @pytest.mark.parametrize(
        ("changes", "may"),
        [
            ({}, True),
            ({"enabled": False}, False),
            ({"registration": "INVITED"}, False),
            ({"registration": "ENDED"}, False),
            ({"sealed_token": ""}, False),
            ({"version": ""}, False),
        ],
    )
    def test_needs_credentials_that_hold(self, changes: dict[str, object], may: bool) -> None:
        assert may_be_told(receiving(**changes)) is may

    def test_is_of_the_party_that_was_invited(self) -> None:
        assert party(receiving()) == ("NL", "TNM")
