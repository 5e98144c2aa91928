"""Reads from OCPI charge detail records of 2.1.1, 2.2.1 and 2.3.0 the session that they tell of."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.domain.money import EXACT
from services.domain.tariff.ocpi_tariff import SHAPES
from services.domain.tariff.reading import Json, Reader, Refused
from services.domain.tariff.session import Period, Session

_SECONDS_PER_HOUR = Decimal(3600)
_NANOSECOND = Decimal("1e-9")
_COSTS = ("total_cost", "total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost")
_AMOUNTS = ("total_energy", "total_time", "total_parking_time")
_DURATIONS = {"TIME": "charging_s", "PARKING_TIME": "parking_s", "RESERVATION_TIME": "reserved_s"}
_MEASURED = {
    "ENERGY": "energy_kwh",
    "MIN_CURRENT": "min_current",
    "MAX_CURRENT": "max_current",
    "MIN_POWER": "min_power",
    "MAX_POWER": "max_power",
}
_KNOWN_TO_211 = {"ENERGY", "FLAT", "MAX_CURRENT", "MIN_CURRENT", "PARKING_TIME", "TIME"}
_KNOWN_SINCE_221 = _MEASURED.keys() | _DURATIONS.keys()


@dataclass(frozen=True, slots=True)
class Record:
    """A session with the tariffs that its record carries, still as JSON."""

    session: Session
    tariffs: tuple[Any, ...]


def read_record(value: object, version: str, zone: tzinfo, reader: Reader) -> Record:
    """The session of a CDR. What is not needed to price it is looked at only to warn of it.

    Refused without times, periods or numbers that can be read.
    """
    fields = reader.fields(value, "$")
    if version != "211":
        _look_at_parties(reader, fields)
    started_at = reader.moment(reader.required(fields, "start_date_time", "$"), "$.start_date_time")
    end = "stop_date_time" if version == "211" else "end_date_time"
    ended_at = reader.moment(reader.required(fields, end, "$"), f"$.{end}")
    _look_at_totals(reader, fields, version)
    listed = reader.items(reader.required(fields, "charging_periods", "$"), "$.charging_periods")
    if not listed:
        raise Refused("$.charging_periods is empty")
    read = [_period(reader, one, version, f"$.charging_periods[{i}]") for i, one in enumerate(listed)]
    periods = tuple(sorted(read, key=_start))
    if not (started_at <= periods[0].started_at and periods[-1].started_at < ended_at):
        reader.warn("$.charging_periods", "do not lie between the beginning and the end of the session")
    tariffs = fields.get("tariffs")
    carried = () if tariffs is None else tuple(reader.items(tariffs, "$.tariffs"))
    return Record(Session(started_at, ended_at, periods, zone), carried)


def _start(period: Period) -> datetime:
    return period.started_at


def _period(reader: Reader, value: object, version: str, path: str) -> Period:
    fields = reader.fields(value, path)
    started_at = reader.moment(reader.required(fields, "start_date_time", path), f"{path}.start_date_time")
    tariff_id = fields.get("tariff_id")
    if tariff_id is not None and not isinstance(tariff_id, str):
        raise Refused(f"{path}.tariff_id is not a string")
    dimensions = reader.items(reader.required(fields, "dimensions", path), f"{path}.dimensions")
    volumes: dict[str, Decimal] = {}
    for index, one in enumerate(dimensions):
        _dimension(reader, one, version, f"{path}.dimensions[{index}]", volumes)
    return Period(started_at=started_at, tariff_id=tariff_id, **volumes)


def _dimension(reader: Reader, value: object, version: str, path: str, volumes: dict[str, Decimal]) -> None:
    """Put its volume in `volumes`; the last one counts where a dimension is told twice."""
    fields = reader.fields(value, path)
    kind = reader.required(fields, "type", path)
    if not isinstance(kind, str):
        raise Refused(f"{path}.type is not a string")
    name = kind.upper()
    if name not in (_KNOWN_TO_211 if version == "211" else _KNOWN_SINCE_221):
        reader.warn(f"{path}.type", f"{kind[:40]!r} is not priced")
        return
    volume = reader.number(reader.required(fields, "volume", path), path)
    if name in _DURATIONS:
        volumes[_DURATIONS[name]] = seconds(volume)
    elif name in _MEASURED:
        volumes[_MEASURED[name]] = volume


def seconds(hours: Decimal) -> Decimal:
    """To the nanosecond: a volume of 0.0833333333 hours is 5 minutes."""
    return EXACT.multiply(hours, _SECONDS_PER_HOUR).quantize(_NANOSECOND, ROUND_HALF_UP, EXACT)


def _look_at_parties(reader: Reader, fields: Json) -> None:
    for name, letters in (("country_code", 2), ("party_id", 3), ("currency", 3)):
        value, path = fields.get(name), f"$.{name}"
        if value is None:
            reader.warn("$", f"{name} is missing")
            continue
        if not isinstance(value, str) or len(value) != letters:
            reader.warn(path, f"is not of {letters} letters")
        if isinstance(value, str) and name != "party_id" and value != value.upper():
            reader.warn(path, "is not upper case")


def _look_at_totals(reader: Reader, fields: Json, version: str) -> None:
    for name in _AMOUNTS:
        reader.optional_number(fields, name, "$")
    shape = SHAPES[version]
    for name in _COSTS[:1] if version == "211" else _COSTS:
        value, path = fields.get(name), f"$.{name}"
        if isinstance(value, dict) and version != "211":
            excl = reader.optional_number(value, shape.excl_vat, path)
            incl = reader.optional_number(value, shape.incl_vat, path)
            if excl is not None and incl is not None and excl > incl:
                reader.warn(path, "is less with taxes than without")
        elif value is not None:
            reader.number(value, path)
            if version != "211":
                reader.warn(path, f"is a number, not an object with {shape.excl_vat}")
