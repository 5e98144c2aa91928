"""Reads the OCPI tariffs that an operator adds: strictly, since what they say is billed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.events.common import TariffTerms
from services.domain.tariff.model import Amount, Tariff
from services.domain.tariff.ocpi_tariff import read_tariff
from services.domain.tariff.reading import Json, Reader, Refused, Warned, parse_json
from services.domain.tariff.simple import checked_name
from services.domain.tariff.terms import terms_of

_MOST_BYTES = 1_000_000
_MOST_TARIFFS = 100
_MOST_ELEMENTS = 200
_MOST_COMPONENTS = 16
_MOST_AMOUNT = Decimal(100_000)
_MOST_STEP = 10**9
_DECIMALS = 6
_VAT_DECIMALS = 4
_TYPES = ("AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR")
_NOT_KEPT = ("tariff_alt_text", "tariff_alt_url", "energy_mix", "preauthorize_amount")
_NUMBERS = ("min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power")
_PATH = re.compile(r"\$((?:\.\w+|\[\d+\])*)")


@dataclass(frozen=True, slots=True)
class Added:
    """One tariff of a file, and what was tolerated in it, each in a sentence that begins with a JSON pointer."""

    terms: TariffTerms
    warnings: tuple[str, ...]


def read_tariffs(text: bytes, time_zone: str | None = None) -> tuple[Added, ...]:
    """The tariffs of a file with one OCPI tariff object, or a list of them.

    One of 2.3.0 shows in `tax_included`, others are read as of 2.2.1. `time_zone` is for places that have none.
    Raises Refused with a JSON pointer (RFC 6901) to what is wrong.
    """
    if len(text) > _MOST_BYTES:
        raise Refused(f"it is longer than {_MOST_BYTES} bytes")
    if time_zone is not None:
        _check_zone(time_zone)
    try:
        read = parse_json(text)
        listed = read if isinstance(read, list) else None
        found = [("$", read)] if listed is None else [(f"$[{at}]", one) for at, one in enumerate(listed)]
        if not 1 <= len(found) <= _MOST_TARIFFS:
            raise Refused(f"$ holds {len(found)} tariffs, not 1 to {_MOST_TARIFFS}")
        return tuple(_added(one, path, time_zone) for path, one in found)
    except Refused as error:
        raise Refused(pointed(str(error))) from None


def pointed(sentence: str) -> str:
    """The sentence with its path as a JSON pointer: `$.elements[0]` is `/elements/0`."""
    return _PATH.sub(
        lambda path: path[1].replace(".", "/").replace("[", "/").replace("]", "") or "it", sentence, 1
    )


def _added(value: object, path: str, time_zone: str | None) -> Added:
    reader = Reader()
    fields = reader.fields(value, path)
    version = "230" if "tax_included" in fields else "221"
    told = {name: one for name, one in fields.items() if name not in _NOT_KEPT}
    tariff = read_tariff(told, version, reader, path)
    for name in sorted(fields.keys() - told.keys()):
        reader.warn(f"{path}.{name}", "is not kept")
    try:
        checked_name(tariff.tariff_id, tariff.currency)
    except ValueError as error:
        raise Refused(f"{path}.id or currency: {error}") from None
    _check(tariff, path)
    return Added(terms_of(tariff, _type(fields, path), time_zone), tuple(map(_sentence, reader.warnings)))


def _sentence(warned: Warned) -> str:
    return pointed(f"{warned.path} {warned.says}")


def _type(fields: Json, path: str) -> str | None:
    found = fields.get("type")
    if found is not None and found not in _TYPES:
        raise Refused(f"{path}.type is none of {', '.join(_TYPES)}")
    return None if found is None else str(found)


def _check(tariff: Tariff, path: str) -> None:
    """Refused for what no record can hold, or what can never have been meant."""
    if len(tariff.elements) > _MOST_ELEMENTS:
        raise Refused(f"{path}.elements are more than {_MOST_ELEMENTS}")
    for where, amount, decimals in _amounts(tariff, path):
        _check_amount(amount, decimals, where)
    starts_at, ends_at = tariff.starts_at, tariff.ends_at
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise Refused(f"{path}.end_date_time is not after start_date_time")
    least, most = tariff.min_price, tariff.max_price
    if least is not None and most is not None and most.excl_vat < least.excl_vat:
        raise Refused(f"{path}.max_price is less than min_price")


def _amounts(tariff: Tariff, path: str) -> Iterator[tuple[str, Decimal | None, int]]:
    """Every number of a tariff with its path and the decimals that it may have."""
    for index, element in enumerate(tariff.elements):
        at = f"{path}.elements[{index}]"
        if not 1 <= len(element.price_components) <= _MOST_COMPONENTS:
            raise Refused(f"{at}.price_components are not 1 to {_MOST_COMPONENTS} that are known")
        for place, part in enumerate(element.price_components):
            component = f"{at}.price_components[{place}]"
            yield f"{component}.price", part.price, _DECIMALS
            yield f"{component}.vat", part.vat, _VAT_DECIMALS
            if part.step_size > _MOST_STEP:
                raise Refused(f"{component}.step_size is more than {_MOST_STEP}")
        if element.restrictions is not None:
            for name in _NUMBERS:
                yield f"{at}.restrictions.{name}", getattr(element.restrictions, name), _DECIMALS
    for name, limit in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        for amount in _both(limit):
            yield f"{path}.{name}", amount, _DECIMALS


def _both(limit: Amount | None) -> tuple[Decimal | None, ...]:
    return () if limit is None else (limit.excl_vat, limit.incl_vat)


def _check_amount(amount: Decimal | None, decimals: int, where: str) -> None:
    if amount is None:
        return
    if abs(amount) > _MOST_AMOUNT:
        raise Refused(f"{where} is beyond {_MOST_AMOUNT}")
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -decimals:
        raise Refused(f"{where} has more than {decimals} decimals")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(f"{name[:60]!r} is not the name of a time zone like Europe/Berlin") from None
