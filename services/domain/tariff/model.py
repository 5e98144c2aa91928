"""A tariff in the shape of OCPI 2.3.0: what every version is read into and what the engine prices by."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum


class Dimension(StrEnum):
    """What a price component prices (TariffDimensionType)."""

    __hash__ = str.__hash__

    ENERGY = "ENERGY"
    FLAT = "FLAT"
    PARKING_TIME = "PARKING_TIME"
    TIME = "TIME"


class DayOfWeek(StrEnum):
    """In the order of `datetime.weekday()`."""

    __hash__ = str.__hash__

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class Reservation(StrEnum):
    """Which part of a reservation an element prices (ReservationRestrictionType)."""

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"


class TaxIncluded(StrEnum):
    """Whether the amounts of a tariff include taxes."""

    YES = "YES"
    NO = "NO"
    NOT_APPLICABLE = "N/A"


@dataclass(frozen=True, slots=True)
class Amount:
    """Money before and after taxes; `incl_vat` is None where the taxes are not known."""

    excl_vat: Decimal
    incl_vat: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """The price of one dimension: per kWh, per hour, or once for FLAT.

    `vat` is in percent, None where the tariff gives none. `step_size` is in Wh or seconds; 0 is no block.
    """

    type: Dimension
    price: Decimal
    vat: Decimal | None = None
    step_size: int = 1


@dataclass(frozen=True, slots=True)
class TariffRestrictions:
    """When an element is active: all that is set must hold. Days and times of day are local to the location."""

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration_s: int | None = None
    max_duration_s: int | None = None
    day_of_week: frozenset[DayOfWeek] = frozenset()
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class TariffElement:
    """Price components that share their restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: TariffRestrictions | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff. With `vat_unknown`, components without `vat` are taxed at rates that it does not know."""

    tariff_id: str
    currency: str
    elements: tuple[TariffElement, ...]
    tax_included: TaxIncluded = TaxIncluded.NO
    vat_unknown: bool = False
    min_price: Amount | None = None
    max_price: Amount | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def valid_at(self, moment: datetime) -> bool:
        """From `starts_at` to before `ends_at`."""
        return (self.starts_at is None or moment >= self.starts_at) and (
            self.ends_at is None or moment < self.ends_at
        )
