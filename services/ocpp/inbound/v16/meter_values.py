"""MeterValues of OCPP 1.6 (4.7)."""

from typing import Any, Final

import orjson

from services.domain.events.common import SampledValue, SignedMeterValue
from services.domain.events.transaction import TransactionUpdated
from services.ocpp.inbound.meter_values import (
    DEFAULT_CONTEXT,
    DEFAULT_LOCATION,
    ENERGY_REGISTER,
    default_unit,
    is_plain_number,
    number_text,
    read_all,
    signed_value,
)
from services.ocpp.inbound.reply import Context, Reply, canonical
from services.ocpp.inbound.v16.transaction_id import transaction_id

_CELSIUS_MISSPELT: Final = "Celcius"
"""Errata 2025-04, 2.1: stations were told to keep the misspelling."""


def meter_values(payload: dict[str, Any], context: Context) -> Reply:
    """Readings of a connector, during a transaction if it names one."""
    transaction = transaction_id(payload)
    connector_id = context.whole(payload, "connectorId")
    readings = read_all(payload["meterValue"], read_sample, context)
    event = TransactionUpdated(
        event_id=context.event_id(
            "TransactionUpdated", connector_id, transaction, canonical(payload["meterValue"])
        ),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        transaction_id=transaction,
        evse_id=connector_id,
        connector_id=connector_id,
        occurred_at=readings[0].sampled_at,
        recorded_at=context.now_ms,
        meter_values=readings,
        warnings=tuple(context.warnings),
    )
    return Reply({}, (event,), durable=True)


def read_sample(raw: dict[str, Any], signed: list[SignedMeterValue], context: Context) -> SampledValue | None:
    """SampledValue (7.43); signed data (format SignedData) stands where the number else is."""
    reading_context = raw.get("context", DEFAULT_CONTEXT)
    # A number instead of its text was tolerated by the schema check.
    text = raw["value"] if type(raw["value"]) is str else repr(raw["value"])
    if raw.get("format") == "SignedData":
        signed.append(signed_value(text, reading_context, *_told_with(text)))
        return None
    if not is_plain_number(text):
        usable = number_text(text, context)
        if usable is None:
            return None
        text = usable
    measurand = raw.get("measurand", ENERGY_REGISTER)
    unit = raw.get("unit") or default_unit(measurand)
    return SampledValue(
        value=text,
        measurand=measurand,
        context=reading_context,
        phase=raw.get("phase"),
        location=raw.get("location", DEFAULT_LOCATION),
        unit=unit if unit != _CELSIUS_MISSPELT else "Celsius",
        multiplier=0,
    )


def _told_with(text: str) -> tuple[str, str, str]:
    """Encoding, signing method and public key of a value that is JSON, as in OCA's application note on signed
    meter values; "" for what it does not say. The value itself stays as it is.
    """
    if not text.startswith("{"):
        return "", "", ""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return "", "", ""
    told = [found.get(name, "") for name in ("encodingMethod", "signingMethod", "publicKey")]
    encoding, signing, key = (one if isinstance(one, str) else "" for one in told)
    return encoding, signing, key
