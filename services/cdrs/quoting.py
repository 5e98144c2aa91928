"""Under which terms a session is charged: those that were in force when it started, whatever changes meanwhile."""

from typing import NamedTuple

from msgspec import Struct

from services.cdrs.lookups import Lookups
from services.domain.events.agreement import Agreement
from services.domain.events.common import IdToken, TariffTerms
from services.domain.events.session import SessionEnded, SessionStarted
from services.domain.events.station import Station
from services.domain.tariff.announced import terms_at
from services.domain.tokens import token_key


class Quote(Struct, frozen=True, array_like=True):
    """What was in force when a session started; new fields go to the end, with a default."""

    agreement_id: str | None
    terms: TariffTerms | None


class Quoted(NamedTuple):
    """Who charges, who pays for that, and what it costs."""

    contract_id: str | None
    agreement: Agreement | None
    terms: TariffTerms | None


def quote_of(lookups: Lookups, event: SessionStarted) -> Quote | None:
    """What is known at the start; None when nothing has a price."""
    found = quoted(lookups, event, None)
    if found.terms is None:
        return None
    return Quote(found.agreement.agreement_id if found.agreement else None, found.terms)


def quoted(lookups: Lookups, event: SessionStarted | SessionEnded, locked: Quote | None) -> Quoted:
    """By what the partner pays by agreement, else what everybody pays at the station.

    `locked` counts unless the agreement is another one, since the driver showed another token after the start.
    """
    contract_id = _contract_id(lookups, event.tenant, event.id_token)
    agreement = lookups.agreement(event.tenant, contract_id, event.started_at)
    agreement_id = agreement.agreement_id if agreement else None
    if locked is not None and locked.terms is not None and locked.agreement_id == agreement_id:
        return Quoted(contract_id, agreement, locked.terms)
    station = lookups.station(f"{event.tenant}/{event.station_id}")
    agreed = agreement.tariff_id if agreement else None
    tariff_id = agreed or (station.tariff_id if station else None)
    terms = _terms(lookups, tariff_id, event, station) if tariff_id else None
    return Quoted(contract_id, agreement, terms)


def _terms(
    lookups: Lookups, tariff_id: str, event: SessionStarted | SessionEnded, station: Station | None
) -> TariffTerms | None:
    key = f"{event.tenant}/{tariff_id}"
    tariff = lookups.tariff(key)
    if tariff is None:
        return None
    return terms_at(tariff.terms, lookups.prices(key), station.location_id if station else None, event.started_at)


def _contract_id(lookups: Lookups, tenant: str, id_token: IdToken | None) -> str | None:
    if id_token is None:
        return None
    token = lookups.token(token_key(tenant, id_token.value))
    return None if token is None or not token.contract_id else token.contract_id
