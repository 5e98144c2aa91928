"""Charge detail records for partners (mod_cdrs: CDR)."""

from collections.abc import Iterator
from decimal import Decimal

from services.domain.charge_records import never_charged
from services.domain.events.cdr import Cdr
from services.domain.events.common import ChargeDetail, ChargingPeriod, TariffTerms
from services.domain.events.station import Station
from services.domain.tariff.costing import ADJUSTMENT
from services.domain.units import Millis, rfc3339
from services.ocpi.outbound.places import cdr_location
from services.ocpi.outbound.signed_data import signed_data
from services.ocpi.outbound.tariffs import tariff
from services.ocpi.outbound.tokens import auth_method, authorization_reference, cdr_token
from services.ocpi.wire import v230
from services.ocpi.wire.numbers import hours, hours_of_ms, kwh, number
from services.ocpi.wire.parties import Party
from services.ocpi.wire.strings import ci_text

NOT_PRICED = "Not priced: the station had no tariff."
_REMARK_CHARS = 255
_ZERO = Decimal(0)


def cdr(
    state: Cdr,
    station: Station | None,
    currency: str,
    url: str,
    warnings: list[str],
    *,
    carries_signed_data: bool = True,
    driver_url: str = "",
) -> v230.Cdr:
    """A record as it was issued, complete.

    `currency` is named when nothing was priced. `url` is where the signed records can be fetched whole; it is all
    that is told of them in a version that cannot carry them (2.1.1). `driver_url` is the page on which drivers
    check them, if there is one. What was lost on the way is added to `warnings`.
    """
    detail = state.detail
    terms = detail.tariff
    signed = signed_data(detail, url, warnings, driver_url) if carries_signed_data else None
    if detail.signed_meter_values and not carries_signed_data:
        warnings.append("signed_data: this version has none, the URL is in the remark")
    return v230.Cdr(
        country_code=detail.country_code,
        party_id=detail.party_id,
        id=ci_text(detail.cdr_id, 39, "id", warnings),
        start_date_time=rfc3339(min([detail.started_at, *(one.started_at for one in detail.reserved_periods)])),
        end_date_time=rfc3339(detail.ended_at),
        session_id=_session_id(detail, warnings),
        cdr_token=cdr_token(detail.id_token, detail.contract_id or "", warnings),
        auth_method=auth_method(detail.id_token),
        authorization_reference=authorization_reference(detail.id_token, warnings),
        cdr_location=cdr_location(detail, station, warnings),
        currency=terms.currency if terms else currency,
        tariffs=(_tariff(detail, terms),) if terms else (),
        charging_periods=tuple(_periods(detail)),
        signed_data=signed,
        total_cost=_total_cost(detail),
        total_fixed_cost=_part(detail.session_cost, detail),
        total_energy=kwh(detail.energy_wh),
        total_energy_cost=_part(detail.energy_cost, detail),
        total_time=hours(detail.duration_s),
        total_time_cost=_part(detail.time_cost, detail),
        total_parking_time=_parking_time(detail),
        total_parking_cost=_part(detail.parking_cost, detail),
        total_reservation_cost=_part(detail.reservation_cost, detail),
        remark=_remark(detail, url, signed),
        credit=True if detail.credit else None,
        credit_reference_id=detail.credit_reference_id,
        last_updated=rfc3339(state.updated_at),
    )


def _session_id(detail: ChargeDetail, warnings: list[str]) -> str | None:
    """None for a reservation that never became a session (mod_cdrs: CDR, session_id)."""
    return None if never_charged(detail) else ci_text(detail.session_id, 36, "session_id", warnings)


def _total_cost(detail: ChargeDetail) -> v230.Price:
    """What is due. Of a credit record this alone is negative (mod_cdrs: Credit CDRs)."""
    before = _taken_back(detail.total_cost_excl_vat or _ZERO, detail)
    if detail.total_cost_incl_vat is None:
        return v230.Price(before_taxes=number(before))
    tax = _taken_back(detail.total_cost_incl_vat, detail) - before
    vat = v230.TaxAmount(name="VAT", percentage=_percentage(detail), amount=number(tax))
    return v230.Price(before_taxes=number(before), taxes=(vat,))


def _percentage(detail: ChargeDetail) -> Decimal | None:
    """The rate of VAT, where there is one for all."""
    if detail.tariff is None or detail.tariff.elements:
        rates = {line.vat_percent for line in detail.price_lines if line.kind != ADJUSTMENT}
        only = rates.pop() if len(rates) == 1 else None
    else:
        only = detail.tariff.vat_percent
    return None if only is None else number(only)


def _parking_time(detail: ChargeDetail) -> Decimal | None:
    parked_ms = sum(max(0, one.ended_at - one.started_at) for one in detail.periods if one.parking)
    return hours_of_ms(parked_ms) if parked_ms else None


def _taken_back(cost: Decimal, detail: ChargeDetail) -> Decimal:
    return -abs(cost) if detail.credit else cost


def _part(cost: Decimal | None, detail: ChargeDetail) -> v230.Price | None:
    """A part of the total, before taxes; in a credit record as in the one that it takes back."""
    if cost is None:
        return None
    return v230.Price(before_taxes=number(abs(cost) if detail.credit else cost))


def _remark(detail: ChargeDetail, url: str, signed: v230.SignedData | None) -> str | None:
    """What has no field of its own."""
    notes = [] if detail.tariff else [NOT_PRICED]
    if detail.signed_meter_values and signed is None:
        notes.append(f"Signed meter records: {url}")
    remark = " ".join(notes)
    return remark if 0 < len(remark) <= _REMARK_CHARS else None


def _tariff(detail: ChargeDetail, terms: TariffTerms) -> v230.Tariff:
    """Terms never change under one id, so `last_updated` may be any moment before the session; it is its start."""
    since = detail.started_at if terms.price_from is None else min(terms.price_from, detail.started_at)
    return tariff(terms, Party(detail.country_code, detail.party_id), since)


def _periods(detail: ChargeDetail) -> Iterator[v230.ChargingPeriod]:
    """Periods without gaps from the start of the session, or of its reservation, to its end, at least one.

    Times come from the station and may stand on their head; no period is shorter than nothing. A reservation that
    expired has no others.
    """
    for period in detail.reserved_periods:
        volume = hours_of_ms(max(0, period.ended_at - period.started_at))
        yield v230.ChargingPeriod(
            start_date_time=rfc3339(period.started_at),
            dimensions=(v230.CdrDimension(type="RESERVATION_TIME", volume=volume),),
            tariff_id=_tariff_id(detail),
        )
    if never_charged(detail):
        return
    known = detail.periods or (
        ChargingPeriod(started_at=detail.started_at, ended_at=detail.ended_at, energy_wh=detail.energy_wh),
    )
    if known[0].started_at > detail.started_at:
        idle = ChargingPeriod(started_at=detail.started_at, ended_at=known[0].started_at, energy_wh=_ZERO)
        known = (idle, *known)
    ends = (*(period.started_at for period in known[1:]), detail.ended_at)
    for period, ended_at in zip(known, ends, strict=True):
        yield v230.ChargingPeriod(
            start_date_time=rfc3339(period.started_at),
            dimensions=tuple(_dimensions(period, max(0, ended_at - period.started_at), period is known[0])),
            tariff_id=_tariff_id(detail),
        )


def _tariff_id(detail: ChargeDetail) -> str | None:
    return detail.tariff.tariff_id[:36] if detail.tariff else None


def _dimensions(period: ChargingPeriod, lasts_ms: Millis, first: bool) -> Iterator[v230.CdrDimension]:
    """As it was priced: after the first, a period without energy tells none."""
    if period.energy_wh or first:
        yield v230.CdrDimension(type="ENERGY", volume=kwh(period.energy_wh))
    kind = "PARKING_TIME" if period.parking else "TIME"
    yield v230.CdrDimension(type=kind, volume=hours_of_ms(lasts_ms))
    if period.average_power_w is not None:
        power_kw = kwh(period.average_power_w)
        yield v230.CdrDimension(type="MIN_POWER", volume=power_kw)
        yield v230.CdrDimension(type="MAX_POWER", volume=power_kw)
