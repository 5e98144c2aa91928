"""The columns that the sink fills, as Arrow types; migrations/0001_tables.sql says what they mean.

Scales are those of the Avro schemas, so that no digit is lost on the way: energy has 4 places, money 6.
"""

import pyarrow.lib as pa

from services.analytics import cdr_pages, deliveries
from services.analytics.roaming_tables import ROAMING_TABLES

_MOMENT = pa.timestamp("ms", tz="UTC")
_ENERGY = pa.decimal128(20, 4)
_MONEY = pa.decimal128(22, 6)
_TEXTS = pa.list_(pa.string())
_PERIODS = pa.list_(pa.struct([("started_at", _MOMENT), ("ended_at", _MOMENT), ("energy_wh", _ENERGY)]))
_MARKS = pa.list_(pa.struct([("parking", pa.bool_()), ("average_power_w", _ENERGY)]))
_LINES = pa.list_(
    pa.struct(
        [
            ("kind", pa.string()),
            ("quantity", _MONEY),
            ("added", _MONEY),
            ("unit_price", _MONEY),
            ("vat_percent", pa.decimal128(9, 4)),
            ("cost_excl_vat", _MONEY),
            ("cost_incl_vat", _MONEY),
            ("clock_unproven", pa.bool_()),
        ]
    )
)
_SIGNED = pa.list_(
    pa.struct(
        [
            ("signed_data", pa.binary()),
            ("sha256", pa.string()),
            ("encoding_method", pa.string()),
            ("signing_method", pa.string()),
            ("public_key", pa.string()),
            ("context", pa.string()),
        ]
    )
)

READING_PLACES = 9
"""Decimal places of meter_readings.value."""
READING_DIGITS = 38
"""All digits of meter_readings.value."""

TABLES: dict[str, pa.Schema] = {
    **ROAMING_TABLES,
    "deliveries": deliveries.TABLE,
    cdr_pages.TABLE: cdr_pages.COLUMNS,
    "signed_records": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "evse_id": pa.int32(),
            "transaction_id": pa.string(),
            "session_id": pa.string(),
            "sha256": pa.string(),
            "signature_no": pa.int32(),
            "context": pa.string(),
            "format": pa.string(),
            "signature": pa.string(),
            "findings": _TEXTS,
            "key_id": pa.string(),
            "meter_serial": pa.string(),
            "gateway_serial": pa.string(),
            "pagination": pa.string(),
            "register_kwh": pa.string(),
            "verifier": pa.string(),
            "event_id": pa.string(),
            "sampled_at": _MOMENT,
            "recorded_at": _MOMENT,
        }
    ),
    "verdicts": pa.schema(
        {
            "tenant": pa.string(),
            "session_id": pa.string(),
            "session_revision": pa.int32(),
            "station_id": pa.string(),
            "evse_id": pa.int32(),
            "outcome": pa.string(),
            "findings": _TEXTS,
            "messages": _TEXTS,
            "energy_kwh": pa.string(),
            "time_billable": pa.bool_(),
            "records": _TEXTS,
            "key_id": pa.string(),
            "keys_version": pa.int64(),
            "verifier": pa.string(),
            "event_id": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
    "meter_keys": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "evse_id": pa.int32(),
            "key_id": pa.string(),
            "public_key": pa.string(),
            "meter_serial": pa.string(),
            "curve": pa.string(),
            "format": pa.string(),
            "status": pa.string(),
            "source": pa.string(),
            "first_seen_at": _MOMENT,
            "shown_at": _MOMENT,
            "valid_from": _MOMENT,
            "valid_to": _MOMENT,
            "calibration_expires_at": _MOMENT,
            "approved_by": _TEXTS,
            "revoked_by": pa.string(),
            "reason": pa.string(),
            "billing_stopped": pa.bool_(),
            "version": pa.int64(),
            "updated_at": _MOMENT,
        }
    ),
    "cdr_chain": pa.schema(
        {
            "tenant": pa.string(),
            "cdr_id": pa.string(),
            "height": pa.int64(),
            "record_sha256": pa.string(),
            "previous_sha256": pa.string(),
            "link_sha256": pa.string(),
            "event_id": pa.string(),
        }
    ),
    "settlements": pa.schema(
        {
            "tenant": pa.string(),
            "cdr_id": pa.string(),
            "session_id": pa.string(),
            "revision": pa.int32(),
            "credit_reference_id": pa.string(),
            "partner_id": pa.string(),
            "agreement_id": pa.string(),
            "status": pa.string(),
            "reason": pa.string(),
            "invoice_reference": pa.string(),
            "station_id": pa.string(),
            "contract_id": pa.string(),
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "energy_wh": _ENERGY,
            "currency": pa.string(),
            "total_cost_excl_vat": _MONEY,
            "total_cost_incl_vat": _MONEY,
            "issued_at": _MOMENT,
            "version": pa.int64(),
            "updated_at": _MOMENT,
        }
    ),
    "meter_readings": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "transaction_id": pa.string(),
            "evse_id": pa.int32(),
            "connector_id": pa.int32(),
            "sampled_at": _MOMENT,
            "measurand": pa.string(),
            "context": pa.string(),
            "phase": pa.string(),
            "location": pa.string(),
            "unit": pa.string(),
            "value": pa.decimal128(READING_DIGITS, READING_PLACES),
            "value_text": pa.string(),
            "multiplier": pa.int32(),
            "offline": pa.bool_(),
            "seq_no": pa.int32(),
            "event_id": pa.string(),
            "sample_no": pa.int32(),
            "protocol": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
    "station_status": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "evse_id": pa.int32(),
            "connector_id": pa.int32(),
            "status": pa.string(),
            "reported_status": pa.string(),
            "error_code": pa.string(),
            "vendor_error_code": pa.string(),
            "info": pa.string(),
            "warnings": _TEXTS,
            "occurred_at": _MOMENT,
            "event_id": pa.string(),
            "protocol": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
    "authorizations": pa.schema(
        {
            "tenant": pa.string(),
            "token_uid": pa.string(),
            "token_type": pa.string(),
            "station_id": pa.string(),
            "occasion": pa.string(),
            "status": pa.string(),
            "reason": pa.string(),
            "contract_id": pa.string(),
            "token_updated_at": _MOMENT,
            "event_id": pa.string(),
            "decided_at": _MOMENT,
            "authorization_method": pa.string(),
            "partner_id": pa.string(),
            "authorization_reference": pa.string(),
            "transaction_id": pa.string(),
            "waited_ms": pa.int64(),
        }
    ),
    "sessions": pa.schema(
        {
            "tenant": pa.string(),
            "session_id": pa.string(),
            "station_id": pa.string(),
            "transaction_id": pa.string(),
            "protocol": pa.string(),
            "status": pa.string(),
            "evse_id": pa.int32(),
            "connector_id": pa.int32(),
            "id_token": pa.string(),
            "id_token_type": pa.string(),
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "meter_start_wh": _ENERGY,
            "energy_register_wh": _ENERGY,
            "energy_wh": _ENERGY,
            "charging_state": pa.string(),
            "stopped_reason": pa.string(),
            "quality_flags": _TEXTS,
            "version": pa.int64(),
            "updated_at": _MOMENT,
            "authorization_method": pa.string(),
            "authorization_reference": pa.string(),
        }
    ),
    "cdrs": pa.schema(
        {
            "tenant": pa.string(),
            "cdr_id": pa.string(),
            "status": pa.string(),
            "held_reason": pa.string(),
            "session_id": pa.string(),
            "revision": pa.int32(),
            "credit": pa.bool_(),
            "credit_reference_id": pa.string(),
            "country_code": pa.string(),
            "party_id": pa.string(),
            "station_id": pa.string(),
            "transaction_id": pa.string(),
            "protocol": pa.string(),
            "evse_id": pa.int32(),
            "evse_uid": pa.string(),
            "connector_id": pa.int32(),
            "location_id": pa.string(),
            "location_name": pa.string(),
            "location_address": pa.string(),
            "location_city": pa.string(),
            "location_postal_code": pa.string(),
            "location_country": pa.string(),
            "location_latitude": pa.string(),
            "location_longitude": pa.string(),
            "location_time_zone": pa.string(),
            "id_token": pa.string(),
            "id_token_type": pa.string(),
            "contract_id": pa.string(),
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "duration_s": pa.int64(),
            "energy_wh": _ENERGY,
            "meter_start_wh": _ENERGY,
            "meter_stop_wh": _ENERGY,
            "tariff_id": pa.string(),
            "currency": pa.string(),
            "energy_price_per_kwh": _MONEY,
            "time_price_per_hour": _MONEY,
            "session_fee": _MONEY,
            "vat_percent": pa.decimal128(9, 4),
            "energy_cost": _MONEY,
            "time_cost": _MONEY,
            "session_cost": _MONEY,
            "total_cost_excl_vat": _MONEY,
            "total_cost_incl_vat": _MONEY,
            "stopped_reason": pa.string(),
            "periods": _PERIODS,
            "signed_meter_values": _SIGNED,
            "quality_flags": _TEXTS,
            "version": pa.int64(),
            "updated_at": _MOMENT,
            "tariff": pa.string(),
            "parking_cost": _MONEY,
            "reservation_cost": _MONEY,
            "price_lines": _LINES,
            "period_marks": _MARKS,
            "reservation_id": pa.int32(),
            "reserved_periods": _PERIODS,
            "authorization_method": pa.string(),
            "authorization_reference": pa.string(),
        }
    ),
    "ocpp_frames": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "protocol": pa.string(),
            "direction": pa.string(),
            "at": _MOMENT,
            "message_type": pa.string(),
            "message_id": pa.string(),
            "action": pa.string(),
            "error_code": pa.string(),
            "frame": pa.string(),
            "edge_id": pa.string(),
            "event_id": pa.string(),
            "frame_no": pa.int32(),
        }
    ),
    "device_variables": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "component": pa.string(),
            "component_instance": pa.string(),
            "evse_id": pa.int32(),
            "connector_id": pa.int32(),
            "variable": pa.string(),
            "variable_instance": pa.string(),
            "attribute": pa.string(),
            "value": pa.string(),
            "mutability": pa.string(),
            "unit": pa.string(),
            "data_type": pa.string(),
            "min_limit": pa.string(),
            "max_limit": pa.string(),
            "values_list": pa.string(),
            "event_id": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
    "monitor_events": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "occurred_at": _MOMENT,
            "component": pa.string(),
            "component_instance": pa.string(),
            "evse_id": pa.int32(),
            "connector_id": pa.int32(),
            "variable": pa.string(),
            "variable_instance": pa.string(),
            "trigger": pa.string(),
            "actual_value": pa.string(),
            "notification_type": pa.string(),
            "cleared": pa.bool_(),
            "severity": pa.int32(),
            "monitor_id": pa.int32(),
            "transaction_id": pa.string(),
            "tech_code": pa.string(),
            "tech_info": pa.string(),
            "event_number": pa.int32(),
            "event_id": pa.string(),
            "event_place": pa.int32(),
            "recorded_at": _MOMENT,
        }
    ),
    "firmware_status": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "work": pa.string(),
            "status": pa.string(),
            "request_id": pa.int32(),
            "event_id": pa.string(),
            "protocol": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
    "security_events": pa.schema(
        {
            "tenant": pa.string(),
            "station_id": pa.string(),
            "type": pa.string(),
            "detail": pa.string(),
            "remote_address": pa.string(),
            "occurred_at": _MOMENT,
            "event_id": pa.string(),
            "recorded_at": _MOMENT,
        }
    ),
}
"""Schema of each table, without the columns that ClickHouse fills itself."""
