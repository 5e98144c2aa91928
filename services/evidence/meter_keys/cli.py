"""`wattlog meter-key …`: the register of public keys of meters."""

import asyncio
import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.domain.events.common import MeterKeySource, MeterKeyStatus, MeterKeyVersion
from services.domain.events.meterkey import MeterKeyAdded, MeterKeyApproved, MeterKeyRevoked, MeterKeys
from services.domain.folding import Event
from services.domain.ids import derived_id
from services.domain.meter_key import identity, key_id
from services.domain.units import Millis, datetime_of, millis_of
from services.evidence.meter_keys.export import FIELDS, rows
from services.evidence.meter_keys.versions import APPROVERS
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load
from services.runtime.view import View

meter_key = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Add, approve, revoke and export public keys of meters."
)

_SHOWN_WITHIN_S: Final = 10.0
_POLL_S: Final = 0.05
_SHORT: Final = 8


class Source(StrEnum):
    """Where an operator has a key from."""

    LABEL = "label"
    BNETZA = "bnetza"


class Format(StrEnum):
    """How keys are exported."""

    CSV = "csv"
    JSON = "json"


StationId = Annotated[str, typer.Argument(metavar="STATION", help="identity, as in the station's connection URL")]
EvseId = Annotated[int, typer.Argument(metavar="EVSE", min=1, help="number of the EVSE (OCPP 1.6: connector)")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="id of the key, or its first characters")]
Operator = Annotated[str, typer.Option(help="who decides this")]


@meter_key.command("list")
def list_keys(
    status: Annotated[str, typer.Option(help="only candidate, approved, superseded or revoked")] = "",
) -> None:
    """Show all keys, candidates first."""
    table = Table(
        "key", "station", "EVSE", "meter", "status", "source", "approved by", "seen", caption_justify="left"
    )
    with reading(MeterKeys) as view:
        found = [(point, one) for point in _points(view) for one in point.versions]
    shown = [(p, one) for p, one in found if not status or one.status.value == status.upper()]
    shown.sort(key=lambda entry: entry[1].status is not MeterKeyStatus.CANDIDATE)
    for point, one in shown:
        stopped = " (billing stopped)" if point.billing_stopped and one.status is MeterKeyStatus.CANDIDATE else ""
        cells = (
            one.key_id[:_SHORT], point.station_id, str(point.evse_id), one.meter_serial or "",
            one.status.value.lower() + stopped, one.source.value.lower().replace("_", " "),
            ", ".join(one.approved_by), _day(one.first_seen_at),
        )  # fmt: skip
        table.add_row(*map(Text, cells))
    table.caption = f"{len(shown)} key{'' if len(shown) == 1 else 's'}"
    Console().print(table)


@meter_key.command()
def show(key: KeyId) -> None:
    """Show all there is about a key."""
    with reading(MeterKeys) as view:
        point, one = _chosen(view, key)
    (told,) = rows(point, [one])
    for name in FIELDS:
        typer.echo(f"{name:24} {told[name]}")


@meter_key.command()
def add(  # noqa: PLR0913  each is an option
    station: StationId,
    evse: EvseId,
    public_key: Annotated[
        str, typer.Argument(metavar="KEY", help="SPKI as hex or base64, PEM, or a point as hex")
    ],
    operator: Operator,
    serial: Annotated[str, typer.Option(help="serial number of the meter")] = "",
    source: Annotated[Source, typer.Option(help="where the key is from")] = Source.LABEL,
    record_format: Annotated[str, typer.Option("--format", help="e.g. OCMF")] = "",
    valid_from: Annotated[str, typer.Option(help="first day, e.g. 2026-12-01; default: since ever")] = "",
    calibrated_until: Annotated[str, typer.Option(help="last day of the calibration, e.g. 2034-12-31")] = "",
) -> None:
    """Enter a meter's key. It proves nothing until two operators have approved it."""
    known = identity(public_key)
    if known is None:
        fail("This is no public key on a curve of signed meter data: give SPKI as hex or base64, PEM, or a point.")
    tenant, now = load(CommonSettings).tenant, now_ms()
    told = station, evse, known.x, serial or None, record_format.upper(), _day_ms(valid_from)
    expires = _day_ms(calibrated_until, after=True)
    event = MeterKeyAdded(
        event_id=derived_id("MeterKeyAdded", tenant, *told, expires, source, operator, now),
        tenant=tenant,
        station_id=station,
        evse_id=evse,
        public_key=public_key,
        meter_serial=serial or None,
        format=record_format.upper(),
        source=MeterKeySource(source.name),
        valid_from=_day_ms(valid_from),
        valid_to=None,
        calibration_expires_at=expires,
        added_by=operator,
        added_at=now,
    )
    one = key_id(tenant, station, evse, known.x)
    _decide(event, f"{tenant}/{station}/{evse}", one)
    typer.echo(f"wattlog meter-key approve {one[:_SHORT]} --operator NAME (by {APPROVERS} operators)")


@meter_key.command()
def approve(key: KeyId, operator: Operator) -> None:
    """Vouch for a key. The second operator puts it in force, and releases what waits for it."""
    with reading(MeterKeys) as view:
        point, one = _chosen(view, key)
    if one.status is not MeterKeyStatus.CANDIDATE:
        fail(f"{one.key_id} is {one.status.value.lower()}: only candidates are approved")
    if operator in one.approved_by:
        fail(f"{operator} has approved {one.key_id} already: another operator has to")
    now = now_ms()
    event = MeterKeyApproved(
        event_id=derived_id("MeterKeyApproved", one.key_id, operator, now),
        tenant=point.tenant,
        station_id=point.station_id,
        evse_id=point.evse_id,
        key_id=one.key_id,
        approved_by=operator,
        approved_at=now,
    )
    _decide(event, point.key, one.key_id)


@meter_key.command()
def revoke(
    key: KeyId, operator: Operator, reason: Annotated[str, typer.Option(help="kept with the decision")]
) -> None:
    """Take a key back, or refuse a candidate: it proves nothing, whenever it was used."""
    with reading(MeterKeys) as view:
        point, one = _chosen(view, key)
    if one.status is MeterKeyStatus.REVOKED:
        fail(f"{one.key_id} is revoked already")
    now = now_ms()
    event = MeterKeyRevoked(
        event_id=derived_id("MeterKeyRevoked", one.key_id, operator, now),
        tenant=point.tenant,
        station_id=point.station_id,
        evse_id=point.evse_id,
        key_id=one.key_id,
        revoked_by=operator,
        reason=reason,
        revoked_at=now,
    )
    _decide(event, point.key, one.key_id)


@meter_key.command()
def export(
    written: Annotated[Format, typer.Option("--format", help="csv or json")] = Format.CSV,
    everything: Annotated[bool, typer.Option("--all", help="also candidates and revoked keys")] = False,
) -> None:
    """Write the register to standard output, as the authority asks for it."""
    with reading(MeterKeys) as view:
        found = [told for point in _points(view) for told in rows(point, point.versions, everything=everything)]
    if written is Format.JSON:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        typer.echo(_csv(found), nl=False)


def _csv(found: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def _points(view: View[MeterKeys]) -> list[MeterKeys]:
    tenant = load(CommonSettings).tenant
    return [point for _, point in sorted(view.items()) if point.tenant == tenant]


def _chosen(view: View[MeterKeys], key: str) -> tuple[MeterKeys, MeterKeyVersion]:
    """The one key whose id begins so."""
    found = [(point, one) for point in _points(view) for one in point.versions if one.key_id.startswith(key)]
    if len(found) != 1:
        many = "no key begins" if not found else f"{len(found)} keys begin"
        fail(f"{many} with {key!r}: `wattlog meter-key list` shows all")
    return found[0]


def _decide(event: Event, point_key: str, key: str) -> None:
    """Publish, wait until the register says so, and tell how the key stands."""
    with reading(MeterKeys) as view:
        before = view.get(point_key)
        version = 0 if before is None else before.version
        publish(event)
        after = asyncio.run(_shown(view, point_key, lambda point: point.version > version))
    if after is None:
        typer.echo("Recorded, but the register does not show it yet: is `wattlog evidence` running?", err=True)
        return
    (one,) = [one for one in after.versions if one.key_id == key]
    waits = (
        f", approved by {len(one.approved_by)} of {APPROVERS}" if one.status is MeterKeyStatus.CANDIDATE else ""
    )
    typer.echo(f"{one.key_id} is {one.status.value.lower()}{waits}.")


async def _shown(view: View[MeterKeys], key: str, there: Callable[[MeterKeys], bool]) -> MeterKeys | None:
    for _ in range(int(_SHOWN_WITHIN_S / _POLL_S)):
        found = view.get(key)
        if found is not None and there(found):
            return found
        await asyncio.sleep(_POLL_S)
    return None


def _day(at: Millis) -> str:
    return f"{datetime_of(at):%Y-%m-%d}"


def _day_ms(text: str, *, after: bool = False) -> Millis | None:
    """The begin of a day, UTC, or of the day after it."""
    if not text:
        return None
    try:
        begin = millis_of(datetime.fromisoformat(text).replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        fail(f"{text!r} is no day: give e.g. 2026-12-31")
    return begin + 86_400_000 if after else begin
