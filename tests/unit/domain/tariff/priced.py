"""Tariffs and sessions in a few words, for the tests of the pricing engine."""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from services.domain.tariff.model import Dimension, PriceComponent, Tariff, TariffElement, TariffRestrictions
from services.domain.tariff.session import ClockState, Period, Session

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def component(kind: str, price: str, step_size: int = 1, vat: str | None = None) -> PriceComponent:
    return PriceComponent(Dimension(kind), Decimal(price), None if vat is None else Decimal(vat), step_size)


def element(*components: PriceComponent, **limits: object) -> TariffElement:
    return TariffElement(components, TariffRestrictions(**limits) if limits else None)  # type: ignore[arg-type]


def tariff(*elements: TariffElement, **others: object) -> Tariff:
    named = {"tariff_id": "T", "currency": "EUR"} | others
    return Tariff(elements=elements, **named)  # type: ignore[arg-type]


def used(
    minutes: float,
    *,
    kwh: str | None = None,
    kind: str = "charging",
    tariff_id: str | None = None,
    **measured: str,
) -> tuple[float, dict[str, object]]:
    """So many minutes of charging, parking or being reserved."""
    volumes: dict[str, object] = {f"{kind}_s": Decimal(str(minutes)) * 60, "tariff_id": tariff_id}
    if kwh is not None:
        volumes["energy_kwh"] = Decimal(kwh)
    return minutes, volumes | {name: Decimal(value) for name, value in measured.items()}


def session(
    *parts: tuple[float, dict[str, object]],
    start: datetime = START,
    zone: tzinfo = UTC,
    clock: ClockState = ClockState.SYNCHRONISED,
) -> Session:
    """The parts one after the other from `start` on."""
    at, periods = start, []
    for minutes, volumes in parts:
        periods.append(Period(started_at=at.astimezone(UTC), **volumes))  # type: ignore[arg-type]
        at += timedelta(minutes=minutes)
    return Session(start.astimezone(UTC), at.astimezone(UTC), tuple(periods), zone, clock)
