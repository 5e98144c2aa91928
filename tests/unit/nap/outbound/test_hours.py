"""When a place is open, in the words of the profile."""

from dataclasses import replace

import pytest

from services.domain.events.common import ExceptionalPeriod, OpeningTimes
from services.nap.outbound.hours import operating_hours, utc_offset
from tests.unit.nap.facts import HOURS, NOW, rich
from tests.unit.ocpi.facts import START

WINTER = 1_800_000_000_000


class TestOperatingHours:
    def test_are_unknown_until_somebody_says_them(self) -> None:
        assert operating_hours(rich(opening_times=None), NOW) == {"afacUnknownOperatingHours": {}}

    def test_may_be_all_hours(self) -> None:
        always = OpeningTimes(twentyfourseven=True)
        assert operating_hours(rich(opening_times=always), NOW) == {"afacOpenAllHours": {}}

    def test_may_be_all_hours_but_for_some(self) -> None:
        closed = ExceptionalPeriod(period_begin=START, period_end=START + 60_000)
        times = OpeningTimes(
            twentyfourseven=True, regular_hours=HOURS.regular_hours, exceptional_closings=(closed,)
        )
        told = operating_hours(rich(opening_times=times), NOW)["afacOperatingHoursSpecification"]["overallPeriod"]
        assert "validPeriod" not in told
        assert told["exceptionPeriod"] == [
            {"startOfPeriod": "2026-09-21T14:13:20.000Z", "endOfPeriod": "2026-09-21T14:14:20.000Z"}
        ]

    def test_put_days_together_that_are_alike(self) -> None:
        told = operating_hours(rich(), NOW)["afacOperatingHoursSpecification"]
        week, weekend, exception = told["overallPeriod"]["validPeriod"]
        assert week["recurringTimePeriodOfDay"] == [
            {"startTimeOfPeriod": "08:00:00+02:00", "endTimeOfPeriod": "20:00:00+02:00"}
        ]
        (days,) = week["recurringDayWeekMonthPeriod"]
        assert [one["value"] for one in days["comDayWeekMonth"]["applicableDay"]] == [
            "monday", "tuesday", "wednesday", "thursday", "friday",
        ]  # fmt: skip
        assert weekend["recurringTimePeriodOfDay"][0]["endTimeOfPeriod"] == "23:59:59+02:00"
        assert exception["startOfPeriod"] == "2026-09-21T14:13:20.000Z"


class TestOffset:
    @pytest.mark.parametrize(
        ("zone", "now", "offset"),
        [
            ("Europe/Berlin", NOW, "+02:00"),
            ("Europe/Berlin", WINTER, "+01:00"),
            ("America/St_Johns", WINTER, "-03:30"),
            ("Nowhere/Land", NOW, "+00:00"),
        ],
    )
    def test_is_that_of_the_moment(self, zone: str, now: int, offset: str) -> None:
        assert utc_offset(replace(rich(), time_zone=zone), now) == offset
