"""Writes out the content of a charge detail record from a session's end and what is known around it."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal

from services.cdrs.lookups import Lookups
from services.cdrs.quoting import Quote, quoted
from services.domain.charge_records import never_charged
from services.domain.events.common import CdrLocation, ChargeDetail, ChargingPeriod, TariffTerms
from services.domain.events.session import SessionEnded
from services.domain.events.station import Station
from services.domain.failures import BadRecord
from services.domain.ids import derived_id
from services.domain.reservations import reserved_from
from services.domain.tariff.costing import (
    Cost,
    asks_for_the_time_of_day,
    cost,
    cost_of_expired,
    zone_of,
)
from services.domain.tariff.cutting import LONGEST_MS
from services.domain.tariff.engine import NOTHING, CannotPrice
from services.domain.tariff.model import Amount
from services.domain.tariff.session import ClockState
from services.domain.tariff.terms import tariff_of
from services.domain.units import Millis

UNKNOWN_STATION = "UNKNOWN_STATION"
UNKNOWN_TARIFF = "UNKNOWN_TARIFF"
TARIFF_NOT_VALID = "TARIFF_NOT_VALID"
UNKNOWN_TIME_ZONE = "UNKNOWN_TIME_ZONE"
PRICED_AS_BEGUN = "PRICED_AS_BEGUN"


@dataclass(frozen=True, slots=True)
class _Charged:
    """What a session costs; nothing is priced without terms. `doubts` are quality flags."""

    terms: TariffTerms | None
    cost: Cost | None
    doubts: frozenset[str] = frozenset()

    @property
    def reserved(self) -> tuple[ChargingPeriod, ...]:
        return () if self.cost is None else self.cost.reserved

    def part(self, name: str) -> Decimal | None:
        """A total of the costs, before taxes."""
        amount: Amount | None = None if self.cost is None else getattr(self.cost.priced, name)
        return None if amount is None else amount.excl_vat

    @property
    def total(self) -> Amount | None:
        return None if self.cost is None else self.cost.priced.total or NOTHING


def charge_detail(
    lookups: Lookups,
    event: SessionEnded,
    revision: int,
    locked: Quote | None = None,
    clock: ClockState = ClockState.UNKNOWN,
) -> ChargeDetail:
    """The `revision`th record of a session. No tariff, no costs. BadRecord if the costs are beyond all measure.

    `locked` is what was quoted at the start; `clock` says whether time is proven.
    """
    station = lookups.station(f"{event.tenant}/{event.station_id}")
    location = _location(lookups, station)
    contract_id, agreement, terms = quoted(lookups, event, locked)
    charged = _charged(lookups, terms, event, location, clock)
    total = charged.total
    return ChargeDetail(
        tenant=event.tenant,
        cdr_id=derived_id("cdr", event.session_id, revision),
        session_id=event.session_id,
        revision=revision,
        country_code=station.country_code if station else lookups.country_code,
        party_id=station.party_id if station else lookups.party_id,
        station_id=event.station_id,
        transaction_id=event.transaction_id,
        protocol=event.protocol,
        evse_id=event.evse_id,
        evse_uid=_evse_uid(station, event.evse_id),
        connector_id=event.connector_id,
        location=location,
        id_token=event.id_token,
        contract_id=contract_id,
        started_at=event.started_at,
        ended_at=event.ended_at,
        duration_s=_duration_s(event),
        energy_wh=event.energy_wh,
        meter_start_wh=event.meter_start_wh,
        meter_stop_wh=event.meter_stop_wh,
        tariff=charged.terms,
        energy_cost=charged.part("energy"),
        time_cost=charged.part("time"),
        session_cost=charged.part("fixed"),
        parking_cost=charged.part("parking"),
        reservation_cost=charged.part("reservation"),
        total_cost_excl_vat=total.excl_vat if total else None,
        total_cost_incl_vat=total.incl_vat if total else None,
        stopped_reason=event.stopped_reason,
        periods=charged.cost.periods if charged.cost else event.periods,
        price_lines=charged.cost.lines if charged.cost else (),
        signed_meter_values=event.signed_meter_values,
        quality_flags=_flags(event, station, terms, charged.doubts),
        partner_id=agreement.partner_id if agreement else None,
        agreement_id=agreement.agreement_id if agreement else None,
        reservation_id=event.reservation_id,
        reserved_periods=charged.reserved,
    )


def _duration_s(event: SessionEnded) -> int:
    """Of the session, so of an expired reservation nothing."""
    if never_charged(event):
        return 0
    return max(0, event.ended_at - event.started_at) // 1000


def _reserved_from(lookups: Lookups, event: SessionEnded) -> Millis | None:
    """Since when the station had been kept free for this session."""
    if event.reservation_id is None:
        return None
    found = lookups.reservation(event.tenant, event.station_id, event.reservation_id)
    return reserved_from(found, event.started_at)


def _charged(
    lookups: Lookups,
    terms: TariffTerms | None,
    event: SessionEnded,
    location: CdrLocation | None,
    clock: ClockState,
) -> _Charged:
    if terms is None:
        return _Charged(None, None)
    zone = zone_of(location.time_zone if location else None, terms.time_zone)
    try:
        found = _cost(lookups, terms, event, zone or UTC, clock)
    except CannotPrice:
        return _Charged(None, None, frozenset({TARIFF_NOT_VALID}))
    except (ValueError, ArithmeticError) as error:
        what = "reservation" if never_charged(event) else "session"
        raise BadRecord(f"{what} {event.session_id} cannot be priced: {error}") from error
    return _Charged(terms, found, _doubts(terms, event, placed=zone is not None))


def _cost(
    lookups: Lookups, terms: TariffTerms, event: SessionEnded, zone: tzinfo, clock: ClockState
) -> Cost | None:
    if never_charged(event):
        return cost_of_expired(terms, event.started_at, event.ended_at, zone)
    return cost(terms, _periods(event), zone, clock, _reserved_from(lookups, event))


def _doubts(terms: TariffTerms, event: SessionEnded, *, placed: bool) -> frozenset[str]:
    if not terms.elements or not asks_for_the_time_of_day(tariff_of(terms)):
        return frozenset()
    found = {
        UNKNOWN_TIME_ZONE: not placed,
        PRICED_AS_BEGUN: event.ended_at - event.started_at > LONGEST_MS,
    }
    return frozenset(flag for flag, holds in found.items() if holds)


def _periods(event: SessionEnded) -> tuple[ChargingPeriod, ...]:
    """Without readings, all in one."""
    if event.periods:
        return event.periods
    ended_at = max(event.started_at, event.ended_at)
    return (ChargingPeriod(started_at=event.started_at, ended_at=ended_at, energy_wh=event.energy_wh),)


def _evse_uid(station: Station | None, evse_id: int | None) -> str | None:
    evses = station.evses if station else ()
    return next((evse.evse_uid for evse in evses if evse.evse_id == evse_id), None)


def _location(lookups: Lookups, station: Station | None) -> CdrLocation | None:
    """Copied, so that the record keeps saying where it was when the location changes."""
    if station is None or station.location_id is None:
        return None
    location = lookups.location(f"{station.tenant}/{station.location_id}")
    if location is None:
        return None
    return CdrLocation(
        location_id=location.location_id,
        name=location.name,
        address=location.address,
        city=location.city,
        postal_code=location.postal_code,
        country=location.country,
        latitude=location.latitude,
        longitude=location.longitude,
        time_zone=location.time_zone,
    )


def _flags(
    event: SessionEnded, station: Station | None, terms: TariffTerms | None, doubts: frozenset[str]
) -> tuple[str, ...]:
    found = {*event.quality_flags, *doubts}
    if station is None:
        found.add(UNKNOWN_STATION)
    elif station.tariff_id is not None and terms is None:
        found.add(UNKNOWN_TARIFF)
    return tuple(sorted(found))
