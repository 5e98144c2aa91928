"""OCPI 2.2.1 as what the tables do not say about how it differs from 2.3.0.

Prices have one VAT instead of a list of taxes, tariffs are always before VAT, and bookings are not known.
"""

from decimal import Decimal
from typing import Any

from services.ocpi.wire.conversion import Bridges, Passage, Shape


def number(value: Any) -> Decimal:
    """A JSON number as Decimal; 0 when it is none."""
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(0)


def price(new: Shape, _: Passage) -> Shape:
    """types: Price; also from a PriceLimit. Without any tax named there is no price that includes it."""
    old = {key: item for key, item in new.items() if key not in ("before_taxes", "taxes", "after_taxes")}
    if "before_taxes" in new:
        old["excl_vat"] = new["before_taxes"]
    if "after_taxes" in new:
        old["incl_vat"] = new["after_taxes"]
    elif new.get("taxes") and isinstance(new["taxes"], list | tuple):
        amounts = (number(tax.get("amount")) for tax in new["taxes"] if isinstance(tax, dict))
        old["incl_vat"] = sum(amounts, number(new.get("before_taxes")))
    return old


def new_price(old: Shape, _: Passage) -> Shape:
    """2.3.0 names each tax; the one of 2.2.1 is VAT."""
    new = {key: item for key, item in old.items() if key not in ("excl_vat", "incl_vat")}
    if "excl_vat" in old:
        new["before_taxes"] = old["excl_vat"]
    if "incl_vat" in old:
        new["taxes"] = [{"name": "VAT", "amount": number(old["incl_vat"]) - number(old.get("excl_vat"))}]
    return new


def new_price_limit(old: Shape, _: Passage) -> Shape:
    """mod_tariffs: PriceLimit."""
    names = {"excl_vat": "before_taxes", "incl_vat": "after_taxes"}
    return {names.get(key, key): item for key, item in old.items()}


def tariff(new: Shape, passage: Passage) -> Shape | None:
    """mod_tariffs: prices of 2.2.1 and before are always without VAT."""
    if new.pop("tax_included", None) == "YES":
        passage.lost("tax_included", "prices that include taxes cannot be told")
        return None
    return new


def new_tariff(old: Shape, passage: Passage) -> Shape:
    """mod_tariffs: TaxIncluded."""
    if not passage.scene.partial:
        passage.assumed("tax_included", "NO")
        old.setdefault("tax_included", "NO")
    return old


def without(*conditions: str) -> Any:
    """A bridge for tariff elements: one under a condition that cannot be told would hold where it must not."""

    def element(new: Shape, passage: Passage) -> Shape | None:
        told = [name for name in conditions if name in (new.get("restrictions") or {})]
        for name in told:
            passage.lost(f"restrictions/{name}", "the tariff element holds under this condition only")
        return None if told else new

    return element


DOWN = Bridges(
    objects={"Price": price, "Tariff": tariff, "TariffElement": without("booking")},
    values={"TokenType": {"EMAID": "OTHER"}},
)
UP = Bridges(objects={"Price": new_price, "PriceLimit": new_price_limit, "Tariff": new_tariff})
