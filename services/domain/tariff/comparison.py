"""The totals of a priced session in the words and number forms that are compared between programs."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any

from services.domain.money import EXACT, rounded
from services.domain.tariff.engine import Priced
from services.domain.tariff.lines import LineKind
from services.domain.tariff.model import Amount
from services.domain.tariff.session import Period, Session

_ZERO = Decimal(0)


def totals(session: Session, priced: Priced, warnings: int) -> dict[str, Any]:
    """Amounts as shortest decimals in strings, durations in whole seconds; None for what a session does not have.

    `billed_*` is what was used and what was added to whole blocks; `warnings` counts the record's and limits.
    """
    with localcontext(EXACT):
        return _totals(session, priced, warnings)


def _totals(session: Session, priced: Priced, warnings: int) -> dict[str, Any]:
    periods = session.periods
    charging, parked = _sum(periods, "charging_s"), _sum(periods, "parking_s")
    energy = _sum(periods, "energy_kwh")
    return {
        "billed_charging_time_s": _seconds(_with_added(charging, priced, LineKind.TIME)),
        "billed_energy": _number(_with_added(energy, priced, LineKind.ENERGY)),
        "billed_idle_time_s": _seconds(_with_added(parked, priced, LineKind.PARKING_TIME)),
        "total_cost": _money(priced.total),
        "total_energy": _number(energy),
        "total_energy_cost": _money(priced.energy),
        "total_fixed_cost": _money(priced.fixed),
        "total_parking_cost": _money(priced.parking),
        "total_parking_time_s": _seconds(parked),
        "total_time_cost": _money(priced.time),
        "total_time_s": int((session.ended_at - periods[0].started_at).total_seconds()),
        "warnings": warnings + len(priced.limited_by),
    }


def _sum(periods: Sequence[Period], dimension: str) -> Decimal | None:
    volumes = [volume for period in periods if (volume := getattr(period, dimension)) is not None]
    return sum(volumes, _ZERO) if volumes else None


def _with_added(used: Decimal | None, priced: Priced, kind: LineKind) -> Decimal | None:
    return None if used is None else used + sum((line.added for line in priced.lines if line.kind is kind), _ZERO)


def _seconds(duration: Decimal | None) -> int | None:
    return None if duration is None else int(duration)


def _number(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{rounded(amount).normalize() + 0:f}"


def _money(amount: Amount | None) -> dict[str, str | None] | None:
    return None if amount is None else {"excl_vat": _number(amount.excl_vat), "incl_vat": _number(amount.incl_vat)}
