"""`wattlog evidence transparency`: the XML in which drivers check a session with the transparency software."""

from pathlib import Path
from typing import Annotated

import typer

from services.domain.events.cdr import Cdr
from services.domain.events.common import ChargeDetail
from services.domain.events.meterkey import MeterKeys
from services.domain.signed_meter.findings import NotReadable
from services.evidence.meter_keys.versions import in_force
from services.evidence.transparency import document
from services.runtime.command_line import fail, reading
from services.runtime.settings import CommonSettings, load


def transparency(
    cdr_id: Annotated[str, typer.Argument(metavar="CDR", help="id of the charge detail record")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="file to write; otherwise it is shown")
    ] = None,
    key: Annotated[str, typer.Option(help="the meter's public key; otherwise the register's")] = "",
) -> None:
    """Write the signed values of a charge detail record as the transparency software of SAFE opens them."""
    detail = _detail(cdr_id)
    try:
        export = document(detail, [key] if key else _keys(detail))
    except NotReadable as error:
        fail(f"{cdr_id}: {error.message}.")
    for warning in export.warnings:
        typer.echo(f"{cdr_id}: {warning}", err=True)
    if output is None:
        typer.echo(export.xml.decode(), nl=False)
        return
    try:
        output.write_bytes(export.xml)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}")


def _detail(cdr_id: str) -> ChargeDetail:
    with reading(Cdr) as view:
        found = view.get(f"{load(CommonSettings).tenant}/{cdr_id}")
    if found is None:
        fail(f"there is no charge detail record {cdr_id}")
    return found.detail


def _keys(detail: ChargeDetail) -> list[str]:
    """The keys of the metering point that were valid while it charged, the approved one first."""
    with reading(MeterKeys) as view:
        point = view.get(f"{detail.tenant}/{detail.station_id}/{detail.evse_id}")
    versions = point.versions if point else ()
    return [one.public_key for one in in_force(versions, detail.started_at, detail.ended_at)]
