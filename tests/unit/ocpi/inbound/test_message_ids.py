"""Ids of messages that can be repeated."""

import pytest

from services.ocpi.inbound.message_ids import usable_id


class TestIds:
    def test_are_repeated_as_they_came(self) -> None:
        assert usable_id("a-1 B") == "a-1 B"

    @pytest.mark.parametrize("text", ["", "x" * 257, "ä", "a\nb", "\x7f"])
    def test_that_could_not_stand_in_a_header_are_none(self, text: str) -> None:
        assert usable_id(text) == ""
