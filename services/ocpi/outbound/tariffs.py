"""Tariffs for partners (mod_tariffs: Tariff)."""

from services.domain.events.common import TariffTerms
from services.domain.units import Millis, rfc3339
from services.ocpi.wire import v230
from services.ocpi.wire.numbers import number
from services.ocpi.wire.parties import Party


def tariff(terms: TariffTerms, owner: Party, updated_at: Millis) -> v230.Tariff:
    """Simple terms as a tariff that holds all the time; free of charge is energy for nothing."""
    vat = number(terms.vat_percent)
    prices = (
        ("ENERGY", terms.energy_price_per_kwh),
        ("TIME", terms.time_price_per_hour),
        ("FLAT", terms.session_fee),
    )
    components = tuple(
        v230.PriceComponent(type=kind, price=number(price), vat=vat, step_size=1)
        for kind, price in prices
        if price or kind == "ENERGY"
    )
    return v230.Tariff(
        country_code=owner.country_code,
        party_id=owner.party_id,
        id=terms.tariff_id[:36],
        currency=terms.currency,
        elements=(v230.TariffElement(price_components=components),),
        tax_included="NO",
        last_updated=rfc3339(updated_at),
    )
