"""Events to table rows: pure functions from one event to the rows that it makes, by table and column name."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

import msgspec

from services.analytics import cdr_pages, deliveries, devices
from services.analytics import evidence as proofs
from services.analytics import roaming as partners
from services.analytics.frames import frame_rows
from services.analytics.moments import maybe_moment, moment
from services.analytics.tables import READING_DIGITS, READING_PLACES
from services.domain.events import (
    authorization,
    cdr,
    common,
    delivery,
    evidence,
    meterkey,
    ocpp,
    roaming,
    roamingcdr,
    roamingsession,
    session,
    settlement,
    station,
    transaction,
)
from services.domain.units import Millis

Row = Mapping[str, Any]
Rows = Mapping[str, list[Row]]
"""Rows by table. A row names every column of the table that ClickHouse does not fill itself."""

Transaction = transaction.TransactionStarted | transaction.TransactionUpdated | transaction.TransactionEnded

_WHITELIST = "WHITELIST"
"""OCPI AuthMethod of decisions that no provider was asked for."""
_REGISTER = "Energy.Active.Import.Register"
_MOST_EXPONENT = 60


def rows_of(event: object) -> Rows:
    """The rows of an event; none for events that no table shows."""
    match event:
        case transaction.TransactionStarted():
            start = _register(event.meter_start_wh, event.started_at, "Transaction.Begin")
            return {"meter_readings": _readings(event, _with_register(event.meter_values, start))}
        case transaction.TransactionUpdated():
            return {"meter_readings": _readings(event, event.meter_values)}
        case transaction.TransactionEnded():
            stop = _register(event.meter_stop_wh, event.ended_at, "Transaction.End")
            return {"meter_readings": _readings(event, _with_register(event.meter_values, stop))}
        case station.ConnectorStatusChanged():
            return {"station_status": [_status(event)]}
        case authorization.AuthorizationDecided():
            return {"authorizations": [_authorization(event)]}
        case session.Session():
            return {"sessions": [_session(event)]}
        case ocpp.FramesLogged():
            return {"ocpp_frames": frame_rows(event)}
    return _of_billing(event)


def _of_billing(event: object) -> Rows:
    match event:
        case cdr.Cdr():
            return _filled({"cdrs": [_cdr(event)], cdr_pages.TABLE: cdr_pages.moved(event)})
        case cdr.CdrIssued():
            return _filled({cdr_pages.TABLE: cdr_pages.issued(event)})
        case cdr.CdrCredited():
            return _filled({cdr_pages.TABLE: cdr_pages.credited(event)})
    return _of_proofs(event)


def _filled(rows: Rows) -> Rows:
    return {table: found for table, found in rows.items() if found}


def _of_proofs(event: object) -> Rows:
    match event:
        case settlement.Settlement():
            return {"settlements": [_settlement(event)]}
        case settlement.CdrChained():
            return {"cdr_chain": [asdict(event)]}
        case evidence.RecordVerified():
            return {"signed_records": [{**proofs.record(event), "sampled_at": moment(event.sampled_at)}]}
        case evidence.SessionVerified():
            return {"verdicts": [proofs.verdict(event)]}
        case meterkey.MeterKeys():
            return {"meter_keys": proofs.keys(event)}
    return _of_roaming(event)


def _of_roaming(event: object) -> Rows:
    match event:
        case roaming.RoamingObject():
            return {"roaming_locations": [_in_times(row) for row in partners.locations(event)]}
        case roamingsession.RoamingSession():
            return {"roaming_sessions": [_in_times(partners.session(event))]}
        case roamingcdr.RoamingCdr():
            return {"roaming_cdrs": [_in_times(partners.cdr(event))]}
        case delivery.DeliveryAttempted():
            return {"deliveries": [deliveries.attempted(event)]}
    return _of_device(event)


def _of_device(event: object) -> Rows:
    match event:
        case station.VariablesReported():
            return {"device_variables": devices.reported(event)}
        case station.CommandAnswered():
            return {"device_variables": devices.answered(event)}
        case station.MonitorEventsReported():
            return {"monitor_events": [_in_time(row) for row in devices.monitors(event)]}
        case station.FirmwareStatusChanged():
            return {"firmware_status": [devices.firmware(event)]}
        case station.SecurityEventRaised():
            return {"security_events": [_in_time(devices.security(event))]}
    return {}


def _register(register_wh: Decimal | None, taken_at: Millis, context: str) -> common.MeterValue | None:
    """meterStart and meterStop of OCPP 1.6 as the meter value that OCPP 2.x would send."""
    if register_wh is None:
        return None
    value = common.SampledValue(value=f"{register_wh.normalize():f}", context=context)
    return common.MeterValue(sampled_at=taken_at, sampled_values=(value,))


def _with_register(
    values: tuple[common.MeterValue, ...], register: common.MeterValue | None
) -> tuple[common.MeterValue, ...]:
    """Add the register unless the station sent it among the values too."""
    if register is None:
        return values
    context = register.sampled_values[0].context
    sent = any(s.measurand == _REGISTER and s.context == context for v in values for s in v.sampled_values)
    return values if sent else (*values, register)


def _readings(event: Transaction, values: Iterable[common.MeterValue]) -> list[Row]:
    rows: list[Row] = []
    for meter_value in values:
        sampled_at = moment(meter_value.sampled_at)
        for sample in meter_value.sampled_values:
            rows.append(
                {
                    "tenant": event.tenant,
                    "station_id": event.station_id,
                    "transaction_id": event.transaction_id,
                    "evse_id": event.evse_id,
                    "connector_id": event.connector_id,
                    "sampled_at": sampled_at,
                    "measurand": sample.measurand,
                    "context": sample.context,
                    "phase": sample.phase,
                    "location": sample.location,
                    "unit": sample.unit,
                    "value": reading(sample.value, sample.multiplier),
                    "value_text": sample.value,
                    "multiplier": sample.multiplier,
                    "offline": event.offline,
                    "seq_no": event.seq_no,
                    "event_id": event.event_id,
                    "sample_no": len(rows),
                    "protocol": event.protocol,
                    "recorded_at": moment(event.recorded_at),
                }
            )
    return rows


def _status(event: station.ConnectorStatusChanged) -> Row:
    return {
        "tenant": event.tenant,
        "station_id": event.station_id,
        "evse_id": event.evse_id,
        "connector_id": event.connector_id,
        "status": event.status,
        "reported_status": event.reported_status,
        "error_code": event.error_code,
        "vendor_error_code": event.vendor_error_code,
        "info": event.info,
        "warnings": event.warnings,
        "occurred_at": moment(event.occurred_at),
        "event_id": event.event_id,
        "protocol": event.protocol,
        "recorded_at": moment(event.recorded_at),
    }


def _authorization(event: authorization.AuthorizationDecided) -> Row:
    return {
        "tenant": event.tenant,
        "token_uid": event.token_uid,
        "token_type": event.token_type,
        "station_id": event.station_id,
        "occasion": event.occasion,
        "status": event.status,
        "reason": event.reason,
        "contract_id": event.contract_id,
        "token_updated_at": maybe_moment(event.token_updated_at),
        "event_id": event.event_id,
        "decided_at": moment(event.decided_at),
        "authorization_method": event.authorization_method or _WHITELIST,
        "partner_id": event.partner_id,
        "authorization_reference": event.authorization_reference,
        "transaction_id": event.transaction_id,
        "waited_ms": event.waited_ms,
    }


def _session(state: session.Session) -> Row:
    return {
        "tenant": state.tenant,
        "session_id": state.session_id,
        "station_id": state.station_id,
        "transaction_id": state.transaction_id,
        "protocol": state.protocol,
        "status": state.status.value,
        "evse_id": state.evse_id,
        "connector_id": state.connector_id,
        **_token(state.id_token),
        "started_at": maybe_moment(state.started_at),
        "ended_at": maybe_moment(state.ended_at),
        "meter_start_wh": state.meter_start_wh,
        "energy_register_wh": state.energy_register_wh,
        "energy_wh": state.energy_wh,
        "charging_state": state.charging_state,
        "stopped_reason": state.stopped_reason,
        "quality_flags": state.quality_flags,
        "version": state.version,
        "updated_at": moment(state.updated_at),
        **_authorized(state.id_token),
    }


def _cdr(state: cdr.Cdr) -> Row:
    detail = state.detail
    return {
        "tenant": state.tenant,
        "cdr_id": state.cdr_id,
        "status": state.status.value,
        "held_reason": state.held_reason,
        "session_id": detail.session_id,
        "revision": detail.revision,
        "credit": detail.credit,
        "credit_reference_id": detail.credit_reference_id,
        "country_code": detail.country_code,
        "party_id": detail.party_id,
        "station_id": detail.station_id,
        "transaction_id": detail.transaction_id,
        "protocol": detail.protocol,
        "evse_id": detail.evse_id,
        "evse_uid": detail.evse_uid,
        "connector_id": detail.connector_id,
        **_location(detail.location),
        **_token(detail.id_token),
        "contract_id": detail.contract_id,
        "started_at": moment(detail.started_at),
        "ended_at": moment(detail.ended_at),
        "duration_s": detail.duration_s,
        "energy_wh": detail.energy_wh,
        "meter_start_wh": detail.meter_start_wh,
        "meter_stop_wh": detail.meter_stop_wh,
        **_tariff(detail.tariff),
        "energy_cost": detail.energy_cost,
        "time_cost": detail.time_cost,
        "session_cost": detail.session_cost,
        "total_cost_excl_vat": detail.total_cost_excl_vat,
        "total_cost_incl_vat": detail.total_cost_incl_vat,
        "stopped_reason": detail.stopped_reason,
        "periods": [_period(period) for period in detail.periods],
        "signed_meter_values": [_signed(value) for value in detail.signed_meter_values],
        "quality_flags": detail.quality_flags,
        "version": state.version,
        "updated_at": moment(state.updated_at),
        "tariff": detail.tariff and msgspec.json.encode(detail.tariff).decode(),
        "parking_cost": detail.parking_cost,
        "reservation_cost": detail.reservation_cost,
        "price_lines": [line.to_record() for line in detail.price_lines],
        "period_marks": [
            {"parking": one.parking, "average_power_w": one.average_power_w} for one in detail.periods
        ],
        "reservation_id": detail.reservation_id,
        "reserved_periods": [_period(period) for period in detail.reserved_periods],
        **_authorized(detail.id_token),
    }


def _settlement(state: settlement.Settlement) -> Row:
    return {
        "tenant": state.tenant,
        "cdr_id": state.cdr_id,
        "session_id": state.session_id,
        "revision": state.revision,
        "credit_reference_id": state.credit_reference_id,
        "partner_id": state.partner_id,
        "agreement_id": state.agreement_id,
        "status": state.status.value,
        "reason": state.reason,
        "invoice_reference": state.invoice_reference,
        "station_id": state.station_id,
        "contract_id": state.contract_id,
        "started_at": moment(state.started_at),
        "ended_at": moment(state.ended_at),
        "energy_wh": state.energy_wh,
        "currency": state.currency,
        "total_cost_excl_vat": state.total_cost_excl_vat,
        "total_cost_incl_vat": state.total_cost_incl_vat,
        "issued_at": moment(state.issued_at),
        "version": state.version,
        "updated_at": moment(state.updated_at),
    }


def _token(token: common.IdToken | None) -> Row:
    return {"id_token": token and token.value, "id_token_type": token and token.type}


def _authorized(token: common.IdToken | None) -> Row:
    return {
        "authorization_method": token and token.authorization_method,
        "authorization_reference": token and token.authorization_reference,
    }


def _location(place: common.CdrLocation | None) -> Row:
    return {
        "location_id": place and place.location_id,
        "location_name": place and place.name,
        "location_address": place and place.address,
        "location_city": place and place.city,
        "location_postal_code": place and place.postal_code,
        "location_country": place and place.country,
        "location_latitude": place and place.latitude,
        "location_longitude": place and place.longitude,
        "location_time_zone": place and place.time_zone,
    }


def _tariff(terms: common.TariffTerms | None) -> Row:
    """Prices are those of simple terms; elements have theirs in the JSON."""
    simple = None if terms is None or terms.elements else terms
    return {
        "tariff_id": terms and terms.tariff_id,
        "currency": terms and terms.currency,
        "energy_price_per_kwh": simple and simple.energy_price_per_kwh,
        "time_price_per_hour": simple and simple.time_price_per_hour,
        "session_fee": simple and simple.session_fee,
        "vat_percent": simple and simple.vat_percent,
    }


def _period(period: common.ChargingPeriod) -> Row:
    return {
        "started_at": moment(period.started_at),
        "ended_at": moment(period.ended_at),
        "energy_wh": period.energy_wh,
    }


def _signed(value: common.SignedMeterValue) -> Row:
    return {
        "signed_data": value.signed_data,
        "sha256": value.sha256,
        "encoding_method": value.encoding_method,
        "signing_method": value.signing_method,
        "public_key": value.public_key,
        "context": value.context,
    }


def _in_time(row: Row) -> Row:
    return {**row, "occurred_at": maybe_moment(row["occurred_at"])}


def _in_times(row: Row) -> Row:
    return {**row, **{name: maybe_moment(row[name]) for name in partners.TIMES if name in row}}


def reading(text: str, multiplier: int) -> Decimal | None:
    """The number times ten to the multiplier, to nine places; None when it is none or does not fit."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if number == 0:
        return Decimal(0)
    if max(abs(multiplier), abs(number.adjusted())) > _MOST_EXPONENT:
        return None
    with localcontext(prec=2 * _MOST_EXPONENT + READING_DIGITS):
        scaled = number.scaleb(multiplier).quantize(Decimal(1).scaleb(-READING_PLACES))
    return scaled if scaled.adjusted() < READING_DIGITS - READING_PLACES else None
