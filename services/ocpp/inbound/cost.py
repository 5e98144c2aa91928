"""Block I, cost: what a transaction costs so far, or has cost (I02, I03).

By the tariff that the agreement with the token's provider names, else by the station's: as records have it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from services.domain.events.common import ChargingPeriod, MeterValue, TariffTerms
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.reservations import reserved_from
from services.domain.tariff.announced import terms_at
from services.domain.tariff.costing import cost, zone_of
from services.domain.tariff.engine import NOTHING
from services.domain.tokens import token_key
from services.domain.units import Millis
from services.ocpp.inbound.meter_values import BEGIN, END, register_at
from services.ocpp.inbound.reply import Begun, Context, Edge, Point

NONE_BEGUN: Final[Mapping[str, Begun]] = MappingProxyType({})
_ACCEPTED: Final = (None, "Accepted")
_MOST: Final = 64
"""Transactions that are remembered of one connection; the oldest are forgotten."""

_MOST_POINTS: Final = 192
_QUARTER_MS: Final = 15 * 60 * 1000
_PARKED_MS: Final = 60_000
"""As records have it: a register that stands still for less does not show that charging had ended."""


def learned(begun: Mapping[str, Begun], events: Iterable[Any], edge: Edge) -> Mapping[str, Begun]:
    """What is known of a connection's transactions after a message of one of them.

    The terms are those that are in force when it starts, whatever changes meanwhile; a token that comes later, as
    of one that began with the plug, has its agreement's as of the start.
    """
    for event in events:
        if not isinstance(event, TransactionStarted | TransactionUpdated) or event.transaction_id is None:
            continue
        at = begun.get(event.transaction_id)
        if isinstance(event, TransactionStarted):
            at = Begun(event.started_at, event.meter_start_wh, _terms(edge, event, event.started_at))
        if at is None:
            continue
        at = _with_reservation(_with_holder(at, event, edge), event, edge)
        at = at._replace(register_wh=_first(event.meter_values)) if at.register_wh is None else at
        at = at._replace(course=_with_readings(at.course, event.meter_values))
        others = [(other, known) for other, known in begun.items() if other != event.transaction_id]
        begun = dict([*others, (event.transaction_id, at)][-_MOST:])
    return begun


def total_cost(event: TransactionUpdated | TransactionEnded, context: Context) -> float | None:
    """What the transaction has cost by this event, with tax; None when that is not known here.

    Known it is where the station has a tariff and the transaction began on this connection, or its end says how.
    """
    begun = context.begun.get(event.transaction_id or "")
    if begun is not None and isinstance(event, TransactionUpdated):
        begun = _with_reservation(_with_holder(begun, event, context.edge), event, context.edge)
    periods = () if begun is None or begun.terms is None else _periods(begun, event)
    if begun is None or begun.terms is None or not periods:
        return None
    try:
        found = cost(begun.terms, periods, _zone(context, begun.terms), reserved_from=begun.reserved_from)
        total = found.priced.total or NOTHING
    except (ValueError, ArithmeticError):
        return None
    return None if total.incl_vat is None else float(total.incl_vat)


def _with_holder(begun: Begun, event: TransactionStarted | TransactionUpdated, edge: Edge) -> Begun:
    """The first token that was accepted decides whose agreement counts."""
    if begun.holder or event.id_token is None or event.authorization_status not in _ACCEPTED:
        return begun
    agreed = _agreed_tariff_id(edge, event, begun.at)
    return begun._replace(holder=True, terms=_terms(edge, event, begun.at, agreed) if agreed else begun.terms)


def _with_reservation(begun: Begun, event: TransactionStarted | TransactionUpdated, edge: Edge) -> Begun:
    """As records have it, what it pays for a reservation is of the time before it began."""
    number = event.reservation_id
    if number is None or (begun.reservation_id is not None and begun.reservation_id <= number):
        return begun
    since = reserved_from(edge.reservation(event.tenant, event.station_id, number), begun.at)
    return begun._replace(reservation_id=number, reserved_from=since)


def _agreed_tariff_id(edge: Edge, event: TransactionStarted | TransactionUpdated, at: Millis) -> str | None:
    """What the agreement with the token's provider names; None when there is none, or it names no tariff."""
    token = event.id_token and edge.token(token_key(event.tenant, event.id_token.value))
    agreement = edge.agreement(event.tenant, token.contract_id, at) if token and token.contract_id else None
    return agreement.tariff_id if agreement else None


def _terms(
    edge: Edge, event: TransactionStarted | TransactionUpdated, at: Millis, tariff_id: str | None = None
) -> TariffTerms | None:
    """The terms of a tariff, or of the station's, as they were then."""
    station = edge.station(f"{event.tenant}/{event.station_id}")
    named = tariff_id or (None if station is None else station.tariff_id)
    tariff = edge.tariff(f"{event.tenant}/{named}") if named else None
    if tariff is None:
        return None
    return terms_at(tariff.terms, edge.prices(tariff.key), station.location_id if station else None, at)


def _zone(context: Context, terms: TariffTerms) -> tzinfo:
    station = context.edge.station(f"{context.tenant}/{context.station_id}")
    place = station.location_id if station is not None else None
    location = None if place is None else context.edge.location(f"{context.tenant}/{place}")
    return zone_of(location.time_zone if location else None, terms.time_zone) or UTC


def _with_readings(course: tuple[Point, ...], readings: Iterable[MeterValue]) -> tuple[Point, ...]:
    """Later readings of a rising register; of a quarter hour the first, and the first of the highest register."""
    for reading in readings:
        wh, at = reading.energy_register_wh, reading.sampled_at
        if wh is None:
            continue
        if not course:
            course = (Point(at, wh),)
            continue
        last = course[-1]
        same_quarter = at // _QUARTER_MS == last.at // _QUARTER_MS
        if at <= last.at or wh < last.wh or (wh == last.wh and same_quarter):
            continue
        opens = len(course) == 1 or course[-2].at // _QUARTER_MS != last.at // _QUARTER_MS
        course = (*(course if opens or wh == last.wh else course[:-1]), Point(at, wh))
        course = course[::2] if len(course) > _MOST_POINTS else course
    return course


def _periods(begun: Begun, event: TransactionUpdated | TransactionEnded) -> tuple[ChargingPeriod, ...]:
    """From the start to this event; none when the registers are not known or make no sense."""
    first = register_at(event.meter_values, BEGIN) if begun.register_wh is None else begun.register_wh
    last = register_at(event.meter_values, END) or _last(event.meter_values)
    at = event.ended_at if isinstance(event, TransactionEnded) else event.occurred_at
    if first is None or last is None or last < first or at < begun.at:
        return ()
    course = _with_readings(begun.course, event.meter_values)
    between = [one for one in course if begun.at < one.at < at and first <= one.wh <= last]
    points = [Point(begun.at, first), *between, Point(at, last)]
    parked_at = _parked_at(points)
    return tuple(
        ChargingPeriod(
            started_at=since.at, ended_at=until.at, energy_wh=until.wh - since.wh, parking=since.at >= parked_at
        )
        for since, until in pairwise(points)
    )


def _parked_at(points: list[Point]) -> Millis:
    """When the register came to what it stands at now; the end, unless it has stood still for long."""
    end = points[-1]
    since = next(one.at for one in points if one.wh == end.wh)
    return since if end.at - since >= _PARKED_MS else end.at + 1


def _first(readings: Iterable[MeterValue]) -> Decimal | None:
    return next((one.energy_register_wh for one in readings if one.energy_register_wh is not None), None)


def _last(readings: tuple[MeterValue, ...]) -> Decimal | None:
    return _first(reversed(readings))
