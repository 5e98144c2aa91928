"""A CPO's month as a provider sees it: every record that it issued in it, credits too, and what we owe."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from services.domain.money import EXACT
from services.domain.units import WH_PER_KWH

NOTHING: Final = Decimal(0)

LINES_SQL: Final = """
SELECT
    cdr_id, credit, credit_reference_id, session_id, location_id, evse_id, contract_id, started_at, ended_at,
    energy_wh, currency, total_cost_excl_vat, total_cost_incl_vat, priced_excl_vat, evidence, check_findings,
    signed_values.sha256 AS signed_sha256, signed_values.decoded_sha256 AS decoded_sha256, last_updated
FROM roaming_cdrs FINAL
WHERE tenant = {tenant:String} AND partner_id = {partner:String}
    AND last_updated >= fromUnixTimestamp64Milli({first:Int64})
    AND last_updated < fromUnixTimestamp64Milli({after:Int64})
ORDER BY last_updated, object_id
"""
"""A record is last updated when it is issued, and it never changes here."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Total:
    """What is owed in one currency: sums of the lines, energy of credits taken off."""

    currency: str
    records: int
    credits: int
    energy_kwh: Decimal
    excl_vat: Decimal
    incl_vat: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """`doubtful`: how many lines contradict their signed values or their tariffs, or have none that are true."""

    partner_id: str
    month: str
    totals: tuple[Total, ...]
    doubtful: int
    lines: tuple[Row, ...]


def statement(partner_id: str, month: str, rows: Iterable[Row]) -> Statement:
    """The statement that these rows of LINES_SQL make."""
    lines = tuple(rows)
    currencies = sorted({line["currency"] for line in lines})
    totals = tuple(_total(one, [line for line in lines if line["currency"] == one]) for one in currencies)
    doubtful = sum(bool(line["check_findings"]) or line["evidence"] == "FAILED" for line in lines)
    return Statement(partner_id, month, totals, doubtful, lines)


def _total(currency: str, lines: list[Row]) -> Total:
    return Total(
        currency=currency,
        records=len(lines),
        credits=sum(line["credit"] for line in lines),
        energy_kwh=_sum(_energy_kwh(line) for line in lines),
        excl_vat=_sum(line["total_cost_excl_vat"] for line in lines),
        incl_vat=_sum(line["total_cost_incl_vat"] or NOTHING for line in lines),
    )


def _energy_kwh(line: Row) -> Decimal:
    energy_kwh: Decimal = line["energy_wh"] / WH_PER_KWH
    return -energy_kwh if line["credit"] else energy_kwh


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def as_json(made: Statement) -> bytes:
    """The whole statement; amounts and energies as texts, so that no reader rounds them."""
    totals = [
        {
            "currency": total.currency,
            "records": total.records,
            "credits": total.credits,
            "energy_kwh": plain(total.energy_kwh),
            "total_cost_excl_vat": plain(total.excl_vat),
            "total_cost_incl_vat": plain(total.incl_vat),
        }
        for total in made.totals
    ]
    lines = [
        {name: plain(one) if isinstance(one, Decimal) else one for name, one in line.items()}
        for line in made.lines
    ]
    told = {"partner_id": made.partner_id, "month": made.month, "totals": totals, "doubtful": made.doubtful}
    return msgspec.json.format(msgspec.json.encode(told | {"lines": lines}), indent=2)


def plain(amount: Decimal) -> str:
    """A number without exponent or needless zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
