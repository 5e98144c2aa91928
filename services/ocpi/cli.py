"""`wattlog partner …`: who may pull over OCPI."""

import secrets
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.partner import Partner
from services.ocpi.inbound.authorization import token_hash
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load

partner = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list and suspend roaming partners.")

_TOKEN_BYTES = 32


class Role(StrEnum):
    """types: Role."""

    CPO = "CPO"
    EMSP = "EMSP"
    HUB = "HUB"
    NAP = "NAP"
    NSP = "NSP"
    OTHER = "OTHER"
    SCSP = "SCSP"


@partner.command()
def add(
    name: Annotated[str, typer.Argument(help="as it is known, e.g. 'The New Motion'")],
    country: Annotated[str, typer.Option(help="country code of its party, e.g. NL")],
    party: Annotated[str, typer.Option(help="its party id, e.g. TNM")],
    role: Annotated[Role, typer.Option(help="its OCPI role")] = Role.EMSP,
    new_token: Annotated[
        bool, typer.Option("--new-token", help="give a partner that is there a new token, and end a suspension")
    ] = False,
) -> None:
    """Let a partner in. Prints its credentials token, which is kept as a hash only and never shown again."""
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        fail(f"{country!r} is no country code: give two letters, e.g. --country NL")
    if not (len(party) == 3 and party.isascii() and party.isalnum()):
        fail(f"{party!r} is no party id: give three letters or digits, e.g. --party TNM")
    partner_id = f"{country}-{party}".upper()
    tenant = load(CommonSettings).tenant
    if partner_id in _partners(tenant) and not new_token:
        fail(f"{partner_id} is there already: add --new-token to replace its token, or suspend it")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    publish(
        Partner(
            tenant=tenant,
            partner_id=partner_id,
            name=name,
            country_code=country.upper(),
            party_id=party.upper(),
            role=role,
            token_hash=token_hash(token),
            enabled=True,
            updated_at=now_ms(),
        )
    )
    typer.echo(token)
    typer.echo(f"{partner_id} may pull from /ocpi/versions with this token; it is not shown again.", err=True)


@partner.command("list")
def list_partners() -> None:
    """Show all partners."""
    found = _partners(load(CommonSettings).tenant)
    table = Table("partner", "name", "role", "state", caption=f"{len(found)} partners", caption_justify="left")
    for _, known in sorted(found.items()):
        state = "enabled" if known.enabled else "suspended"
        table.add_row(known.partner_id, Text(known.name), known.role, state)
    Console().print(table)


@partner.command()
def suspend(partner_id: Annotated[str, typer.Argument(help="as listed, e.g. NL-TNM")]) -> None:
    """Refuse a partner's token from now on; `add --new-token` lets it in again."""
    known = _partners(load(CommonSettings).tenant).get(partner_id.upper())
    if known is None:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    publish(replace(known, enabled=False, updated_at=now_ms()))
    typer.echo(f"{known.partner_id} is suspended.", err=True)


def _partners(tenant: str) -> dict[str, Partner]:
    """The tenant's partners by partner id."""
    with reading(Partner) as view:
        return {known.partner_id: known for _, known in view.items() if known.tenant == tenant}
