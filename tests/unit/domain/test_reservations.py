from dataclasses import replace

import pytest

from services.domain.reservations import accepted_last, reserved_from
from tests.unit.cdrs.test_detail import RESERVATION


class TestAcceptedLast:
    def test_of_several_with_a_number_is_the_one_accepted_last(self) -> None:
        later = replace(RESERVATION, reservation_id="r-2", active_at=0)
        other = replace(RESERVATION, station_id="CS2", active_at=9)
        assert accepted_last([later, RESERVATION, other], "t", "CS1", 7) is later
        assert accepted_last([other], "t", "CS1", 7) is None

    def test_comes_before_one_that_no_station_accepted(self) -> None:
        asked = replace(RESERVATION, reservation_id="r-2", active_at=None)
        accepted = replace(RESERVATION, active_at=1)
        assert accepted_last([asked, accepted], "t", "CS1", 7) is accepted


class TestReservedFrom:
    @pytest.mark.parametrize("started_at", [1_000, 5_000])
    def test_is_when_the_station_accepted_it(self, started_at: int) -> None:
        assert reserved_from(RESERVATION, started_at) == -899_000

    def test_is_not_known_of_what_was_never_accepted_or_was_over(self) -> None:
        assert reserved_from(None, 1_000) is None
        assert reserved_from(replace(RESERVATION, active_at=None), 1_000) is None
        assert reserved_from(RESERVATION, 5_001) is None
