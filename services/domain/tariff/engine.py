"""Prices a session by tariffs with elements (OCPI 2.3.0 mod_tariffs and mod_cdrs).

Quantities are never rounded but to blocks; amounts are computed with 80 digits and each total is rounded once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from services.domain.money import EXACT, rounded
from services.domain.quick_init import quick_init
from services.domain.tariff.blocks import complete
from services.domain.tariff.limits import LimitRule, limited
from services.domain.tariff.lines import TIMED_KINDS, Draft, LineKind, drafts
from services.domain.tariff.model import Amount, PriceComponent, Tariff, TaxIncluded
from services.domain.tariff.session import Session

_ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_SECONDS_PER_HOUR = Decimal(3600)
_NOISE = Decimal("1e-40")
"""Thirds of a cent are cut after 80 digits: their sums are snapped to the tie or whole that they stand for."""

_BEYOND = Decimal("1e30")

_TOTALS = {
    LineKind.ENERGY: "energy",
    LineKind.TIME: "time",
    LineKind.PARKING_TIME: "parking",
    LineKind.FLAT: "fixed",
    LineKind.RESERVATION_TIME: "reservation",
    LineKind.RESERVATION_FLAT: "reservation",
    LineKind.EXPIRY_FLAT: "reservation",
}

NOTHING = Amount(_ZERO, _ZERO)


class CannotPrice(ValueError):
    """Why there is no price, in one sentence."""


@quick_init
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """What one component costs in one period: `quantity` used and `added` to a whole block, in kWh, seconds or 1.

    `cost` is exact (80 digits); `clock_unproven` marks a cost that hangs on a clock that nobody vouches for.
    """

    kind: LineKind
    period: int
    tariff_id: str
    quantity: Decimal
    added: Decimal
    unit_price: Decimal
    vat: Decimal | None
    cost: Amount
    clock_unproven: bool

    @property
    def shown(self) -> Amount:
        """The cost to 4 decimals."""
        return settled(self.cost)


@dataclass(frozen=True, slots=True)
class Priced:
    """A session's lines and costs, in `currency`. Costs are None where nothing was priced."""

    currency: str
    lines: tuple[PriceLine, ...]
    total: Amount | None
    energy: Amount | None
    time: Amount | None
    parking: Amount | None
    fixed: Amount | None
    reservation: Amount | None
    limited_by: tuple[str, ...]
    """Which limits of tariffs set the total: `min_price`, `max_price`."""

    @property
    def adjustment(self) -> Decimal:
        """What limits and rounding once make of the sum of the lines as shown, before taxes."""
        shown = sum((line.shown.excl_vat for line in self.lines), _ZERO)
        return (_ZERO if self.total is None else self.total.excl_vat) - shown


def price_session(session: Session, tariffs: Sequence[Tariff], rule: LimitRule = LimitRule.EACH) -> Priced:
    """Price each period by the tariff that it names, else by the first that is valid when the session starts.

    Raises CannotPrice without such a tariff or with tariffs in several currencies; ValueError for amounts that
    no record can hold.
    """
    with localcontext(EXACT):
        of_period = _tariffs_of(session, tariffs)
        found = drafts(session, of_period)
        complete(found, sum((period.energy_kwh or _ZERO for period in session.periods), _ZERO))
        lines = tuple(_line(session, draft) for draft in found)
        total, limited_by = _total(found, lines, of_period, rule)
        costs: dict[str, list[Amount]] = {name: [] for name in _TOTALS.values()}
        for line in lines:
            costs[_TOTALS[line.kind]].append(line.cost)
        return Priced(
            currency=of_period[0].currency,
            lines=lines,
            total=total,
            limited_by=limited_by,
            **{name: _settled_sum(of) for name, of in costs.items()},
        )


def settled(amount: Amount) -> Amount:
    """To 4 decimals, half to even."""
    return Amount(_settled(amount.excl_vat), None if amount.incl_vat is None else _settled(amount.incl_vat))


def _settled(exact: Decimal) -> Decimal:
    return rounded(exact if abs(exact) > _BEYOND else exact.quantize(_NOISE, context=EXACT))


def _tariffs_of(session: Session, tariffs: Sequence[Tariff]) -> tuple[Tariff, ...]:
    if not session.periods:
        raise CannotPrice("the session has no charging periods")
    standard = next((tariff for tariff in tariffs if tariff.valid_at(session.started_at)), None)
    if standard is None:
        raise CannotPrice("no tariff is valid when the session starts")
    by_id = {tariff.tariff_id: tariff for tariff in reversed(tariffs)}
    chosen = tuple(by_id.get(period.tariff_id or "", standard) for period in session.periods)
    currencies = {tariff.currency for tariff in chosen}
    if len(currencies) > 1:
        raise CannotPrice(f"its tariffs are in {' and '.join(sorted(currencies))}")
    return chosen


def _line(session: Session, draft: Draft) -> PriceLine:
    per = _SECONDS_PER_HOUR if draft.kind in TIMED_KINDS else 1
    cost = (draft.quantity + draft.added) * draft.component.price / per
    return PriceLine(
        kind=draft.kind,
        period=draft.period,
        tariff_id=draft.tariff.tariff_id,
        quantity=draft.quantity,
        added=draft.added,
        unit_price=draft.component.price,
        vat=draft.component.vat,
        cost=taxed(draft.tariff, draft.component, cost),
        clock_unproven=draft.by_the_clock and not session.clock.proven,
    )


def taxed(tariff: Tariff, component: PriceComponent, cost: Decimal) -> Amount:
    """What a cost at the component's price is before and after taxes; exact in the context EXACT."""
    if tariff.tax_included is TaxIncluded.NOT_APPLICABLE or component.vat is None:
        unknown = tariff.vat_unknown and tariff.tax_included is TaxIncluded.NO
        return Amount(cost, None if unknown else cost)
    of_excl = _HUNDRED + component.vat
    if tariff.tax_included is TaxIncluded.YES:
        return Amount(cost * _HUNDRED / of_excl, cost)
    return Amount(cost, cost * of_excl / _HUNDRED)


def _settled_sum(amounts: Iterable[Amount]) -> Amount | None:
    exact = _sum(amounts)
    return None if exact is None else settled(exact)


def _sum(amounts: Iterable[Amount]) -> Amount | None:
    """None for no amounts; taxes are unknown as soon as they are for one of them."""
    excl_vat, incl_vat, count = _ZERO, _ZERO, 0
    known = True
    for amount in amounts:
        count += 1
        excl_vat += amount.excl_vat
        if amount.incl_vat is None:
            known = False
        else:
            incl_vat += amount.incl_vat
    return Amount(excl_vat, incl_vat if known else None) if count else None


def _total(
    drafted: Sequence[Draft], lines: Sequence[PriceLine], tariffs: Iterable[Tariff], rule: LimitRule
) -> tuple[Amount | None, tuple[str, ...]]:
    """The sum of what the lines of each tariff cost within the limits of that tariff."""
    parts, limited_by = list[Amount](), list[str]()
    for tariff in {id(tariff): tariff for tariff in tariffs}.values():
        exact = _sum(line.cost for draft, line in zip(drafted, lines, strict=True) if draft.tariff is tariff)
        if exact is None and rule is LimitRule.EACH and tariff.min_price is not None:
            exact = NOTHING
        if exact is not None:
            part, hit = limited(settled(exact), tariff, rule)
            parts.append(settled(part))
            limited_by += hit
    return _sum(parts), tuple(dict.fromkeys(limited_by))
