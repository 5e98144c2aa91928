"""`wattlog partner behind|clients|quirks`: parties behind a hub, its clients, and how partners differ."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.domain.events.common import PartnerRole
from services.domain.events.partner import Partner
from services.domain.events.partnerobject import PartnerObject
from services.domain.hubs import is_hub, quirks_of
from services.domain.units import rfc3339
from services.ocpi import app
from services.ocpi.clients import Clients
from services.ocpi.hub_puller import HubPuller, Means, Pulled
from services.ocpi.inbound.clients import Client, client
from services.ocpi.outbound import registration
from services.ocpi.peer import Peer, Unusable
from services.ocpi.registrar import access_to
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.parties import Party, party_named
from services.ocpi.wire.quirks import CHOICES, changed
from services.ocpi.wire.registrations import REGISTERED
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.egress import Egress
from services.runtime.sealing import CannotUnseal, seal_of
from services.runtime.settings import CommonSettings, load

_SOURCE = "cli"

HubId = Annotated[str, typer.Argument(help="partner id of the hub, e.g. NL-HUB")]


def behind(
    hub_id: HubId,
    party: Annotated[list[str], typer.Argument(help="parties that it may speak for, e.g. NL-TNM DE-ABC")],
    realtime: Annotated[bool, typer.Option("--realtime", help="ask them about tokens that nobody knows")] = False,
) -> None:
    """Let parties in that are behind a hub. Each is a partner of its own, that the hub may speak for from now on.

    What they are (role, name) is what the hub has told of them, if it has; otherwise a provider.
    """
    tenant, known = _known()
    hub = _hub(known, hub_id)
    told = [client(one) for one in clients_of(hub).values() if not one.deleted]
    wanted = [_wanted(text) for text in party]
    for partner_id in ("-".join(one) for one in wanted):
        taken = known.get(partner_id)
        if taken is not None and taken.hub != hub.partner_id:
            fail(f"{partner_id} is a partner already, by another way: one party comes by one way only")
    new = [
        replace(_behind(tenant, hub, one, [other for other in told if other.party == one]), realtime=realtime)
        for one in wanted
    ]
    publish(*(event for one in new for event in (registration.invited(one, _SOURCE), one)))
    typer.echo(f"{', '.join(one.partner_id for one in new)} let in behind {hub.partner_id}.", err=True)


def clients(
    hub_id: HubId,
    pull: Annotated[bool, typer.Option("--pull", help="ask the hub now, instead of what is known")] = False,
) -> None:
    """Show whom a hub is connected to, and who of them has been let in."""
    _, known = _known()
    hub = _hub(known, hub_id)
    if pull:
        done = _pulled(hub)
        typer.echo(f"{done.named} named, {done.changed} changed, {done.unusable} could not be used.", err=True)
    found = sorted(client(one) for one in clients_of(hub).values() if not one.deleted)
    table = Table(
        "party", "role", "status", "since", "let in", caption=f"{len(found)} clients", caption_justify="left"
    )
    for one in found:
        partner = known.get("-".join(one.party))
        let_in = "yes" if partner is not None and partner.hub == hub.partner_id and partner.enabled else ""
        direct = "by itself" if partner is not None and not partner.hub else ""
        table.add_row("-".join(one.party), one.role, one.status, rfc3339(one.last_updated), let_in or direct)
    Console().print(table)


def quirks(
    partner_id: Annotated[str, typer.Argument(help="as listed, e.g. NL-TNM")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="a quirk, e.g. date_to=INCLUSIVE")] = None,
) -> None:
    """Show how a partner differs from the specification, or say that it does."""
    _, known = _known()
    partner = known.get(partner_id.upper())
    if partner is None:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    wanted = dict(one.partition("=")[::2] for one in settings or ())
    try:
        after = changed(quirks_of(partner), wanted)
    except ValueError as error:
        fail(str(error))
    if wanted:
        publish(replace(partner, quirks=after, updated_at=now_ms()))
    table = Table("quirk", "is", "can be")
    for name, choices in CHOICES.items():
        table.add_row(name, getattr(after, name), " ".join(choices))
    Console().print(table)


def clients_of(hub: Partner) -> dict[str, PartnerObject]:
    """What a hub has told of its clients, by key."""
    return _told_clients().of(hub)


def _pulled(hub: Partner) -> Pulled:
    chosen, known = load(OcpiSettings), clients_of(hub)

    async def pull() -> Pulled:
        egress = Egress()
        access = partial(access_to, seal=seal_of(chosen.sealing_key, chosen.common.data_dir))

        async def keep(*states: Any) -> None:
            await asyncio.to_thread(publish, *states)

        try:
            means = Means(access, lambda _: known, lambda: [hub], keep, now_ms)
            return await HubPuller(Peer(egress, app.new_token), means).pull(hub)
        finally:
            await egress.close()

    try:
        return asyncio.run(pull())
    except (Unusable, CannotUnseal) as error:
        fail(f"{hub.partner_id}: {error}")


def _known() -> tuple[str, dict[str, Partner]]:
    """The tenant, and its partners by partner id."""
    tenant = load(CommonSettings).tenant
    with reading(Partner) as view:
        return tenant, {one.partner_id: one for _, one in view.items() if one.tenant == tenant}


def _hub(known: Mapping[str, Partner], hub_id: str) -> Partner:
    hub = known.get(hub_id.upper())
    if hub is None or not is_hub(hub):
        fail(f"{hub_id} is no hub: `wattlog partner invite … --role HUB` it first")
    return hub


def _wanted(text: str) -> Party:
    country, _, party_id = text.partition("-")
    found = party_named(country, party_id)
    if found is None:
        fail(f"{text!r} is no party: write it as NL-TNM")
    return found


def _behind(tenant: str, hub: Partner, party: Party, told: list[Client]) -> Partner:
    names = {(one.country_code, one.party_id): one.name for one in hub.roles}
    now = now_ms()
    listed = [one.role for one in hub.roles if (one.country_code, one.party_id) == party]
    roles = [one.role for one in told] or listed
    return Partner(
        tenant=tenant,
        partner_id="-".join(party),
        name=names.get(party) or "-".join(party),
        country_code=party.country_code,
        party_id=party.party_id,
        role=next(iter(roles), "EMSP"),
        token_hash="",
        updated_at=now,
        registration=REGISTERED,
        roles=tuple(PartnerRole(country_code=party[0], party_id=party[1], role=role) for role in roles),
        registered_at=now,
        hub=hub.partner_id,
    )


def by_way_of(known: Mapping[str, Partner]) -> dict[str, str]:
    """The hubs of parties behind them, and what these say of them, by partner id."""
    there = [one for one in known.values() if one.hub]
    if not there:
        return {}
    found = _told_clients()
    return {
        one.partner_id: f"{one.hub} {found.status(f'{one.tenant}/{one.hub}', _party(one)) or ''}".rstrip()
        for one in there
    }


def _told_clients() -> Clients:
    found = Clients()
    with reading(PartnerObject) as view:
        for key, one in view.items():
            found.changed(key, one)
    return found


def _party(partner: Partner) -> Party:
    return Party(partner.country_code, partner.party_id)
