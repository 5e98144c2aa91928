"""`wattlog partner sandbox|log|invoiced`: a test partner for integrators, and records of invoices."""

import asyncio
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.partner import Partner, PartnerExchange
from services.domain.events.partnerobject import PartnerObject
from services.domain.ids import derived_id
from services.domain.units import rfc3339
from services.ocpi import app
from services.ocpi.inbound.authorization import token_hash
from services.ocpi.inbound.objects import ISSUED
from services.ocpi.outbound import exchanges, registration
from services.ocpi.peer import Access
from services.ocpi.settings import OcpiSettings
from services.ocpi.wire.envelope import encoded
from services.ocpi.wire.model import V230
from services.ocpi.wire.reading import Unfit, emit
from services.ocpi.wire.registrations import REGISTERED
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.egress import Answer, Egress, Refused, Unreachable
from services.runtime.sealing import CannotUnseal, seal_of
from services.runtime.settings import CommonSettings, load

_SOURCE = "cli"

PartnerName = Annotated[str, typer.Argument(help="partner id or name, e.g. NL-SBX")]


def sandbox(
    name: Annotated[str, typer.Argument(help="as it is shown")] = "Sandbox",
    country: Annotated[str, typer.Option(help="country code of its party")] = "NL",
    party: Annotated[str, typer.Option("--party", help="its party id")] = "SBX",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="its endpoints may be plain HTTP and on private addresses")
    ] = False,
) -> None:
    """Let a test partner in, with a new token each time; its requests and our answers are logged.

    What it does is as real as of any partner: use it where no real stations are.
    """
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        fail(f"{country!r} is no country code: give two letters, e.g. --country NL")
    if not (len(party) == 3 and party.isascii() and party.isalnum()):
        fail(f"{party!r} is no party id: give three letters or digits, e.g. --party SBX")
    chosen, token = load(OcpiSettings), app.new_token()
    partner_id = f"{country}-{party}".upper()
    with reading(Partner) as view:
        known = view.get(f"{chosen.common.tenant}/{partner_id}")
    if known is not None and not known.sandbox:
        fail(f"{partner_id} is a real partner: choose another --party")
    new = Partner(
        tenant=chosen.common.tenant,
        partner_id=partner_id,
        name=name,
        country_code=country.upper(),
        party_id=party.upper(),
        role="EMSP",
        token_hash=token_hash(token),
        enabled=True,
        updated_at=now_ms(),
        registration=REGISTERED,
        allow_private=allow_private,
        sandbox=True,
    )
    seal = seal_of(chosen.sealing_key, chosen.common.data_dir)
    new = replace(new, sandbox_token=seal.seal(token, _purpose(new)))
    publish(registration.invited(new, _SOURCE), new)
    typer.echo(token)
    typer.echo(
        f"{partner_id} is a sandbox at {chosen.public_url}/ocpi/versions;"
        f" `wattlog partner log {partner_id}` shows what it does.",
        err=True,
    )


def log(
    name: PartnerName,
    limit: Annotated[int, typer.Option(help="how many of the latest are listed")] = 20,
    show: Annotated[str, typer.Option(help="id of an exchange to show whole")] = "",
    replay: Annotated[str, typer.Option(help="id of an exchange whose request is sent again")] = "",
    curl: Annotated[str, typer.Option(help="id of an exchange to print as a curl command")] = "",
    token: Annotated[str, typer.Option(help="for --replay, when the sandbox has exchanged credentials")] = "",
) -> None:
    """Show what a sandbox partner asked and was answered, latest last; send a request again."""
    chosen = load(OcpiSettings)
    partner = _sandbox(name)
    found = _exchanges(partner)
    if show:
        _show(_one(found, show))
    elif curl:
        typer.echo(exchanges.curl(_one(found, curl), chosen.public_url))
    elif replay:
        _replay(chosen, partner, _one(found, replay), token)
    else:
        _list(found[-limit:] if limit > 0 else [], len(found))


def invoiced(
    partner_id: Annotated[str, typer.Argument(help="as listed, e.g. NL-TNM")],
    invoice_id: Annotated[str, typer.Argument(help="number of the invoice that was sent to it")],
    cdr_ids: Annotated[list[str], typer.Argument(help="ids of the records that it invoices")],
) -> None:
    """Tell a partner which charge detail records an invoice is about (OCPI invoice reconciliation).

    The same invoice again takes the place of the record before.
    """
    chosen, now = load(OcpiSettings), now_ms()
    with reading(Partner) as view:
        known = view.get(f"{chosen.common.tenant}/{partner_id.upper()}")
    if known is None:
        fail(f"{partner_id} is not there: `wattlog partner list` shows who is")
    record_id = derived_id("invoice-record", known.tenant, known.partner_id, invoice_id)
    record = {
        "country_code": chosen.operator.country_code,
        "party_id": chosen.operator.party_id,
        "id": record_id,
        "invoice_id": invoice_id,
        "cdrs": cdr_ids,
        "last_updated": rfc3339(now),
    }
    try:
        told = emit(record, "InvoiceReconciliationRecord", V230)
    except Unfit as error:
        fail(str(error))
    publish(
        PartnerObject(
            tenant=known.tenant,
            module=ISSUED,
            partner_id=known.partner_id,
            object_id=record_id,
            ours=True,
            deleted=False,
            object_json=encoded(told).decode(),
            updated_at=now,
        )
    )
    typer.echo(f"{known.partner_id} finds {invoice_id} at invoicereconciliation.", err=True)


def _purpose(partner: Partner) -> str:
    return f"ocpi-sandbox/{partner.key}"


def _sandbox(name: str) -> Partner:
    tenant = load(CommonSettings).tenant
    with reading(Partner) as view:
        mine = [known for _, known in view.items() if known.tenant == tenant]
    alike = [known for known in mine if name.upper() == known.partner_id or name == known.name]
    if len(alike) != 1:
        fail(f"there are {len(alike)} partners called {name}: give a partner id of `wattlog partner list`")
    if not alike[0].sandbox:
        fail(f"{alike[0].partner_id} is no sandbox: of real partners nothing is logged")
    return alike[0]


def _exchanges(partner: Partner) -> list[PartnerExchange]:
    with reading(PartnerExchange) as view:
        mine = [
            one for _, one in view.items() if (one.tenant, one.partner_id) == (partner.tenant, partner.partner_id)
        ]
    return sorted(mine, key=lambda one: (one.received_at, one.exchange_id))


def _one(found: list[PartnerExchange], exchange_id: str) -> PartnerExchange:
    alike = [one for one in found if one.exchange_id.startswith(exchange_id.lower())]
    if len(alike) != 1:
        fail(f"{len(alike)} exchanges have the id {exchange_id}: list them without it")
    return alike[0]


def _list(found: list[PartnerExchange], total: int) -> None:
    caption = f"{len(found)} of {total} exchanges"
    table = Table("id", "at", "request", "HTTP", "OCPI", "ms", caption=caption, caption_justify="left")
    for one in found:
        request = Text(f"{one.method} {one.target}")
        at, status = rfc3339(one.received_at), exchanges.ocpi_status(one)
        table.add_row(one.exchange_id, at, request, str(one.http_status), status, str(one.duration_ms))
    Console().print(table)


def _show(exchange: PartnerExchange) -> None:
    typer.echo(f"{exchange.method} {exchange.target}\n{exchange.request_headers_json}\n{exchange.request_body}")
    typer.echo(f"\nHTTP {exchange.http_status}\n{exchange.response_headers_json}\n{exchange.response_body}")


def _replay(chosen: OcpiSettings, partner: Partner, exchange: PartnerExchange, given_token: str) -> None:
    reason = exchanges.why_not_again(exchange)
    if reason:
        fail(f"{exchange.exchange_id} cannot be sent again: {reason}")
    access = Access(given_token or _token(chosen, partner), False, True)
    sent = exchanges.again(exchange) | {"authorization": access.header}
    try:
        answer = asyncio.run(_asked(chosen.public_url + exchange.target, exchange, sent))
    except (Refused, Unreachable) as error:
        fail(f"{chosen.public_url} gives no answer: {error}")
    typer.echo(f"HTTP {answer.status} (before: {exchange.http_status})", err=True)
    typer.echo(exchanges.body(answer.body)[0])


def _token(chosen: OcpiSettings, partner: Partner) -> str:
    """The token that the sandbox was given, as long as it is good."""
    try:
        token = seal_of(chosen.sealing_key, chosen.common.data_dir).unseal(
            partner.sandbox_token, _purpose(partner)
        )
    except CannotUnseal:
        token = ""
    if token_hash(token) != partner.token_hash:
        fail("the sandbox has a token that is not kept here: give it with --token")
    return token


async def _asked(url: str, exchange: PartnerExchange, headers: dict[str, str]) -> Answer:
    egress = Egress()
    try:
        body = exchange.request_body.encode() or None
        return await egress.request(exchange.method, url, headers, body, allow_private=True)
    finally:
        await egress.close()
