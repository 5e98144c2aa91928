"""Writes out the content of a charge detail record from a session's end and what is known around it."""

from collections.abc import Callable
from dataclasses import dataclass

from services.domain.events.agreement import Agreement
from services.domain.events.common import CdrLocation, ChargeDetail, TariffTerms
from services.domain.events.location import Location
from services.domain.events.session import SessionEnded
from services.domain.events.station import Station
from services.domain.events.tariff import Tariff
from services.domain.events.token import Token
from services.domain.failures import BadRecord
from services.domain.ids import derived_id
from services.domain.tariff import Costs, price
from services.domain.tokens import token_key
from services.domain.units import Millis

UNKNOWN_STATION = "UNKNOWN_STATION"
UNKNOWN_TARIFF = "UNKNOWN_TARIFF"


@dataclass(frozen=True, slots=True)
class Lookups:
    """Read-only copies of state topics, by key; and the party of stations that are not registered."""

    station: Callable[[str], Station | None]
    location: Callable[[str], Location | None]
    tariff: Callable[[str], Tariff | None]
    token: Callable[[str], Token | None]
    country_code: str = "DE"
    party_id: str = "WAT"
    agreement: Callable[[str, str | None, Millis], Agreement | None] = lambda *_: None
    """Of a tenant, a contract id and the time of a start (services.domain.agreements)."""


def charge_detail(lookups: Lookups, event: SessionEnded, revision: int) -> ChargeDetail:
    """The `revision`th record of a session. No tariff, no costs. BadRecord if the costs are beyond all measure."""
    station = lookups.station(f"{event.tenant}/{event.station_id}")
    contract_id = _contract_id(lookups, event)
    agreement = lookups.agreement(event.tenant, contract_id, event.started_at)
    terms = _terms(lookups, event, station, agreement)
    duration_s = max(0, event.ended_at - event.started_at) // 1000
    costs = None if terms is None else _costs(terms, event, duration_s)
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
        location=_location(lookups, station),
        id_token=event.id_token,
        contract_id=contract_id,
        started_at=event.started_at,
        ended_at=event.ended_at,
        duration_s=duration_s,
        energy_wh=event.energy_wh,
        meter_start_wh=event.meter_start_wh,
        meter_stop_wh=event.meter_stop_wh,
        tariff=terms,
        energy_cost=costs.energy_cost if costs else None,
        time_cost=costs.time_cost if costs else None,
        session_cost=costs.session_cost if costs else None,
        total_cost_excl_vat=costs.total_excl_vat if costs else None,
        total_cost_incl_vat=costs.total_incl_vat if costs else None,
        stopped_reason=event.stopped_reason,
        periods=event.periods,
        signed_meter_values=event.signed_meter_values,
        quality_flags=_flags(event, station, terms),
        partner_id=agreement.partner_id if agreement else None,
        agreement_id=agreement.agreement_id if agreement else None,
    )


def _terms(
    lookups: Lookups, event: SessionEnded, station: Station | None, agreement: Agreement | None
) -> TariffTerms | None:
    """What the partner pays by agreement, else what everybody pays at the station."""
    agreed = agreement.tariff_id if agreement else None
    tariff_id = agreed or (station.tariff_id if station else None)
    tariff = lookups.tariff(f"{event.tenant}/{tariff_id}") if tariff_id else None
    return None if tariff is None else tariff.terms


def _costs(terms: TariffTerms, event: SessionEnded, duration_s: int) -> Costs:
    try:
        return price(terms, event.energy_wh, duration_s)
    except ValueError as error:
        raise BadRecord(f"session {event.session_id} cannot be priced: {error}") from error


def _evse_uid(station: Station | None, evse_id: int | None) -> str | None:
    evses = station.evses if station else ()
    return next((evse.evse_uid for evse in evses if evse.evse_id == evse_id), None)


def _contract_id(lookups: Lookups, event: SessionEnded) -> str | None:
    if event.id_token is None:
        return None
    token = lookups.token(token_key(event.tenant, event.id_token.value))
    return None if token is None or not token.contract_id else token.contract_id


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


def _flags(event: SessionEnded, station: Station | None, terms: TariffTerms | None) -> tuple[str, ...]:
    found = set(event.quality_flags)
    if station is None:
        found.add(UNKNOWN_STATION)
    elif station.tariff_id is not None and terms is None:
        found.add(UNKNOWN_TARIFF)
    return tuple(sorted(found))
