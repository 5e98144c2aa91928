"""Block J, meter values: MeterValues, and the readings that other messages carry."""

import hashlib
import re
from collections.abc import Callable
from decimal import Context as Precision
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.domain.events.common import MeterValue, SampledValue, SignedMeterValue
from services.domain.events.transaction import TransactionUpdated
from services.domain.units import WH_PER_KWH
from services.ocpp.inbound.reply import Context, Reply, canonical

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
DEFAULT_CONTEXT: Final = "Sample.Periodic"
DEFAULT_LOCATION: Final = "Outlet"
BEGIN: Final = "Transaction.Begin"
END: Final = "Transaction.End"

is_plain_number: Final = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,20})?", re.ASCII).fullmatch
"""True (a match) for the text that nearly all readings are."""

_MAX_MAGNITUDE: Final = 16
"""Powers of ten: numbers beyond are no readings, and do not fit the event's decimals (20 digits, 4 of a Wh)."""

_WH_QUANTUM: Final = Decimal("0.0001")
_MAX_DIGITS: Final = 60
_EXACT: Final = Precision(prec=2 * _MAX_DIGITS)
"""Arithmetic on readings is never rounded, however many digits a station writes."""

_MAX_SHOWN: Final = 40


ReadSample = Callable[[dict[str, Any], list[SignedMeterValue], Context], SampledValue | None]
"""Reads one sampled value. Signed data goes to the list; what is no usable number is None, with a warning."""


def meter_values(payload: dict[str, Any], context: Context) -> Reply:
    """J01: readings outside of a transaction; an EVSE's own, not a session's."""
    readings = read_all(payload["meterValue"], read_sample, context)
    evse_id = context.whole(payload, "evseId")
    event = TransactionUpdated(
        event_id=context.event_id("TransactionUpdated", evse_id, None, canonical(payload["meterValue"])),
        tenant=context.tenant,
        station_id=context.station_id,
        protocol=context.protocol,
        evse_id=evse_id,
        occurred_at=readings[0].sampled_at,
        recorded_at=context.now_ms,
        meter_values=readings,
        warnings=tuple(context.warnings),
    )
    return Reply({}, (event,), durable=True)


def read_all(raw: list[dict[str, Any]], read: ReadSample, context: Context) -> tuple[MeterValue, ...]:
    """Every MeterValueType of a message, in the station's order."""
    return tuple([_meter_value(value, read, context) for value in raw])


def register_at(readings: tuple[MeterValue, ...], reading_context: str) -> Decimal | None:
    """The energy register of the first reading that was taken in this context, in Wh."""
    for reading in readings:
        if reading.energy_register_wh is not None and any(
            sample.context == reading_context and sample.measurand == ENERGY_REGISTER
            for sample in reading.sampled_values
        ):
            return reading.energy_register_wh
    return None


def read_sample(raw: dict[str, Any], signed: list[SignedMeterValue], context: Context) -> SampledValue | None:
    """SampledValueType of OCPP 2.0.1."""
    reading_context = raw.get("context", DEFAULT_CONTEXT)
    signature = raw.get("signedMeterValue")
    if signature is not None:
        signed.append(
            signed_value(
                signature["signedMeterData"],
                reading_context,
                signature["encodingMethod"],
                # 2.1 may leave these out, where they are known from elsewhere.
                signature.get("signingMethod", ""),
                signature.get("publicKey", ""),
            )
        )
    text = repr(raw["value"])
    if not is_plain_number(text):
        usable = number_text(text, context)
        if usable is None:
            return None
        text = usable
    measurand = raw.get("measurand", ENERGY_REGISTER)
    unit = raw.get("unitOfMeasure", _NO_UNIT)
    return SampledValue(
        value=text,
        measurand=measurand,
        context=reading_context,
        phase=raw.get("phase"),
        location=raw.get("location", DEFAULT_LOCATION),
        unit=unit.get("unit") or default_unit(measurand),
        multiplier=(context.whole(unit, "multiplier") or 0) if "multiplier" in unit else 0,
    )


_PHASES: Final = {name: name[:2] for name in ("L1", "L2", "L3", "L1-N", "L2-N", "L3-N")}
_NO_UNIT: Final[dict[str, Any]] = {}

_UNITS: Final = {
    "Energy.Reactive": "varh",
    "Energy.Apparent": "VAh",
    "Energy": "Wh",
    "Power.Reactive": "var",
    "Power.Factor": "",
    "Power": "W",
    "Current": "A",
    "Voltage": "V",
    "Frequency": "Hertz",
    "SoC": "Percent",
    "Temperature": "Celsius",
    "RPM": "RPM",
}


def default_unit(measurand: str) -> str:
    """The unit of a measurand when the station does not say; "" for one without unit or unknown."""
    for prefix, unit in _UNITS.items():
        if measurand.startswith(prefix):
            return unit
    return ""


def number_text(text: str, context: Context) -> str | None:
    """A reading that is not plain digits as exact decimal text: exponents, signs and spaces resolved.

    None, with a warning, when it is no number or none that a meter shows.
    """
    number = _decimal(text)
    if number is not None and number.is_finite() and abs(number.adjusted()) < _MAX_MAGNITUDE:
        return format(number, "f")
    context.warn(f"sampled value {text[:_MAX_SHOWN]!r} is not a usable number: left out")
    return None


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text) if len(text) <= _MAX_DIGITS and "_" not in text else None
    except InvalidOperation:
        return None


def watt_hours(number: Decimal, context: Context) -> Decimal | None:
    """Wh with at most 4 decimals (rounded half even, with a warning); None, with a warning, when out of range."""
    if number.adjusted() >= _MAX_MAGNITUDE:
        context.warn(f"energy register {number} Wh is out of range: left out")
        return None
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        rounded = number.quantize(_WH_QUANTUM, context=_EXACT)
        if rounded != number:
            context.warn(f"energy register {number} Wh is rounded to 4 decimals")
        return rounded
    return number


def signed_value(
    data: str, reading_context: str, encoding: str = "", signing: str = "", public_key: str = ""
) -> SignedMeterValue:
    """Signed data as the frame had it: its text as UTF-8, neither decoded nor encoded again."""
    signed_data = data.encode()
    return SignedMeterValue(
        signed_data=signed_data,
        sha256=hashlib.sha256(signed_data).hexdigest(),
        encoding_method=encoding,
        signing_method=signing,
        public_key=public_key,
        context=reading_context,
    )


def _meter_value(raw: dict[str, Any], read: ReadSample, context: Context) -> MeterValue:
    values: list[SampledValue] = []
    signed: list[SignedMeterValue] = []
    register_wh, of_phases = None, False
    for sample in raw["sampledValue"]:
        value = read(sample, signed, context)
        if value is not None:
            values.append(value)
            if register_wh is None and value.measurand == ENERGY_REGISTER:
                of_phases = of_phases or value.phase is not None
                register_wh = _register_wh(value, context)
    if of_phases and register_wh is None:
        register_wh = _summed_wh(values, context)
    return MeterValue(
        sampled_at=context.time(raw),
        energy_register_wh=register_wh,
        sampled_values=tuple(values),
        signed_meter_values=tuple(signed),
    )


def _register_wh(value: SampledValue, context: Context) -> Decimal | None:
    """The register over all phases at the outlet; a phase's or the grid connection's register is not it."""
    return None if value.phase is not None else _outlet_wh(value, context)


def _summed_wh(values: list[SampledValue], context: Context) -> Decimal | None:
    """The sum of the phases' registers, of a meter that has none over all; those of the first context count."""
    phases: dict[str, Decimal] = {}
    taken_in = None
    for value in values:
        phase = _PHASES.get(value.phase or "")
        if phase is None or value.measurand != ENERGY_REGISTER or phase in phases:
            continue
        wh = _outlet_wh(value, context) if taken_in in (None, value.context) else None
        if wh is not None:
            taken_in, phases[phase] = value.context, wh
    if not phases:
        return None
    context.warn(f"energy register is the sum of phases {', '.join(sorted(phases))}")
    return watt_hours(sum(phases.values(), Decimal()), context)


def _outlet_wh(value: SampledValue, context: Context) -> Decimal | None:
    if value.location != DEFAULT_LOCATION:
        return None
    number = Decimal(value.value)
    if value.unit == "kWh":
        number = _EXACT.multiply(number, WH_PER_KWH)
    elif value.unit != "Wh":
        context.warn(f"energy register in {value.unit[:_MAX_SHOWN]!r}: not read as energy")
        return None
    if value.multiplier:
        if abs(value.multiplier) > _MAX_MAGNITUDE:
            context.warn(f"energy register with multiplier {value.multiplier}: not read as energy")
            return None
        number = number.scaleb(value.multiplier, context=_EXACT)
    return watt_hours(number, context)
