"""Keys that stations show in configuration keys, variables and vendors' messages. Anything else in there is passed
over: what stations write there is free text."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

from services.domain.events.common import MeterKeySource
from services.domain.events.station import CommandAnswered, DataTransferred, VariablesReported

Told = VariablesReported | CommandAnswered | DataTransferred

_NAME: Final = "MeterPublicKey"
_NUMBERED: Final = re.compile(r"MeterPublicKey(?:\[(\d{1,6})\]|(\d{1,6}))", re.ASCII | re.IGNORECASE)
_MOST: Final = 2**31 - 1


class Candidate(NamedTuple):
    """A key as it was shown, and the EVSE (OCPP 1.6: connector) that it is said to belong to."""

    evse_id: int
    public_key: str
    source: MeterKeySource
    meter_serial: str | None = None


def candidates(event: Told) -> list[Candidate]:
    """The keys in an event, in its order."""
    match event:
        case VariablesReported():
            variables = ((one.variable, one.variable_instance, one.evse_id, one.value) for one in event.variables)
            return [found for one in variables if (found := _variable(*one))]
        case CommandAnswered():
            return list(_answered(_object(event.answer_json)))
        case DataTransferred(vendor_id="generalConfiguration", message_id="setMeterConfiguration"):
            return list(_meters(_object(event.data)))
    return []


def _variable(name: Any, instance: Any, evse_id: Any, value: Any) -> Candidate | None:
    """`MeterPublicKey[1]` or `MeterPublicKey1`, or MeterPublicKey with the number as instance or EVSE."""
    if not isinstance(name, str) or not isinstance(value, str) or not value.strip():
        return None
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        number: Any = numbered[1] or numbered[2]
    elif name == _NAME:
        number = instance if instance is not None else evse_id
    else:
        return None
    evse = _evse(number)
    return None if evse is None else Candidate(evse, value.strip(), MeterKeySource.CONFIGURATION_KEY)


def _answered(answer: dict[str, Any]) -> Iterator[Candidate]:
    """GetConfiguration.conf of OCPP 1.6 and GetVariablesResponse of 2.x."""
    for entry in _entries(answer.get("configurationKey")):
        found = _variable(entry.get("key"), None, None, entry.get("value"))
        if found:
            yield found
    for entry in _entries(answer.get("getVariableResult")):
        variable, evse = _dict(entry.get("variable")), _dict(_dict(entry.get("component")).get("evse"))
        found = _variable(
            variable.get("name"), variable.get("instance"), evse.get("id"), entry.get("attributeValue")
        )
        if found:
            yield found


def _meters(data: dict[str, Any]) -> Iterator[Candidate]:
    """`{"meters": [{"connectorId", "meterSerial", "type": "SIGNATURE", "publicKey"}]}`."""
    for meter in _entries(data.get("meters")):
        evse, key, serial = _evse(meter.get("connectorId")), meter.get("publicKey"), meter.get("meterSerial")
        if evse is not None and isinstance(key, str) and key.strip():
            known = serial if isinstance(serial, str) and serial else None
            yield Candidate(evse, key.strip(), MeterKeySource.DATA_TRANSFER, known)


def _evse(number: Any) -> int | None:
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number[:10])
    usable = isinstance(number, int) and not isinstance(number, bool) and 0 < number <= _MOST
    return number if usable else None


def _object(text: str | None) -> dict[str, Any]:
    try:
        return _dict(orjson.loads(text or "null"))
    except orjson.JSONDecodeError:
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
