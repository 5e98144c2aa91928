"""Quirks have names and values, and know which texts are enums."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events.common import PartnerQuirks
from services.ocpi.wire.quirks import CHOICES, changed, lowered


class TestChoices:
    def test_are_those_of_the_state_and_the_first_is_what_the_specification_wants(self) -> None:
        assert PartnerQuirks().to_record() == {name: choices[0] for name, choices in CHOICES.items()}


class TestChanged:
    def test_sets_some_and_leaves_the_others(self) -> None:
        before = PartnerQuirks(date_to="INCLUSIVE")
        assert changed(before, {"enum_case": "lower"}) == PartnerQuirks(date_to="INCLUSIVE", enum_case="LOWER")

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"dat_to": "INCLUSIVE"}, "there is no quirk 'dat_to'"),
            ({"date_to": "BOTH"}, "choose among EXCLUSIVE, INCLUSIVE"),
            ({"date_to": ""}, "cannot be ''"),
        ],
    )
    def test_says_what_there_is(self, changes: dict[str, str], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            changed(PartnerQuirks(), changes)


class TestLowered:
    def test_is_what_is_an_enum_and_nothing_else(self) -> None:
        evse = {"uid": "AVAILABLE", "status": "AVAILABLE", "capabilities": ["RFID_READER", "x"], "n": 1}
        lower = evse | {"status": "available", "capabilities": ["rfid_reader", "x"]}
        place = {"id": "CHARGING", "evses": [evse], "name": "COMPLETED", "parking_type": "ON_STREET"}
        assert lowered({"data": [place]})["data"] == [
            {
                "id": "CHARGING",
                "name": "COMPLETED",
                "parking_type": "on_street",
                "evses": [lower],
            }
        ]

    def test_leaves_names_of_modules_as_they_are(self) -> None:
        endpoint = {"identifier": "Booking", "role": "SENDER", "version": "2.2.1"}
        assert lowered(endpoint) == {"identifier": "Booking", "role": "sender", "version": "2.2.1"}

    @given(st.recursive(st.none() | st.text(), lambda more: st.lists(more) | st.dictionaries(st.text(), more)))
    def test_keeps_the_shape_of_whatever_there_is(self, value: Any) -> None:
        assert lowered(lowered(value)) == lowered(value)
