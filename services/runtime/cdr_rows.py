"""Charge detail records read back from the table `cdrs`, by whoever serves them to partners and drivers."""

import base64
from typing import Any

import msgspec

from services.domain.events import cdr as cdr_events
from services.domain.events import common

Row = dict[str, Any]

CDR_COLUMNS = """
    tenant, cdr_id, status, held_reason, session_id, revision, credit, credit_reference_id, country_code, party_id,
    station_id, transaction_id, protocol, evse_id, evse_uid, connector_id, location_id, location_name,
    location_address, location_city, location_postal_code, location_country, location_latitude, location_longitude,
    location_time_zone, id_token, id_token_type, authorization_method, authorization_reference, contract_id,
    toUnixTimestamp64Milli(started_at) AS started_ms,
    toUnixTimestamp64Milli(ended_at) AS ended_ms, duration_s, energy_wh, meter_start_wh, meter_stop_wh, tariff_id,
    currency, energy_price_per_kwh, time_price_per_hour, session_fee, vat_percent, tariff, energy_cost,
    time_cost, session_cost, parking_cost, reservation_cost, total_cost_excl_vat, total_cost_incl_vat,
    stopped_reason, quality_flags, version,
    arrayMap(p -> (toUnixTimestamp64Milli(tupleElement(p, 'started_at')),
        toUnixTimestamp64Milli(tupleElement(p, 'ended_at')),
        tupleElement(p, 'energy_wh')), periods) AS period_list,
    reservation_id, arrayMap(p -> (toUnixTimestamp64Milli(tupleElement(p, 'started_at')),
        toUnixTimestamp64Milli(tupleElement(p, 'ended_at')),
        tupleElement(p, 'energy_wh')), reserved_periods) AS reserved_list,
    arrayMap(m -> (tupleElement(m, 'parking'), tupleElement(m, 'average_power_w')), period_marks) AS mark_list,
    arrayMap(l -> (tupleElement(l, 'kind'), tupleElement(l, 'quantity'), tupleElement(l, 'added'),
        tupleElement(l, 'unit_price'), tupleElement(l, 'vat_percent'), tupleElement(l, 'cost_excl_vat'),
        tupleElement(l, 'cost_incl_vat'), tupleElement(l, 'clock_unproven')), price_lines) AS line_list,
    arrayMap(v -> (base64Encode(tupleElement(v, 'signed_data')), tupleElement(v, 'sha256'),
        tupleElement(v, 'encoding_method'), tupleElement(v, 'signing_method'), tupleElement(v, 'public_key'),
        tupleElement(v, 'context')), signed_meter_values) AS signed_list,
    toUnixTimestamp64Milli(updated_at) AS updated_ms"""
"""What `cdr_of` needs of a row."""


def cdr_of(row: Row) -> cdr_events.Cdr:
    """The record of a row; what the table does not have is as if it were not known."""
    return cdr_events.Cdr(
        tenant=row["tenant"],
        cdr_id=row["cdr_id"],
        status=common.CdrStatus(row["status"]),
        held_reason=row["held_reason"],
        detail=_detail(row),
        version=row["version"],
        updated_at=row["updated_ms"],
    )


_SAME_IN_DETAIL = (
    "tenant", "cdr_id", "session_id", "revision", "credit", "credit_reference_id", "country_code", "party_id",
    "station_id", "transaction_id", "protocol", "evse_id", "evse_uid", "connector_id", "contract_id", "duration_s",
    "energy_wh", "meter_start_wh", "meter_stop_wh", "energy_cost", "time_cost", "session_cost",
    "parking_cost", "reservation_cost",
    "total_cost_excl_vat", "total_cost_incl_vat", "stopped_reason", "reservation_id",
)  # fmt: skip


def _detail(row: Row) -> common.ChargeDetail:
    return common.ChargeDetail(
        **{name: row[name] for name in _SAME_IN_DETAIL},
        location=_location(row),
        id_token=id_token_of(row),
        started_at=row["started_ms"],
        ended_at=row["ended_ms"],
        tariff=_terms(row),
        periods=_periods(row),
        price_lines=tuple(common.PriceLine(**dict(zip(_LINE, line, strict=True))) for line in row["line_list"]),
        signed_meter_values=tuple(_signed(*value) for value in row["signed_list"]),
        quality_flags=tuple(row["quality_flags"]),
        reserved_periods=tuple(
            common.ChargingPeriod(started_at=started_at, ended_at=ended_at, energy_wh=energy_wh)
            for started_at, ended_at, energy_wh in row["reserved_list"]
        ),
    )


_LINE = (
    "kind", "quantity", "added", "unit_price", "vat_percent", "cost_excl_vat", "cost_incl_vat", "clock_unproven",
)  # fmt: skip


def _periods(row: Row) -> tuple[common.ChargingPeriod, ...]:
    """Records from before there were marks have none."""
    marks = row["mark_list"] or [(False, None)] * len(row["period_list"])
    return tuple(
        common.ChargingPeriod(
            started_at=started_at, ended_at=ended_at, energy_wh=energy_wh, parking=parking, average_power_w=power_w
        )
        for (started_at, ended_at, energy_wh), (parking, power_w) in zip(row["period_list"], marks, strict=True)
    )


def id_token_of(row: Row) -> common.IdToken | None:
    """The token of a row that has its columns."""
    if row["id_token"] is None:
        return None
    return common.IdToken(
        value=row["id_token"],
        type=row["id_token_type"] or "Unknown",
        authorization_method=row["authorization_method"] or "",
        authorization_reference=row["authorization_reference"],
    )


def _location(row: Row) -> common.CdrLocation | None:
    if row["location_id"] is None:
        return None
    fields = ("name", "address", "city", "postal_code", "country", "latitude", "longitude", "time_zone")
    return common.CdrLocation(
        location_id=row["location_id"], **{name: row[f"location_{name}"] or "" for name in fields}
    )


def _terms(row: Row) -> common.TariffTerms | None:
    if row["tariff_id"] is None:
        return None
    if row["tariff"] is not None:
        return msgspec.json.decode(row["tariff"], type=common.TariffTerms)
    fields = (
        "tariff_id", "currency", "energy_price_per_kwh", "time_price_per_hour", "session_fee", "vat_percent"
    )  # fmt: skip
    return common.TariffTerms(**{name: row[name] for name in fields})


def _signed(
    encoded: str, sha256: str, encoding_method: str, signing_method: str, public_key: str, context: str
) -> common.SignedMeterValue:
    # Base64 on the way, since the driver would turn bytes that are no UTF-8 into hex.
    return common.SignedMeterValue(
        signed_data=base64.b64decode(encoded),
        sha256=sha256,
        encoding_method=encoding_method,
        signing_method=signing_method,
        public_key=public_key,
        context=context,
    )
