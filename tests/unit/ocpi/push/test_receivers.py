"""Who is told, and where."""

import pytest

from services.domain.events.common import PartnerEndpoint
from services.ocpi.push.receivers import endpoint, may_be_told, party
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
