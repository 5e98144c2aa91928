"""Which component prices which volume: the lines of a session before blocks, taxes and totals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from services.domain.tariff.model import Dimension, PriceComponent, Reservation, Tariff, TariffElement
from services.domain.tariff.restrictions import Moment, active, depends_on_time
from services.domain.tariff.session import Period, Session

_ZERO = Decimal(0)
_ONE = Decimal(1)
_AT_ONCE = timedelta()


class LineKind(StrEnum):
    """What a line is for. Those of a reservation are apart (total_reservation_cost)."""

    __hash__ = str.__hash__

    ENERGY = "ENERGY"
    FLAT = "FLAT"
    PARKING_TIME = "PARKING_TIME"
    TIME = "TIME"
    RESERVATION_TIME = "RESERVATION_TIME"
    RESERVATION_FLAT = "RESERVATION_FLAT"
    EXPIRY_FLAT = "EXPIRY_FLAT"


FLAT_KINDS = frozenset({LineKind.FLAT, LineKind.RESERVATION_FLAT, LineKind.EXPIRY_FLAT})
TIMED_KINDS = frozenset({LineKind.TIME, LineKind.PARKING_TIME, LineKind.RESERVATION_TIME})
"""Their quantity is in seconds, their price for an hour."""


@dataclass(slots=True)
class Draft:
    """A line while `added`, the rest of a begun block, is not decided yet; in kWh, seconds, or 1 for a fee."""

    kind: LineKind
    period: int
    tariff: Tariff
    element: TariffElement
    component: PriceComponent
    quantity: Decimal
    added: Decimal = _ZERO

    @property
    def by_the_clock(self) -> bool:
        """Whether a clock has a say in what this line costs."""
        return self.kind in TIMED_KINDS or depends_on_time(self.element.restrictions)


Found = dict[Dimension, tuple[TariffElement, PriceComponent]]


def drafts(session: Session, tariffs: tuple[Tariff, ...]) -> list[Draft]:
    """The lines of every period under its tariff of `tariffs`; each kind of flat fee where it is first active."""
    expired = not any(period.charges for period in session.periods)
    lines, paid = list[Draft](), set[LineKind]()
    energy_kwh, charging_since = _ZERO, None
    for index, (period, tariff) in enumerate(zip(session.periods, tariffs, strict=True)):
        found = list[Draft]()
        if period.reserved_s is not None:
            found += _reserved(
                index, tariff, period, _moment(session, period, _ZERO, session.periods[0].started_at), expired
            )
        if period.charges:
            charging_since = charging_since or period.started_at
            found += _used(index, tariff, period, _moment(session, period, energy_kwh, charging_since))
            energy_kwh += period.energy_kwh or _ZERO
        for line in found:
            if line.kind not in paid:
                lines.append(line)
            if line.kind in FLAT_KINDS:
                paid.add(line.kind)
    return lines


def components(tariff: Tariff, moment: Moment, period: Period, reservation: Reservation | None = None) -> Found:
    """For each dimension the component of the first active element that has one, among those for `reservation`."""
    found: Found = {}
    for element in tariff.elements:
        limits = element.restrictions
        if (None if limits is None else limits.reservation) is reservation and active(limits, moment, period):
            for component in element.price_components:
                found.setdefault(component.type, (element, component))
    return found


def _used(index: int, tariff: Tariff, period: Period, moment: Moment) -> Iterator[Draft]:
    volumes = (
        (LineKind.FLAT, Dimension.FLAT, _ONE),
        (LineKind.ENERGY, Dimension.ENERGY, period.energy_kwh),
        (LineKind.TIME, Dimension.TIME, period.charging_s),
        (LineKind.PARKING_TIME, Dimension.PARKING_TIME, period.parking_s),
    )
    found = components(tariff, moment, period)
    for kind, dimension, quantity in volumes:
        if quantity is not None and dimension in found:
            yield Draft(kind, index, tariff, *found[dimension], quantity)


def _reserved(index: int, tariff: Tariff, period: Period, moment: Moment, expired: bool) -> Iterator[Draft]:
    """An expired reservation pays the expiry fee on top of the reservation fee, but one price for its time.

    That price is the one of RESERVATION_EXPIRES where there is one (ReservationRestrictionType, note).
    """
    made = components(tariff, moment, period, Reservation.RESERVATION)
    lapsed = components(tariff, moment, period, Reservation.RESERVATION_EXPIRES) if expired else {}
    time_price = lapsed.get(Dimension.TIME) or made.get(Dimension.TIME)
    if Dimension.FLAT in made:
        yield Draft(LineKind.RESERVATION_FLAT, index, tariff, *made[Dimension.FLAT], _ONE)
    if Dimension.FLAT in lapsed:
        yield Draft(LineKind.EXPIRY_FLAT, index, tariff, *lapsed[Dimension.FLAT], _ONE)
    if time_price is not None and period.reserved_s is not None:
        yield Draft(LineKind.RESERVATION_TIME, index, tariff, *time_price, period.reserved_s)


def _moment(session: Session, period: Period, energy_kwh: Decimal, since: datetime) -> Moment:
    return Moment(
        local=period.started_at.astimezone(session.zone),
        energy_kwh=energy_kwh,
        elapsed=max(period.started_at - since, _AT_ONCE),
    )
