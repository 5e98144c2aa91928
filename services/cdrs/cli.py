"""`wattlog tariff …`: what charging costs."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.common import TariffTerms
from services.domain.events.tariff import Tariff
from services.domain.tariff import checked
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load

tariff = typer.Typer(add_completion=False, no_args_is_help=True, help="Add and list tariffs.")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number like 0.45") from None


@tariff.command()
def add(
    tariff_id: Annotated[str, typer.Argument(help="its name, e.g. STANDARD-2026; stations refer to it")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code")] = "EUR",
    kwh: Annotated[Decimal, typer.Option(parser=_amount, help="price per kWh, before VAT")] = Decimal(0),
    hour: Annotated[Decimal, typer.Option(parser=_amount, help="price per hour, before VAT")] = Decimal(0),
    session: Annotated[Decimal, typer.Option(parser=_amount, help="fee per session, before VAT")] = Decimal(0),
    vat: Annotated[Decimal, typer.Option(parser=_amount, help="value added tax, in percent")] = Decimal(0),
) -> None:
    """Add a tariff. Its terms never change: a new price is a new tariff."""
    tenant = load(CommonSettings).tenant
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
    known = _tariffs(tenant).get(tariff_id)
    if known is not None and known.terms != terms:
        fail(f"{tariff_id} has other terms, which never change: choose a new id (`wattlog tariff list` shows all)")
    if known is None:
        added = Tariff(tenant=tenant, tariff_id=tariff_id, terms=terms, updated_at=now_ms())
        publish(added)
    typer.echo(f"{tariff_id}: {told(terms)}.")


@tariff.command("list")
def list_tariffs() -> None:
    """Show all tariffs."""
    found = _tariffs(load(CommonSettings).tenant)
    table = Table("tariff", "terms", caption_justify="left")
    table.caption = f"{len(found)} tariff{'' if len(found) == 1 else 's'}"
    for tariff_id, known in sorted(found.items()):
        table.add_row(Text(tariff_id), Text(told(known.terms)))
    Console().print(table)


def told(terms: TariffTerms) -> str:
    """The terms in words; what costs nothing is left out."""
    parts = [
        f"{amount.normalize():f} {terms.currency} per {unit}"
        for amount, unit in (
            (terms.energy_price_per_kwh, "kWh"),
            (terms.time_price_per_hour, "hour"),
            (terms.session_fee, "session"),
        )
        if amount
    ]
    if not parts:
        return "free of charge"
    return f"{', '.join(parts)}, plus {terms.vat_percent.normalize():f} % VAT"


def _tariffs(tenant: str) -> dict[str, Tariff]:
    """The tenant's tariffs by id."""
    with reading(Tariff) as view:
        return {known.tariff_id: known for _, known in view.items() if known.tenant == tenant}
