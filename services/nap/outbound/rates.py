"""Ad-hoc prices for the access point (EnergyRate and EnergyPrice of the profile). Pure.

A driver pays taxes: where they are known, prices are told with them.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from services.domain.events.common import PriceComponent, TariffElement, TariffRestrictions, TariffTerms
from services.domain.events.location import Location
from services.domain.events.tariff import Tariff
from services.domain.units import Millis, rfc3339
from services.nap.outbound.hours import utc_offset
from services.nap.outbound.scene import rate_id
from services.nap.outbound.words import DAYS, PAYMENT, known, text, word, words

_TYPES: Final = {
    "ENERGY": "pricePerKWh",
    "TIME": "pricePerMinute",
    "PARKING_TIME": "pricePerMinute",
    "FLAT": "basePrice",
}
"""PriceTypeEnum, from TariffDimensionType."""

_MINUTES: Final = Decimal(60)
_MILLIONTH: Final = Decimal("0.000001")
_HUNDRED: Final = Decimal(100)
_ALWAYS: Final = TariffRestrictions()
_PARKED: Final = "after charging has ended"
_SECONDS: Final = 60
_LIMITS: Final = ("min_current", "max_current", "min_power", "max_power")


def energy_rate(
    tariff: Tariff, place: Location, capabilities: Sequence[str], language: str, now: Millis
) -> dict[str, Any]:
    """The static half: what it costs when no price is announced, and how it can be paid."""
    means = words(PAYMENT[one] for one in capabilities if one in PAYMENT)
    return known(
        {
            "idG": rate_id(tariff, place),
            "ratePolicy": word("adHoc"),
            "lastUpdated": rfc3339(tariff.updated_at),
            "applicableCurrency": [tariff.terms.currency],
            "minimumDeliveryFee": _limit(tariff.terms, "min_price"),
            "maximumDeliveryFee": _limit(tariff.terms, "max_price"),
            "payment": {"paymentMeans": means} if means else None,
            "energyPrice": energy_prices(tariff.terms, place, language, now),
        }
    )


def energy_rate_update(
    tariff: Tariff, terms: TariffTerms, place: Location, language: str, now: Millis
) -> dict[str, Any]:
    """The dynamic half: what it costs now."""
    return {
        "lastUpdated": rfc3339(max(tariff.updated_at, terms.price_from or 0)),
        "energyRateReference": {"targetClass": "EnergyRate", "idG": rate_id(tariff, place)},
        "energyPrice": energy_prices(terms, place, language, now),
    }


def energy_prices(terms: TariffTerms, place: Location, language: str, now: Millis) -> list[dict[str, Any]]:
    """Every price that can come to count, and when it does; `free` when none costs anything."""
    told = [
        _price(terms, part, element.restrictions or _ALWAYS, place, language, now)
        for element, part in _counting(terms)
    ]
    costing = [one for one in told if one["value"]]
    return costing or [{"priceType": word("free"), "value": Decimal(0)}]


def _counting(terms: TariffTerms) -> Iterator[tuple[TariffElement, PriceComponent]]:
    """Without prices of reservations, and those that stand behind one of their dimension that always holds."""
    settled: set[str] = set()
    for element in terms.elements or (_simple(terms),):
        limits = element.restrictions or _ALWAYS
        if limits.reservation is not None:
            continue
        for part in element.price_components:
            if part.type in _TYPES and part.type not in settled:
                yield element, part
        if limits == _ALWAYS:
            settled |= {part.type for part in element.price_components}


def _simple(terms: TariffTerms) -> TariffElement:
    prices = (
        ("ENERGY", terms.energy_price_per_kwh),
        ("TIME", terms.time_price_per_hour),
        ("FLAT", terms.session_fee),
    )
    return TariffElement(
        price_components=tuple(
            PriceComponent(type=kind, price=price, vat_percent=terms.vat_percent) for kind, price in prices
        )
    )


def _price(
    terms: TariffTerms,
    part: PriceComponent,
    limits: TariffRestrictions,
    place: Location,
    language: str,
    now: Millis,
) -> dict[str, Any]:
    amount = part.price / _MINUTES if "TIME" in part.type else part.price
    remarks = [_PARKED] * (part.type == "PARKING_TIME") + [
        f"{name.replace('_', ' ')} {getattr(limits, name).normalize():f} {'A' if 'current' in name else 'kW'}"
        for name in _LIMITS
        if getattr(limits, name) is not None
    ]
    return known(
        {"priceType": word(_TYPES[part.type])}
        | _taxed(terms, part, amount)
        | {
            "additionalInformation": text(", ".join(remarks), language) if remarks else None,
            "overallPeriod": _period(limits, place, now),
            "timeBasedApplicability": _between(
                limits.min_duration_s, limits.max_duration_s, ("fromMinute", "toMinute"), _SECONDS
            ),
            "energyBasedApplicability": _between(limits.min_kwh, limits.max_kwh, ("fromKWh", "toKWh"), 1),
        }
    )


def _taxed(terms: TariffTerms, part: PriceComponent, amount: Decimal) -> dict[str, Any]:
    """The amount with its taxes, if they are known."""
    rate = part.vat_percent
    if terms.tax_included == "YES":
        return {"value": _rounded(amount), "taxIncluded": True, "taxRate": rate}
    if terms.tax_included == "N/A":
        return {"value": _rounded(amount)}
    if rate is None or terms.taxes_unknown:
        return {"value": _rounded(amount), "taxIncluded": False}
    return {"value": _rounded(amount * (1 + rate / _HUNDRED)), "taxIncluded": True, "taxRate": rate}


def _rounded(amount: Decimal) -> Decimal:
    """To a millionth, without zeros at the end."""
    short = amount.quantize(_MILLIONTH).normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]


def _limit(terms: TariffTerms, name: str) -> Decimal | None:
    found = getattr(terms, name)
    if found is None:
        return None
    amount: Decimal = found.excl_vat if found.incl_vat is None else found.incl_vat
    return _rounded(amount)


def _between(least: Any, most: Any, names: tuple[str, str], unit: int) -> dict[str, int] | None:
    """In whole minutes or kWh: the profile knows no parts of them."""
    found = zip(names, (least, most), strict=True)
    return {name: int(limit // unit) for name, limit in found if limit is not None} or None


def _period(limits: TariffRestrictions, place: Location, now: Millis) -> dict[str, Any] | None:
    """Times of the day, days and dates at which a price holds."""
    timed = limits.start_time or limits.end_time
    if not (timed or limits.day_of_week or limits.start_date or limits.end_date):
        return None
    offset = utc_offset(place, now)
    begin, end = limits.start_time or "00:00", limits.end_time or "00:00"
    part = known(
        {
            "recurringTimePeriodOfDay": [
                {
                    "startTimeOfPeriod": f"{begin}:00{offset}",
                    "endTimeOfPeriod": f"{'23:59:59' if end in ('00:00', '24:00') else f'{end}:00'}{offset}",
                }
            ]
            if timed
            else None,
            "recurringDayWeekMonthPeriod": [
                {
                    "comDayWeekMonth": {
                        "applicableDay": words(day for day in DAYS if day.upper() in limits.day_of_week)
                    }
                }
            ]
            if limits.day_of_week
            else None,
        }
    )
    start = f"{limits.start_date}T00:00:00{offset}" if limits.start_date else rfc3339(place.updated_at)
    until = f"{limits.end_date}T00:00:00{offset}" if limits.end_date else None
    return known({"overallStartTime": start, "overallEndTime": until, "validPeriod": [part] if part else None})
