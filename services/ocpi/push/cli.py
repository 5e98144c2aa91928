"""`wattlog partner deliveries` and `redeliver`: how telling a partner goes, and its dead letters once more."""

from typing import Annotated

import typer

from services.domain.events.delivery import PartnerDeliveries
from services.domain.units import Millis, rfc3339
from services.ocpi.push.telling import DEAD_LETTERS, letters_of
from services.runtime import topics
from services.runtime.codec import Codec
from services.runtime.command_line import fail, reaching_kafka, reading
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.streaming.replay import replay

PartnerId = Annotated[str, typer.Argument(help="as listed, e.g. NL-TNM")]


def deliveries(partner_id: PartnerId) -> None:
    """Show how telling a partner what changed goes: its state, what waits, the last error."""
    known = _known(partner_id)
    for line in told(known):
        typer.echo(line)


def redeliver(
    partner_id: PartnerId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="send nothing, only count")] = False,
) -> None:
    """Queue again what a partner has refused, each once: when the cause is mended."""
    known = _known(partner_id)
    kafka = load(KafkaSettings)
    reaching_kafka(lambda: topics.create_topics(kafka, [DEAD_LETTERS]))
    letters = letters_of(known.tenant, known.partner_id)
    done = reaching_kafka(lambda: replay(kafka, Codec(), DEAD_LETTERS, error_class=letters, dry_run=dry_run))
    verb = "would be queued" if dry_run else "queued"
    typer.echo(f"{done.sent} refused by {known.partner_id} {verb} again; {done.already_sent} were before.")


def _known(partner_id: str) -> PartnerDeliveries:
    with reading(PartnerDeliveries) as view:
        known = view.get(f"{load(CommonSettings).tenant}/{partner_id.upper()}")
    if known is None:
        fail(f"nothing was told to {partner_id} yet: `wattlog partner list` shows whether it is connected")
    return known


_STATES = {
    "CLOSED": "told what changes",
    "HALF_OPEN": "tried again after failures",
    "OPEN": "left alone after failures",
}


def told(known: PartnerDeliveries) -> list[str]:
    """The state in lines."""
    until = f" until {_at(known.retry_at)}" if known.retry_at is not None else ""
    return [
        f"{known.partner_id}: {_STATES.get(known.circuit, known.circuit)}{until} (as of {_at(known.updated_at)})",
        f"  waiting         {known.live} live, {known.backlog} behind them",
        f"  oldest          {_at(known.oldest_at)}",
        f"  last delivered  {_at(known.delivered_at)}",
        f"  last failure    {_at(known.failed_at)}{'  ' + known.last_error if known.last_error else ''}",
        f"  last compared   {_at(known.resynced_at)}{'  (due again)' if known.resync_due else ''}",
    ]


def _at(moment: Millis | None) -> str:
    return "-" if moment is None else rfc3339(moment)
