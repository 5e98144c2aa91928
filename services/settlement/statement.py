"""A partner's statement of a month: every record that was issued in it, and totals that are the sums of its lines.

A credit is on the statement of the month in which it was issued: what was stated once never changes.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from services.domain.units import WH_PER_KWH, Millis, millis_of, rfc3339

NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One issued record; costs are None when nothing was priced, and negative for a credit."""

    cdr_id: str
    credit_reference_id: str | None
    status: str
    agreement_id: str | None
    station_id: str
    contract_id: str | None
    started_at: Millis
    ended_at: Millis
    energy_wh: Decimal
    currency: str | None
    total_cost_excl_vat: Decimal | None
    total_cost_incl_vat: Decimal | None
    issued_at: Millis
    driver_url: str = ""
    """Where the driver checks what was signed; "" when nothing was, or no address of the page is known."""


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of the lines of one agreement and currency. A credit takes its energy back too."""

    agreement_id: str | None
    currency: str | None
    records: int
    credits: int
    energy_kwh: Decimal
    excl_vat: Decimal
    incl_vat: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """`unpriced` counts the lines without a cost, `disputed` those that are disputed: both are worth a look."""

    partner_id: str
    month: str
    lines: tuple[Line, ...]
    totals: tuple[Total, ...]
    unpriced: int
    disputed: int


def month_of(text: str, zone: ZoneInfo) -> tuple[Millis, Millis]:
    """First moment of a month like 2026-11 in a time zone, and the first after it; ValueError for another text."""
    first = datetime.strptime(text, "%Y-%m").replace(tzinfo=zone)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return millis_of(first.astimezone(UTC)), millis_of(after.astimezone(UTC))


def statement(partner_id: str, month: str, lines: Iterable[Line]) -> Statement:
    """The statement of these lines, in the order of their issue."""
    ordered = tuple(sorted(lines, key=lambda line: (line.issued_at, line.cdr_id)))
    kinds = sorted({(line.agreement_id or "", line.currency or "") for line in ordered})
    totals = tuple(
        _total([line for line in ordered if (line.agreement_id or "", line.currency or "") == kind])
        for kind in kinds
    )
    unpriced = sum(line.total_cost_excl_vat is None for line in ordered)
    disputed = sum(line.status == "DISPUTED" for line in ordered)
    return Statement(partner_id, month, ordered, totals, unpriced, disputed)


def _total(lines: Sequence[Line]) -> Total:
    return Total(
        agreement_id=lines[0].agreement_id,
        currency=lines[0].currency,
        records=len(lines),
        credits=sum(line.credit_reference_id is not None for line in lines),
        energy_kwh=sum((_energy_kwh(line) for line in lines), NOTHING),
        excl_vat=sum((line.total_cost_excl_vat or NOTHING for line in lines), NOTHING),
        incl_vat=sum((line.total_cost_incl_vat or NOTHING for line in lines), NOTHING),
    )


def _energy_kwh(line: Line) -> Decimal:
    energy_kwh = line.energy_wh / WH_PER_KWH
    return -energy_kwh if line.credit_reference_id is not None else energy_kwh


def as_csv(made: Statement) -> str:
    """The lines, one a row, with a header; numbers with all their digits."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_plain(line)[column] for column in _COLUMNS] for line in made.lines)
    return out.getvalue()


def as_json(made: Statement) -> bytes:
    """The whole statement; amounts and energies as texts, so that no reader rounds them."""
    told = {
        "partner_id": made.partner_id,
        "month": made.month,
        "totals": [
            {
                "agreement_id": total.agreement_id,
                "currency": total.currency,
                "records": total.records,
                "credits": total.credits,
                "energy_kwh": plain(total.energy_kwh),
                "total_cost_excl_vat": plain(total.excl_vat),
                "total_cost_incl_vat": plain(total.incl_vat),
            }
            for total in made.totals
        ],
        "unpriced": made.unpriced,
        "disputed": made.disputed,
        "lines": [_plain(line) for line in made.lines],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


def plain(amount: Decimal | None) -> str | None:
    """A number without exponent or needless zeros."""
    if amount is None:
        return None
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_COLUMNS: Final = (
    "cdr_id",
    "credit_reference_id",
    "status",
    "agreement_id",
    "station_id",
    "contract_id",
    "started_at",
    "ended_at",
    "energy_kwh",
    "currency",
    "total_cost_excl_vat",
    "total_cost_incl_vat",
    "issued_at",
    "driver_url",
)


def _plain(line: Line) -> dict[str, Any]:
    return {
        "cdr_id": line.cdr_id,
        "credit_reference_id": line.credit_reference_id,
        "status": line.status,
        "agreement_id": line.agreement_id,
        "station_id": line.station_id,
        "contract_id": line.contract_id,
        "started_at": rfc3339(line.started_at),
        "ended_at": rfc3339(line.ended_at),
        "energy_kwh": plain(_energy_kwh(line)),
        "currency": line.currency,
        "total_cost_excl_vat": plain(line.total_cost_excl_vat),
        "total_cost_incl_vat": plain(line.total_cost_incl_vat),
        "issued_at": rfc3339(line.issued_at),
        "driver_url": line.driver_url,
    }
