"""Dynamic prices: the terms of a tariff at one moment, with the price that was announced for it."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from services.domain.events.common import TariffElement, TariffTerms
from services.domain.events.tariff import EnergyPriceAnnounced
from services.domain.tariff.model import Dimension
from services.domain.units import Millis


def terms_at(
    terms: TariffTerms, announced: Iterable[EnergyPriceAnnounced], location_id: str | None, at: Millis
) -> TariffTerms:
    """The terms with what a kWh costs here and now; of several prices the place's own, then the newest."""
    holding = [one for one in announced if _holds(one, location_id, at)]
    if not holding:
        return terms
    found = max(holding, key=lambda one: (one.location_id is not None, one.recorded_at, one.event_id))
    price = found.energy_price_per_kwh
    if not terms.elements:
        return replace(terms, energy_price_per_kwh=price, price_from=found.starts_at)
    elements = tuple(_at_price(one, price) for one in terms.elements)
    return replace(terms, elements=elements, price_from=found.starts_at)


def _holds(one: EnergyPriceAnnounced, location_id: str | None, at: Millis) -> bool:
    return one.starts_at <= at < one.ends_at and one.location_id in (None, location_id)


def _at_price(element: TariffElement, price: Decimal) -> TariffElement:
    components = tuple(
        replace(part, price=price) if part.type == Dimension.ENERGY else part for part in element.price_components
    )
    return replace(element, price_components=components)
