"""Block I, cost: what a transaction costs so far, or has cost, by the tariff of its station (I02, I03)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.domain.events.common import MeterValue, TariffTerms
from services.domain.events.transaction import TransactionEnded, TransactionStarted, TransactionUpdated
from services.domain.tariff import price
from services.ocpp.inbound.meter_values import BEGIN, END, register_at
from services.ocpp.inbound.reply import Begun, Context

NONE_BEGUN: Final[Mapping[str, Begun]] = MappingProxyType({})
_MOST: Final = 64
"""Transactions that are remembered of one connection; the oldest are forgotten."""

_S: Final = 1000


class _Used(NamedTuple):
    energy_wh: Decimal
    duration_s: int


def learned(begun: Mapping[str, Begun], events: Iterable[Any]) -> Mapping[str, Begun]:
    """What is known of a connection's transactions after a message of one of them."""
    for event in events:
        if not isinstance(event, TransactionStarted | TransactionUpdated) or event.transaction_id is None:
            continue
        at = begun.get(event.transaction_id)
        if isinstance(event, TransactionStarted):
            at = Begun(event.started_at, event.meter_start_wh)
        if at is None:
            continue
        at = at._replace(register_wh=_first(event.meter_values)) if at.register_wh is None else at
        others = [(other, known) for other, known in begun.items() if other != event.transaction_id]
        begun = dict([*others, (event.transaction_id, at)][-_MOST:])
    return begun


def total_cost(event: TransactionUpdated | TransactionEnded, context: Context) -> float | None:
    """What the transaction has cost by this event, with tax; None when that is not known here.

    Known it is where the station has a tariff and the transaction began on this connection, or its end says how.
    """
    terms = _terms(context)
    used = _used(event, context) if terms is not None else None
    if terms is None or used is None:
        return None
    try:
        return float(price(terms, used.energy_wh, used.duration_s).total_incl_vat)
    except ValueError:
        return None


def _terms(context: Context) -> TariffTerms | None:
    station = context.edge.station(f"{context.tenant}/{context.station_id}")
    if station is None or station.tariff_id is None:
        return None
    tariff = context.edge.tariff(f"{context.tenant}/{station.tariff_id}")
    return None if tariff is None else tariff.terms


def _used(event: TransactionUpdated | TransactionEnded, context: Context) -> _Used | None:
    begun = context.begun.get(event.transaction_id or "")
    if begun is None:
        return None
    first = register_at(event.meter_values, BEGIN) if begun.register_wh is None else begun.register_wh
    last = register_at(event.meter_values, END) or _last(event.meter_values)
    at = event.ended_at if isinstance(event, TransactionEnded) else event.occurred_at
    if first is None or last is None or last < first or at < begun.at:
        return None
    return _Used(last - first, (at - begun.at) // _S)


def _first(readings: Iterable[MeterValue]) -> Decimal | None:
    return next((one.energy_register_wh for one in readings if one.energy_register_wh is not None), None)


def _last(readings: tuple[MeterValue, ...]) -> Decimal | None:
    return _first(reversed(readings))
