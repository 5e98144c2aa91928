"""`wattlog tariff …`: what charging costs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.common import TariffElement, TariffTerms
from services.domain.events.tariff import EnergyPriceAnnounced, Tariff
from services.domain.ids import derived_id
from services.domain.tariff import checked
from services.domain.tariff.adding import read_tariffs
from services.domain.tariff.reading import Refused
from services.domain.tariff.simple import checked_price
from services.domain.units import Millis, millis_of
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load

tariff = typer.Typer(add_completion=False, no_args_is_help=True, help="Add and list tariffs, announce prices.")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number like 0.45") from None


@tariff.command()
def add(
    tariff_id: Annotated[
        str, typer.Argument(help="its name, e.g. STANDARD-2026; stations refer to it. Not with --file")
    ] = "",
    currency: Annotated[str, typer.Option(help="ISO 4217 code")] = "EUR",
    kwh: Annotated[Decimal, typer.Option(parser=_amount, help="price per kWh, before VAT")] = Decimal(0),
    hour: Annotated[Decimal, typer.Option(parser=_amount, help="price per hour, before VAT")] = Decimal(0),
    session: Annotated[Decimal, typer.Option(parser=_amount, help="fee per session, before VAT")] = Decimal(0),
    vat: Annotated[Decimal, typer.Option(parser=_amount, help="value added tax, in percent")] = Decimal(0),
    file: Annotated[Path | None, typer.Option(help="JSON with an OCPI tariff, or a list of them")] = None,
    zone: Annotated[str | None, typer.Option(help="time zone of the file, for places that have none")] = None,
) -> None:
    """Add a tariff, or those of a file. Terms never change under one id: a new price is a new tariff."""
    if (file is None) == (not tariff_id):
        raise typer.BadParameter("give the name of a tariff, or a file with --file")
    if file is not None:
        _add(_of_file(file, zone))
        return
    terms = TariffTerms(
        tariff_id=tariff_id,
        currency=currency.upper(),
        energy_price_per_kwh=kwh,
        time_price_per_hour=hour,
        session_fee=session,
        vat_percent=vat,
    )
    try:
        checked(terms)
    except ValueError as error:
        fail(f"{error}.")
    _add([terms])


def _of_file(file: Path, time_zone: str | None) -> list[TariffTerms]:
    """The tariffs of a file; what was tolerated in it goes to the error output."""
    try:
        found = read_tariffs(file.read_bytes(), time_zone)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except Refused as error:
        fail(f"{file}: {error}.")
    for added in found:
        for warning in added.warnings:
            typer.echo(f"{file}: {warning}.", err=True)
    return [added.terms for added in found]


def _add(wanted: Sequence[TariffTerms]) -> None:
    """All of them, or none when one has an id that is taken."""
    tenant = load(CommonSettings).tenant
    known = _tariffs(tenant)
    taken = [terms for terms in wanted if terms.tariff_id in known and known[terms.tariff_id].terms != terms]
    if taken:
        name = taken[0].tariff_id
        fail(f"{name} has other terms, which never change: choose a new id (`wattlog tariff list` shows all)")
    if len({terms.tariff_id for terms in wanted}) < len(wanted):
        fail("an id is in the file twice.")
    now = now_ms()
    for terms in wanted:
        if terms.tariff_id not in known:
            publish(Tariff(tenant=tenant, tariff_id=terms.tariff_id, terms=terms, updated_at=now))
        typer.echo(f"{terms.tariff_id}: {told(terms)}.")


@tariff.command("list")
def list_tariffs() -> None:
    """Show all tariffs."""
    found = _tariffs(load(CommonSettings).tenant)
    table = Table("tariff", "terms", caption_justify="left")
    table.caption = f"{len(found)} tariff{'' if len(found) == 1 else 's'}"
    for tariff_id, known in sorted(found.items()):
        table.add_row(Text(tariff_id), Text(told(known.terms)))
    Console().print(table)


@tariff.command()
def price(
    tariff_id: Annotated[str, typer.Argument(help="as `wattlog tariff list` shows it")],
    kwh: Annotated[Decimal, typer.Argument(parser=_amount, help="what a kWh costs, as the tariff has its prices")],
    since: Annotated[str, typer.Option("--from", help="moment like 2026-12-31T18:00Z, or with an offset")],
    until: Annotated[str, typer.Option("--to", help="moment until before which it holds")],
    location: Annotated[str, typer.Option(help="at one location only, e.g. L1")] = "",
) -> None:
    """Announce what a kWh costs in an interval. Sessions that start in it keep that price to their end."""
    tenant, now = load(CommonSettings).tenant, now_ms()
    starts_at, ends_at = _moment(since), _moment(until)
    if ends_at <= starts_at:
        fail("the interval ends before it begins.")
    if tariff_id not in _tariffs(tenant):
        fail(f"there is no tariff {tariff_id}: add it first with `wattlog tariff add`")
    try:
        checked_price("price per kWh", kwh)
    except ValueError as error:
        fail(f"{error}.")
    announced = EnergyPriceAnnounced(
        event_id=derived_id(
            "EnergyPriceAnnounced", tenant, tariff_id, location, starts_at, ends_at, str(kwh), now
        ),
        tenant=tenant,
        tariff_id=tariff_id,
        location_id=location or None,
        starts_at=starts_at,
        ends_at=ends_at,
        energy_price_per_kwh=kwh,
        recorded_at=now,
    )
    publish(announced)
    typer.echo(f"{tariff_id}: {kwh} per kWh for sessions that start from {since} until before {until}.")


def _moment(text: str) -> Millis:
    try:
        return millis_of(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        fail(f"{text[:60]!r} is no moment: give e.g. 2026-12-31T18:00Z")


def told(terms: TariffTerms) -> str:
    """The terms in words; what costs nothing is left out."""
    if terms.elements:
        return _told_elements(terms)
    parts = _parts(
        terms.currency,
        (
            (terms.energy_price_per_kwh, "kWh"),
            (terms.time_price_per_hour, "hour"),
            (terms.session_fee, "session"),
        ),
    )
    if not parts:
        return "free of charge"
    return f"{', '.join(parts)}, plus {terms.vat_percent.normalize():f} % VAT"


_UNITS = {"ENERGY": "kWh", "TIME": "hour", "PARKING_TIME": "hour parked", "FLAT": "session"}


def _told_elements(terms: TariffTerms) -> str:
    """The first element that prices charging in words, and how many others there are."""
    first = next((one for one in terms.elements if not _is_for_reservations(one)), terms.elements[0])
    more = len(terms.elements) - 1
    parts = _parts(terms.currency, ((one.price, _UNITS[one.type]) for one in first.price_components))
    words = ", ".join(parts) or "free of charge"
    return f"{words}; and {more} more elements" if more else words


def _is_for_reservations(element: TariffElement) -> bool:
    return element.restrictions is not None and element.restrictions.reservation is not None


def _parts(currency: str, prices: Iterable[tuple[Decimal, str]]) -> list[str]:
    return [f"{amount.normalize():f} {currency} per {unit}" for amount, unit in prices if amount]


def _tariffs(tenant: str) -> dict[str, Tariff]:
    """The tenant's tariffs by id."""
    with reading(Tariff) as view:
        return {known.tariff_id: known for _, known in view.items() if known.tenant == tenant}
