"""Opening times for the access point (OperatingHoursG of the profile). Pure."""

from collections import defaultdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.domain.events.common import ExceptionalPeriod, OpeningTimes, RegularHours
from services.domain.events.location import Location
from services.domain.tariff.costing import zone_of
from services.domain.units import Millis, datetime_of, rfc3339
from services.nap.outbound.scene import identity, version
from services.nap.outbound.words import DAYS, known, words

_UTC: Final = ZoneInfo("UTC")


def operating_hours(place: Location, now: Millis) -> dict[str, Any]:
    """When it is open, in local time with the offset of today; or that nobody has said so."""
    times = place.opening_times
    if times is None:
        return {"afacUnknownOperatingHours": {}}
    if times.twentyfourseven and not times.exceptional_closings:
        return {"afacOpenAllHours": {}}
    offset = utc_offset(place, now)
    valid = [] if times.twentyfourseven else [*_regular(times, offset), *map(_period, times.exceptional_openings)]
    period = {
        "overallStartTime": rfc3339(place.updated_at),
        "validPeriod": valid,
        "exceptionPeriod": [_period(one) for one in times.exceptional_closings],
    }
    return {
        "afacOperatingHoursSpecification": {
            "idG": identity("hours", place.tenant, place.location_id),
            "versionG": version(place.updated_at),
            "operatingAllYear": True,
            "overallPeriod": known(period),
        }
    }


def utc_offset(place: Location, now: Millis) -> str:
    """Like +01:00, as it is there at the moment."""
    zone = zone_of(place.time_zone) or _UTC
    return _offset(datetime_of(now).astimezone(zone))


def _offset(there: datetime) -> str:
    text = there.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _regular(times: OpeningTimes, offset: str) -> list[dict[str, Any]]:
    """One period for each span of the day, with all days that have it."""
    days: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for one in times.regular_hours:
        days[_span(one)].append(one.weekday)
    return [
        {
            "recurringTimePeriodOfDay": [
                {"startTimeOfPeriod": f"{begin}{offset}", "endTimeOfPeriod": f"{end}{offset}"}
            ],
            "recurringDayWeekMonthPeriod": [
                {"comDayWeekMonth": {"applicableDay": words(DAYS[day - 1] for day in sorted(on))}}
            ],
        }
        for (begin, end), on in days.items()
    ]


def _span(one: RegularHours) -> tuple[str, str]:
    """The end of a day is its last second: 24:00 is no time there."""
    end = "23:59:59" if one.period_end in ("24:00", "00:00") else f"{one.period_end}:00"
    return f"{one.period_begin}:00", end


def _period(one: ExceptionalPeriod) -> dict[str, str]:
    return {"startOfPeriod": rfc3339(one.period_begin), "endOfPeriod": rfc3339(one.period_end)}
