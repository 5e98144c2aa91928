"""Stations' clocks say anything; what a column cannot hold is brought to the nearest that it can."""

import pytest

from services.analytics.moments import maybe_moment, moment
from services.domain.units import datetime_of


class TestMoment:
    @pytest.mark.parametrize("millis", [0, 1, 1_700_000_000_000, -1])
    def test_of_our_times_is_itself(self, millis: int) -> None:
        assert moment(millis) == millis

    @pytest.mark.parametrize(("millis", "year"), [(-(10**15), 1900), (10**15, 2299)])
    def test_of_other_times_is_the_nearest(self, millis: int, year: int) -> None:
        assert datetime_of(moment(millis)).year == year

    def test_may_be_unknown(self) -> None:
        assert (maybe_moment(None), maybe_moment(7), maybe_moment(10**15)) == (None, 7, moment(10**15))
