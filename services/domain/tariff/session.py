"""What is priced: a session as a row of periods, each with what was used in it."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from services.domain.quick_init import quick_init


class ClockState(StrEnum):
    """What is known of the clock that the session's times come from (OCMF time status U, I, S, R)."""

    UNKNOWN = "UNKNOWN"
    INFORMATIVE = "INFORMATIVE"
    SYNCHRONISED = "SYNCHRONISED"
    RELATIVE = "RELATIVE"

    @property
    def proven(self) -> bool:
        """Whether durations by this clock may be billed: synchronised, or counted by a calibrated clock."""
        return self in (ClockState.SYNCHRONISED, ClockState.RELATIVE)


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was used from `started_at` to the next period; None where the record has no such dimension.

    Seconds charging, parked or reserved; amperes as the sum over all phases; kilowatts. `tariff_id` where the
    record names one.
    """

    started_at: datetime
    energy_kwh: Decimal | None = None
    charging_s: Decimal | None = None
    parking_s: Decimal | None = None
    reserved_s: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    tariff_id: str | None = None

    @property
    def charges(self) -> bool:
        """False for a period of a reservation, in which the session has not begun."""
        return self.reserved_s is None or not (
            self.energy_kwh is None and self.charging_s is None and self.parking_s is None
        )


@dataclass(frozen=True, slots=True)
class Session:
    """Periods in the order of their times; times of day are those of `zone`, the location's time zone."""

    started_at: datetime
    ended_at: datetime
    periods: tuple[Period, ...]
    zone: tzinfo
    clock: ClockState = ClockState.UNKNOWN
