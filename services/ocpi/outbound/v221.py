"""OCPI 2.2.1 as what differs from 2.3.0: prices with VAT instead of a list of taxes, no EMAID tokens.

Objects come as dicts in the order of the 2.3.0 fields; absent optional fields are left out.
"""

from typing import Any

from msgspec import Struct

from services.ocpi.wire import v230
from services.ocpi.wire.numbers import number

VERSION = "2.2.1"


def session(new: v230.Session) -> dict[str, Any]:
    """mod_sessions: Session."""
    old = _fields(new) | {"cdr_token": _cdr_token(new.cdr_token)}
    if new.total_cost is not None:
        old["total_cost"] = _price(new.total_cost)
    return old


def cdr(new: v230.Cdr) -> dict[str, Any]:
    """mod_cdrs: CDR."""
    old = _fields(new) | {"cdr_token": _cdr_token(new.cdr_token)}
    old |= {name: _price(value) for name, value in old.items() if isinstance(value, v230.Price)}
    if new.tariffs:
        old["tariffs"] = [_tariff(tariff) for tariff in new.tariffs]
    return old


def _tariff(new: v230.Tariff) -> dict[str, Any]:
    """2.2.1 prices are always before VAT (mod_tariffs: PriceComponent), as ours are."""
    old = _fields(new)
    del old["tax_included"]
    return old


def _price(new: v230.Price) -> dict[str, Any]:
    """types: Price. Without any tax named, there is no price that includes it."""
    old: dict[str, Any] = {"excl_vat": new.before_taxes}
    if new.taxes:
        old["incl_vat"] = number(sum((tax.amount for tax in new.taxes), new.before_taxes))
    return old


def _cdr_token(new: v230.CdrToken) -> dict[str, Any]:
    """mod_tokens: TokenType has no EMAID before 2.3.0."""
    return _fields(new) | ({"type": "OTHER"} if new.type == "EMAID" else {})


def _fields(new: Struct) -> dict[str, Any]:
    """An object's fields that say something."""
    values = ((name, getattr(new, name)) for name in new.__struct_fields__)
    return {name: value for name, value in values if value is not None and value != ()}
