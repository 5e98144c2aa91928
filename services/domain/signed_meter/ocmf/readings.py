"""RD: the readings, where a member that equals the one before is left out (chapter Readings)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from services.domain.signed_meter.exact import decimal_of, to_kwh
from services.domain.signed_meter.findings import NotReadable
from services.domain.signed_meter.record import Reading

_MAX_READINGS = 10_000
_MAX_TEXT = 100
_TEXTS = ("TM", "TX", "RI", "RU", "EF", "ST")


def readings_of(payload: Mapping[str, Any]) -> tuple[Reading, ...]:
    """The readings in the order signed. NotReadable when RD is none, or a value is no number."""
    rows = payload.get("RD")
    if not isinstance(rows, list) or not 0 < len(rows) <= _MAX_READINGS:
        raise NotReadable("there are no readings", "RD")
    found: list[Reading] = []
    carried: dict[str, Any] = {}
    instant: datetime | None = None
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise NotReadable("a reading is no object", f"RD[{index}]")
        carried |= row
        too_long = next((name for name in _TEXTS if len(text_of(row.get(name)) or "") > _MAX_TEXT), None)
        if too_long:
            raise NotReadable("the text is too long", f"RD[{index}].{too_long}")
        written = row.get("TM")
        if isinstance(written, str):
            instant = instant_of(written)
        found.append(_reading(carried, row, instant, index))
    return tuple(found)


def _reading(carried: Mapping[str, Any], row: Mapping[str, Any], instant: datetime | None, index: int) -> Reading:
    try:
        number = decimal_of(carried.get("RV"))
    except ValueError as error:
        raise NotReadable(str(error), f"RD[{index}].RV") from error
    unit = text_of(carried.get("RU"))
    kwh, shown = to_kwh(number, unit)
    return Reading(
        kwh=kwh,
        time=text_of(row.get("TM")),
        instant=instant,
        marker=text_of(carried.get("TX")),
        register=text_of(carried.get("RI")),
        unit=shown,
        status=text_of(carried.get("ST")),
        error_flags=text_of(carried.get("EF")),
        details=_details(carried, unit),
    )


def _details(carried: Mapping[str, Any], unit: str | None) -> dict[str, str]:
    """What the law needs beside: the state of the clock, the unit as written, the event counter."""
    details = {"RU": unit or ""}
    time, events = carried.get("TM"), carried.get("EI")
    if isinstance(time, str):
        details["sync"] = sync_of(time)
    if events is not None:
        details["EI"] = str(events)
    return details


def text_of(value: Any) -> str | None:
    """Text as it is; numbers and booleans as JSON writes them; None for nothing and for anything else."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, Decimal) else None


@lru_cache(maxsize=1_024)
def instant_of(text: str) -> datetime | None:
    """The time of TM without its state; None when it is no time or states no offset."""
    try:
        found = datetime.fromisoformat(text.strip().split(" ")[0])
    except ValueError:
        return None
    return found if found.tzinfo else None


@lru_cache(maxsize=1_024)
def sync_of(text: str) -> str:
    """The state of the clock (table 19) that TM ends with, "" when it has none."""
    parts = text.strip().rsplit(" ", 1)
    return parts[1].upper() if len(parts) == 2 and len(parts[1]) == 1 else ""
