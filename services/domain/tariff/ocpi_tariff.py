"""Reads OCPI tariffs of 2.1.1, 2.2.1 and 2.3.0 into the 2.3.0 shape."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from services.domain.tariff.model import (
    Amount,
    DayOfWeek,
    Dimension,
    PriceComponent,
    Reservation,
    Tariff,
    TariffElement,
    TariffRestrictions,
    TaxIncluded,
)
from services.domain.tariff.reading import Json, Reader, Refused
from services.domain.tariff.restrictions import contradiction

_MOST_VAT = Decimal(100)
_KNOWN_IN_ALL = {"id", "currency", "elements", "tariff_alt_text", "tariff_alt_url", "energy_mix", "last_updated"}
_SINCE_221 = {"country_code", "party_id", "type", "min_price", "max_price", "start_date_time", "end_date_time"}
_COMPONENT = {"type", "price", "step_size"}
_RESTRICTIONS = {
    "start_time",
    "end_time",
    "start_date",
    "end_date",
    "min_kwh",
    "max_kwh",
    "min_power",
    "max_power",
    "min_duration",
    "max_duration",
    "day_of_week",
}

_MEMBERS: dict[Any, dict[str, Any]] = {
    kind: {str(member): member for member in kind} for kind in (Dimension, DayOfWeek, Reservation, TaxIncluded)
}

T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a version of OCPI knows in a tariff, and what it calls the two amounts of a price."""

    tariff: frozenset[str]
    component: frozenset[str]
    restrictions: frozenset[str]
    excl_vat: str = "excl_vat"
    incl_vat: str = "incl_vat"


_CURRENT_AND_RESERVATION = {"min_current", "max_current", "reservation"}
_V221 = Shape(
    frozenset(_KNOWN_IN_ALL | _SINCE_221),
    frozenset(_COMPONENT | {"vat"}),
    frozenset(_RESTRICTIONS | _CURRENT_AND_RESERVATION),
)
SHAPES = {
    "211": Shape(frozenset(_KNOWN_IN_ALL), frozenset(_COMPONENT), frozenset(_RESTRICTIONS)),
    "221": _V221,
    "230": Shape(
        _V221.tariff | {"tax_included"}, _V221.component, _V221.restrictions, "before_taxes", "after_taxes"
    ),
}
"""By version, without the points."""


def read_tariff(value: object, version: str, reader: Reader, path: str = "$") -> Tariff:
    """The tariff; warnings in `reader` for what was not understood. Refused for what would make it a wrong price.

    A component of an unknown type prices nothing; an unknown restriction restricts nothing.
    """
    shape = SHAPES[version]
    fields = reader.fields(value, path)
    _warn_of_unknown(reader, fields, shape.tariff, path)
    elements = _elements(reader, fields, shape, path)
    tax_included = _tax_included(reader, fields, version, path)
    taxed = any(component.vat is not None for element in elements for component in element.price_components)
    limits = {
        name: _limit(reader, fields.get(name), shape, f"{path}.{name}") if name in shape.tariff else None
        for name in ("min_price", "max_price")
    }
    dates = shape.tariff & {"start_date_time", "end_date_time"}
    return Tariff(
        tariff_id=_text(reader, fields, "id", path),
        currency=_text(reader, fields, "currency", path).upper(),
        elements=elements,
        tax_included=tax_included,
        vat_unknown=version == "211" or (version == "230" and not taxed),
        min_price=limits["min_price"],
        max_price=limits["max_price"],
        starts_at=reader.optional_moment(fields, "start_date_time", path) if dates else None,
        ends_at=reader.optional_moment(fields, "end_date_time", path) if dates else None,
    )


def _elements(reader: Reader, fields: Json, shape: Shape, path: str) -> tuple[TariffElement, ...]:
    listed = reader.items(reader.required(fields, "elements", path), f"{path}.elements")
    if not listed:
        raise Refused(f"{path}.elements is empty")
    return tuple(_element(reader, one, shape, f"{path}.elements[{index}]") for index, one in enumerate(listed))


def _element(reader: Reader, value: object, shape: Shape, path: str) -> TariffElement:
    fields = reader.fields(value, path)
    listed = reader.items(reader.required(fields, "price_components", path), f"{path}.price_components")
    read = (
        _component(reader, one, shape, f"{path}.price_components[{index}]") for index, one in enumerate(listed)
    )
    components = tuple(component for component in read if component is not None)
    return TariffElement(components, _restrictions(reader, fields.get("restrictions"), shape, path))


def _component(reader: Reader, value: object, shape: Shape, path: str) -> PriceComponent | None:
    fields = reader.fields(value, path)
    _warn_of_unknown(reader, fields, shape.component, path)
    dimension = _member(reader, Dimension, reader.required(fields, "type", path), f"{path}.type")
    if dimension is None:
        return None
    price = reader.number(reader.required(fields, "price", path), f"{path}.price")
    if price < 0:
        reader.warn(f"{path}.price", "is negative")
    vat = reader.optional_number(fields, "vat", path) if "vat" in shape.component else None
    if vat is not None and not 0 <= vat <= _MOST_VAT:
        raise Refused(f"{path}.vat {vat} is not between 0 and 100 percent")
    step_size = reader.optional_whole(fields, "step_size", path)
    if step_size is None:
        reader.warn(f"{path}.step_size", "is missing: nothing is rounded up")
    return PriceComponent(dimension, price, vat, step_size or 0)


def _restrictions(reader: Reader, value: object, shape: Shape, element: str) -> TariffRestrictions | None:
    path = f"{element}.restrictions"
    if value is None:
        return None
    fields = reader.fields(value, path)
    _warn_of_unknown(reader, fields, shape.restrictions, path)
    known = {
        _RENAMED.get(name, name): _READERS[name](reader, one, f"{path}.{name}")
        for name, one in fields.items()
        if one is not None and name in shape.restrictions
    }
    read = TariffRestrictions(**known)
    wrong = contradiction(read)
    if wrong is not None:
        reader.warn(path, f"can never hold: {wrong}")
    return read


def _days(reader: Reader, listed: object, path: str) -> frozenset[DayOfWeek]:
    """Refused for a day that is none: without it, the element would hold on other days than meant."""
    days = set[DayOfWeek]()
    for index, one in enumerate(reader.items(listed, path)):
        day = _member(reader, DayOfWeek, one, f"{path}[{index}]")
        if day is None:
            raise Refused(f"{path}[{index}] is no day of the week")
        days.add(day)
    return frozenset(days)


def _reservation(reader: Reader, value: object, path: str) -> Reservation:
    """Refused for a kind that is none: without it, the element would price sessions."""
    read = _member(reader, Reservation, value, path)
    if read is None:
        raise Refused(f"{path} is neither RESERVATION nor RESERVATION_EXPIRES")
    return read


def _tax_included(reader: Reader, fields: Json, version: str, path: str) -> TaxIncluded:
    if version != "230":
        return TaxIncluded.NO
    value = fields.get("tax_included")
    if value is None:
        reader.warn(f"{path}.tax_included", "is missing: taxes come on top")
        return TaxIncluded.NO
    read = _member(reader, TaxIncluded, value, f"{path}.tax_included")
    if read is None:
        raise Refused(f"{path}.tax_included is not YES, NO or N/A")
    return read


def _limit(reader: Reader, value: object, shape: Shape, path: str) -> Amount | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        reader.warn(path, f"is a number, not an object with {shape.excl_vat}")
        return Amount(reader.number(value, path), None)
    excl_vat = reader.number(reader.required(value, shape.excl_vat, path), f"{path}.{shape.excl_vat}")
    incl_vat = reader.optional_number(value, shape.incl_vat, path)
    if incl_vat is not None and incl_vat < excl_vat:
        reader.warn(path, "is less with taxes than without")
    return Amount(excl_vat, incl_vat)


def _member(reader: Reader, kind: type[T], value: object, path: str) -> T | None:
    """The member of the same name in whatever case; None and a warning for a word that is not known."""
    if not isinstance(value, str):
        raise Refused(f"{path} is not a string")
    members = _MEMBERS[kind]
    found: T | None = members.get(value)
    if found is None:
        found = members.get(value.upper())
        reader.warn(path, f"{value[:40]!r} is not {'known' if found is None else 'upper case'}")
    return found


def _text(reader: Reader, fields: Json, name: str, path: str) -> str:
    value = reader.required(fields, name, path)
    if not isinstance(value, str):
        raise Refused(f"{path}.{name} is not a string")
    return value


def _warn_of_unknown(reader: Reader, fields: Json, known: frozenset[str], path: str) -> None:
    if fields.keys() <= known:
        return
    for name in fields:
        if name not in known:
            reader.warn(f"{path}.{name[:40]}", "is not in the specification and was ignored")


_RENAMED = {"min_duration": "min_duration_s", "max_duration": "max_duration_s"}
_READERS: dict[str, Callable[[Reader, Any, str], Any]] = {
    "start_time": Reader.time_of_day,
    "end_time": Reader.time_of_day,
    "start_date": Reader.date,
    "end_date": Reader.date,
    **dict.fromkeys(("min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power"), Reader.number),
    "min_duration": Reader.whole,
    "max_duration": Reader.whole,
    "day_of_week": _days,
    "reservation": _reservation,
}
