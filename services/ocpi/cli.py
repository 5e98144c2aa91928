"""`wattlog partner …`: who may connect over OCPI."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.partner import Partner
from services.domain.folding import Event
from services.domain.hubs import reached
from services.domain.providers import ALLOW, REFUSE
from services.ocpi import app, cli_hub, cli_sandbox
from services.ocpi.inbound.authorization import token_hash, well_formed
from services.ocpi.inbound.refusal import Refusal
from services.ocpi.inbound.succession import Succession
from services.ocpi.outbound import registration
from services.ocpi.peer import Unusable
from services.ocpi.push import cli as push
from services.ocpi.registrar import Outside
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.registrations import ENDED, INVITED, REGISTERED
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.egress import Egress
from services.runtime.settings import CommonSettings, load

partner = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Invite, register, list and suspend roaming partners."
)

partner.command()(cli_sandbox.sandbox)
partner.command()(cli_sandbox.log)
partner.command()(cli_sandbox.invoiced)
partner.command()(cli_hub.behind)
partner.command()(cli_hub.clients)
partner.command()(cli_hub.quirks)

_SOURCE = "cli"

partner.command()(push.deliveries)
partner.command()(push.redeliver)


class Role(StrEnum):
    """types: Role."""

    CPO = "CPO"
    EMSP = "EMSP"
    HUB = "HUB"
    NAP = "NAP"
    NSP = "NSP"
    OTHER = "OTHER"
    SCSP = "SCSP"


class Silence(StrEnum):
    """Partner.when_silent."""

    REFUSE = REFUSE
    ALLOW = ALLOW


class Asked(StrEnum):
    """Partner.realtime."""

    ON = "on"
    OFF = "off"


Name = Annotated[str, typer.Argument(help="as it is known, e.g. 'The New Motion'")]
Country = Annotated[str, typer.Option(help="country code of its party, e.g. NL")]
PartyId = Annotated[str, typer.Option("--party", help="its party id, e.g. TNM")]
ItsRole = Annotated[Role, typer.Option(help="its OCPI role")]
NewToken = Annotated[
    bool, typer.Option("--new-token", help="give a partner that is there a new token, and end a suspension")
]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private", help="its endpoints may be plain HTTP and on private addresses")
]
Realtime = Annotated[
    bool, typer.Option("--realtime", help="ask it whether a token may charge that nobody knows here")
]
WhenSilent = Annotated[
    Silence, typer.Option(help="its ALLOWED tokens while it does not answer: refuse, or allow by the list")
]
PartnerId = Annotated[str, typer.Argument(help="as listed, e.g. NL-TNM")]


@partner.command()
def add(
    name: Name,
    country: Country,
    party: PartyId,
    role: ItsRole = Role.EMSP,
    new_token: NewToken = False,
    allow_private: AllowPrivate = False,
    realtime: Realtime = False,
    when_silent: WhenSilent = Silence.REFUSE,
) -> None:
    """Let a partner in without an exchange of credentials: it pulls with the token that this prints.

    The token is kept as a hash only and never shown again.
    """
    added = replace(
        _partner(name, country, party, role, new_token), realtime=realtime, when_silent=when_silent.value
    )
    token = _let_in(replace(added, registration=REGISTERED, allow_private=allow_private))
    typer.echo(token)
    typer.echo(
        f"{added.partner_id} may pull from /ocpi/versions with this token; it is not shown again.", err=True
    )


@partner.command()
def invite(
    name: Name,
    country: Country,
    party: PartyId,
    role: ItsRole = Role.EMSP,
    new_token: NewToken = False,
    allow_private: AllowPrivate = False,
    realtime: Realtime = False,
    when_silent: WhenSilent = Silence.REFUSE,
) -> None:
    """Invite a partner to register: prints the token (A) that it exchanges credentials with, and nothing else."""
    invited = replace(
        _partner(name, country, party, role, new_token), realtime=realtime, when_silent=when_silent.value
    )
    token = _let_in(replace(invited, registration=INVITED, allow_private=allow_private))
    typer.echo(token)
    url = load(OcpiSettings).public_url
    told = f"{invited.partner_id} registers at {url}/ocpi/versions with this token; it is not shown again."
    typer.echo(told, err=True)


@partner.command()
def register(
    partner_id: PartnerId,
    versions_url: Annotated[str, typer.Argument(help="where it lists its versions")],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True, help="the token (A) that it gave us")],
) -> None:
    """Register at a partner that was added or invited here: exchange credentials, with us as the one who asks.

    Our edge has to run, since the partner looks back at it.
    """
    chosen = load(OcpiSettings)
    if not well_formed(token):
        fail("a token has 1 to 64 printable ASCII characters without blanks")
    succession = Succession()
    with reading(Partner, succession.take) as view:
        known = view.get(f"{chosen.common.tenant}/{partner_id.upper()}")
        if known is None:
            fail(f"{partner_id} is not there: `wattlog partner add` it first")
        if known.hub:
            fail(f"{partner_id} is behind {known.hub}, which is registered in its place")
        try:
            after = asyncio.run(_registered(chosen, known, versions_url, token, view.get, succession))
        except (Unusable, Refusal) as error:
            fail(f"{known.partner_id} could not be registered at: {error}")
    modules = ", ".join(sorted({endpoint.module for endpoint in after.endpoints}))
    typer.echo(f"{after.partner_id} is connected by OCPI {after.version}: {modules}", err=True)


async def _registered(
    chosen: OcpiSettings,
    known: Partner,
    url: str,
    token: str,
    look_up: Callable[[str], Partner | None],
    succession: Succession,
) -> Partner:
    async def keep(*events: Event) -> None:
        await asyncio.to_thread(publish, *events)

    published: Callable[..., Awaitable[None]] = keep
    egress = Egress()
    try:
        outside = Outside(published, look_up, succession.winner, now_ms, app.new_token)
        registrar = app.registrar_of(chosen, egress, outside)
        return await registrar.register(known, url, token)
    finally:
        await egress.close()


@partner.command()
def realtime(
    partner_id: PartnerId,
    about: Annotated[Asked, typer.Argument(help="on: it is asked about tokens that nobody knows here")],
    when_silent: Annotated[Silence | None, typer.Option(help="as for invite; left out: as it is")] = None,
) -> None:
    """Change when a partner is asked about tokens, and what holds while it does not answer."""
    known = _partners(load(CommonSettings).tenant).get(partner_id.upper())
    if known is None:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    silence = known.when_silent if when_silent is None else when_silent.value
    after = replace(known, realtime=about is Asked.ON, when_silent=silence, updated_at=now_ms())
    publish(after)
    typer.echo(f"{after.partner_id}: realtime {about.value}, when silent {silence}.", err=True)


@partner.command("list")
def list_partners() -> None:
    """Show all partners."""
    found = _partners(load(CommonSettings).tenant)
    ways = cli_hub.by_way_of(found)
    how = reached({known.key: known for known in found.values()})
    columns = ("partner", "name", "role", "state", "OCPI", *(("behind",) if ways else ()))
    table = Table(*columns, caption=f"{len(found)} partners", caption_justify="left")
    for partner_id, own in sorted(found.items()):
        known = how[own.key]
        row = (partner_id, Text(known.name), known.role, _state(known), known.version)
        table.add_row(*row, *((ways.get(partner_id, ""),) if ways else ()))
    Console().print(table)


@partner.command()
def suspend(partner_id: PartnerId) -> None:
    """Refuse a partner's token from now on; `--new-token` lets it in again."""
    known = _partners(load(CommonSettings).tenant).get(partner_id.upper())
    if known is None:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    after, event = registration.suspended(known, _SOURCE, now_ms())
    publish(event, after)
    typer.echo(f"{known.partner_id} is suspended.", err=True)


def _state(known: Partner) -> str:
    if not known.enabled:
        return "suspended"
    return {INVITED: "invited", ENDED: "ended"}.get(known.registration, "enabled")


def _partner(name: str, country: str, party: str, role: Role, new_token: bool) -> Partner:
    """A partner without a token, if there may be one of this name."""
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        fail(f"{country!r} is no country code: give two letters, e.g. --country NL")
    if not (len(party) == 3 and party.isascii() and party.isalnum()):
        fail(f"{party!r} is no party id: give three letters or digits, e.g. --party TNM")
    partner_id = f"{country}-{party}".upper()
    tenant = load(CommonSettings).tenant
    before = _partners(tenant).get(partner_id)
    if before is not None and not new_token:
        fail(f"{partner_id} is there already: add --new-token to replace its token, or suspend it")
    return Partner(
        tenant=tenant,
        partner_id=partner_id,
        name=name,
        country_code=country.upper(),
        party_id=party.upper(),
        role=role,
        token_hash="",
        enabled=True,
        updated_at=now_ms(),
        quirks=before.quirks if before else None,
    )


def _let_in(known: Partner) -> str:
    """Publish a partner with a new token; the token."""
    token = app.new_token()
    added = replace(known, token_hash=token_hash(token))
    publish(registration.invited(added, _SOURCE), added)
    return token


def _partners(tenant: str) -> dict[str, Partner]:
    """The tenant's partners by partner id."""
    with reading(Partner) as view:
        return {known.partner_id: known for _, known in view.items() if known.tenant == tenant}
