"""`wattlog operator …`: who may use the operations API."""

import secrets
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from services.console.inbound.keys import Role, is_operator_id, key_hash, key_of
from services.console.settings import ConsoleSettings
from services.domain.events.operator import Operator
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load

operator = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, list and revoke operators.")

_KEY_BYTES: Final = 32


@operator.command()
def add(
    operator_id: Annotated[str, typer.Argument(metavar="NAME", help="e.g. control-room")],
    role: Annotated[
        Role, typer.Option(help="read: look at everything; operate: also tell stations what to do")
    ] = (Role.OPERATE),
    new_key: Annotated[
        bool, typer.Option("--new-key", help="give an operator that is there a new key (and this role)")
    ] = False,
) -> None:
    """Let somebody in. Prints the API key, which is kept as a hash only and never shown again."""
    if not is_operator_id(operator_id):
        fail(f"{operator_id!r} is no operator name: give 1 to 64 lower-case letters, digits or ._-")
    tenant = load(CommonSettings).tenant
    if operator_id in _operators(tenant) and not new_key:
        fail(f"{operator_id} is there already: add --new-key to replace its key, or revoke it")
    key = key_of(secrets.token_urlsafe(_KEY_BYTES))
    publish(
        Operator(
            tenant=tenant,
            operator_id=operator_id,
            role=role,
            key_hash=key_hash(key),
            enabled=True,
            updated_at=now_ms(),
        )
    )
    typer.echo(key)
    url = load(ConsoleSettings).public_url
    typer.echo(f"{operator_id} ({role}) may use {url} with this key; it is not shown again.", err=True)


@operator.command("list")
def list_operators() -> None:
    """Show all operators."""
    found = _operators(load(CommonSettings).tenant)
    caption = f"{len(found)} operator{'' if len(found) == 1 else 's'}"
    table = Table("operator", "role", "state", caption=caption, caption_justify="left")
    for _, known in sorted(found.items()):
        table.add_row(known.operator_id, known.role, "enabled" if known.enabled else "revoked")
    Console().print(table)


@operator.command()
def revoke(operator_id: Annotated[str, typer.Argument(metavar="NAME", help="as listed")]) -> None:
    """Refuse an operator's key from now on; `add --new-key` lets it in again."""
    known = _operators(load(CommonSettings).tenant).get(operator_id)
    if known is None:
        fail(f"{operator_id} is not there: `wattlog operator list` shows who is")
    publish(replace(known, enabled=False, updated_at=now_ms()))
    typer.echo(f"{operator_id} is revoked.", err=True)


def _operators(tenant: str) -> dict[str, Operator]:
    """The tenant's operators by name."""
    with reading(Operator) as view:
        return {known.operator_id: known for _, known in view.items() if known.tenant == tenant}
