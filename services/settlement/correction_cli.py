"""`wattlog settlement credit` and `correct`: an issued record is never edited, but taken back and replaced."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from services.domain.events.cdr import Cdr, CdrCorrectionRequested
from services.domain.events.common import CdrStatus
from services.domain.events.tariff import Tariff
from services.domain.ids import derived_id
from services.domain.units import WH_PER_KWH
from services.runtime.clock import now_ms
from services.runtime.command_line import fail, publish, reading
from services.runtime.settings import CommonSettings, load

CdrId = Annotated[str, typer.Argument(metavar="CDR", help="id of the charge detail record")]
By = Annotated[str, typer.Option(help="who asks; kept with the credit")]
Reason = Annotated[str, typer.Option(help="why, in words; partners see it")]


def _kwh(text: str) -> Decimal:
    try:
        energy_wh = Decimal(text) * WH_PER_KWH
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is no number like 9.75") from None
    if not energy_wh.is_finite() or energy_wh < 0 or energy_wh != round(energy_wh, 4):
        raise typer.BadParameter(f"{text!r} is no energy in kWh with at most 7 decimals")
    return energy_wh


def credit(cdr_id: CdrId, by: By, reason: Reason) -> None:
    """Take an issued record back, with none in its place: the session is never billed again."""
    _ask(cdr_id, by, reason, replace=False)
    typer.echo(f"{cdr_id} is credited.")


def correct(
    cdr_id: CdrId,
    by: By,
    reason: Reason,
    energy: Annotated[
        Decimal | None, typer.Option("--kwh", parser=_kwh, help="the energy to bill, exact; default: the same")
    ] = None,
    tariff: Annotated[str, typer.Option(help="the tariff to bill by; default: the same terms")] = "",
) -> None:
    """Take an issued record back, and issue another one with other energy or by another tariff."""
    if energy is None and not tariff:
        fail("say what is to be other, --kwh or --tariff; only to take it back, use `wattlog settlement credit`")
    _ask(cdr_id, by, reason, replace=True, energy_wh=energy, tariff_id=tariff or None)
    typer.echo(f"{cdr_id} is credited and replaced; `wattlog settlement list` shows both.")


def _ask(
    cdr_id: str,
    by: str,
    reason: str,
    *,
    replace: bool,
    energy_wh: Decimal | None = None,
    tariff_id: str | None = None,
) -> None:
    tenant, now = load(CommonSettings).tenant, now_ms()
    what = f"{energy_wh} {tariff_id}"
    with reading(Cdr) as view:
        record = view.get(f"{tenant}/{cdr_id}")
    if record is None:
        fail(f"there is no charge detail record {cdr_id}")
    if record.status is not CdrStatus.ISSUED or record.detail.credit:
        stands = "a credit" if record.detail.credit else record.status.value
        fail(f"{cdr_id} is {stands}: only what is issued is corrected")
    if tariff_id is not None:
        with reading(Tariff) as tariffs:
            if tariffs.get(f"{tenant}/{tariff_id}") is None:
                fail(f"there is no tariff {tariff_id}: `wattlog tariff list` shows all")
    publish(
        CdrCorrectionRequested(
            event_id=derived_id("CdrCorrectionRequested", tenant, cdr_id, by, reason, what, now),
            tenant=tenant,
            session_id=record.detail.session_id,
            cdr_id=cdr_id,
            replace=replace,
            energy_wh=energy_wh,
            tariff_id=tariff_id,
            reason=reason,
            requested_by=by,
            requested_at=now,
        )
    )
