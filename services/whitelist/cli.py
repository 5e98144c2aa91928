"""`wattlog token …`: who may charge."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.token import Token, TokenBlocked, TokenRegistered
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.tokens import ACCEPTED, decide, normalise_uid, token_key
from services.domain.units import Millis, datetime_of, millis_of, parse_rfc3339
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load
from services.runtime.view import View

token = typer.Typer(add_completion=False, no_args_is_help=True, help="Add, block and list tokens.")

SOURCE = "cli"
_SHOWN_WITHIN_S = 5.0
_POLL_S = 0.05
_MAX_ID_TAG_LENGTH = 20
_UID = re.compile(r"[!-~]{1,36}", re.ASCII)


class TokenType(StrEnum):
    """OCPI TokenType."""

    RFID = "RFID"
    APP_USER = "APP_USER"
    AD_HOC_USER = "AD_HOC_USER"
    OTHER = "OTHER"


Uid = Annotated[str, typer.Argument(help="as the reader reads it, e.g. 04A1B2C3D4E5F6")]


@token.command()
def add(
    uid: Uid,
    contract: Annotated[str, typer.Option(help="contract that pays; default: the uid")] = "",
    token_type: Annotated[TokenType, typer.Option("--type", help="OCPI TokenType")] = TokenType.RFID,
    expires: Annotated[str, typer.Option(help="last day (2027-12-31) or moment (2027-12-31T18:00:00Z)")] = "",
    group: Annotated[str, typer.Option(help="group of tokens that may stop each other's sessions")] = "",
    issuer: Annotated[str, typer.Option(help="who gave the token out; default: the tenant")] = "",
) -> None:
    """Let a token charge, or give it new terms; ends a block."""
    known_as, tenant, now = _checked(uid), load(CommonSettings).tenant, now_ms()
    terms = contract or known_as, issuer or tenant, group or None, _expires_at(expires)
    registered = TokenRegistered(
        event_id=derived_id("TokenRegistered", tenant, known_as, now, token_type, *terms),
        tenant=tenant,
        token_uid=known_as,
        token_type=token_type.value,
        contract_id=terms[0],
        issuer=terms[1],
        group_id=terms[2],
        expires_at=terms[3],
        source=SOURCE,
        registered_at=now,
    )
    shown = _publish(registered, tenant, known_as, now)
    if shown is not None:
        decision = decide(shown, now)
        typer.echo(f"{known_as} may charge." if decision.status == ACCEPTED else f"{known_as}: {decision.reason}.")
    if len(known_as) > _MAX_ID_TAG_LENGTH:
        typer.echo("OCPP 1.6 stations cannot send a uid this long.", err=True)


@token.command()
def block(
    uid: Uid,
    reason: Annotated[str, typer.Option(help="kept with every decision that it leads to")],
) -> None:
    """Stop a token from charging; `add` lets it charge again. Sessions that are running go on."""
    known_as, tenant, now = _checked(uid), load(CommonSettings).tenant, now_ms()
    blocked = TokenBlocked(
        event_id=derived_id("TokenBlocked", tenant, known_as, now, reason),
        tenant=tenant,
        token_uid=known_as,
        reason=reason,
        source=SOURCE,
        blocked_at=now,
    )
    if _publish(blocked, tenant, known_as, now) is not None:
        typer.echo(f"{known_as} may no longer charge.")


@token.command("list")
def list_tokens() -> None:
    """Show the whitelist, as the edges see it."""
    tenant, now = load(CommonSettings).tenant, now_ms()
    with reading(Token) as view:
        found = [known for _, known in sorted(view.items()) if known.tenant == tenant]
    table = Table("uid", "type", "contract", "group", "expires", "may charge", caption_justify="left")
    table.caption = f"{len(found)} token{'' if len(found) == 1 else 's'}"
    for known in found:
        decision = decide(known, now)
        expires = "" if known.expires_at is None else f"{datetime_of(known.expires_at):%Y-%m-%d %H:%M}"
        verdict = "yes" if decision.status == ACCEPTED else f"no, {decision.reason}"
        cells = (known.token_uid, known.token_type, known.contract_id, known.group_id or "", expires, verdict)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


def _checked(uid: str) -> str:
    known_as = normalise_uid(uid)
    if not _UID.fullmatch(known_as):
        fail(f"{uid!r} is no token uid: give 1 to 36 letters, digits or signs without spaces")
    return known_as


def _expires_at(text: str) -> Millis | None:
    """The first moment that is too late: after the day, or at the moment that is given."""
    if not text:
        return None
    try:
        if len(text) == len("2027-12-31"):
            return millis_of(datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1))
        return parse_rfc3339(text)
    except (ValueError, OverflowError):
        fail(f"{text!r} is neither a day nor a moment: give e.g. --expires 2027-12-31")


def _publish(event: Event, tenant: str, uid: str, now: Millis) -> Token | None:
    """Publish, and wait until the whitelist says so; None, with a word about it, when it does not yet."""
    with reading(Token) as view:
        publish(event)
        shown = asyncio.run(_shown(view, token_key(tenant, uid), now))
    if shown is None:
        typer.echo(
            f"{uid} is recorded, but the whitelist does not show it yet: is `wattlog whitelist` running?", err=True
        )
    return shown


async def _shown(view: View[Token], key: str, since: Millis) -> Token | None:
    for _ in range(int(_SHOWN_WITHIN_S / _POLL_S)):
        found = view.get(key)
        if found is not None and found.updated_at >= since:
            return found
        await asyncio.sleep(_POLL_S)
    return None
