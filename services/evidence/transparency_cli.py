"""What drivers and authorities get of a record: `wattlog evidence link`, `transparency` (XML), `bundle` (ZIP)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from services.domain import proof_link
from services.domain.events.cdr import Cdr
from services.domain.events.common import ChargeDetail, MeterKeyVersion
from services.domain.events.meterkey import MeterKeys
from services.domain.events.settlement import CdrChained
from services.domain.signed_meter.findings import NotReadable
from services.evidence.meter_keys.versions import in_force
from services.evidence.page.settings import PageSettings
from services.evidence.proof_bundle import bundle
from services.evidence.transparency import document
from services.runtime.command_line import fail, reaching_kafka, reading
from services.runtime.registry import codec_of
from services.runtime.settings import CommonSettings, KafkaSettings, load
from services.runtime.tail import Tail

_READ_S: Final = 600.0
_LOOK_S: Final = 0.05


def transparency(
    cdr_id: Annotated[str, typer.Argument(metavar="CDR", help="id of the charge detail record")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="file to write; otherwise it is shown")
    ] = None,
    key: Annotated[str, typer.Option(help="the meter's public key; otherwise the register's")] = "",
) -> None:
    """Write the signed values of a charge detail record as the transparency software of SAFE opens them.

    What it or Chargy may not open is told on standard error.
    """
    detail = _detail(cdr_id)
    try:
        export = document(detail, [key] if key else [one.public_key for one in _keys(detail)])
    except NotReadable as error:
        fail(f"{cdr_id}: {error.message}.")
    for warning in (*export.warnings, *export.chargy):
        typer.echo(f"{cdr_id}: {warning}", err=True)
    if output is None:
        typer.echo(export.xml.decode(), nl=False)
        return
    try:
        output.write_bytes(export.xml)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}")


def proof(
    cdr_id: Annotated[str, typer.Argument(metavar="CDR", help="id of the charge detail record")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="file to write; default: CDR.zip")] = None,
) -> None:
    """Write all that proves a charge detail record: values as signed, keys, verdict, link of the hash chain."""
    detail = _detail(cdr_id)
    link = reaching_kafka(lambda: asyncio.run(_link(detail)))
    if link is None:
        typer.echo(f"{cdr_id}: it is on no hash chain; is `wattlog settlement` running?", err=True)
    written = output or Path(f"{cdr_id}.zip")
    try:
        written.write_bytes(bundle(detail, _keys(detail), link))
    except OSError as error:
        fail(f"{written} cannot be written: {error.strerror}")
    typer.echo(f"{written} has {len(detail.signed_meter_values)} signed values and what they prove.")


def link(
    cdr_id: Annotated[str, typer.Argument(metavar="CDR", help="id of the charge detail record")],
) -> None:
    """Show the link to a charge detail record's page for its driver: to be printed on the invoice."""
    detail, page = _detail(cdr_id), load(PageSettings).public_url
    found = proof_link.link(page, detail.tenant, detail.cdr_id, detail.signed_meter_values)
    if not found:
        fail(f"{cdr_id} has no signed values: there is nothing to show.")
    typer.echo(found)


async def _link(detail: ChargeDetail) -> CdrChained | None:
    """The link of a record in the hash chain; None when it has none."""
    found: list[CdrChained] = []

    def take(events: Sequence[Any]) -> None:
        found.extend(link for link in events if (link.tenant, link.cdr_id) == (detail.tenant, detail.cdr_id))

    tail = Tail(load(KafkaSettings), codec_of(load(CommonSettings)), (CdrChained.TOPIC,), take)
    tail.start()
    try:
        async with asyncio.timeout(_READ_S):
            while not (tail.caught_up or found):
                await asyncio.sleep(_LOOK_S)
    finally:
        tail.stop()
    return found[0] if found else None


def _detail(cdr_id: str) -> ChargeDetail:
    with reading(Cdr) as view:
        found = view.get(f"{load(CommonSettings).tenant}/{cdr_id}")
    if found is None:
        fail(f"there is no charge detail record {cdr_id}")
    return found.detail


def _keys(detail: ChargeDetail) -> list[MeterKeyVersion]:
    """The keys of the metering point that were valid while it charged, the approved one first."""
    with reading(MeterKeys) as view:
        point = view.get(f"{detail.tenant}/{detail.station_id}/{detail.evse_id}")
    versions = point.versions if point else ()
    return in_force(versions, detail.started_at, detail.ended_at)
