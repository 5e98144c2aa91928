"""Amounts as they are paid, in minor units of a currency (ISO 4217), and what to reserve before charging."""

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal, localcontext

from services.domain.money import EXACT
from services.domain.tariff.engine import taxed
from services.domain.tariff.model import Dimension, Tariff

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_MINOR_UNITS = {**dict.fromkeys(_NONE.split(), 0), **dict.fromkeys(_THREE.split(), 3), "CLF": 4, "UYW": 4}
_USUAL = 2
_ZERO = Decimal(0)
_WH_PER_KWH = Decimal(1000)
_SECONDS_PER_HOUR = Decimal(3600)


def payable(amount: Decimal, currency: str, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Rounded to what can be paid: 2 decimals for most currencies, none for JPY, 3 for KWD."""
    decimals = _MINOR_UNITS.get(currency, _USUAL)
    return amount.quantize(Decimal(1).scaleb(-decimals), rounding, EXACT)


def preauthorisation(tariff: Tariff, energy_kwh: Decimal, charging_s: int, parking_s: int = 0) -> Decimal:
    """The most that a session of at most so much costs after taxes, rounded up to minor units.

    Every dimension is taken at the highest price that it has in the tariff, with one more block than used.
    Reservations are not in it. Where taxes are not known they are not in it either.
    """
    most = {
        Dimension.FLAT: (Decimal(1), _ZERO),
        Dimension.ENERGY: (energy_kwh, 1 / _WH_PER_KWH),
        Dimension.TIME: (charging_s / _SECONDS_PER_HOUR, 1 / _SECONDS_PER_HOUR),
        Dimension.PARKING_TIME: (parking_s / _SECONDS_PER_HOUR, 1 / _SECONDS_PER_HOUR),
    }
    with localcontext(EXACT):
        total = sum((_most(tariff, dimension, *volume) for dimension, volume in most.items()), _ZERO)
        return payable(_limited(total, tariff), tariff.currency, ROUND_CEILING)


def _most(tariff: Tariff, dimension: Dimension, volume: Decimal, unit: Decimal) -> Decimal:
    """The dearest of all components for sessions; 0 where all give money, as restrictions may not hold."""
    components = [
        component
        for element in tariff.elements
        if element.restrictions is None or element.restrictions.reservation is None
        for component in element.price_components
        if component.type is dimension
    ]
    block = max((component.step_size for component in components), default=0) * unit
    costs = (taxed(tariff, one, (volume + block) * one.price) for one in components)
    return max([_ZERO, *(cost.excl_vat if cost.incl_vat is None else cost.incl_vat for cost in costs)])


def _limited(total: Decimal, tariff: Tariff) -> Decimal:
    """Within the amounts after taxes; a maximum without one is none, as taxes come on top of it."""
    least, most = tariff.min_price, tariff.max_price
    if least is not None:
        total = max(total, least.excl_vat if least.incl_vat is None else least.incl_vat)
    if most is not None and most.incl_vat is not None:
        total = min(total, most.incl_vat)
    return max(total, _ZERO)
