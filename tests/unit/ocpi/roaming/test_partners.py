"""What a CPO lists is its own; what a hub lists is of whom it names, if they were let in."""

from typing import Any, cast

import pytest

from services.domain.events.common import PartnerEndpoint
from services.domain.events.partner import Partner
from services.ocpi.peer import Access, Peer, Unusable
from services.ocpi.roaming.partners import Cpo
from services.ocpi.wire.parties import Party
from tests.unit.ocpi.facts import partner

HUB = partner(partner_id="NL-HUB", party_id="HUB", role="HUB")
ONE = partner(partner_id="FR-ONE", country_code="FR", party_id="ONE", role="CPO", hub="NL-HUB")


def asked(known: Partner, *behind: Partner) -> Cpo:
    return Cpo(known, Access("t", False, False), Party("DE", "WAT"), cast(Peer, None), behind)


class TestWhose:
    @pytest.mark.parametrize(
        ("value", "whose"),
        [
            ({"country_code": "fr", "party_id": "ONE"}, ONE),
            ({"country_code": "NL", "party_id": "HUB"}, HUB),
            ({"country_code": "FR", "party_id": "TWO"}, None),
            ({"country_code": "FR"}, None),
            ({}, None),
        ],
    )
    def test_of_a_hub_is_whoever_the_object_names(self, value: Any, whose: Partner | None) -> None:
        assert asked(HUB, ONE).whose(value) is whose

    @pytest.mark.parametrize("value", [{}, {"country_code": "FR", "party_id": "TWO"}, None, "x"])
    def test_of_anybody_else_is_its_own(self, value: Any) -> None:
        assert asked(ONE).whose(value) is ONE

    def test_of_what_is_no_object_is_left_to_who_reads_it(self) -> None:
        assert asked(HUB).whose(7) is HUB


def test_lists_are_at_the_address_that_was_given_and_objects_below_it() -> None:
    slashed = partner(endpoints=(PartnerEndpoint(module="locations", role="SENDER", url="https://a.example/l/"),))
    assert asked(slashed).listing("locations", "SENDER") == "https://a.example/l/"
    assert asked(slashed).endpoint("locations", "SENDER") == "https://a.example/l"


def test_says_what_it_does_not_serve() -> None:
    with pytest.raises(Unusable, match="FR-ONE: it serves no cdrs as sender"):
        asked(ONE).endpoint("cdrs", "SENDER")
