"""The columns of what CPOs that roam with us have told us; migrations/0007_roaming.sql says what they mean."""

import pyarrow.lib as pa

_MOMENT = pa.timestamp("ms", tz="UTC")
_ENERGY = pa.decimal128(20, 4)
_MONEY = pa.decimal128(22, 6)
_TEXTS = pa.list_(pa.string())
_ROAMING = {
    "tenant": pa.string(),
    "partner_id": pa.string(),
    "object_id": pa.string(),
    "country_code": pa.string(),
    "party_id": pa.string(),
}
_RECEIVED = {
    "version": pa.string(),
    "object_json": pa.string(),
    "received_json": pa.string(),
    "received_sha256": pa.string(),
    "findings": _TEXTS,
    "last_updated": _MOMENT,
    "received_at": _MOMENT,
}
_ROAMING_SIGNED = pa.list_(
    pa.struct([(name, pa.string()) for name in ("nature", "signed_data", "sha256", "decoded_sha256")])
)

ROAMING_TABLES: dict[str, pa.Schema] = {
    "roaming_locations": pa.schema(
        _ROAMING
        | {
            "module": pa.string(),
            "name": pa.string(),
            "address": pa.string(),
            "city": pa.string(),
            "country": pa.string(),
            "evses": pa.int32(),
            "available": pa.int32(),
            "deleted": pa.bool_(),
        }
        | _RECEIVED
    ),
    "roaming_sessions": pa.schema(
        _ROAMING
        | {
            "session_id": pa.string(),
            "status": pa.string(),
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "energy_wh": _ENERGY,
            "contract_id": pa.string(),
            "token_uid": pa.string(),
            "location_id": pa.string(),
            "evse_uid": pa.string(),
            "connector_id": pa.string(),
            "currency": pa.string(),
            "authorization_reference": pa.string(),
            "total_cost_excl_vat": _MONEY,
            "total_cost_incl_vat": _MONEY,
        }
        | _RECEIVED
    ),
    "roaming_cdrs": pa.schema(
        _ROAMING
        | {
            "cdr_id": pa.string(),
            "session_id": pa.string(),
            "credit": pa.bool_(),
            "credit_reference_id": pa.string(),
            "started_at": _MOMENT,
            "ended_at": _MOMENT,
            "contract_id": pa.string(),
            "token_uid": pa.string(),
            "location_id": pa.string(),
            "evse_uid": pa.string(),
            "evse_id": pa.string(),
            "energy_wh": _ENERGY,
            "currency": pa.string(),
            "total_cost_excl_vat": _MONEY,
            "total_cost_incl_vat": _MONEY,
            "priced_excl_vat": _MONEY,
            "priced_incl_vat": _MONEY,
            "signed_values": _ROAMING_SIGNED,
            "encoding_method": pa.string(),
            "public_key": pa.string(),
            "evidence": pa.string(),
            "check_findings": _TEXTS,
        }
        | _RECEIVED
    ),
}
"""Schema of each table, without the columns that ClickHouse fills itself."""
